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
FORMER_ASSESSOR = "A-02"  # whose qualification has ended
ANSWERS = {"q1": "B", "q2": "A; C", "q3": "45 min", "q4": "pressure", "q5": "screen; plan; treat; record"}  # all right
WRONG = {"q1": "D"}  # two of eight points: 75 of 100, where 80 are needed
SLIPS: tuple[dict[str, str], ...] = ({}, {"q4": "music"}, {"q3": "40"}, {"q4": "the pressure"})  # that nobody fails for
RETAKES = 1  # the second learner's live check is passed at the second attempt
RESULT_COLUMNS = ("learner_id", "criterion", "result", "assessor_id", "date", "place", "attempt")
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
        (_learner_id(number), person.name, person.latin, start.isoformat(), end.isoformat(), "yes", _shares(number))
        for number, person in enumerate(learners)
    )
    return _table(header, rows)


def answers_csv(learners: Sequence[Person], end: date) -> str:
    """The export of the quiz, for `grade`; the last but one does not reach the pass mark."""
    day = (end - timedelta(days=16)).isoformat()
    rows = (
        (_learner_id(number), day, *(ANSWERS | _slip(number, len(learners))).values())
        for number in range(len(learners))
    )
    return _table(("learner_id", "date", *ANSWERS), rows)


def results_csv(learners: Sequence[Person], end: date) -> str:
    """The clinic's table for `assess`: video and live check of each learner in the last weeks, and one retake."""
    return _table(RESULT_COLUMNS, _results(learners, end))


def refused_csv(learners: Sequence[Person], end: date) -> str:
    """A live check of the last learner by somebody whose qualification has ended: it must not be taken."""
    row = (_learner_id(len(learners) - 1), "live", "competent", FORMER_ASSESSOR, end.isoformat(), "Chiang Mai", "")
    return _table(RESULT_COLUMNS, [row])


def roster_csv(learners: Sequence[Person]) -> str:
    """A partner body's own list of who attended."""
    return _table(("name", "latin_name"), ((person.name, person.latin) for person in learners))


def assessors_csv(today: date) -> str:
    header = ("assessor_id", "name", "qualification", "issued_by", "valid_from", "valid_until")
    first, last = today - timedelta(days=700), today + timedelta(days=700)
    qualification = "Licensed massage practitioner", "Department of Health Service Support"
    rows = (
        (ASSESSOR, "Niran Chai", *qualification, first.isoformat(), last.isoformat()),
        (FORMER_ASSESSOR, "Dao Rattana", *qualification, first.isoformat(), (today - timedelta(days=60)).isoformat()),
    )
    return _table(header, rows)


def _shares(number: int) -> str:
    """Whether this learner agrees to be shown beside the programme; one in three does."""
    return "no" if number % 3 else "yes"


def _slip(number: int, count: int) -> dict[str, str]:
    """What a learner answers otherwise than the key."""
    if count > NOT_PASSED and number == count - 2:
        return WRONG
    return SLIPS[number % len(SLIPS)]


def _results(learners: Sequence[Person], end: date) -> Iterator[tuple[str, ...]]:
    video, first, live = ((end - timedelta(days=days)).isoformat() for days in (9, 4, 2))
    absent = len(learners) - 1 if len(learners) > NOT_PASSED else None  # one or two learners are all certified
    for number in range(len(learners)):
        learner = _learner_id(number)
        yield learner, "video", ("competent", "proficient")[number % 2], ASSESSOR, video, "Chiang Mai", "1"
        if number == RETAKES:
            yield learner, "live", "developing", ASSESSOR, first, "Chiang Mai", "1"
        if number != absent:
            level, attempt = ("proficient", "competent", "proficient")[number % 3], "2" if number == RETAKES else "1"
            yield learner, "live", level, ASSESSOR, live, "Chiang Mai", attempt


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
