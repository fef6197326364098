"""A review as text, table and JSON: all of it, nothing shortened.

Texts stand here as they would be signed; whoever prints them on a terminal escapes them (attacks I11, K15).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from keys.encoding import format_time, sri
from keys.review import Review, ReviewRow
from keys.syllabus import Criterion, Outcome, Rubric, Syllabus, Texts
from keys.tables import table_csv

ROW_HEADINGS = (
    "row",
    "name",
    "latinName",
    "start",
    "end",
    "awarded",
    "validUntil",
    "results",
    "evidence",
    "holder",
    "certificate",
)
_TOLD = frozenset(
    "id programme version issuer published title summary weeks minutes outcomes criteria assessor recognition"
    " validityMonths".split()
)
Section = tuple[str, list[tuple[str, str]]]


def review_sections(review: Review, *, words: bool = True) -> list[Section]:
    """Everything but the rows: titled lists of label and text.

    Without `words` where they are about to be asked for: they are to be heard from the clinic, not copied from here.
    """
    totals = [line for line in _totals(review) if words or line[0] != "words"]
    sections = [("Request", totals), ("Syllabus", list(syllabus_lines(review.syllabus)))]
    same = [(f"rows {', '.join(map(str, group))}", review.rows[group[0] - 1].name) for group in review.repeated]
    if same:
        sections.append(("The same name more than once", same))
    if review.roster is not None:
        found = [
            (d.kind.words if d.row is None else f"row {d.row}: {d.kind.words}", d.text) for d in review.differences
        ]
        sections.append(("Differences from the roster", found or [("none", "every row is on the roster")]))
    return sections


def row_cells(row: ReviewRow) -> tuple[str, ...]:
    """The texts of one row, under `ROW_HEADINGS`."""
    until = "" if row.valid_until is None else row.valid_until.isoformat()
    days = (row.start.isoformat(), row.end.isoformat(), row.awarded.isoformat(), until)
    results, evidence = "; ".join(row.results), "; ".join(row.evidence)
    return (str(row.number), row.name, row.latin_name or "", *days, results, evidence, row.holder, row.certificate)


def export_rows(review: Review) -> bytes:
    """All rows as a table for a spreadsheet."""
    return table_csv(ROW_HEADINGS, map(row_cells, review.rows))


def review_json(review: Review) -> dict[str, object]:
    """The whole review as plain values."""
    return {
        "request": sri(review.header.digest),
        "words": list(review.words),
        "issuer": review.header.issuer,
        "created": format_time(review.header.created),
        "count": review.header.count,
        "syllabus": msgspec.to_builtins(review.syllabus),
        "rows": [_row_json(row) for row in review.rows],
        "sameName": [list(group) for group in review.repeated],
        "differences": [
            {"kind": d.kind.value, "row": d.row, "rosterRow": d.entry, "text": d.text} for d in review.differences
        ],
    }


def syllabus_lines(syllabus: Syllabus) -> Iterator[tuple[str, str]]:
    """The syllabus in full, in every language it has."""
    minutes, recognition = syllabus.minutes, syllabus.recognition
    yield "id", syllabus.id
    yield "published", syllabus.published.isoformat()
    yield from _texts("title", syllabus.title)
    yield from _texts("summary", syllabus.summary)
    yield "weeks", str(syllabus.weeks)
    yield "hours in all", _hours(minutes.total)
    yield "theory", _hours(minutes.theory)
    yield "demonstration", _hours(minutes.demonstration)
    yield "practice", _hours(minutes.practice)
    for outcome in syllabus.outcomes:
        yield from _outcome(outcome)
    for criterion in syllabus.criteria:
        yield from _criterion(syllabus, criterion)
    yield from _texts("assessor", syllabus.assessor.qualification)
    if syllabus.assessor.shown:
        yield "certificates say of the assessor", syllabus.assessor.shown
    yield "valid for", f"{syllabus.validity_months} months" if syllabus.validity_months else "ever"
    yield "co-signers", f"{recognition.threshold} of {', '.join(recognition.cosigners)}"
    for name, member in msgspec.to_builtins(syllabus).items():
        if name not in _TOLD:
            yield from _leaves(name, member)


def _leaves(label: str, value: object) -> Iterator[tuple[str, str]]:
    """Whatever else a syllabus says: a member that nobody thought of here is shown too."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(f"{label}, {name}", member)
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value, start=1):
            yield from _leaves(f"{label} {number}", member)
    else:
        yield label, str(value)


def _totals(review: Review) -> list[tuple[str, str]]:
    header = review.header
    awarded = sorted({row.awarded.isoformat() for row in review.rows})
    return [
        ("from", header.issuer),
        ("created", format_time(header.created)),
        ("certificates", str(header.count)),
        ("awarded", awarded[0] if len(awarded) == 1 else f"{awarded[0]} to {awarded[-1]}"),
        ("digest", sri(header.digest)),
        ("words", " ".join(f"{number} {word}" for number, word in enumerate(review.words, start=1))),
    ]


def _outcome(outcome: Outcome) -> Iterator[tuple[str, str]]:
    touch = ", by touch" if outcome.touch else ""
    yield from _texts(f"outcome {outcome.id}{touch}", outcome.text)
    yield from _texts(f"outcome {outcome.id}, at work within {outcome.within_days} days", outcome.at_work)


def _criterion(syllabus: Syllabus, criterion: Criterion) -> Iterator[tuple[str, str]]:
    label = f"criterion {criterion.id}"
    yield from _texts(label, criterion.name)
    yield label, f"{criterion.kind}, {criterion.pillar}, {criterion.minutes} min, for {', '.join(criterion.outcomes)}"
    if criterion.evidence:
        yield label, "evidence must be recorded"
    if criterion.remote:
        yield label, "may be moderated from afar"
    scale = criterion.scale
    if isinstance(scale, Rubric):
        levels = ", ".join(syllabus.text(level.name) for level in scale.levels)
        passing = next(syllabus.text(level.name) for level in scale.levels if level.id == scale.passing)
        yield label, f"levels {levels}; passed from {passing} on"
        for level in scale.levels:
            yield from _texts(f"{label}, level {level.id}", level.name)
    else:
        yield label, f"passed from {scale.passing} % on"


def _row_json(row: ReviewRow) -> dict[str, object]:
    cells: dict[str, object] = dict(zip(ROW_HEADINGS, row_cells(row), strict=True))
    return {**cells, "row": row.number, "results": list(row.results), "evidence": list(row.evidence)}


def _texts(label: str, texts: Texts) -> Iterator[tuple[str, str]]:
    return ((f"{label} ({language})", text) for language, text in sorted(texts.items()))


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02} min"
