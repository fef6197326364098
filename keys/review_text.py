"""A review as text, CSV and JSON: all of it, nothing shortened.

Texts stand here as they would be signed; whoever prints them on a terminal escapes them (attacks I11, K15). After a
text from outside follows nothing, or a word: one that is written from right to left can move no number beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from keys.aloud import word_rows
from keys.answered import Remembered
from keys.encoding import format_time, sri
from keys.last_request import Comparison, recognition_words
from keys.review import Review, RowContent
from keys.roster import called
from keys.syllabus import Criterion, Outcome, Rubric, Syllabus, Texts
from keys.tables import table_lines

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
    "remarks",
)
_TOLD = frozenset(
    "id programme version issuer published title summary weeks minutes outcomes criteria assessor recognition"
    " validityMonths".split()
)
Line = tuple[str, str]
Section = tuple[str, list[Line]]


def review_sections(review: Review, *, words: bool = True) -> list[Section]:
    """Everything but the rows: titled lists of label and text.

    Without `words` where they are about to be asked for: they are to be heard from the clinic, not copied from here.
    """
    totals = [line for line in _totals(review) if words or line[0] != "words"]
    sections = [("Request", totals), ("Syllabus", list(syllabus_lines(review.syllabus)))]
    if review.comparison is not None:
        sections.append(("Compared with the last request", list(_comparison(review.comparison, review.syllabus))))
    same = [(f"rows {row_ranges(group)}", review.rows[group[0] - 1].name) for group in review.repeated]
    if same:
        sections.append(("The same name more than once", same))
    if review.roster is not None:
        found = [
            (d.kind.words if d.row is None else f"row {d.row}: {d.kind.words}", d.text) for d in review.differences
        ]
        sections.append(("Differences from the roster", found or [("none", "every row is on the roster")]))
    return sections


def row_remarks(review: Review) -> dict[int, str]:
    """What an officer should look at, by row; most rows have none."""
    remarks = defaultdict[int, list[str]](list)
    for difference in review.differences:
        if difference.row is not None:
            remarks[difference.row].append(f"{difference.kind.words}: {difference.text}")
    for group in review.repeated:
        for number in group:
            remarks[number].append(f"the same name: rows {row_ranges(group)}")
    if review.comparison is not None:
        for again in review.comparison.changed:
            remarks[again.row].append(f"other content in the last request: {_remembered(again.before)}")
        for again in review.comparison.unchanged:
            if again.before.withdrawn is not None or not again.before.cosigned:
                remarks[again.row].append(f"the same content in the last request: {_remembered(again.before)}")
    return {number: "; ".join(texts) for number, texts in remarks.items()}


def row_lines(row: RowContent, remark: str) -> Iterator[Line]:
    """One row as labels and texts; its first line names the person."""
    until = "" if row.valid_until is None else f", valid until {row.valid_until}"
    yield f"row {row.number}", row.name
    if row.latin_name:
        yield "latin name", row.latin_name
    yield "dates", f"{row.start} to {row.end}, awarded {row.awarded}{until}"
    yield from (("result", result) for result in row.results)
    yield from (("evidence", evidence) for evidence in row.evidence)
    if row.holder:
        yield "holder", row.holder
    yield "certificate", row.certificate
    if remark:
        yield "remark", remark


def row_cells(row: RowContent, remark: str) -> tuple[str, ...]:
    """The texts of one row, under `ROW_HEADINGS`."""
    until = "" if row.valid_until is None else row.valid_until.isoformat()
    days = (row.start.isoformat(), row.end.isoformat(), row.awarded.isoformat(), until)
    texts = ("; ".join(row.results), "; ".join(row.evidence), row.holder, row.certificate, remark)
    return (str(row.number), row.name, row.latin_name or "", *days, *texts)


def export_rows(review: Review, contents: Iterable[RowContent]) -> Iterator[bytes]:
    """All rows as a table for a spreadsheet, a piece a row."""
    remarks = row_remarks(review)
    return table_lines(ROW_HEADINGS, (row_cells(row, remarks.get(row.number, "")) for row in contents))


def review_json(review: Review, contents: Iterable[RowContent]) -> dict[str, object]:
    """The whole review as plain values."""
    remarks = row_remarks(review)
    return {
        "request": sri(review.header.digest),
        "words": list(review.words),
        "issuer": review.header.issuer,
        "created": format_time(review.header.created),
        "answered": None if review.answered is None else format_time(review.answered),
        "count": review.header.count,
        "syllabus": msgspec.to_builtins(review.syllabus),
        "rows": [_row_json(row, remarks.get(row.number, "")) for row in contents],
        "sameName": [list(group) for group in review.repeated],
        "differences": [
            {"kind": d.kind.value, "row": d.row, "rosterRow": d.entry, "text": d.text} for d in review.differences
        ],
        "lastRequest": None if review.comparison is None else _comparison_json(review.comparison, review.syllabus),
    }


def row_ranges(rows: Iterable[int]) -> str:
    """`1-3, 7`."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], row)
        else:
            ranges.append((row, row))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def syllabus_lines(syllabus: Syllabus) -> Iterator[tuple[str, str]]:
    """The syllabus in full, in every language it has."""
    minutes = syllabus.minutes
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
    yield "co-signers", recognition_words(syllabus)
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


def _totals(review: Review) -> list[Line]:
    header, proposals = review.header, review.proposals
    return [
        ("from", header.issuer),
        *(("called in the certificates", name) for name in sorted({proposal.issuer_name for proposal in proposals})),
        ("created", format_time(header.created)),
        *((("answered here already", format_time(review.answered)),) if review.answered else ()),
        ("proposed", _from_to(format_time(proposal.at) for proposal in proposals)),
        ("certificates", str(header.count)),
        ("awarded", _from_to(sorted({row.awarded.isoformat() for row in review.rows}))),
        ("digest", sri(header.digest)),
        *(("words", row) for row in word_rows(review.words)),
    ]


def _from_to(ascending: Iterable[str]) -> str:
    first, *others = ascending
    return f"{first} to {others[-1]}" if others and others[-1] != first else first


def _comparison(found: Comparison, syllabus: Syllabus) -> Iterator[Line]:
    last = found.last
    yield "last request", f"of {len(last.people)} certificates, answered {format_time(last.signed)}"
    yield "its digest", sri(last.digest)
    yield "new", f"{len(found.new)}: rows {row_ranges(found.new)}" if found.new else "0"
    same = [again.row for again in found.unchanged]
    yield "with the same content", f"{len(same)}: rows {row_ranges(same)}" if same else "0"
    for again in found.changed:
        yield f"row {again.row}: with other content then", _remembered(again.before)
    if len(found.gone) == len(last.people):
        yield "not in this request", f"none of its {len(found.gone)} people is"
    else:
        yield from (("not in this request", _remembered(person)) for person in found.gone)
    changes = _syllabus_changes(last.syllabus, syllabus)
    versions = f"version {syllabus.version}; then version {last.syllabus.version}"
    yield "syllabus", versions if changes else f"the same, version {syllabus.version}"
    yield from changes


def _syllabus_changes(before: Syllabus, now: Syllabus) -> list[Line]:
    """Every line that the review shows of one syllabus and not of the other."""
    old, new = list(syllabus_lines(before)), list(syllabus_lines(now))
    gone = [(f"no longer, {label}", text) for label, text in old if (label, text) not in new]
    return gone + [(f"now, {label}", text) for label, text in new if (label, text) not in old]


def _remembered(person: Remembered) -> str:
    """How a row of the last request stood, the name last."""
    if person.withdrawn is not None:
        standing = f"withdrawn {format_time(person.withdrawn)}"
    else:
        standing = "co-signed" if person.cosigned else "left out"
    return f"awarded {person.awarded}, {standing}, {called(person)}"


def _comparison_json(found: Comparison, syllabus: Syllabus) -> dict[str, object]:
    return {
        "request": sri(found.last.digest),
        "answered": format_time(found.last.signed),
        "new": list(found.new),
        "unchanged": [again.row for again in found.unchanged],
        "changed": [{"row": again.row, **_person_json(again.before)} for again in found.changed],
        "gone": [_person_json(person) for person in found.gone],
        "syllabus": [f"{label}: {text}" for label, text in _syllabus_changes(found.last.syllabus, syllabus)],
    }


def _person_json(person: Remembered) -> dict[str, object]:
    return {
        "certificate": person.certificate,
        "name": person.name,
        "awarded": person.awarded.isoformat(),
        "cosigned": person.cosigned,
        "withdrawn": None if person.withdrawn is None else format_time(person.withdrawn),
    }


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


def _row_json(row: RowContent, remark: str) -> dict[str, object]:
    cells: dict[str, object] = dict(zip(ROW_HEADINGS, row_cells(row, remark), strict=True))
    return {**cells, "row": row.number, "results": list(row.results), "evidence": list(row.evidence)}


def _texts(label: str, texts: Texts) -> Iterator[tuple[str, str]]:
    return ((f"{label} ({language})", text) for language, text in sorted(texts.items()))


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02} min"
