"""A cohort's file is taken whole or not at all; taking it again changes nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from issuer.database import reading, writing
from issuer.models import CertificateRecord, Cohort, Enrolment, Learner, State, StatusRecord
from issuer.records import LOT, find_cohort, learners_by_id, lots
from issuer.syllabuses import require_version
from keys.errors import HandsealError
from tests.issuer.entries import LEARNER, SLUG, enrol, refused


@pytest.fixture
def session(starter_database: Engine) -> Iterator[Session]:
    with writing(starter_database) as session:
        yield session


def count(session: Session, table: type = Enrolment) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


ANH = LEARNER | {"learner_id": "RC-2", "name": "Nguyễn Thị Ánh", "latin_name": "", "email": "", "consent_page": "NO"}


def test_a_cohort_is_enrolled(session: Session) -> None:
    done = enrol(session, LEARNER, ANH)
    assert (done.new, done.unchanged, done.updated, done.warnings) == (2, 0, 0, ())
    cohort = find_cohort(session, "autumn")
    assert cohort.programme == SLUG
    first, second = (enrolment.learner for enrolment in cohort.enrolments)
    assert (first.name, first.latin_name, first.consent_page, first.consent_share) == (
        "สมชาย ปิ่นทอง",
        "Somchai Pinthong",
        True,
        False,
    )
    assert (second.latin_name, second.email, second.wallet_did, second.consent_page) == (None, None, None, False)
    assert (cohort.enrolments[0].start, cohort.enrolments[0].end) == (date(2026, 10, 5), date(2026, 11, 15))


def test_nothing_is_taken_unless_all_is_right(starter_database: Engine) -> None:
    bad = ANH | {"start": "soon", "consent_share": "perhaps", "name": ""}
    fragments = ("row 3, column name: is empty", "row 3, column start", "row 3, column consent_share")
    with refused(*fragments), writing(starter_database) as session:
        enrol(session, LEARNER, bad)
    with reading(starter_database) as session:
        assert count(session, Learner) == count(session, Cohort) == 0


def test_the_same_learner_may_be_in_two_cohorts(session: Session) -> None:
    enrol(session, LEARNER)
    later = LEARNER | {"start": "2027-01-04", "end": "2027-02-14"}
    assert enrol(session, later, cohort="winter").new == 1
    assert (count(session), count(session, Learner)) == (2, 1)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (
            {"name": "สมชาย ปิ่นทองดี"},
            'row 2, column name: found "สมชาย ปิ่นทองดี", expected "สมชาย ปิ่นทอง", as learner "RC-1"',
        ),
        ({"end": "2026-11-16"}, 'found "2026-11-16", expected "2026-11-15"'),
        ({"consent_page": "no"}, 'found "no", expected yes, as'),
        ({"email": ""}, 'found "", expected "somchai@example.com"'),
        ({"wallet_did": "did:key:z6Mk"}, "expected an empty cell, as"),
    ],
)
def test_what_differs_from_the_records_is_refused_or_updated(
    session: Session, change: dict[str, str], fragment: str
) -> None:
    enrol(session, LEARNER)
    with refused(fragment) as faults:
        enrol(session, LEARNER | change)
    assert "--update" in faults[0]
    done = enrol(session, LEARNER | change, ANH, update=True)
    assert (done.new, done.unchanged, done.updated) == (1, 0, 1)
    assert enrol(session, LEARNER | change, ANH).unchanged == 2


def certify(session: Session, state: State) -> None:
    enrolment = session.scalars(select(Enrolment)).one()
    session.add(
        CertificateRecord(
            enrolment=enrolment,
            syllabus=require_version(session, SLUG),
            status=StatusRecord(list_number=1, list_index=7),
            state=state,
            certificate_id="urn:uuid:1",
            lookup_id="0" * 26,
            core=b"{}",
            digest=b"d" * 32,
            proposed_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
    )
    session.flush()
    session.expire_all()


@pytest.mark.parametrize("state", [State.PROPOSED, State.ISSUED])
def test_what_a_certificate_says_is_not_updated(session: Session, state: State) -> None:
    enrol(session, LEARNER)
    certify(session, state)
    with refused('differs from "สมชาย ปิ่นทอง", which a certificate says already'):
        enrol(session, LEARNER | {"name": "Another"}, update=True)
    done = enrol(session, LEARNER | {"email": "new@example.com", "consent_page": "no"}, update=True)
    assert (done.updated, done.consents) == (1, 1)


def test_a_recalled_draft_holds_nothing_back(session: Session) -> None:
    enrol(session, LEARNER)
    certify(session, State.RECALLED)
    assert enrol(session, LEARNER | {"name": "Another"}, update=True).updated == 1


def test_a_learner_twice_in_a_file_is_refused(session: Session) -> None:
    with refused('row 3, column learner_id: "RC-1" is also in row 2'):
        enrol(session, LEARNER, ANH | {"learner_id": "RC-1"})


def test_the_same_person_under_two_ids_is_refused(session: Session) -> None:
    twin = LEARNER | {"learner_id": "RC-9", "email": "Somchai@Example.com"}
    with refused("row 3, column name: name, dates and email are those of row 2"):
        enrol(session, LEARNER, twin)
    enrol(session, LEARNER)
    with refused('row 2, column learner_id: name, dates and email are those of learner "RC-1"'):
        enrol(session, twin)


def test_two_people_of_one_name_are_a_warning(session: Session) -> None:
    namesake = LEARNER | {"learner_id": "RC-9", "email": "other@example.com"}
    done = enrol(session, LEARNER, ANH, namesake)
    assert done.new == 3
    assert done.warnings == ('rows 2, 4: 2 people are called "สมชาย ปิ่นทอง"',)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"end": "2026-10-04"}, "expected a day on or after the start, 2026-10-05"),
        ({"email": "somchai"}, "expected an e-mail address"),
        ({"email": "a@b@c"}, "expected an e-mail address"),
        ({"wallet_did": "key:z6Mk"}, "expected a DID"),
        ({"wallet_did": "urn:uuid:00000000-0000-4000-8000-000000000000"}, "expected a DID"),
        ({"learner_id": "x" * 65}, "is longer than 64"),
        ({"name": "x" * 301}, "is longer than 300"),
    ],
)
def test_a_wrong_value_is_refused(session: Session, change: dict[str, str], fragment: str) -> None:
    with refused(fragment):
        enrol(session, LEARNER | change)


def test_values_at_their_limits(session: Session) -> None:
    row = {"end": "2026-10-05", "learner_id": "x" * 64, "name": "x" * 300, "wallet_did": "did:key:z6MkhaXgBZD"}
    assert enrol(session, LEARNER | row).new == 1


def test_a_cohort_belongs_to_one_programme(session: Session) -> None:
    enrol(session, LEARNER)
    with pytest.raises(HandsealError, match="belongs to programme"):
        enrol(session, ANH, programme="another")


@pytest.mark.parametrize("name", ["../autumn", "autumn 2026", "", "o'; DROP TABLE learner; --"])
def test_a_cohorts_name_can_stand_in_a_path(session: Session, name: str) -> None:
    with pytest.raises(HandsealError, match="is not a name for a cohort"):
        enrol(session, LEARNER, cohort=name)


def test_an_unknown_cohort_is_said_with_those_there_are(session: Session) -> None:
    enrol(session, LEARNER)
    with pytest.raises(HandsealError, match='"winter": there is none') as caught:
        find_cohort(session, "winter")
    assert caught.value.hint == "cohorts: autumn"


def test_quotation_marks_in_a_name_are_a_name(session: Session) -> None:
    name = "Robert'); DROP TABLE learner;--"
    enrol(session, LEARNER | {"name": name, "learner_id": "' OR 1=1 --"})
    assert learners_by_id(session, ["' OR 1=1 --"])["' OR 1=1 --"].name == name
    assert learners_by_id(session, ["' OR 2=2 --"]) == {}


def test_many_learners_are_asked_for_in_lots(session: Session) -> None:
    rows = [LEARNER | {"learner_id": f"L{n}", "name": f"L {n}", "email": ""} for n in range(LOT + 1)]
    assert enrol(session, *rows).new == LOT + 1
    assert enrol(session, *rows).unchanged == LOT + 1
    assert [len(lot) for lot in lots(range(LOT + 1))] == [LOT, 1]
