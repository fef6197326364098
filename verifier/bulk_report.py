"""The report of many checks as a workbook: a row a check, and a summary with its chart; no cell is ever run (I01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from keys.console import escape
from verifier.bulk import COLUMNS, Line, counts, headings
from verifier.language import Words
from verifier.messages import headline
from verifier.report import Verdict

_WIDTHS = {"number": 6, "source": 36, "found": 60, "action": 60, "name": 28, "latin-name": 28, "programme": 30}
_OTHER_WIDTH = 18
_MAX_CELL = 32_000  # characters; a spreadsheet takes 32,767
_FILLS = {Verdict.VALID: "#d8efdf", Verdict.UNKNOWN: "#e6e6e6", Verdict.REVOKED: "#f6d5d2", Verdict.INVALID: "#f6d5d2"}
_WAITING = "#fbe8c4"


def xlsx_report(lines: Sequence[Line], words: Words, checked: datetime) -> bytes:
    """A sheet with a row a check, and one with the counts and their chart."""
    stream = BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, plain) as book:
        book.set_properties({"title": words.say("bulk.title"), "created": checked.replace(tzinfo=None)})
        _write_lines(book, lines, words)
        _write_summary(book, lines, words, checked)
    return stream.getvalue()


def _write_lines(book: Any, lines: Sequence[Line], words: Words) -> None:
    sheet = book.add_worksheet(words.say("bulk.sheet.rows"))
    heading, wrapped = book.add_format({"bold": True, "bottom": 1}), book.add_format({"valign": "top"})
    fills = {
        verdict: book.add_format({"bold": True, "valign": "top", "bg_color": _colour(verdict)}) for verdict in Verdict
    }
    for column, text in enumerate(headings(words)):
        sheet.write_string(0, column, text, heading)
        sheet.set_column(column, column, _WIDTHS.get(COLUMNS[column], _OTHER_WIDTH))
    for row, line in enumerate(lines, start=1):
        number, *texts = line.cells
        sheet.write_number(row, 0, int(number), wrapped)
        for column, text in enumerate(texts, start=1):
            form = fills[line.verdict] if COLUMNS[column] == "answer" else wrapped
            sheet.write_string(row, column, escape(text)[:_MAX_CELL], form)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(lines), 1), len(COLUMNS) - 1)
    if words.direction == "rtl":
        sheet.right_to_left()


def _write_summary(book: Any, lines: Sequence[Line], words: Words, checked: datetime) -> None:
    name = words.say("bulk.sheet.summary")
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    sheet.set_column(0, 0, 34)
    if words.direction == "rtl":
        sheet.right_to_left()
    sheet.write_string(0, 0, words.say("bulk.title"), bold)
    sheet.write_string(1, 0, words.say("bulk.checked", when=words.minute(checked)))
    sheet.write_string(2, 0, words.say("page.limit"))
    first = 4
    found = counts(lines)
    for row, (verdict, count) in enumerate(found.items(), start=first):
        sheet.write_string(row, 0, headline(verdict, words))
        sheet.write_number(row, 1, count)
    last = first + len(found) - 1
    sheet.write_string(last + 1, 0, words.say("bulk.total"), bold)
    sheet.write_number(last + 1, 1, len(lines), bold)
    sheet.write_string(last + 2, 0, words.say("bulk.twice"))
    sheet.write_number(last + 2, 1, sum(1 for line in lines if line.same_as))
    if found:
        chart = book.add_chart({"type": "bar"})
        chart.add_series(
            {
                "categories": [name, first, 0, last, 0],
                "values": [name, first, 1, last, 1],
                "data_labels": {"value": True},
                "points": [_bar(verdict) for verdict in found],
            }
        )
        chart.set_title({"name": words.say("bulk.title")})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        sheet.insert_chart(first, 3, chart)


def _bar(verdict: Verdict) -> dict[str, dict[str, str]]:
    return {"fill": {"color": _colour(verdict)}, "border": {"color": "#555555"}}


def _colour(verdict: Verdict) -> str:
    return _FILLS.get(verdict, _WAITING)
