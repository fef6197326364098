"""Every figure is counted from rows that were made by hand, and agrees with the gate that certificates go through."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from issuer import counts
from issuer.assessment import standing
from issuer.counts import Scope
from issuer.database import open_database, reading, writing
from issuer.figures import FEW, Share, Spread, find_scope
from issuer.models import (
    Assessor,
    Attempt,
    Cohort,
    Enrolment,
    Learner,
    State,
)
from keys.deadlines import WARN_DAYS
from keys.errors import HandsealError
from keys.syllabus import Attempts, Syllabus
from tests.documents import make_syllabus
from tests.issuer.book import BAD, END, GOOD, SLUG, START, TODAY, Book, fill
from tests.issuer.clinic import make_assessor
from verifier.tally import Count


@pytest.fixture
def book() -> Iterator[Book]:
    engine = open_database("sqlite://", create=True)
    yield Book(engine, make_syllabus())
    engine.dispose()


def test_nobody(book: Book) -> None:
    found = book.figures()
    assert (found.enrolled, found.learning, found.completed, found.cohorts) == (0, 0, Share(0, 0), 0)
    assert found.to_complete == found.to_certificate == Spread(0)
    assert [share.percent for one in found.passing for share in (one.first, one.passed)] == [None] * 6
    assert found.checks is None


def test_who_completed_and_where_the_others_stopped(book: Book) -> None:
    for _ in range(3):
        book.passed()
    book.learner()  # never tried anything
    book.learner(("quiz", BAD["quiz"], 5))
    book.learner(("quiz", GOOD["quiz"], 5), ("live", GOOD["live"], 9))  # the one before it was never tried
    book.learner(("quiz", GOOD["quiz"], 5), end=TODAY)  # still learning
    book.passed(end=TODAY)  # has passed everything before the end
    found = book.figures()
    assert (found.enrolled, found.learning) == (8, 1)
    assert found.completed == Share(4, 7)
    assert [step.learners for step in found.steps] == [8, 6, 4, 4, 0]
    assert [(stop.criterion, stop.tried, stop.untried) for stop in found.stops] == [
        ("quiz", 1, 1),
        ("video", 0, 1),
        ("live", 0, 0),
    ]


@pytest.mark.parametrize(("end", "learning"), [(TODAY - timedelta(days=1), 0), (TODAY, 1), (TODAY + timedelta(1), 1)])
def test_a_course_is_over_the_day_after_its_last(book: Book, end: date, learning: int) -> None:
    book.learner(end=end)
    assert book.figures().learning == learning


def test_pass_rates_and_attempts(book: Book) -> None:
    book.learner(("quiz", "92", 5))
    book.learner(("quiz", "79", 5), ("quiz", "80", 6))
    book.learner(*(("quiz", "10", day) for day in range(7)))
    book.learner(("video", "competent", 3))
    quiz, video, live = book.figures().passing
    assert (quiz.first, quiz.passed, quiz.attempts) == (Share(1, 3), Share(2, 3), (1, 1, 0, 0, 1))
    assert (video.first, video.attempts) == (Share(1, 1), (1, 0, 0, 0, 0))
    assert (live.passed, live.attempts) == (Share(0, 0), (0, 0, 0, 0, 0))


def test_days_to_complete_run_to_the_last_criterion_passed(book: Book) -> None:
    for day in (20, 30, 31, 32, 45):
        book.learner(
            ("quiz", "92", 1), ("video", "competent", day), ("live", "proficient", 2), ("video", "competent", 49)
        )
    book.learner(("quiz", "92", 1))  # has not completed
    assert book.figures().to_complete == Spread(5, 30, 31, 32)


def test_days_from_award_to_certificate(book: Book) -> None:
    for days in (1, 2, 3, 4, 10):
        book.certificate(book.passed(), days=days)
    book.certificate(book.passed(), state=State.PROPOSED)
    assert book.figures().to_certificate == Spread(5, 2, 3, 4)


def test_the_day_of_issue_is_the_clinics(book: Book) -> None:
    for _ in range(FEW):
        book.certificate(book.passed())
    found = book.figures(day_of=lambda moment: (moment + timedelta(hours=13)).date())
    assert found.to_certificate == Spread(FEW, 4, 4, 4)


def test_certificates_by_standing_and_what_expires(book: Book) -> None:
    for days in (-1, 0, 7, 8, 30, 31, 60, 61):
        book.certificate(book.passed(), until=TODAY + timedelta(days=days))
    soon = TODAY + timedelta(days=5)
    book.certificate(book.passed(), until=soon, revoked=True)
    book.certificate(book.passed(), until=soon, suspended=True)
    book.certificate(book.passed(), until=soon, revoked=True, superseded=True)
    book.certificate(book.passed(), until=soon, state=State.DRAFT)
    book.certificate(book.passed(), until=soon, state=State.RECALLED)
    found = book.figures()
    expected = {"issued": 8, "suspended": 1, "revoked": 1, "superseded": 1, "proposed": 0, "draft": 1, "recalled": 1}
    assert found.standings == expected
    expiring = dict(zip(WARN_DAYS, (2, 4, 6), strict=True))
    assert {entry.days: entry.certificates for entry in found.expiring} == expiring
    assert found.expired == 1


def test_who_holds_a_certificate_completed_though_the_syllabus_changed(book: Book) -> None:
    book.certificate(book.learner(("quiz", "92", 5)), revoked=True)
    found = book.figures()
    assert found.completed == Share(1, 1)
    assert [step.learners for step in found.steps] == [1, 1, 1, 1, 1]
    assert sum(stop.tried + stop.untried for stop in found.stops) == 0


def test_a_cohort_and_a_time(book: Book) -> None:
    book.passed(cohort="spring", start=START - timedelta(days=100), end=END - timedelta(days=100))
    book.certificate(book.passed())
    assert book.figures().enrolled == 2
    spring = book.figures(Scope(SLUG, cohort="spring"))
    assert (spring.enrolled, spring.cohorts, sum(spring.standings.values())) == (1, 1, 0)
    for since, until, enrolled in (
        (START, None, 1),
        (START + timedelta(1), None, 0),
        (None, START, 2),
        (START, START, 1),
    ):
        found = book.figures(Scope(SLUG, since=since, until=until))
        assert (found.enrolled, found.passing[0].passed.of) == (enrolled, enrolled)


def test_a_programme_without_a_syllabus_has_learners_and_no_criteria(book: Book) -> None:
    with writing(book.engine) as session:
        learner = Learner(learner_id="A", name="Ada", consent_page=True, consent_share=False)
        group = Cohort(name="winter", programme="another")
        session.add(Enrolment(cohort=group, learner=learner, start=START, end=END))
    found = book.figures(Scope("another"))
    assert (found.enrolled, found.completed, found.version, found.passing) == (1, Share(0, 1), None, ())
    assert [step.id for step in found.steps] == ["enrolled", "certified"]


def test_checks_are_those_of_the_programme_and_the_time(book: Book) -> None:
    tally = (
        Count(START, SLUG, "valid", 4),
        Count(TODAY, SLUG, "valid", 2),
        Count(TODAY, SLUG, "revoked", 1),
        Count(TODAY, "another", "valid", 9),
        Count(TODAY, "other", "invalid", 9),
    )
    found = book.figures(tally=tally).checks
    assert found is not None
    assert (found.total, found.verdicts["valid"], found.verdicts["revoked"], found.verdicts["expired"]) == (7, 6, 1, 0)
    later = book.figures(Scope(SLUG, since=TODAY), tally=tally).checks
    assert later is not None
    assert later.days == tally[1:3]


@pytest.mark.parametrize(("count", "of", "percent"), [(4, 4, None), (0, 0, None), (5, 5, 100), (1, 8, 13), (0, 5, 0)])
def test_few_people_have_no_percentage(count: int, of: int, percent: int | None) -> None:
    assert Share(count, of).percent == percent


def test_quartiles_are_days_that_somebody_took() -> None:
    assert Spread.of({}) == Spread(0)
    assert Spread.of({3: 4}) == Spread(4)
    assert Spread.of({3: 5}) == Spread(5, 3, 3, 3)
    assert Spread.of({9: 1, 1: 1, 5: 1, 7: 1, 3: 1, 11: 1, 13: 1, 15: 1}) == Spread(8, 3, 7, 11)


def test_names_are_those_of_a_programme_or_a_cohort(book: Book) -> None:
    book.passed()
    with reading(book.engine) as session:
        assert find_scope(session, SLUG) == Scope(SLUG)
        assert find_scope(session, "autumn", since=TODAY) == Scope(SLUG, cohort="autumn", since=TODAY)
        with pytest.raises(HandsealError, match="is no programme and no cohort") as error:
            find_scope(session, "winter")
    assert error.value.hint == f"there are: {SLUG}, autumn"


def test_json_names_stay_as_they_are(book: Book) -> None:
    book.certificate(book.passed())
    document = book.figures(target=80, tally=[Count(TODAY, SLUG, "valid", 2)]).as_json()
    top = (
        "programme cohort from until title syllabusVersion date cohorts enrolled learning completed steps stops "
        "criteria daysToComplete daysToCertificate certificates expiring checks"
    )
    assert list(document) == top.split()
    assert document["completed"] == {"count": 1, "of": 1, "percent": None, "target": 80}
    assert document["criteria"][0] == {
        "id": "quiz",
        "name": "Theory quiz",
        "pillar": "theory",
        "tried": 1,
        "passedFirst": {"count": 1, "of": 1, "percent": None},
        "passed": {"count": 1, "of": 1, "percent": None},
        "attempts": [1, 0, 0, 0, 0],
    }
    assert document["daysToComplete"] == {"count": 1, "lowerQuartile": None, "median": None, "upperQuartile": None}
    assert document["expiring"] == {"7": 0, "30": 0, "60": 0, "expired": 0}
    assert document["checks"]["days"] == [{"date": TODAY.isoformat(), "verdict": "valid", "count": 2}]


# -- the same as the gate ----------------------------------------------------------------------------------------------


def changed(syllabus: Syllabus, kind: str) -> Syllabus:
    criteria = syllabus.criteria
    if kind == "evidence":
        return replace(syllabus, criteria=(replace(criteria[0], evidence=True), *criteria[1:]))
    if kind == "remote":
        return replace(syllabus, criteria=(*criteria[:2], replace(criteria[2], remote=True)))
    rules = {"last": Attempts(counts="last"), "most": Attempts(counts="best", most=2)}
    return replace(syllabus, attempts=rules[kind]) if kind in rules else syllabus


@pytest.mark.parametrize("kind", ["plain", "last", "most", "evidence", "remote"])
def test_whoever_passed_the_gate_completed_and_nobody_else(book: Book, kind: str) -> None:
    book.publish(changed(book.syllabus, kind))
    chance = random.Random(kind)
    with writing(book.engine) as session:
        old = make_assessor()
        old.assessor_id, old.valid_until = "A2", START + timedelta(days=20)
        session.add_all([old, Assessor(**(vars_of(old) | {"assessor_id": "A3", "qualification": "Friend"}))])
    for _ in range(60):
        book.learner(*random_tries(chance))
    with writing(book.engine) as session:
        assessors = [None, *session.scalars(select(Assessor)), *session.scalars(select(Assessor).limit(1)).all() * 9]
        for attempt in session.scalars(select(Attempt)):
            attempt.assessor = chance.choice(assessors)
            attempt.moderator = "Mali" if chance.random() < 0.1 else None
            attempt.evidence_url = "https://a.example" if chance.random() < 0.8 else None
    with reading(book.engine) as session:
        everybody = session.scalars(select(Enrolment)).all()
        passed = [one.id for one in everybody if standing(one, book.syllabus).passed]
        each = {name: sum(name in standing(one, book.syllabus).results for one in everybody) for name in GOOD}
        days = counts.count_courses(session, Scope(SLUG), book.syllabus, today=TODAY).days
    found = book.figures()
    assert 0 < len(passed) < 60
    assert found.completed == Share(len(passed), 60)
    assert {one.criterion: one.passed.count for one in found.passing} == each
    assert sum(days.values()) == len(passed)


def vars_of(assessor: Assessor) -> dict[str, object]:
    columns = ("name", "qualification", "issued_by", "valid_from", "valid_until")
    return {column: getattr(assessor, column) for column in columns}


def random_tries(chance: random.Random) -> Sequence[tuple[str, str, int]]:
    """Up to three at each criterion, some after the course's end."""
    return [
        (name, (GOOD if chance.random() < 0.8 else BAD)[name], chance.randrange(53))
        for name in GOOD
        for _ in range(chance.choice((0, 1, 1, 2, 2, 3)) if chance.random() < 0.3 else 2)
    ]


# -- many learners -----------------------------------------------------------------------------------------------------


def test_memory_stays_flat(book: Book) -> None:
    fill(book, 100)
    book.figures()  # what is read once is read before the measuring
    peaks = []
    for more in (900, 3_000):
        fill(book, more)
        tracemalloc.start()
        try:
            found = book.figures()
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert found.completed == Share(4_000, 4_000)
    assert peaks[1] < 1.5 * peaks[0] + 500_000
