"""Invented learners of the demonstration, in many scripts, with results of which two do not suffice."""

from __future__ import annotations

import csv
import io
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec
from msgspec import Struct

from keys.errors import HandsealError

ASSESSOR = "A-01"
NOT_PASSED = 2  # the last two of the cohort: one below the pass mark, one whose live check is missing


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    name: str  # as printed
    latin: str = ""


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of one script, to be paired: every `first` goes with every `last`."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    joiner: str


class Names(Struct, frozen=True, forbid_unknown_fields=True):
    """`templates/demo/names.toml`."""

    learner: tuple[Person, ...]
    script: tuple[Script, ...]


def people(count: int) -> tuple[Person, ...]:
    """`count` learners: the well-known twelve, those who do not pass last, with made-up ones between."""
    data = pkgutil.get_data("templates", "demo/names.toml")
    if data is None:
        raise HandsealError("demo: templates/demo/names.toml is missing", hint="install handseal again")
    names = msgspec.toml.decode(data, type=Names)
    known = names.learner
    if count <= len(known):
        return known[:count]
    made = _made(names.script)
    between = [next(made) for _ in range(count - len(known))]
    return (*known[:-NOT_PASSED], *between, *known[-NOT_PASSED:])


def cohort_csv(learners: Sequence[Person], end: date) -> str:
    """The clinic's table for `enrol`; six weeks that end on `end`."""
    start = end - timedelta(days=41)
    header = ("learner_id", "name", "latin_name", "start", "end", "consent_page", "consent_share")
    rows = (
        (_learner_id(number), person.name, person.latin, start.isoformat(), end.isoformat(), "yes", "no")
        for number, person in enumerate(learners)
    )
    return _table(header, rows)


def results_csv(learners: Sequence[Person], end: date) -> str:
    """The clinic's table for `assess`: quiz, video and live check of each learner in the last weeks."""
    header = ("learner_id", "criterion", "result", "assessor_id", "date", "place", "attempt")
    return _table(header, _results(learners, end))


def roster_csv(learners: Sequence[Person]) -> str:
    """A partner body's own list of who attended."""
    return _table(("name", "latin_name"), ((person.name, person.latin) for person in learners))


def assessors_csv(today: date) -> str:
    header = ("assessor_id", "name", "qualification", "issued_by", "valid_from", "valid_until")
    first, last = today - timedelta(days=700), today + timedelta(days=700)
    row = (ASSESSOR, "Niran Chai", "Licensed massage practitioner", "Department of Health Service Support")
    return _table(header, [(*row, first.isoformat(), last.isoformat())])


def _results(learners: Sequence[Person], end: date) -> Iterator[tuple[str, ...]]:
    quiz, video, live = ((end - timedelta(days=days)).isoformat() for days in (16, 9, 2))
    below, absent = len(learners) - 2, len(learners) - 1
    lacking = len(learners) > NOT_PASSED  # a demonstration with one or two learners certifies them
    for number in range(len(learners)):
        learner = _learner_id(number)
        score = 72 if lacking and number == below else 80 + number * 7 % 21
        yield learner, "quiz", str(score), "", quiz, "", "1"
        yield learner, "video", ("competent", "proficient")[number % 2], ASSESSOR, video, "Chiang Mai", "1"
        if not (lacking and number == absent):
            yield (
                learner,
                "live",
                ("proficient", "competent", "proficient")[number % 3],
                ASSESSOR,
                live,
                "Chiang Mai",
                "1",
            )


def _made(scripts: Sequence[Script]) -> Iterator[Person]:
    """Names without end, the scripts taking turns."""
    number = 0
    while True:
        for script in scripts:
            first = script.first[number % len(script.first)]
            last = script.last[number // len(script.first) % len(script.last)]
            yield Person(f"{first}{script.joiner}{last}")
        number += 1


def _learner_id(number: int) -> str:
    return f"RC-{number + 1:03d}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
