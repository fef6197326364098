"""The commands of `handseal` by which certificates are proposed, and leave the house once they are co-signed."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import click
from sqlalchemy import Engine

from issuer import proposing
from issuer.config import Workspace
from issuer.issuing import Desk, Issued, Refused, Waiting, issue, reprint
from issuer.opening_cli import cache, issue_key, look, sign_lists, start
from issuer.printing import Press, press
from issuer.receiving_cli import take_in
from issuer.records_cli import as_json_option, clock, in_workspace
from issuer.statuses import grouped
from issuer.upkeep import current_trust
from keys.aloud import word_rows
from keys.console import escape, print_json, talk
from keys.cosignature import CLOCK_GRACE
from keys.encoding import digest_words, parse_time, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import SECRET, new_file
from keys.signer import Signer
from keys.trust import Trust
from verifier.fonts import prepare_fonts, require_glyphs
from verifier.sources import Site

FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN = 20
passphrase_option = click.option(
    "--passphrase-file",
    "passphrase_files",
    type=FILE,
    multiple=True,
    help="Passphrase of the issue key (mode 0600) instead of a prompt; twice for two custodians.",
)


@click.command()
@click.argument("cohort")
@click.option("--out", required=True, type=FILE, metavar="REQUEST.jsonl", help="New file for the partner bodies.")
@click.option("--now", metavar="TIME", help="The moment of proposal, as 2026-11-20T08:00:00Z (default: the clock).")
@as_json_option
@in_workspace
def propose(workspace: Workspace, cohort: str, out: Path, now: str | None, as_json: bool) -> None:
    """Draft certificates for those who passed, and write the request that partner bodies co-sign.

    \b
    handseal propose 2026-autumn --out 2026-autumn-request.jsonl
    """
    moment = _moment(now) if now else clock()
    engine, trust = start(workspace, moment)
    fonts = lru_cache(lambda: prepare_fonts(cache(workspace), workspace.fonts))
    proposer = proposing.Proposer(
        workspace=workspace,
        trust=trust,
        now=moment,
        today=workspace.today(moment),
        random=secrets.token_bytes,
        printable=lambda text, place: require_glyphs(text, fonts(), place),
    )
    with new_file(out, SECRET) as stream:  # it holds names
        done = proposing.propose(engine, cohort, stream, proposer)
    words = digest_words(done.digest)
    if as_json:
        named = {"request": str(out), "digest": sri(done.digest), "words": " ".join(words)}
        facts = named | {"count": done.count, "new": done.new}
        print_json(facts | {"notYet": [{"learnerId": n.learner_id, "missing": list(n.missing)} for n in done.not_yet]})
        return
    kind = "new certificates" if done.new else "certificates that were proposed before and wait for co-signatures"
    click.echo(f"{out}: {done.count} {kind}")
    talk("its words, to be read aloud to each partner body:")
    for row in word_rows(words):
        talk(row)
    if done.left:
        talk(f"{done.left} successors of an earlier syllabus wait: handseal propose {escape(cohort)} --out OTHER.jsonl")
    if done.not_yet:
        talk(f"{len(done.not_yet)} are not ready yet: handseal eligible {escape(cohort)}")


def _moment(text: str) -> datetime:
    """Not after the clock: what is recorded in the future stops every later command until then (D04)."""
    moment = parse_time(text, "--now")
    if moment > clock() + CLOCK_GRACE:
        raise ConfigurationError(f"--now: {text} is in the future")
    return moment


@click.command("issue")
@click.argument("arguments", metavar="[COHORT] [RESPONSE.jsonl…]", nargs=-1)
@click.option("--wait-for-all", is_flag=True, help="Wait for every partner body, not only for enough of them.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that make PDFs (default: one per processor).")
@passphrase_option
@as_json_option
@in_workspace
def issue_command(
    workspace: Workspace,
    arguments: tuple[str, ...],
    wait_for_all: bool,
    workers: int | None,
    passphrase_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Sign what has its co-signatures, verify, publish and print it; may be stopped and run again.

    \b
    handseal issue 2026-autumn from-ttma/response.jsonl from-north/response.jsonl
    """
    now = clock()
    engine, trust = start(workspace, now)
    cohort, responses = _split(arguments)
    news = take_in(engine, workspace, responses, now) if responses else []
    trust = current_trust(workspace) if responses else trust
    sign_lists(engine, workspace, trust, now, always=False)
    with _press(workspace, workers) as pressing, ExitStack() as opened:
        signer = partial(opened.enter_context, issue_key(workspace, passphrase_files))
        desk = _desk(engine, workspace, trust, pressing, now, signer)
        done = _total(_progress(issue(desk, cohort=cohort, wait_for_all=wait_for_all)))
    _say_issued(done, as_json=as_json)
    if done.refused or any("fault" in entry for entry in news):
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--cohort", help="Only this cohort's.")
@click.option("--design", help="Another design than the one in clinic.toml.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that make PDFs (default: one per processor).")
@as_json_option
@in_workspace
def render(workspace: Workspace, cohort: str | None, design: str | None, workers: int | None, as_json: bool) -> None:
    """Make the PDFs of issued certificates again.

    \b
    handseal render --cohort 2026-autumn
    """
    now = clock()
    engine, trust = start(workspace, now)
    with _press(workspace, workers, design) as pressing:
        desk = _desk(engine, workspace, trust, pressing, now, _no_key)
        done = _total(_progress(reprint(desk, cohort=cohort)))
    _say_issued(done, as_json=as_json, verb="printed")
    if done.refused:
        raise click.exceptions.Exit(1)


def _split(arguments: Sequence[str]) -> tuple[str | None, list[Path]]:
    """A cohort's name and files: a file exists or looks like one."""
    files = [Path(text) for text in arguments if text.endswith(".jsonl") or Path(text).is_file()]
    cohorts = [text for text in arguments if Path(text) not in files]
    if len(cohorts) > 1:
        raise ConfigurationError(f"issue: takes one cohort, not {', '.join(cohorts)}")
    return (cohorts[0] if cohorts else None), files


@contextmanager
def _press(workspace: Workspace, workers: int | None, design: str | None = None) -> Iterator[Press]:
    design_used = look(workspace, design)
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield press(design_used)
        return
    # Spawned: a process forked after Typst has run hangs. Workers are only started when there is something to print.
    try:
        with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_leave_interrupts) as executor:
            yield press(design_used, executor)
    except BrokenExecutor as fault:
        raise HandsealError(
            "a process that makes PDFs was ended from outside",
            hint="run the command again, with --workers 1 if memory is short",
        ) from fault


def _desk(
    engine: Engine, workspace: Workspace, trust: Trust, pressing: Press, now: datetime, signer: Callable[[], Signer]
) -> Desk:
    materials = Site(workspace.site_folder, workspace.root_digest, None).materials(now)
    lists = partial(sign_lists, engine, workspace, trust, now)
    return Desk(engine, workspace, trust, materials, signer, pressing, now, lists)


def _progress(lots: Iterable[Issued]) -> Iterator[Issued]:
    count = 0
    for lot in lots:
        count += len(lot.released)
        if count > len(lot.released):
            talk(f"{count} so far")
        yield lot


def _total(lots: Iterable[Issued]) -> Issued:
    released: list[str] = []
    waiting: list[Waiting] = []
    refused: list[Refused] = []
    for lot in lots:
        released += lot.released
        waiting += lot.waiting
        refused += lot.refused
    return Issued(tuple(released), tuple(waiting), tuple(refused))


def _say_issued(done: Issued, *, as_json: bool, verb: str = "issued") -> None:
    if as_json:
        waiting = [
            {"lookupId": w.lookup_id, "signed": w.signed, "needed": w.needed, "missing": [p.id for p in w.missing]}
            for w in done.waiting
        ]
        refused = [{"lookupId": r.lookup_id, "reason": r.reason} for r in done.refused]
        print_json({verb: list(done.released), "waiting": waiting, "refused": refused})
        return
    where = ", the PDFs lie in the workspace's certificates/" if done.released else ""
    click.echo(f"{len(done.released)} {verb}{where}")
    for item in done.refused[:_SHOWN]:
        talk(f"handseal: {grouped(item.lookup_id)}: {escape(item.reason)}")
    if len(done.refused) > _SHOWN:
        talk(f"… and {len(done.refused) - _SHOWN} more were refused")
    lacking: dict[str, int] = {}
    for waits in done.waiting:
        for partner in waits.missing:
            key = f"{partner.name}: {partner.note or 'has not co-signed'}"
            lacking[key] = lacking.get(key, 0) + 1
    if done.waiting:
        talk(f"{len(done.waiting)} wait for co-signatures ({done.waiting[0].needed} are needed):")
    for text, count in lacking.items():
        talk(f"  {escape(text)} ({count})")


def _no_key() -> Signer:
    raise HandsealError("nothing is signed while printing")


def _leave_interrupts() -> None:
    """Ctrl-C reaches the whole group of processes; the one that the person talks to ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


COMMANDS: tuple[click.Command, ...] = (propose, issue_command, render)
"""What `issuer.cli` adds to its group."""
