"""A partner's own list of who attended, compared with who is to be certified.

The columns are the partner's: they are found by their headings. Names are compared without
regard to case and spaces; a name in another spelling is reported, not silently taken.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from typing import Protocol

from msgspec import Struct

from keys.encoding import Digest, sha256
from keys.errors import FormatError
from keys.tables import csv_rows
from keys.text import FORMULA_STARTS, require_text

MAX_ROSTER_BYTES = 8 * 1024 * 1024
MAX_ROSTER_ROWS = 100_000
_CLOSE = 0.75  # two names this alike are shown as one person's
_MAX_PAIRS = 250_000
_STROKES = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
_HEADINGS = {
    "name": ("name", "fullname", "learner", "learnername", "student", "studentname", "participant", "ชื่อ", "ชื่อสกุล"),
    "latin": ("latinname", "latin", "transliteration", "englishname", "nameinenglish", "romanizedname"),
    "first": ("firstname", "givenname", "forename"),
    "last": ("lastname", "surname", "familyname"),
    "end": ("end", "enddate", "completed"),
}


class Entry(Struct, frozen=True):
    """One person of the roster; `row` as a spreadsheet counts, the header being row 1."""

    row: int
    name: str
    latin_name: str | None
    end: date | None


class Roster(Struct, frozen=True):
    entries: tuple[Entry, ...]
    digest: Digest  # of the file's bytes


class Kind(Enum):
    """How request and roster differ."""

    NOT_ON_ROSTER = "not-on-the-roster"
    NAME = "spelt-differently"
    END = "another-last-day"
    NOT_IN_REQUEST = "not-in-the-request"

    @property
    def words(self) -> str:
        return self.value.replace("-", " ")


class Difference(Struct, frozen=True):
    """One difference; `row` is the request's, `entry` the roster's row. `text` follows the kind's words."""

    kind: Kind
    row: int | None
    entry: int | None
    text: str


class Named(Protocol):
    """Somebody with a name."""

    @property
    def name(self) -> str: ...

    @property
    def latin_name(self) -> str | None: ...


class Person(Named, Protocol):
    """What a row of the request says of a person."""

    @property
    def number(self) -> int: ...

    @property
    def end(self) -> date: ...


def parse_roster(data: bytes, place: str) -> Roster:
    """A CSV file as a roster; FormatError with row and column for what is not one."""
    rows = csv_rows(data, place)
    header = next(rows, None)
    if header is None:
        raise FormatError(f"{place}: is empty")
    columns = _columns(header, place)
    entries = [
        _entry(row, number, columns, f"{place}: row {number}")
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    ]
    if len(entries) > MAX_ROSTER_ROWS:
        raise FormatError(f"{place}: has more than {MAX_ROSTER_ROWS} rows")
    return Roster(tuple(entries), sha256(data))


def compare(people: Sequence[Person], roster: Roster) -> tuple[Difference, ...]:
    """Every difference between request and roster, in the request's order, then those only on the roster."""
    matched, rest = match(people, roster.entries)
    found = [difference for person in people for difference in _differences(person, matched[person.number])]
    extra = [Difference(Kind.NOT_IN_REQUEST, None, entry.row, entry.name) for entry in rest]
    return (*found, *extra)


def match(people: Sequence[Person], entries: Sequence[Entry]) -> tuple[dict[int, Entry | None], list[Entry]]:
    """The entry of each person, by their numbers, and the entries that are nobody's.

    Two people of one name need two entries. People are matched by name, then by transliteration, then by likeness.
    """
    pool = _Pool(entries)
    matched = {person.number: pool.take("name", name_key(person.name), person.end) for person in people}
    for person in people:
        if matched[person.number] is None:
            matched[person.number] = _by_transliteration(pool, person)
    _match_alike(pool, people, matched)
    return matched, pool.rest()


def name_key(name: str) -> str:
    """What is left of a name without case and spaces."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(folded.split())


class _Pool:
    """The entries that nobody was matched with yet."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._free = {entry.row: entry for entry in entries}
        self._rows: dict[tuple[str, str], list[int]] = {}
        for entry in entries:
            self._rows.setdefault(("name", name_key(entry.name)), []).append(entry.row)
            if entry.latin_name:
                self._rows.setdefault(("latin", name_key(entry.latin_name)), []).append(entry.row)

    def take(self, column: str, key: str, end: date) -> Entry | None:
        """The entry with this name, by preference one with this last day; nobody else gets it."""
        rows = [row for row in self._rows.get((column, key), ()) if row in self._free]
        if not rows:
            return None
        return self._free.pop(next((row for row in rows if self._free[row].end == end), rows[0]))

    def take_row(self, row: int) -> Entry:
        return self._free.pop(row)

    def rest(self) -> list[Entry]:
        return list(self._free.values())


def _by_transliteration(pool: _Pool, person: Person) -> Entry | None:
    latin = name_key(person.latin_name or "")
    tries = [("latin", name_key(person.name)), ("name", latin), ("latin", latin)]
    return next((e for column, key in tries if key and (e := pool.take(column, key, person.end))), None)


def _match_alike(pool: _Pool, people: Sequence[Person], matched: dict[int, Entry | None]) -> None:
    """Those left on both sides, where two spellings are probably one person's."""
    left = [person for person in people if matched[person.number] is None]
    if len(left) * len(pool.rest()) > _MAX_PAIRS:
        return
    for person in left:
        keys = {name_key(entry.name): entry.row for entry in pool.rest()}
        alike = difflib.get_close_matches(name_key(person.name), keys, n=1, cutoff=_CLOSE)
        if alike:
            matched[person.number] = pool.take_row(keys[alike[0]])


def _differences(person: Person, entry: Entry | None) -> Iterator[Difference]:
    if entry is None:
        yield Difference(Kind.NOT_ON_ROSTER, person.number, None, person.name)
        return
    if not _same_name(person, entry):
        text = f"{called(person)}: is {called(entry)} on the roster"
        yield Difference(Kind.NAME, person.number, entry.row, text)
    if entry.end not in (None, person.end):
        text = f"{person.name}: ended {person.end}, on the roster {entry.end}"
        yield Difference(Kind.END, person.number, entry.row, text)


def called(one: Named) -> str:
    """A name, and its transliteration where there is one."""
    return f"{one.name} ({one.latin_name})" if one.latin_name else one.name


def _same_name(person: Person, entry: Entry) -> bool:
    """The printed name is on the roster, or the roster knows nothing but its transliteration.

    Of a name in Latin letters that is the name without its accents: any other would let a stranger's be printed. A
    transliteration is printed too: where both sides have one, it is the same.
    """
    if person.latin_name and entry.latin_name and name_key(person.latin_name) != name_key(entry.latin_name):
        return False
    known = {name_key(entry.name), name_key(entry.latin_name or entry.name)}
    if name_key(person.name) in known:
        return True
    latin = name_key(person.latin_name or "")
    fits = latin == _plain(person.name) if _is_latin(person.name) else bool(latin)
    return entry.latin_name is None and fits and latin in known


def _is_latin(name: str) -> bool:
    return any(unicodedata.name(character, "").startswith("LATIN ") for character in name)


def _plain(name: str) -> str:
    """The key of a name in Latin letters without its accents and strokes."""
    bare = (c for c in unicodedata.normalize("NFKD", name_key(name)) if not unicodedata.combining(c))
    return "".join(bare).translate(_STROKES)


def _columns(header: Sequence[str], place: str) -> dict[str, int]:
    """Which column holds what; those with other headings are the partner's own business."""
    plain = ["".join(c for c in name_key(cell) if c not in "-_.") for cell in header]
    columns: dict[str, int] = {}
    for kind, headings in _HEADINGS.items():
        places = [index for index, heading in enumerate(plain) if heading in headings]
        if len(places) > 1:
            raise FormatError(f"{place}: row 1: two columns could be the {kind} name", hint="rename one of them")
        if places:
            columns[kind] = places[0]
    if "name" not in columns and not {"first", "last"} <= columns.keys():
        raise FormatError(
            f"{place}: row 1: has no column of names", hint="head it 'name', and 'latin_name' if there is one"
        )
    return columns


def _entry(row: Sequence[str], number: int, columns: dict[str, int], place: str) -> Entry:
    cells = {kind: _cell(row, index, f"{place}: {kind}") for kind, index in columns.items()}
    name = cells.get("name") or " ".join(filter(None, (cells.get("first"), cells.get("last"))))
    if not name:
        raise FormatError(f"{place}: has no name")
    end = cells.get("end")
    try:
        day = date.fromisoformat(end) if end else None
    except ValueError as fault:
        raise FormatError(f"{place}: end: is not a date", hint="write it as 2026-11-20") from fault
    return Entry(row=number, name=name, latin_name=cells.get("latin") or None, end=day)


def _cell(row: Sequence[str], index: int, place: str) -> str:
    if index >= len(row):
        return ""
    text = unicodedata.normalize("NFC", row[index].strip(" "))
    if text.startswith(FORMULA_STARTS):
        raise FormatError(f"{place}: starts with {text[0]!r}, which a spreadsheet would run")
    return require_text(text, place)
