"""Who is enrolled: a cohort's file is taken whole or not at all, and taking it twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from issuer.entrants import (
    COLUMNS as COLUMNS,
    MAX_NAME as MAX_NAME,
    NO_LEAVE,
    OPTIONAL as OPTIONAL,
    Entry,
    Leave,
    entry_warnings,
    read_entries,
    refuse_enrolled,
    refuse_repeats,
)
from issuer.models import CertificateRecord, Cohort, Enrolment, Learner, State
from issuer.tables import Table, quoted
from keys import names
from keys.errors import FormatError, HandsealError
from keys.text import mixed_script_words

LOT = 500  # values in one query

T = TypeVar("T")


class Enrolled(Struct, frozen=True):
    """What a cohort's file changed."""

    cohort: Cohort
    new: int
    unchanged: int
    updated: int
    consents: int  # of learners with a certificate, changed
    warnings: tuple[str, ...]


class _Planned(Struct, frozen=True):
    """A row beside what the records say of its learner; `changes` are the columns that differ, with the records'."""

    entry: Entry
    learner: Learner | None
    enrolment: Enrolment | None
    changes: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, entry: Entry, learner: Learner | None, enrolled: Mapping[int, Enrolment]) -> _Planned:
        if learner is None:
            return cls(entry, None, None, ())
        enrolment = enrolled.get(learner.id)
        known = [(column, getattr(learner, column)) for column in _OF_LEARNER]
        known += [(column, getattr(enrolment, column)) for column in _OF_ENROLMENT if enrolment is not None]
        return cls(entry, learner, enrolment, tuple(pair for pair in known if getattr(entry, pair[0]) != pair[1]))

    @property
    def has_certificate(self) -> bool:
        """Whether one was drafted and not recalled."""
        enrolments = self.learner.enrolments if self.learner else ()
        records = [record for enrolment in enrolments for record in enrolment.certificates]
        return any(record.state is not State.RECALLED for record in records)


_OF_LEARNER = ("name", "latin_name", "email", "wallet_did", "consent_page", "consent_share")
_OF_ENROLMENT = ("start", "end")
_CONSENTS = frozenset({"consent_page", "consent_share"})
_PRINTED = frozenset({"name", "latin_name", "wallet_did", "start", "end"})  # what a certificate says


def find_cohort(session: Session, name: str) -> Cohort:
    """HandsealError, with the cohorts there are, where there is no such one."""
    cohort = session.scalars(select(Cohort).where(Cohort.name == name)).one_or_none()
    if cohort is None:
        known = ", ".join(session.scalars(select(Cohort.name).order_by(Cohort.name).limit(20)))
        raise HandsealError(
            f"cohort {quoted(name)}: there is none of this name", hint=f"cohorts: {known or 'none yet'}"
        )
    return cohort


def enrol(
    session: Session,
    table: Table,
    *,
    cohort: str,
    programme: str,
    today: date,
    leave: Leave = NO_LEAVE,
    update: bool = False,
) -> Enrolled:
    """Enrols the rows of a table with COLUMNS and OPTIONAL in `cohort`; TableError with every fault otherwise.

    Data of a known learner may differ only with `update`, and what a certificate says only while there is none.
    `leave` accepts names that mix look-alike scripts (kept with them, I04) or look like nobody's.
    """
    group = _cohort(session, cohort, programme)
    entries = read_entries(table, leave)
    refuse_repeats(table, entries)
    enrolled = _enrolments(session, group)
    refuse_enrolled(table, entries, enrolled.values())
    learners = _known_learners(session, [entry.learner_id for entry in entries])
    rows = [_Planned.of(entry, learners.get(entry.learner_id), enrolled) for entry in entries]
    for row in rows:
        _refuse_changes(table, row, update=update)
    table.finish()
    warnings = tuple(entry_warnings(entries, enrolled.values(), today))
    _store(session, rows, group, leave.mixed_script)
    new = sum(row.enrolment is None for row in rows)
    updated = sum(bool(row.changes) for row in rows)
    unchanged = sum(row.enrolment is not None and not row.changes for row in rows)
    consents = sum(row.has_certificate and any(column in _CONSENTS for column, _ in row.changes) for row in rows)
    return Enrolled(group, new, unchanged, updated, consents, warnings)


def lots(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """LOT values at a time: databases limit how many one query may hold."""
    for first in range(0, len(values), LOT):
        yield values[first : first + LOT]


def learners_by_id(session: Session, learner_ids: Sequence[str]) -> dict[str, Learner]:
    """Learners with their enrolments, cohorts and attempts, by the clinic's own id."""
    whole = selectinload(Learner.enrolments)
    options = (whole.selectinload(Enrolment.cohort), whole.selectinload(Enrolment.attempts))
    return _learners(session, learner_ids, options)


def _known_learners(session: Session, learner_ids: Sequence[str]) -> dict[str, Learner]:
    certificates = selectinload(Learner.enrolments).selectinload(Enrolment.certificates)
    return _learners(session, learner_ids, (certificates.load_only(CertificateRecord.state),))


def _learners(session: Session, learner_ids: Sequence[str], options: Sequence[ORMOption]) -> dict[str, Learner]:
    wanted = select(Learner).options(*options)
    found = (session.scalars(wanted.where(Learner.learner_id.in_(lot))) for lot in lots(learner_ids))
    return {learner.learner_id: learner for lot in found for learner in lot}


def _enrolments(session: Session, cohort: Cohort) -> dict[int, Enrolment]:
    """By the learner's row."""
    wanted = select(Enrolment).where(Enrolment.cohort_id == cohort.id).options(selectinload(Enrolment.learner))
    return {enrolment.learner_id: enrolment for enrolment in session.scalars(wanted)}


def _cohort(session: Session, name: str, programme: str) -> Cohort:
    try:
        names.require_slug(name.lower(), "cohort")
    except FormatError as fault:
        raise HandsealError(f"cohort {quoted(name)}: is not a name for a cohort", hint=fault.hint) from fault
    cohort = session.scalars(select(Cohort).where(Cohort.name == name)).one_or_none()
    if cohort is None:
        cohort = Cohort(name=name, programme=programme)
        session.add(cohort)
        session.flush()
    elif cohort.programme != programme:
        raise HandsealError(
            f"cohort {name}: belongs to programme {cohort.programme}, not {programme}",
            hint="give the file another name: it is the cohort's",
        )
    return cohort


def _refuse_changes(table: Table, row: _Planned, *, update: bool) -> None:
    """Faults for what differs from the records, unless it was asked for and no certificate says it."""
    printed = [column for column, _ in row.changes if column in _PRINTED]
    if update and printed and row.has_certificate:
        table.refuse(
            row.entry.row,
            printed[0],
            f"differs from {_known(dict(row.changes)[printed[0]])}, which a certificate says already",
            "write here what is recorded; if that is wrong: handseal correct ID makes a successor, "
            "handseal recall ID takes a draft back",
        )
    for column, known in () if update else row.changes:
        expected = f"{_known(known)}, as learner {quoted(row.entry.learner_id)} is recorded"
        table.expect(row.entry.row, column, expected, "if the new value is right: --update")


def _known(value: object) -> str:
    """A recorded value as it would stand in the file."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "an empty cell" if value is None else quoted(str(value))


def _store(session: Session, rows: Sequence[_Planned], cohort: Cohort, mixed_script_reason: str | None) -> None:
    """New learners and enrolments all at once, which takes a fraction of the time that one object a row takes."""
    for row in rows:
        if row.learner is not None and row.changes:
            for column, value in _of_learner(row.entry, mixed_script_reason).items():
                setattr(row.learner, column, value)
        if row.enrolment is not None and row.changes:
            row.enrolment.start, row.enrolment.end = row.entry.start, row.entry.end
    session.flush()
    strangers = [row.entry for row in rows if row.learner is None]
    learners = [{"learner_id": entry.learner_id, **_of_learner(entry, mixed_script_reason)} for entry in strangers]
    ids = dict(zip((entry.learner_id for entry in strangers), _insert(session, Learner, learners), strict=True))
    enrolments = [
        {
            "cohort_id": cohort.id,
            "learner_id": row.learner.id if row.learner else ids[row.entry.learner_id],
            "start": row.entry.start,
            "end": row.entry.end,
        }
        for row in rows
        if row.enrolment is None
    ]
    _insert(session, Enrolment, enrolments)
    session.expire(cohort, ["enrolments"])
    for row in rows:
        if row.learner is not None and row.enrolment is None:
            session.expire(row.learner, ["enrolments"])


def _of_learner(entry: Entry, mixed_script_reason: str | None) -> dict[str, object]:
    values = {column: getattr(entry, column) for column in _OF_LEARNER}
    mixed = mixed_script_words(entry.name) or mixed_script_words(entry.latin_name or "")
    return values | {"mixed_script_reason": mixed_script_reason if mixed else None}


def _insert(session: Session, table: type[Learner] | type[Enrolment], rows: list[dict[str, object]]) -> list[int]:
    """The new rows' ids, in order."""
    if not rows:
        return []
    return list(session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows))
