"""Learners, attempts and certificates written into a database by hand, each row as a test wants it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Engine, insert, select

from issuer.counts import Scope
from issuer.database import reading, writing
from issuer.figures import Figures, figures
from issuer.models import (
    Assessor,
    Attempt,
    CertificateRecord,
    Cohort,
    Enrolment,
    Learner,
    State,
    StatusRecord,
    SyllabusVersion,
)
from keys.encoding import canonical, sha256
from keys.syllabus import Syllabus
from tests.issuer.clinic import make_assessor
from tests.world import NOW

SLUG = "deep-tissue-foundations"
TODAY = NOW.date()
START, END = TODAY - timedelta(days=60), TODAY - timedelta(days=10)
GOOD = {"quiz": "92", "video": "competent", "live": "proficient"}
BAD = {"quiz": "79", "video": "developing", "live": "developing"}


class Book:
    """A database that is written by hand."""

    def __init__(self, engine: Engine, syllabus: Syllabus) -> None:
        self.engine, self.syllabus, self.number = engine, syllabus, 0
        body = canonical(syllabus)
        with writing(engine) as session:
            session.add(make_assessor())
            session.add(
                SyllabusVersion(
                    programme=SLUG, version=1, syllabus_id=syllabus.id, digest=sha256(body), body=body, published=START
                )
            )

    def learner(
        self, *tries: tuple[str, str, int], cohort: str = "autumn", start: date = START, end: date = END
    ) -> int:
        """Who made these tries, each a criterion, a result and a day of the course; the enrolment's id."""
        self.number += 1
        with writing(self.engine) as session:
            group = session.scalar(select(Cohort).where(Cohort.name == cohort)) or Cohort(name=cohort, programme=SLUG)
            assessor = session.scalar(select(Assessor))
            person = Learner(
                learner_id=f"L{self.number}", name=f"Learner {self.number}", consent_page=True, consent_share=False
            )
            enrolment = Enrolment(cohort=group, learner=person, start=start, end=end)
            often: dict[str, int] = {}
            for criterion, result, day in tries:
                often[criterion] = often.get(criterion, 0) + 1
                moment = start + timedelta(days=day)
                enrolment.attempts.append(
                    Attempt(
                        criterion=criterion, attempt=often[criterion], result=result, date=moment, assessor=assessor
                    )
                )
            session.add(enrolment)
            session.flush()
            return enrolment.id

    def passed(self, day: int = 40, **options: date | str) -> int:
        return self.learner(*((name, result, day) for name, result in GOOD.items()), **options)

    def certificate(
        self, enrolment: int, *, days: int = 3, until: date | None = None, state: State = State.ISSUED, **bits: bool
    ) -> None:
        """Issued so many days after its award, which is the course's end."""
        self.number += 1
        dates = {"awardedDate": f"{END}T00:00:00Z"} | ({"validUntil": f"{until}T23:59:59Z"} if until else {})
        with writing(self.engine) as session:
            session.add(
                CertificateRecord(
                    enrolment_id=enrolment,
                    syllabus_id=session.scalars(select(SyllabusVersion.id)).one(),
                    status=StatusRecord(list_number=1, list_index=self.number, **bits),
                    state=state,
                    certificate_id=f"urn:uuid:{self.number}",
                    lookup_id=f"{self.number:026}",
                    core=msgspec.json.encode(dates | {"name": "unread"}),
                    digest=sha256(str(self.number).encode()),
                    proposed_at=NOW,
                    issued_at=midday(END + timedelta(days=days)) if state is State.ISSUED else None,
                )
            )

    def figures(self, scope: Scope | None = None, **options: object) -> Figures:
        given = {"today": TODAY, "day_of": datetime.date} | options
        with reading(self.engine) as session:
            return figures(session, scope or Scope(SLUG), **given)

    def publish(self, syllabus: Syllabus) -> None:
        body = canonical(syllabus)
        self.syllabus = syllabus
        with writing(self.engine) as session:
            record = session.scalars(select(SyllabusVersion)).one()
            record.body, record.digest = body, sha256(body)


def midday(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=NOW.tzinfo)


def fill(book: Book, learners: int) -> None:
    """So many more who passed and hold a certificate, in rows of their own."""
    first = book.number
    book.number += learners
    numbers = range(first + 1, first + learners + 1)
    core = msgspec.json.encode(
        {"awardedDate": f"{END}T00:00:00Z", "validUntil": f"{END}T00:00:00Z", "more": "x" * 4000}
    )
    with writing(book.engine) as session:
        cohort = session.scalar(select(Cohort.id)) or 1
        if not session.get(Cohort, cohort):
            session.execute(insert(Cohort), [{"id": cohort, "name": "large", "programme": SLUG}])
        people = [
            {"id": n, "learner_id": f"L{n}", "name": "A", "consent_page": True, "consent_share": False} for n in numbers
        ]
        session.execute(insert(Learner), people)
        enrolments = [{"id": n, "cohort_id": cohort, "learner_id": n, "start": START, "end": END} for n in numbers]
        session.execute(insert(Enrolment), enrolments)
        tries = [
            {"enrolment_id": n, "criterion": name, "attempt": 1, "result": result, "date": END, "assessor_id": 1}
            for n in numbers
            for name, result in GOOD.items()
        ]
        session.execute(insert(Attempt), tries)
        session.execute(insert(StatusRecord), [{"id": n, "list_number": 1, "list_index": n} for n in numbers])
        rows = [
            {
                "enrolment_id": n,
                "syllabus_id": 1,
                "status_id": n,
                "state": State.ISSUED,
                "certificate_id": f"c{n}",
                "lookup_id": f"{n:026}",
                "core": core,
                "digest": sha256(str(n).encode()),
                "proposed_at": NOW,
                "issued_at": NOW,
            }
            for n in numbers
        ]
        session.execute(insert(CertificateRecord), rows)
