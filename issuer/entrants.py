"""A row of a cohort's file is one person: who is there twice, is nobody or cannot be printed is said, never taken."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from issuer.models import Enrolment, Learner
from issuer.persons import name_doubts, spellings
from issuer.tables import Row, Table, quoted
from keys import names
from keys.errors import FormatError, HandsealError
from keys.text import mixed_script_words

COLUMNS = ("learner_id", "name", "start", "end", "consent_page", "consent_share")
OPTIONAL = ("latin_name", "email", "wallet_did")
MAX_NAME = 300
MAX_ID = 64

Printable = Callable[[str, str], object]
"""Raises HandsealError for a text at a place that no font can print."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FAR = timedelta(days=366)
_Person = tuple[str, date, date, str]  # a spelling of the name, start, end, email


class Entry(Struct, frozen=True):
    """One row of a cohort's file."""

    row: Row
    learner_id: str
    name: str
    latin_name: str | None
    email: str | None
    wallet_did: str | None
    consent_page: bool
    consent_share: bool
    start: date
    end: date


class Leave(Struct, frozen=True):
    """What was allowed for once, each with the reason that is kept; and how to tell what can be printed."""

    mixed_script: str | None = None
    unusual_name: str | None = None
    printable: Printable = lambda text, place: text


NO_LEAVE = Leave()


def read_entries(table: Table, leave: Leave) -> list[Entry]:
    """The rows of a cohort's file; what is wrong with the others is in the table."""
    return [entry for row in table.rows if (entry := _read(table, row, leave)) is not None]


def _read(table: Table, row: Row, leave: Leave) -> Entry | None:
    """A row as an entry, or None with its faults in the table."""
    learner_id, name = table.need(row, "learner_id", "the clinic's own id"), table.need(row, "name", "a name")
    start, end = table.need_date(row, "start"), table.need_date(row, "end")
    page, share = table.need_yes_no(row, "consent_page"), table.need_yes_no(row, "consent_share")
    _check_names(table, row, leave)
    _check_contacts(table, row)
    if start and end and end < start:
        table.expect(row, "end", f"a day on or after the start, {start}")
    if learner_id is None or name is None or start is None or end is None or page is None or share is None:
        return None
    return Entry(
        row=row,
        learner_id=learner_id,
        name=name,
        latin_name=row["latin_name"] or None,
        email=row["email"] or None,
        wallet_did=row["wallet_did"] or None,
        consent_page=page,
        consent_share=share,
        start=start,
        end=end,
    )


def _check_names(table: Table, row: Row, leave: Leave) -> None:
    for column in ("name", "latin_name"):
        if len(row[column]) > MAX_NAME:
            table.refuse(row, column, f"is longer than {MAX_NAME} characters")
            continue
        mixed = mixed_script_words(row[column])
        if mixed and not leave.mixed_script:
            table.refuse(
                row,
                column,
                f"mixes look-alike scripts in one word: {', '.join(quoted(word) for word in mixed)}",
                'if the name is really written so: --allow-mixed-script "REASON"',
            )
        try:
            leave.printable(row[column], column)
        except HandsealError as fault:
            table.refuse(row, column, str(fault).removeprefix(f"{column} "), fault.hint)
    if leave.unusual_name:
        return
    for column, doubt in name_doubts(row["name"], row["latin_name"]):
        hint = 'if it is right: --allow-unusual-name "REASON"'
        table.refuse(row, column, f"{quoted(row[column])} {doubt}", hint)


def _check_contacts(table: Table, row: Row) -> None:
    if len(row["learner_id"]) > MAX_ID:
        table.refuse(row, "learner_id", f"is longer than {MAX_ID} characters")
    if row["email"] and not _EMAIL.fullmatch(row["email"]):
        table.expect(row, "email", "an e-mail address")
    if row["wallet_did"]:
        try:
            if names.require_subject_id(row["wallet_did"], "wallet_did").startswith("urn:"):
                table.expect(row, "wallet_did", "a DID as did:key:z6Mk…")
        except FormatError:
            table.expect(row, "wallet_did", "a DID as did:key:z6Mk…")


def _refuse_repeated_ids(table: Table) -> set[int]:
    """The numbers of the rows whose learner stands in a row before; rows with other faults are looked at too."""
    seen: dict[str, Row] = {}
    repeated: set[int] = set()
    for row in table.rows:
        identity = row["learner_id"]
        first = seen.setdefault(_plain(identity), row) if identity else row
        if first is not row:
            alike = "is also in" if first["learner_id"] == identity else f"is {quoted(first['learner_id'])} in"
            table.refuse(row, "learner_id", f"{quoted(identity)} {alike} row {first.number}")
            repeated.add(row.number)
    return repeated


def refuse_repeats(table: Table, entries: Sequence[Entry]) -> None:
    """Two rows of one learner_id, whatever its capitals and width, or of one person with the same dates and email."""
    repeated = _refuse_repeated_ids(table)
    seen_people: dict[_Person, Row] = {}
    for entry in entries:
        if entry.row.number in repeated:
            continue
        twins = [seen_people.setdefault(key, entry.row) for key in _persons(entry, entry.start, entry.end, entry.email)]
        twin = next((row for row in twins if row is not entry.row), None)
        if twin is not None:
            table.refuse(entry.row, "name", f"name, dates and email are those of row {twin.number}")


def refuse_enrolled(table: Table, entries: Iterable[Entry], enrolments: Iterable[Enrolment]) -> None:
    """Somebody who is enrolled under another learner_id, or under this one in other capitals or width."""
    ids: dict[str, str] = {}
    people: dict[_Person, str] = {}
    for enrolment in enrolments:
        learner = enrolment.learner
        ids[_plain(learner.learner_id)] = learner.learner_id
        people |= dict.fromkeys(_persons(learner, enrolment.start, enrolment.end, learner.email), learner.learner_id)
    for entry in entries:
        known_id = ids.get(_plain(entry.learner_id), entry.learner_id)
        if known_id != entry.learner_id:
            table.expect(entry.row, "learner_id", f"{quoted(known_id)}, as it is recorded")
            continue
        found = (people.get(key) for key in _persons(entry, entry.start, entry.end, entry.email))
        known = next((one for one in found if one not in (None, entry.learner_id)), None)
        if known is not None:
            table.refuse(entry.row, "learner_id", f"name, dates and email are those of learner {quoted(known)}")


def entry_warnings(entries: Sequence[Entry], enrolments: Iterable[Enrolment], today: date) -> Iterator[str]:
    """What may be right and deserves a look: namesakes, names that differ only in spelling, far dates."""
    yield from _namesakes(entries)
    enrolled = {key: e.learner.learner_id for e in enrolments for key in spellings(e.learner.name)}
    ids = set(enrolled.values())
    for entry in entries:
        known = next((enrolled[key] for key in spellings(entry.name) if key in enrolled), None)
        if known is not None and entry.learner_id not in ids:
            yield f"row {entry.row.number}: {quoted(entry.name)} is called like learner {quoted(known)}"
        if entry.start > today + _FAR:
            yield f"row {entry.row.number}: starts on {entry.start}, more than a year from now"


def _namesakes(entries: Sequence[Entry]) -> Iterator[str]:
    groups: dict[str, dict[int, str]] = defaultdict(dict)
    for entry in entries:
        for key in spellings(entry.name):
            groups[key][entry.row.number] = entry.name
    for rows in dict.fromkeys(tuple(group.items()) for group in groups.values() if len(group) > 1):
        numbers = ", ".join(str(number) for number, _ in rows)
        called = dict.fromkeys(name for _, name in rows)
        if len(called) == 1:
            yield f"rows {numbers}: {len(rows)} people are called {quoted(next(iter(called)))}"
        else:
            yield f"rows {numbers}: {', '.join(map(quoted, called))} may be one person"


def _persons(named: Entry | Learner, start: date, end: date, email: str | None) -> list[_Person]:
    """A person's keys, one a spelling; none without an email, for namesakes there are."""
    return [(key, start, end, email.lower()) for key in spellings(named.name)] if email else []


def _plain(learner_id: str) -> str:
    return unicodedata.normalize("NFKC", learner_id).casefold()
