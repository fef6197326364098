"""`handseal grade`: answers and a key become results like any other."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import UNSET

from issuer import grading, records, results
from issuer.config import Workspace
from issuer.database import open_database, writing
from issuer.grading import Key, Mark
from issuer.models import Event
from issuer.records_cli import FILE, as_json_option, clock, in_workspace, read_rows, spoken_faults
from issuer.syllabuses import open_syllabus, require_version
from keys import names
from keys.console import escape, print_json, talk
from keys.encoding import Digest
from keys.errors import ConfigurationError, HandsealError
from keys.syllabus import Percent, Syllabus

_ENDING = ".key.toml"


@click.command()
@click.argument("file", metavar="ANSWERS.csv", type=FILE)
@click.option("--programme", "slug", metavar="SLUG", help="Whose key it is (default: the only one there is).")
@click.option("--cohort", metavar="NAME", help="The cohort meant, where learners are in several.")
@as_json_option
@in_workspace
def grade(workspace: Workspace, file: Path, slug: str | None, cohort: str | None, as_json: bool) -> None:
    """Mark the answers to objective tasks by the programme's key and record the marks.

    \b
    handseal grade results/quiz.csv --programme deep-tissue-foundations
    """
    slug = slug or _only_key(workspace)
    names.require_slug(slug, "--programme")
    key, now = grading.read_key(workspace.programmes / f"{slug}{_ENDING}"), clock()
    with spoken_faults():
        table = read_rows(file, required=(*grading.COLUMNS, *(item.id for item in key.items)), optional=())
        marks = grading.mark(table, key)
        with writing(open_database(workspace.database_url)) as session:
            if cohort is not None:
                records.find_cohort(session, cohort)
            criterion = _criterion(key, open_syllabus(require_version(session, slug)))
            table.finish()
            given = grading.results_of(table, marks, criterion)
            done = results.record_results(
                session, given, today=workspace.today(now), evidence=_no_evidence, cohort=cohort
            )
            if done.new:
                session.add(Event(moment=now, command="grade", subject=cohort or file.name))
    if as_json:
        print_json(
            {"file": file.name, "new": done.new, "unchanged": done.unchanged, "marks": [_line(m) for m in marks]}
        )
        return
    for one in marks:
        click.echo(f"{escape(one.row['learner_id'])}: {one.percent}{_wrong(one)}")
    talk(f"{file.name}: {done.new} new, {done.unchanged} unchanged")


def _only_key(workspace: Workspace) -> str:
    keys = sorted(path.name.removesuffix(_ENDING) for path in workspace.programmes.glob(f"*{_ENDING}"))
    if len(keys) != 1:
        found = f"keys: {', '.join(keys)}" if keys else f"write the key as programmes/SLUG{_ENDING}"
        raise ConfigurationError(f"--programme: is needed, there are {len(keys)} keys", hint=found)
    return keys[0]


def _criterion(key: Key, syllabus: Syllabus) -> str:
    """The criterion that a key marks: one with a percentage."""
    quizzes = [c.id for c in syllabus.criteria if c.kind == "quiz" and isinstance(c.scale, Percent)]
    if key.criterion is UNSET and len(quizzes) == 1:
        return quizzes[0]
    if key.criterion is UNSET or key.criterion not in quizzes:
        raise HandsealError(
            f"{syllabus.id}: the key does not say which quiz it marks",
            hint=f'criterion = "…", one of: {", ".join(quizzes) or "none with a percentage"}',
        )
    return key.criterion


def _no_evidence(name: str) -> Digest:
    raise HandsealError(f"{name}: answers carry no evidence")


def _line(one: Mark) -> dict[str, object]:
    return {"learnerId": one.row["learner_id"], "percent": one.percent, "wrong": list(one.wrong)}


def _wrong(one: Mark) -> str:
    return f" (wrong: {', '.join(one.wrong)})" if one.wrong else ""
