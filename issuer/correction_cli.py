"""The commands of `handseal` for people whose data changed: corrected, renewed, erased."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import click
from sqlalchemy import Engine

from issuer import correcting, erasing, renewing
from issuer.config import Workspace
from issuer.correcting import Drafted, Names
from issuer.database import open_database, writing
from issuer.opening_cli import cache, start
from issuer.proposing import Proposer
from issuer.records_cli import FOLDER, as_json_option, clock, in_workspace
from issuer.renewing import NotRenewed, Renewed
from issuer.standing_cli import reason_option
from issuer.statuses import grouped
from issuer.upkeep import require_clock
from keys.console import escape, print_json, talk
from keys.errors import ConfigurationError
from verifier.folder import Folder
from verifier.fonts import prepare_fonts, require_glyphs

_SHOWN = 50


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--name", metavar="NAME", help="The name as it is to be printed, in any script.")
@click.option("--latin-name", metavar="NAME", help='The name in Latin letters; "" takes it away.')
@click.option("--allow-mixed-script", is_flag=True, help="The name really mixes look-alike scripts in a word.")
@click.option("--unchanged", is_flag=True, help="The names are right: only the signatures are made anew.")
@reason_option
@as_json_option
@in_workspace
def correct(
    workspace: Workspace,
    identifier: str,
    name: str | None,
    latin_name: str | None,
    allow_mixed_script: bool,
    unchanged: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Draft the successor of an issued certificate that names the person wrongly, or fell with a stolen key.

    Partner bodies co-sign it like any other. The old one stays valid until the new one is issued, then it answers that
    it was replaced. `handseal recall` takes the draft back.

    \b
    handseal correct 7K3Q-9XAB-… --name "สมชาย ปิ่นทอง" --reason "name misspelt"
    handseal correct 7K3Q-9XAB-… --unchanged --reason "a co-signing key was stolen"
    """
    if unchanged and (name is not None or latin_name is not None):
        raise ConfigurationError("--unchanged: goes without --name and --latin-name")
    engine, desk = _desk(workspace)
    wanted = Names(name, latin_name, allow_mixed_script, unchanged)
    with writing(engine) as session:
        drafted = correcting.correct(session, identifier, wanted, reason=reason, desk=desk)
    _say_drafted((drafted,), (), as_json=as_json)


@click.command()
@click.argument("identifier", metavar="[ID]", required=False)
@click.option("--cohort", help="Everybody's of this cohort that can be renewed.")
@reason_option
@as_json_option
@in_workspace
def renew(workspace: Workspace, identifier: str | None, cohort: str | None, reason: str, as_json: bool) -> None:
    """Draft the next certificates of people who were assessed again in time, by the programme's rule for renewal.

    Enrol them in a cohort of their own for the days of the renewed assessment and record its results there. The old
    certificate stays valid until it expires or the new one is issued.

    \b
    handseal renew --cohort 2029-renewals --reason "skill check repeated"
    """
    if (identifier is None) == (cohort is None):
        raise ConfigurationError("renew: takes an id or --cohort", hint="handseal renew --help")
    engine, desk = _desk(workspace)
    with writing(engine) as session:
        if identifier is not None:
            done = Renewed((renewing.renew(session, identifier, reason=reason, desk=desk),), ())
        else:
            done = renewing.renew_cohort(session, str(cohort), reason=reason, desk=desk)
    _say_drafted(done.drafted, done.not_yet, as_json=as_json)
    if not done.drafted:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("identifier", metavar="LEARNER_ID|ID")
@click.option("--look", type=FOLDER, multiple=True, help="Another folder in which copies may lie; may be repeated.")
@reason_option
@as_json_option
@in_workspace
def erase(workspace: Workspace, identifier: str, look: tuple[Path, ...], reason: str, as_json: bool) -> None:
    """Erase a person: records, published page, PDFs. Names the files that are left for you to destroy.

    The status lists stay as they are: a certificate that the person holds still verifies.

    \b
    handseal erase RC-0042 --reason "asked to be erased"
    """
    now = clock()
    engine = open_database(workspace.database_url)
    require_clock(engine, now)
    done = erasing.erase(engine, workspace, identifier, reason=reason, now=now)
    database = Path(engine.url.database or "")
    found = {
        str((folder / name).resolve()): None
        for folder in (workspace.folder, *look)
        for name in erasing.files_holding(Folder(folder), done.person)
    }
    left = [path for path in found if not Path(path).name.startswith(database.name)]
    if as_json:
        print_json({"certificates": done.certificates, "proposed": done.proposed, "left": left})
        return
    click.echo(f"erased, with {done.certificates} certificate{'' if done.certificates == 1 else 's'}")
    if done.proposed:
        talk("a request with this person is at partner bodies: ask them to destroy it; what they send is not kept")
    if left:
        talk("files that hold this person: destroy them, or take the person out, and look at sticks and backups too")
    for path in left:
        click.echo(escape(path))


def _desk(workspace: Workspace) -> tuple[Engine, Proposer]:
    now: datetime = clock()
    engine, trust = start(workspace, now)
    fonts = lru_cache(lambda: prepare_fonts(cache(workspace), workspace.fonts))
    desk = Proposer(
        workspace=workspace,
        trust=trust,
        now=now,
        today=workspace.today(now),
        random=secrets.token_bytes,
        printable=lambda text, place: require_glyphs(text, fonts(), place),
    )
    return engine, desk


def _say_drafted(drafted: tuple[Drafted, ...], not_yet: tuple[NotRenewed, ...], *, as_json: bool) -> None:
    if as_json:
        new = [{"lookupId": d.lookup_id, "replaces": d.replaces, "cohort": d.cohort} for d in drafted]
        lacking = [{"lookupId": n.lookup_id, "learnerId": n.learner_id, "missing": n.missing} for n in not_yet]
        print_json({"drafted": new, "notYet": lacking})
        return
    for draft in drafted:
        click.echo(f"{grouped(draft.lookup_id)}: drafted; will replace {grouped(draft.replaces)}")
    for waits in not_yet[:_SHOWN]:
        lookup, learner = grouped(waits.lookup_id), escape(waits.learner_id)
        talk(f"{lookup} ({learner}): {escape('; '.join(waits.missing))}")
    if len(not_yet) > _SHOWN:
        talk(f"… and {len(not_yet) - _SHOWN} more cannot be renewed yet")
    for cohort in sorted({draft.cohort for draft in drafted}):
        talk(f"next: handseal propose {escape(cohort)} --out {escape(cohort)}-successors.jsonl")


COMMANDS: tuple[click.Command, ...] = (correct, renew, erase)
"""What `issuer.cli` adds to its group."""
