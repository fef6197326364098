"""Who may assess, and from when to when: what differs from the records is taken over only where it was asked for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.assessment import Recorded
from issuer.models import Assessor
from issuer.persons import is_nobody
from issuer.tables import Row, Table, quoted

COLUMNS = ("assessor_id", "name", "qualification", "issued_by", "valid_from", "valid_until")
OPTIONAL = ("latin_name",)


def import_assessors(session: Session, table: Table, *, update: bool = False) -> Recorded:
    """Takes a table with COLUMNS; what differs from the records needs `update` (a renewed licence)."""
    known = {assessor.assessor_id: assessor for assessor in session.scalars(select(Assessor))}
    seen: set[str] = set()
    entries = [entry for row in table.rows if (entry := _read_assessor(table, row, seen)) is not None]
    new = 0
    for row, values in entries:
        assessor = known.get(str(values["assessor_id"]))
        if assessor is None:
            new += 1
            continue
        changed = [column for column, value in values.items() if getattr(assessor, column) != value]
        for column in () if update else changed:
            recorded = quoted(str(getattr(assessor, column)))
            table.expect(row, column, f"{recorded}, as recorded", "if the new value is right: --update")
    table.finish()
    unchanged = 0
    for _, values in entries:
        found = known.get(str(values["assessor_id"]))
        assessor = found or Assessor()
        unchanged += found is not None and all(getattr(found, column) == value for column, value in values.items())
        for column, value in values.items():
            setattr(assessor, column, value)
        session.add(assessor)
    session.flush()
    return Recorded(new, unchanged, len(entries) - new - unchanged, ())


def _read_assessor(table: Table, row: Row, seen: set[str]) -> tuple[Row, dict[str, object]] | None:
    texts = {column: table.need(row, column, "a text") for column in COLUMNS[:4]}
    dates = {column: table.need_date(row, column) for column in COLUMNS[4:]}
    identity = texts["assessor_id"]
    if identity is not None and identity in seen:
        table.refuse(row, "assessor_id", f"{quoted(identity)} is there twice")
    seen.add(identity or "")
    begins, ends = dates["valid_from"], dates["valid_until"]
    if begins and ends and ends < begins:
        table.expect(row, "valid_until", f"a day on or after {begins}")
    values: dict[str, object] = {**texts, **dates}
    if texts["name"] is not None and is_nobody(texts["name"]):
        table.refuse(
            row, "name", f"{quoted(texts['name'])} is what a form or a test leaves behind, not a person's name"
        )
    if None in values.values():
        return None
    latin = {"latin_name": row["latin_name"] or None} if "latin_name" in table.columns else {}
    return row, values | latin
