"""`handseal grade`: answers and a key become results like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from msgspec import UNSET

from issuer import grading, records
from issuer.config import Workspace
from issuer.database import open_database, writing
from issuer.gradebook import Changed, Graded, Sitting, record_marks
from issuer.grading import Key, Mark
from issuer.models import Event, State
from issuer.records_cli import FILE, as_json_option, clock, in_workspace, spoken_faults
from issuer.syllabuses import open_syllabus, require_version
from issuer.tables import read_table
from keys import names
from keys.console import escape, print_json, talk
from keys.encoding import sha256
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded
from keys.syllabus import Criterion, Percent, Syllabus
from verifier.rows import MAX_BYTES

_ENDING = ".key.toml"
_REMEDIES = {
    State.DRAFT: "handseal recall ID takes it back",
    State.PROPOSED: "handseal recall ID takes it back, if it should not be issued",
    State.ISSUED: "handseal revoke ID --reason …, if it should not stand",
}


@click.command()
@click.argument("file", metavar="ANSWERS.csv", type=FILE)
@click.option("--programme", "slug", metavar="SLUG", help="Whose key it is (default: the only one there is).")
@click.option("--cohort", metavar="NAME", help="The cohort meant, where learners are in several.")
@click.option("--regrade", is_flag=True, help="Mark answers again that another key marked before.")
@click.option("--reason", metavar="TEXT", help="Why they are marked again; it is kept.")
@as_json_option
@in_workspace
def grade(
    workspace: Workspace,
    file: Path,
    slug: str | None,
    cohort: str | None,
    regrade: bool,
    reason: str | None,
    as_json: bool,
) -> None:
    """Mark the answers to objective tasks by the programme's key and record the marks.

    \b
    handseal grade results/quiz.csv --programme deep-tissue-foundations
    handseal grade results/quiz.csv --regrade --reason "B is right in question 3 too"
    """
    if regrade != bool(reason and reason.strip()):
        raise ConfigurationError("--regrade and --reason: are given together")
    slug = slug or _only_key(workspace)
    names.require_slug(slug, "--programme")
    path = workspace.programmes / f"{slug}{_ENDING}"
    key, now, data = grading.read_key(path), clock(), read_bounded(file, MAX_BYTES)
    with spoken_faults():
        items = (item.id for item in key.items)
        table = read_table(data, file.name, required=(*grading.COLUMNS, *items), optional=grading.OPTIONAL)
        marks = grading.mark(table, key)
        with writing(open_database(workspace.database_url)) as session:
            if cohort is not None:
                records.find_cohort(session, cohort)
            sitting = Sitting(
                criterion=_criterion(key, open_syllabus(require_version(session, slug))),
                programme=slug,
                answers=sha256(data),
                key=sha256(read_bounded(path, MAX_BYTES)),
                now=now,
                today=workspace.today(now),
                cohort=cohort,
                reason=reason,
            )
            done = record_marks(session, table, marks, sitting)
            if done.new or done.regraded:
                session.add(Event(moment=now, command="grade", subject=cohort or file.name, reason=reason))
    _report(file, marks, done, as_json=as_json)


def _report(file: Path, marks: Sequence[Mark], done: Graded, *, as_json: bool) -> None:
    if as_json:
        counts = {"new": done.new, "unchanged": done.unchanged, "regraded": done.regraded}
        changed = [_change(one) for one in done.changed]
        print_json({"file": file.name, **counts, "marks": [_line(m) for m in marks], "changed": changed})
        return
    for one in marks:
        click.echo(f"{escape(one.row['learner_id'])}: {one.percent}{_wrong(one)}")
    for change in done.changed:
        talk(f"{escape(change.learner_id)}: attempt {change.attempt} was {change.old}, is {change.new}")
        for lookup_id, state in change.certificates:
            talk(f"warning: {lookup_id} is {state.value} on the old result and stays as it is")
            talk(f"hint: {_REMEDIES[state]}")
    regraded = f", {done.regraded} graded again" if done.regraded else ""
    talk(f"{file.name}: {done.new} new, {done.unchanged} unchanged{regraded}")


def _only_key(workspace: Workspace) -> str:
    keys = sorted(path.name.removesuffix(_ENDING) for path in workspace.programmes.glob(f"*{_ENDING}"))
    if len(keys) != 1:
        found = f"keys: {', '.join(keys)}" if keys else f"write the key as programmes/SLUG{_ENDING}"
        raise ConfigurationError(f"--programme: is needed, there are {len(keys)} keys", hint=found)
    return keys[0]


def _criterion(key: Key, syllabus: Syllabus) -> Criterion:
    """The criterion that a key marks: one with a percentage."""
    quizzes = {c.id: c for c in syllabus.criteria if c.kind == "quiz" and isinstance(c.scale, Percent)}
    if key.criterion is UNSET and len(quizzes) == 1:
        return next(iter(quizzes.values()))
    if key.criterion is UNSET or key.criterion not in quizzes:
        raise HandsealError(
            f"{syllabus.id}: the key does not say which quiz it marks",
            hint=f'criterion = "…", one of: {", ".join(quizzes) or "none with a percentage"}',
        )
    return quizzes[key.criterion]


def _line(one: Mark) -> dict[str, object]:
    points = msgspec.json.decode(one.items)
    return {
        "learnerId": one.row["learner_id"],
        "percent": one.percent,
        "wrong": list(one.wrong),
        "partly": list(one.partly),
        "points": points,
    }


def _change(one: Changed) -> dict[str, object]:
    certificates = [{"lookupId": lookup_id, "state": state.value} for lookup_id, state in one.certificates]
    return {
        "learnerId": one.learner_id,
        "attempt": one.attempt,
        "old": one.old,
        "new": one.new,
        "certificates": certificates,
    }


def _wrong(one: Mark) -> str:
    parts = [f"{word}: {', '.join(items)}" for word, items in (("wrong", one.wrong), ("partly", one.partly)) if items]
    return f" ({'; '.join(parts)})" if parts else ""
