"""Who is on the roster and who is not, whatever the case, the spaces and the script."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import Struct

from keys.errors import FormatError
from keys.roster import MAX_ROSTER_ROWS, Difference, Kind, compare, parse_roster

END = date(2026, 11, 20)


class Someone(Struct, frozen=True):
    number: int
    name: str
    latin_name: str | None = None
    end: date = END


def differences(people: list[Someone], text: str) -> list[tuple[Kind, int | None, int | None]]:
    return [(d.kind, d.row, d.entry) for d in compare(people, parse_roster(text.encode(), "roster.csv"))]


def people(*names: str) -> list[Someone]:
    return [Someone(number, name) for number, name in enumerate(names, start=1)]


def test_names_match_without_regard_to_case_spaces_and_normal_form() -> None:
    text = "Name\nADA  LOVELACE\nJose\u0301 A\u0301lvarez\nstrasse weg\n"
    assert differences(people("Ada Lovelace", "José Álvarez", "Straße Weg"), text) == []


def test_a_byte_order_mark_and_the_partners_own_columns_are_taken() -> None:
    text = "\ufeffphone,Full Name,note\n+66 53,Ada Lovelace,-\n\n"
    assert differences(people("Ada Lovelace"), text) == []


def test_a_spreadsheet_may_part_cells_by_semicolons() -> None:
    roster = parse_roster("Name;Remark\r\nสมชาย ปิ่นทอง;a, b\r\n".encode("utf-8-sig"), "roster.csv")
    assert [entry.name for entry in roster.entries] == ["สมชาย ปิ่นทอง"]


def test_first_and_last_name_may_stand_apart() -> None:
    assert differences(people("Ada Lovelace"), "First name,Last-Name\nAda,Lovelace\n") == []


def test_missing_and_extra_people_are_named() -> None:
    found = differences(people("Ada Lovelace", "Zoe Quist"), "name\nAda Lovelace\nCharles Babbage\n")
    assert found == [(Kind.NOT_ON_ROSTER, 2, None), (Kind.NOT_IN_REQUEST, None, 3)]


def test_a_name_spelt_differently_is_one_difference_not_two() -> None:
    roster = parse_roster(b"name\nAda Lovelase\n", "roster.csv")
    expected = Difference(Kind.NAME, 1, 2, "Ada Lovelace: is Ada Lovelase on the roster")
    assert compare(people("Ada Lovelace"), roster) == (expected,)


def test_two_people_of_one_name_need_two_entries() -> None:
    twins = people("Ada Lovelace", "Ada Lovelace")
    assert differences(twins, "name\nAda Lovelace\n") == [(Kind.NOT_ON_ROSTER, 2, None)]
    assert differences(twins, "name\nAda Lovelace\nAda Lovelace\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,latin_name\nสมชาย ใจดี,Somchai Jaidee\n", []),
        ("name\nSomchai Jaidee\n", []),
        ("name\nสมชาย ใจดี\n", []),
        ("name,latin_name\nสมชัย ใจดี,Somchai Jaidee\n", [(Kind.NAME, 1, 2)]),
        ("name,latin_name\nSomchai Jaidee,\n", []),
        ("name\nAda Lovelace\n", [(Kind.NOT_ON_ROSTER, 1, None), (Kind.NOT_IN_REQUEST, None, 2)]),
    ],
)
def test_a_transliteration_finds_the_person_and_the_printed_name_still_counts(
    text: str, expected: list[tuple[Kind, int, int]]
) -> None:
    assert differences([Someone(1, "สมชาย ใจดี", "Somchai Jaidee")], text) == expected


@pytest.mark.parametrize(
    ("printed", "latin", "text", "same"),
    [
        ("Mallory Forger", "Ada Lovelace", "name\nAda Lovelace\n", False),  # the roster knows the other name only
        ("สมชาย ใจดี", "Mallory Forger", "name,latin_name\nสมชาย ใจดี,Somchai Jaidee\n", False),
        ("สมชาย ใจดี", "Somchai Jaidee", "name\nสมชาย ใจดำ\n", False),  # alike, and nothing else is known of either
        ("Nguyễn Đình Łukasz", "Nguyen Dinh Lukasz", "name\nNguyen Dinh Lukasz\n", True),
        ("Björn", "Bjoern", "name\nBjoern\n", False),  # not merely an accent: for the officer to say
        ("สมชาย ใจดี", "somchai jaidee", "name,latin_name\nสมชาย ใจดี,Somchai Jaidee\n", True),
    ],
)
def test_a_strangers_name_does_not_pass_beside_a_name_of_the_roster(
    printed: str, latin: str, text: str, same: bool
) -> None:
    found = differences([Someone(1, printed, latin)], text)
    assert found == ([] if same else [(Kind.NAME, 1, 2)])


def test_another_last_day_is_a_difference_and_tells_namesakes_apart() -> None:
    assert differences(people("Ada"), "name,end\nAda,2026-11-19\n") == [(Kind.END, 1, 2)]
    assert differences(people("Ada"), "name,end\nAda,\n") == []
    assert differences(people("Ada"), "name,end\nAda,2026-11-19\nAda,2026-11-20\n") == [(Kind.NOT_IN_REQUEST, None, 2)]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b"\xff\xfen\x00", "is not UTF-8"),
        ("ชื่อ\nก\n".encode("cp874"), "is not UTF-8"),
        (b"who\nAda\n", "row 1: has no column of names"),
        (b"first name\nAda\n", "row 1: has no column of names"),
        (b"name,Full Name\nAda,Ada\n", "row 1: two columns could be the name"),
        (b"name,end\nAda,20.11.2026\n", "row 2: end: is not a date"),
        (b"name,end\n,2026-11-20\n", "row 2: has no name"),
        (b"name\n=HYPERLINK(1)\n", "row 2: name: starts with '='"),
        (b'name\n"Ada\n', "is not CSV"),
        ("name\nAda \u202eecalevoL\n".encode(), "row 2: name: character 5 is U+202E"),
        (b"name\nAda \x1b[31m\n", "row 2: name: character 5 is U+001B"),
        (b"name\n" + b"A" * 200_000, "is not CSV"),
    ],
)
def test_what_is_no_roster_is_refused_with_its_row(data: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=r"^roster\.csv: ") as fault:
        parse_roster(data, "roster.csv")
    assert complaint in str(fault.value)


def test_a_roster_has_so_many_rows_and_no_more() -> None:
    rows = "name\n" + "A\n" * MAX_ROSTER_ROWS
    assert len(parse_roster(rows.encode(), "roster.csv").entries) == MAX_ROSTER_ROWS
    with pytest.raises(FormatError, match="has more than"):
        parse_roster(f"{rows}A\n".encode(), "roster.csv")
