"""`handseal receive`: each file that partners send is taken in by itself, and what is still missing is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from issuer import overview, upkeep
from issuer.config import Workspace
from issuer.cosigning import Answer, ListNews
from issuer.database import open_database, reading
from issuer.opening_cli import sign_lists
from issuer.publishing import publish_documents
from issuer.receiving import Kind, kind_of, take_file, take_trust
from issuer.records_cli import as_json_option, clock, in_workspace
from issuer.upkeep import current_trust
from keys.console import complain, escape, print_json, talk
from keys.errors import HandsealError
from keys.trust import Trust
from verifier.folder import Folder, publish_index


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json_option
@in_workspace
def receive(workspace: Workspace, files: tuple[Path, ...], as_json: bool) -> None:
    """Take in what partners send: responses, status lists, a new trust list (its folder or its files).

    \b
    handseal receive from-ttma/response.jsonl
    """
    engine, now = open_database(workspace.database_url), clock()
    upkeep.require_clock(engine, now)
    news = take_in(engine, workspace, files, now)
    if as_json:
        print_json(news)
    _say_missing(engine, workspace, now)
    if any("fault" in entry for entry in news):
        raise click.exceptions.Exit(1)


def take_in(engine: Engine, workspace: Workspace, files: Sequence[Path], now: datetime) -> list[dict[str, Any]]:
    """Takes in each file by itself; the trust list first, because the others may need it."""
    news: list[dict[str, Any]] = []
    kinds = {path: kind_of(path) for path in files}
    arrived = [path for path, kind in kinds.items() if kind is Kind.TRUST]
    if arrived:
        taken = take_trust(workspace, arrived)
        word = "is on the site now" if taken.changed else "was there already"
        talk(f"trust list {taken.trust.list.version}: {word}")
        news.append({"kind": "trust", "version": taken.trust.list.version, "changed": taken.changed})
        if taken.changed:
            _follow_trust(engine, workspace, taken.trust, now)
    for path, kind in kinds.items():
        if kind is not Kind.TRUST:
            news.append(_take(engine, workspace, path, kind, now))
    publish_index(Folder(workspace.site_folder))
    return news


def _follow_trust(engine: Engine, workspace: Workspace, trust: Trust, now: datetime) -> None:
    """Documents and the clinic's own lists under a new trust list, where its status key is here and known."""
    publish_documents(Folder(workspace.site_folder), workspace.site, trust.list)
    try:
        sign_lists(engine, workspace, trust, now)
    except HandsealError as fault:
        talk(f"status lists were not signed: {escape(str(fault))}")
        talk("hint: handseal publish signs them")


def _take(engine: Engine, workspace: Workspace, path: Path, kind: Kind, now: datetime) -> dict[str, Any]:
    try:
        taken = take_file(engine, workspace, path, kind, now)
    except HandsealError as fault:
        complain("handseal", fault)
        return {"kind": kind.value, "file": str(path), "fault": str(fault)}
    partner = escape(current_trust(workspace).name(taken.organisation, now))
    if isinstance(taken, ListNews):
        talk(f"{partner}: {_list_sentence(taken)}")
        return {"kind": "list", "file": str(path), "organisation": taken.organisation, "changed": taken.changed}
    talk(f"{partner}: {_answer_sentence(taken)}")
    counts = {"new": taken.new, "known": taken.known, "late": taken.late}
    return {"kind": "response", "file": str(path), "organisation": taken.organisation, **counts}


def _list_sentence(news: ListNews) -> str:
    word = "is on the site now" if news.changed else "is not newer than the one on the site"
    return f"the status list of {news.dated:%Y-%m-%d %H:%M}Z {word}"


def _answer_sentence(answer: Answer) -> str:
    parts = [f"{answer.new} new co-signatures"]
    if answer.known:
        parts.append(f"{answer.known} that were here already")
    if answer.erased:
        parts.append(f"{answer.erased} for people who were erased (not kept)")
    if answer.late:
        parts.append(f"{answer.late} for certificates that are closed already (kept, not added)")
    return ", ".join(parts)


def _say_missing(engine: Engine, workspace: Workspace, now: datetime) -> None:
    """For each cohort that waits, how far each partner body is."""
    trust = current_trust(workspace)
    with reading(engine) as session:
        for missing in overview.missing_cosignatures(session, workspace, trust, now):
            name = escape(trust.name(missing.organisation, now))
            talk(f"{escape(missing.cohort)}: {name} co-signed {missing.signed} of {missing.proposed}")
