"""The commands of `handseal` that take in what people wrote: cohorts, assessors, results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial, update_wrapper
from pathlib import Path
from typing import Any, TypeVar

import click

from issuer import assessment, assessors as assessors_, records, results
from issuer.assessment import Candidate
from issuer.config import Workspace, find_workspace
from issuer.database import open_database, reading, writing
from issuer.entrants import Leave
from issuer.files import digest_below
from issuer.models import Event
from issuer.syllabuses import open_syllabus, require_version
from issuer.tables import Table, TableError, read_table
from keys import names
from keys.console import escape, print_json, talk
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded
from verifier.fonts import prepare_fonts, require_glyphs
from verifier.rows import MAX_BYTES

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def in_workspace(command: Command) -> Callable[..., Any]:
    """Gives a command its Workspace first: the nearest one, or `--workspace` before or after the command's name."""

    def found(folder: Path | None, **arguments: Any) -> Any:
        outer = click.get_current_context().find_root().params.get("workspace")
        return command(find_workspace(Path.cwd(), folder or outer), **arguments)

    option = click.option("--workspace", "folder", type=FOLDER, help="Folder with clinic.toml (default: nearest one).")
    return option(update_wrapper(found, command))


def clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@contextmanager
def spoken_faults() -> Iterator[None]:
    """Says every fault of a refused table on a line of its own, then how many there were."""
    try:
        yield
    except TableError as fault:
        for one in fault.faults:
            talk(f"handseal: {escape(one.text)}")
            if one.hint:
                talk(f"hint: {escape(one.hint)}")
        count = len(fault.faults) + fault.more
        raise HandsealError(
            f"{count} fault{'s' if count != 1 else ''}{', the first of them shown' if fault.more else ''}",
            hint="nothing was taken in: put it right and run the command again",
        ) from fault


def read_rows(path: Path, *, required: Sequence[str], optional: Sequence[str] | None) -> Table:
    return read_table(read_bounded(path, MAX_BYTES), path.name, required=required, optional=optional)


@click.command()
@click.argument("cohort", metavar="COHORT.csv", type=FILE)
@click.option("--programme", "slug", required=True, metavar="SLUG", help="The programme they follow.")
@click.option("--allow-mixed-script", metavar="REASON", help="Accept names that mix look-alike scripts in a word.")
@click.option("--allow-unusual-name", metavar="REASON", help="Accept names that look made up or exchanged.")
@click.option("--update", is_flag=True, help="Take over changed data of learners who are known.")
@as_json_option
@in_workspace
def enrol(
    workspace: Workspace,
    cohort: Path,
    slug: str,
    allow_mixed_script: str | None,
    allow_unusual_name: str | None,
    update: bool,
    as_json: bool,
) -> None:
    """Enrol the learners of a cohort from a CSV or XLSX file; its name is the cohort's.

    \b
    handseal enrol cohorts/2026-autumn.csv --programme deep-tissue-foundations
    """
    _require_programme(workspace, slug)
    reasons = {"--allow-mixed-script": allow_mixed_script, "--allow-unusual-name": allow_unusual_name}
    for option, reason in reasons.items():
        if reason is not None and not reason.strip():
            raise ConfigurationError(f"{option}: wants a reason")
    fonts = lru_cache(lambda: prepare_fonts(workspace.folder / ".cache", workspace.fonts))
    leave = Leave(allow_mixed_script, allow_unusual_name, lambda text, place: require_glyphs(text, fonts(), place))
    now = clock()
    with spoken_faults():
        table = read_rows(cohort, required=records.COLUMNS, optional=records.OPTIONAL)
        with writing(open_database(workspace.database_url)) as session:
            done = records.enrol(
                session,
                table,
                cohort=cohort.stem,
                programme=slug,
                today=workspace.today(now),
                leave=leave,
                update=update,
            )
            if done.new or done.updated:
                given = "; ".join(reason for reason in reasons.values() if reason) or None
                session.add(Event(moment=now, command="enrol", subject=cohort.stem, reason=given))
    _warn(done.warnings)
    counts = {"new": done.new, "unchanged": done.unchanged, "updated": done.updated}
    if as_json:
        print_json({"cohort": cohort.stem, **counts, "warnings": list(done.warnings)})
    else:
        click.echo(f"{cohort.stem}: {', '.join(f'{count} {word}' for word, count in counts.items())}")
    if done.consents:
        talk("consent changed of learners with certificates: handseal publish brings the site in line with it")


def _require_programme(workspace: Workspace, slug: str) -> None:
    names.require_slug(slug, "--programme")
    if not (workspace.programmes / f"{slug}.toml").is_file():
        raise ConfigurationError(f"--programme {slug}: there is no file {workspace.programmes / f'{slug}.toml'}")


@click.group()
def assessors() -> None:
    """Say who may assess."""


@assessors.command("import")
@click.argument("file", metavar="ASSESSORS.csv", type=FILE)
@click.option("--update", is_flag=True, help="Take over changed data, as of a renewed licence.")
@as_json_option
@in_workspace
def import_assessors(workspace: Workspace, file: Path, update: bool, as_json: bool) -> None:
    """Take in assessors and how long their qualifications are valid.

    \b
    handseal assessors import assessors.csv
    """
    now = clock()
    with spoken_faults():
        table = read_rows(file, required=assessors_.COLUMNS, optional=assessors_.OPTIONAL)
        with writing(open_database(workspace.database_url)) as session:
            done = assessors_.import_assessors(session, table, update=update)
            if done.new or done.updated:
                session.add(Event(moment=now, command="assessors import", subject=file.name))
    _report(file, done, as_json=as_json)


@click.command()
@click.argument("file", metavar="RESULTS.csv", type=FILE)
@click.option("--cohort", metavar="NAME", help="The cohort meant, where learners are in several.")
@as_json_option
@in_workspace
def assess(workspace: Workspace, file: Path, cohort: str | None, as_json: bool) -> None:
    """Record results of quizzes, demonstrations and live skill checks.

    \b
    handseal assess results/2026-autumn.csv
    """
    now = clock()
    with spoken_faults():
        table = read_rows(file, required=results.COLUMNS, optional=results.OPTIONAL)
        with writing(open_database(workspace.database_url)) as session:
            if cohort is not None:
                records.find_cohort(session, cohort)
            done = results.record_results(
                session, table, today=workspace.today(now), evidence=evidence_in(file.parent), cohort=cohort
            )
            if done.new:
                session.add(Event(moment=now, command="assess", subject=cohort or file.name))
    _report(file, done, as_json=as_json)


def evidence_in(folder: Path) -> results.EvidenceDigest:
    """Files beside the table are hashed; nothing above its folder is looked at."""
    return partial(digest_below, folder)


def _report(file: Path, done: assessment.Recorded, *, as_json: bool) -> None:
    _warn(done.warnings)
    if as_json:
        counts = {"new": done.new, "unchanged": done.unchanged, "updated": done.updated}
        print_json({"file": file.name, **counts, "warnings": list(done.warnings)})
    else:
        tail = f", {done.updated} updated" if done.updated else ""
        click.echo(f"{file.name}: {done.new} new, {done.unchanged} unchanged{tail}")


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        talk(f"warning: {escape(warning)}")


@click.command()
@click.argument("cohort")
@as_json_option
@in_workspace
def eligible(workspace: Workspace, cohort: str, as_json: bool) -> None:
    """Say who of a cohort may be certified, and what exactly the others lack.

    \b
    handseal eligible 2026-autumn
    """
    now = clock()
    people: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    counts = {True: 0, False: 0}
    with reading(open_database(workspace.database_url)) as session:
        group = records.find_cohort(session, cohort)
        syllabus = open_syllabus(require_version(session, group.programme))
        for one in assessment.eligible(session, group, syllabus, today=workspace.today(now)):
            counts[one.passed] += 1
            if as_json:
                people[one.passed].append(_person(one))
            else:
                standing = "may be certified" if one.passed else "; ".join(escape(text) for text in one.missing)
                click.echo(f"{escape(one.learner_id)} {escape(one.name)}: {standing}")
    if as_json:
        facts = {"cohort": cohort, "syllabus": syllabus.id}
        print_json(facts | {"eligible": people[True], "notEligible": people[False]})
    else:
        talk(f"{counts[True]} of {sum(counts.values())} may be certified: {syllabus.id}")


def _person(one: Candidate) -> dict[str, Any]:
    called = {"learnerId": one.learner_id, "name": one.name}
    return called if one.passed else called | {"missing": list(one.missing)}


COMMANDS: tuple[click.Command, ...] = (enrol, assessors, assess, eligible)
"""What `issuer.cli` adds to its group."""
