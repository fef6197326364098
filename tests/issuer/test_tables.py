"""One reader for CSV and XLSX; every fault at once, with row and column."""

import io
import re
import zipfile
from datetime import date

import pytest

from issuer.tables import MAX_FAULTS, TableError, read_table
from tests.issuer.entries import refused, xlsx_bytes
from verifier.rows import MAX_COLUMNS, MAX_ROWS

COLUMNS = ("id", "day")


def rows(
    data: bytes, required: tuple[str, ...] = COLUMNS, optional: tuple[str, ...] | None = ("note",)
) -> list[list[str]]:
    table = read_table(data, "t.csv", required=required, optional=optional)
    table.finish()
    return [[row[column] for column in required] for row in table.rows]


def days(data: bytes) -> list[date | None]:
    table = read_table(data, "t.csv", required=COLUMNS, optional=None)
    found = [table.need_date(row, "day") for row in table.rows]
    table.finish()
    return found


def test_columns_come_in_any_order_and_case() -> None:
    assert rows(b"Day,note,ID\n2026-11-20,x,1\n") == [["1", "2026-11-20"]]


def test_empty_lines_and_empty_trailing_cells_do_not_count() -> None:
    assert rows(b"id,day,,\n1,2,,\n,,,\n\n3,4,,\n") == [["1", "2"], ["3", "4"]]


def test_quotes_and_crlf() -> None:
    assert rows(b'id,day\r\n"a, ""b""",2\r\n') == [['a, "b"', "2"]]


def test_names_are_brought_into_normal_form() -> None:
    assert rows("id,day\nAnge\u0301,2\n".encode()) == [["Angé", "2"]]


def test_all_faults_are_said_at_once() -> None:
    with refused(
        't.csv: row 2, column day: found "31/02/2026", expected a date as 2026-11-20',
        't.csv: row 4, column day: found "", expected a date',
    ) as faults:
        days(b"id,day\n1,31/02/2026\n2,2026-01-01\n3,\n")
    assert len(faults) == 2


@pytest.mark.parametrize(
    ("day", "hint"),
    [
        ("2569-11-20", "year 2569 looks Buddhist: write 2026"),
        ("20/11/2569", "year 2569 looks Buddhist: write 2026"),
        ("46346", "as a number of Excel this is 2026-11-20"),
        ("2026-02-30", ""),
        ("1949-12-31", ""),
        ("2026-1-2", ""),
        ("๒๐๒๖-๑๑-๒๐", ""),
        ("20261120", ""),
        ("2026-11-20T00:00:00", ""),
    ],
)
def test_what_is_no_date_is_refused_with_what_helps(day: str, hint: str) -> None:
    with refused("expected a date as 2026-11-20") as faults:
        days(f"id,day\n1,{day}\n".encode())
    assert hint in faults[0]


def test_the_first_and_the_last_year() -> None:
    assert days(b"id,day\n1,1950-01-01\n2,2199-12-31\n") == [date(1950, 1, 1), date(2199, 12, 31)]
    with refused("expected a date"):
        days(b"id,day\n1,2200-01-01\n")


def test_yes_and_no() -> None:
    table = read_table(b"id,day\nYes,no\nmaybe,\n", "t.csv", required=COLUMNS)
    assert [table.need_yes_no(table.rows[0], column) for column in COLUMNS] == [True, False]
    assert [table.need_yes_no(table.rows[1], column) for column in COLUMNS] == [None, None]
    with pytest.raises(TableError):
        table.finish()


def test_a_workbook_reads_like_a_table() -> None:
    data = xlsx_bytes([["id", "day"], ["ปิ่นทอง", date(2026, 11, 20)], [7, 46346], [72.5, "2026-11-22"], [True, ""]])
    assert rows(data) == [["ปิ่นทอง", "2026-11-20"], ["7", "46346"], ["72.5", "2026-11-22"], ["yes", ""]]


def test_dates_and_numbers_of_days_in_a_workbook() -> None:
    data = xlsx_bytes([["id", "day"], [1, date(2026, 11, 20)], [2, 46346]])
    assert days(data) == [date(2026, 11, 20), date(2026, 11, 20)]
    with refused("year 2569 looks Buddhist: write 2026"):
        days(xlsx_bytes([["id", "day"], [1, date(2569, 11, 20)]]))


def test_rows_of_a_workbook_are_counted_as_on_its_screen() -> None:
    with refused("t.csv: row 4, column day"):
        days(xlsx_bytes([["id", "day"], [], [], [1, "soon"]]))


def _changed(data: bytes, part: str, change: tuple[bytes, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                assert change[0] in content
                content = content.replace(*change)
            new.writestr(name, content)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
SMALL = xlsx_bytes([["id", "day"], ["1", "2026-11-20"]])


@pytest.mark.parametrize(
    ("part", "change", "fragment"),
    [
        (SHEET, (b'r="A2"', b'r="A1048576"'), "is larger than"),
        (SHEET, (b'r="B2"', b'r="XFD2"'), "is larger than"),
        (SHEET, (b'<row r="2"', b'<row r="1000000"'), "is larger than"),
        (SHEET, (b'r="B2"', b'r="nowhere"'), "is not a workbook"),
        (SHEET, (b"</sheetData>", b""), "is not a workbook"),
        (SHEET, (b"<worksheet", b"<!DOCTYPE x [<!ENTITY y 'z'>]><worksheet"), "is not a workbook"),
        ("xl/workbook.xml", (b"<sheet ", b"<other "), "is not a workbook"),
        ("xl/_rels/workbook.xml.rels", (b"sheet1.xml", b"sheet9.xml"), "is not a workbook"),
    ],
)
def test_a_workbook_is_looked_at_before_it_is_read(part: str, change: tuple[bytes, bytes], fragment: str) -> None:
    with refused(fragment):
        rows(_changed(SMALL, part, change))


def test_a_workbook_whose_text_would_not_fit_is_refused() -> None:
    wide = xlsx_bytes([["id", "day"], *([f"{'x' * 30000}", str(number)] for number in range(3000))])
    with refused("holds too much text"):
        rows(wide)


def test_half_a_workbook_is_refused() -> None:
    for length in (4, 100, len(SMALL) // 2, len(SMALL) - 1):
        with refused("is not a workbook"):
            rows(SMALL[:length])


def test_an_old_or_protected_workbook_is_refused_with_a_hint() -> None:
    with refused("without a password"):
        rows(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


@pytest.mark.parametrize(("count", "accepted"), [(MAX_ROWS, True), (MAX_ROWS + 1, False)])
def test_the_limit_of_rows(count: int, accepted: bool) -> None:
    data = b"id,day\n" + b"1,2\n" * count
    if accepted:
        assert len(rows(data)) == count
    else:
        with refused("has more than"):
            rows(data)


@pytest.mark.parametrize(("count", "accepted"), [(MAX_COLUMNS, True), (MAX_COLUMNS + 1, False)])
def test_the_limit_of_columns(count: int, accepted: bool) -> None:
    header = ",".join(["id", "day", *(f"c{number}" for number in range(count - 2))])
    data = f"{header}\n{',' * (count - 1)}\n1{',2' * (count - 1)}\n".encode()
    if accepted:
        assert rows(data, optional=None) == [["1", "2"]]
    else:
        with refused(f"has {count} columns"):
            rows(data, optional=None)


def test_a_row_of_another_width_is_refused() -> None:
    with refused("row 2: has 1 cells, the header has 2", "row 3: has 3 cells, the header has 2"):
        rows(b"id,day\n1\n1,2,3\n")


def test_faults_are_kept_up_to_a_number_and_counted_beyond() -> None:
    with pytest.raises(TableError) as caught:
        rows(b"id,day\n" + b"=1,2\n" * (MAX_FAULTS + 5))
    assert (len(caught.value.faults), caught.value.more) == (MAX_FAULTS, 5)
    assert str(caught.value).endswith(f"(and {MAX_FAULTS + 4} more)")


def test_what_was_found_is_shown_short_and_without_its_escapes() -> None:
    with refused() as faults:
        days(("id,day\n1," + "é" * 100 + "\n").encode())
    assert re.search(r'found "é{60}…"', faults[0])
    with refused() as faults:
        days(b"id,day\n1,\x1b[31mred\n")
    assert "\x1b" not in faults[0]


def test_nothing_at_all_and_a_header_alone_are_refused() -> None:
    with refused("is empty"):
        rows(b"")
    with refused("has a header and no rows"):
        rows(b"id,day\n")


def test_semicolons_part_cells_where_the_header_has_no_comma() -> None:
    """As a spreadsheet of half of Europe saves the table of `handseal template`, whose notes hold commas."""
    assert rows(b'# id: the clinic\'s own, unique;;\r\nid;day;note\r\n1;"2;3";a, b\r\n') == [["1", "2;3"]]
    assert rows(b"id,day\n1;1,2\n") == [["1;1", "2"]]


def test_tabs_are_noticed() -> None:
    with refused("is unknown", "cells are separated by commas or semicolons"):
        rows(b"id\tday\n1\t2\n")
