"""An empty table says of each column what belongs there, and reading it back finds nothing but that it is empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter
from msgspec import Struct

from issuer import assessors, entrants, grading, results
from issuer.grading import Item, Key
from keys.syllabus import Percent, Syllabus
from verifier.rows import MAX_ROWS

_DAY = "a day as 2026-11-20"
_YES_NO = ("yes", "no")
_FIRST_DAY, _LAST_DAY = date(1950, 1, 1), date(2149, 12, 31)
_WIDTH = 18
_NOTES: Mapping[str, Mapping[str, str]] = {
    "cohort": {
        "learner_id": "the clinic's own id, unique",
        "name": "as it is to be printed, in any script",
        "latin_name": "in Latin letters, where the name is in another script",
        "start": f"first day of the course, {_DAY}",
        "end": f"last day of the course, {_DAY}",
        "email": "of the learner",
        "consent_page": "yes or no: whoever has the id may open the certificate's page",
        "consent_share": "yes or no: the page may be shown with a card when it is shared",
        "wallet_did": "of the learner's wallet, as did:key:z6Mk…",
    },
    "results": {
        "learner_id": "as in the cohort",
        "criterion": "the id of what was assessed",
        "result": "a percentage, or a level's id",
        "date": f"of the assessment, {_DAY}",
        "assessor_id": "as in the assessors; a live check has one",
        "place": "where it was",
        "evidence_url": "a link as https://…",
        "evidence_file": "a file beside this table; its digest is kept, not the file",
        "remark": "private, never published",
        "attempt": "1, 2, …; needed from the second on",
        "moderator": "who moderated a live check from afar, where the programme allows it",
        "channel": "and how: video call, …",
    },
    "answers": {
        "learner_id": "as in the cohort",
        "date": f"of the test, {_DAY}",
        "attempt": "1, 2, …; needed from the second on",
    },
    "assessors": {
        "assessor_id": "the clinic's own id, unique",
        "name": "as certificates say it",
        "latin_name": "in Latin letters, where the name is in another script",
        "qualification": "as the programme asks for it",
        "issued_by": "who gave the qualification",
        "valid_from": f"first day of the qualification, {_DAY}",
        "valid_until": f"last day of the qualification, {_DAY}",
    },
}
_COLUMNS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "cohort": (entrants.COLUMNS, entrants.OPTIONAL),
    "results": (results.COLUMNS, results.OPTIONAL),
    "answers": (grading.COLUMNS, grading.OPTIONAL),
    "assessors": (assessors.COLUMNS, assessors.OPTIONAL),
}
_ITEMS = {
    "single": "one answer",
    "multiple": "answers with ; between",
    "number": "a number",
    "text": "a few words",
    "order": "the parts in order, with > between",
}
_DATES = frozenset({"start", "end", "date", "valid_from", "valid_until"})
KINDS = tuple(_NOTES)


class Column(Struct, frozen=True):
    """One column of an empty table; `choices` are all it may hold, where there are few."""

    name: str
    note: str
    required: bool
    choices: tuple[str, ...] = ()


def columns(kind: str, syllabus: Syllabus | None = None, key: Key | None = None) -> tuple[Column, ...]:
    """The columns of a table of `kind`, one of KINDS; with a programme's syllabus and key, also what it allows."""
    required, _ = _COLUMNS[kind]
    made = [Column(name, note, name in required, _choices(kind, name, syllabus)) for name, note in _NOTES[kind].items()]
    items = key.items if key is not None and kind == "answers" else ()
    return (*made, *(Column(item.id, _item_note(item), True) for item in items))


def _choices(kind: str, column: str, syllabus: Syllabus | None) -> tuple[str, ...]:
    if column.startswith("consent_"):
        return _YES_NO
    if kind == "results" and column == "criterion" and syllabus is not None:
        return tuple(criterion.id for criterion in syllabus.criteria)
    if kind == "results" and column == "result" and syllabus is not None:
        scales = [criterion.scale for criterion in syllabus.criteria]
        levels = [level.id for scale in scales if not isinstance(scale, Percent) for level in scale.levels]
        return tuple(dict.fromkeys(levels))
    return ()


def _item_note(item: Item) -> str:
    unit = f" of {item.unit}" if item.unit else ""
    return f"{_ITEMS[item.kind]}{unit}"


def csv_template(table: Sequence[Column]) -> bytes:
    """Comments, then the header; UTF-8 with a BOM, so that a spreadsheet knows it."""
    text = io.StringIO()
    for column in table:
        needed = "" if column.required else " (may stay empty)"
        allowed = f" [{', '.join(column.choices)}]" if column.choices else ""
        text.write(f"# {column.name}{needed}: {column.note}{allowed}\n")
    csv.writer(text, lineterminator="\n").writerow(column.name for column in table)
    return text.getvalue().encode("utf-8-sig")


def xlsx_template(table: Sequence[Column]) -> bytes:
    """A header with a note at each column; days, and what a column may hold, are checked as they are typed."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        bold, plain = book.add_format({"bold": True}), book.add_format({"italic": True})
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, column in enumerate(table):
            sheet.set_column(number, number, _WIDTH, day if column.name in _DATES else text)
            sheet.write_string(0, number, column.name, bold if column.required else plain)
            sheet.write_comment(0, number, column.note if column.required else f"{column.note} (may stay empty)")
            rule = _rule(column)
            if rule:
                sheet.data_validation(1, number, MAX_ROWS, number, rule)
        sheet.freeze_panes(1, 0)
    return stream.getvalue()


def _rule(column: Column) -> dict[str, Any]:
    """What the spreadsheet refuses; a result may be a percentage too, so its levels are only offered."""
    if column.name in _DATES:
        return {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
    if column.choices:
        refuses = column.name != "result"
        return {"validate": "list", "source": list(column.choices), "show_error": refuses}
    return {}
