"""How a request differs from the last one of its programme that this body answered: people, syllabus and threshold.

Who is the same person can only be told by name: a name that is the same, or nearly, is shown, and the officer judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from keys.answered import LastRequest, Remembered
from keys.encoding import Digest
from keys.roster import Entry, Person, match
from keys.syllabus import Syllabus


class Row(Person, Protocol):
    """What a row of the request says of a person and their certificate."""

    @property
    def digest(self) -> Digest: ...

    @property
    def awarded(self) -> date: ...


class Again(Struct, frozen=True):
    """Row `row` and a person of the last request: with the same content, or with another."""

    row: int
    before: Remembered


class Comparison(Struct, frozen=True):
    """Every row is in one of the first three; every person of the last request is in one of the last three."""

    last: LastRequest
    new: tuple[int, ...]
    changed: tuple[Again, ...]
    unchanged: tuple[Again, ...]
    gone: tuple[Remembered, ...]


def compare_with_last(rows: Sequence[Row], last: LastRequest) -> Comparison:
    """Rows by content digest first, then by name as a roster is compared (`keys.roster`)."""
    known = {person.digest: person for person in last.people}
    unchanged = tuple(Again(row.number, known.pop(row.digest)) for row in rows if row.digest in known)
    left = frozenset(again.row for again in unchanged)
    others = [row for row in rows if row.number not in left]
    people = dict(enumerate(known.values()))
    entries = [Entry(number, person.name, person.latin_name, None) for number, person in people.items()]
    matched, rest = match(others, entries)
    changed = [Again(row.number, people[entry.row]) for row in others if (entry := matched[row.number])]
    return Comparison(
        last=last,
        new=tuple(row.number for row in others if matched[row.number] is None),
        changed=tuple(changed),
        unchanged=unchanged,
        gone=tuple(people[entry.row] for entry in rest),
    )


def comparison_warnings(comparison: Comparison, syllabus: Syllabus) -> Iterator[str]:
    """What an officer is told again before signing, and the transcript keeps: numbers of rows, no names."""
    for again in comparison.changed:
        yield f"row {again.row} was in the last request with another content"
    before = comparison.last.syllabus
    if before == syllabus:
        return
    yield f"the syllabus is version {syllabus.version}; the last request was about version {before.version}"
    if before.recognition != syllabus.recognition:
        yield f"how many must co-sign, or who: {recognition_words(syllabus)}; before: {recognition_words(before)}"


def recognition_words(syllabus: Syllabus) -> str:
    """`2 of` the partner bodies by their ids."""
    return f"{syllabus.recognition.threshold} of {', '.join(syllabus.recognition.cosigners)}"
