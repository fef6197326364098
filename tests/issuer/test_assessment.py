"""Results are recorded once, and the gate says who passed and in words what the others lack."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from issuer.assessment import Standing, eligible, standing as stand_at
from issuer.attempts import MAX_ATTEMPTS
from issuer.database import reading, writing
from issuer.models import Attempt
from issuer.records import find_cohort
from issuer.results import COLUMNS, OPTIONAL, record_results
from issuer.syllabuses import open_syllabus, require_version
from issuer.tables import read_table
from keys.encoding import sha256
from keys.errors import HandsealError
from tests.issuer.entries import (
    ASSESSOR,
    LEARNER,
    PASSED,
    SLUG,
    TODAY,
    enrol,
    import_assessors,
    no_file,
    record,
    refused,
    xlsx_bytes,
)

QUIZ, VIDEO, LIVE = PASSED


@pytest.fixture
def engine(starter_database: Engine) -> Engine:
    with writing(starter_database) as session:
        enrol(session, LEARNER)
    return starter_database


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with writing(engine) as session:
        yield session


def stand(session: Session, today: date | None = None) -> Standing:
    session.flush()
    session.expire_all()
    syllabus = open_syllabus(require_version(session, SLUG))
    cohort = find_cohort(session, "autumn")
    (candidate,) = eligible(session, cohort, syllabus, today=today)
    standing = stand_at(cohort.enrolments[0], syllabus, today=today)
    assert (candidate.missing, candidate.name) == (standing.missing, standing.enrolment.learner.name)
    return standing


def test_who_reached_everything_is_eligible(session: Session) -> None:
    done = record(session, *PASSED)
    assert (done.new, done.unchanged, done.warnings) == (3, 0, ())
    standing = stand(session)
    assert standing.passed
    assert list(standing.results) == ["quiz", "video", "live"]
    live = standing.results["live"]
    assert live.assessor is not None
    assert (live.assessor.name, live.date, live.result) == ("Mali Srisuk", date(2026, 11, 14), "proficient")


def test_nothing_is_assessed_yet(session: Session) -> None:
    standing = stand(session)
    assert not standing.passed
    assert standing.missing == (
        "Theory quiz: not yet assessed",
        "Video demonstration: not yet assessed",
        "Live skill check: not yet assessed",
    )


@pytest.mark.parametrize(("mark", "missing"), [("79.99", ("Theory quiz: 79.99, needs 80",)), ("80", ()), ("100", ())])
def test_the_pass_mark(session: Session, mark: str, missing: tuple[str, ...]) -> None:
    record(session, QUIZ | {"result": mark}, VIDEO, LIVE)
    assert stand(session).missing == missing


@pytest.mark.parametrize(
    ("level", "missing"), [("developing", ("Live skill check: Developing, needs Competent",)), ("competent", ())]
)
def test_the_passing_level(session: Session, level: str, missing: tuple[str, ...]) -> None:
    record(session, QUIZ, VIDEO, LIVE | {"result": level})
    assert stand(session).missing == missing


def test_the_best_attempt_counts(session: Session) -> None:
    marks = ("9", "100", "85")
    record(session, *(QUIZ | {"result": mark, "attempt": str(n)} for n, mark in enumerate(marks, 1)), VIDEO, LIVE)
    assert stand(session).results["quiz"].result == "100"


def test_of_equal_attempts_the_first_counts(session: Session) -> None:
    record(session, QUIZ | {"attempt": "1"}, QUIZ | {"date": "2026-11-01", "attempt": "2"})
    assert stand(session).results["quiz"].attempt == 1


@pytest.mark.parametrize(
    ("day", "missing"),
    [
        ("2026-11-05", ()),
        ("2026-11-06", ("Live skill check: assessed by Mali Srisuk, whose qualification ended on 2026-11-05, "
                        "before 2026-11-06",)),
        ("2026-10-31", ("Live skill check: assessed by Mali Srisuk, whose qualification begins on 2026-11-01, "
                        "after 2026-10-31",)),
    ],
)  # fmt: skip
def test_a_live_check_needs_a_qualification_on_its_day(session: Session, day: str, missing: tuple[str, ...]) -> None:
    record(session, QUIZ, VIDEO, LIVE | {"date": day})
    import_assessors(session, ASSESSOR | {"valid_from": "2026-11-01", "valid_until": "2026-11-05"}, update=True)
    assert stand(session).missing == missing


@pytest.mark.parametrize(
    ("day", "fragment"),
    [
        ("2026-11-06", "is Mali Srisuk, whose qualification ended on 2026-11-05, before 2026-11-06"),
        ("2026-10-31", "is Mali Srisuk, whose qualification begins on 2026-11-01, after 2026-10-31"),
    ],
)
def test_a_live_check_without_a_qualification_is_not_recorded(session: Session, day: str, fragment: str) -> None:
    import_assessors(session, ASSESSOR | {"valid_from": "2026-11-01", "valid_until": "2026-11-05"}, update=True)
    with refused(f"row 2, column assessor_id: {fragment}"):
        record(session, LIVE | {"date": day})
    assert record(session, LIVE | {"date": "2026-11-05"}, VIDEO | {"assessor_id": "A-1"}).new == 2


def test_another_qualification_does_not_count(session: Session) -> None:
    import_assessors(session, ASSESSOR | {"assessor_id": "A-2", "qualification": "Registered nurse"})
    with refused("who is “Registered nurse”, needs “Licensed massage practitioner”"):
        record(session, LIVE | {"assessor_id": "A-2"})
    record(session, QUIZ, VIDEO, LIVE)
    import_assessors(session, ASSESSOR | {"qualification": "Registered nurse"}, update=True)
    assert stand(session).missing == (
        "Live skill check: assessed by Mali Srisuk, who is “Registered nurse”, needs “Licensed massage practitioner”",
    )
    import_assessors(session, ASSESSOR | {"assessor_id": "A-3", "qualification": "licensed massage practitioner (II)"})
    record(session, LIVE | {"assessor_id": "A-3", "result": "competent", "attempt": "2"})
    assert stand(session).results["live"].result == "competent"


def test_a_video_needs_no_qualified_assessor(session: Session) -> None:
    record(session, QUIZ, VIDEO, LIVE)
    assert stand(session).results["video"].assessor is None


def test_a_course_that_goes_on_is_missing_its_end(session: Session) -> None:
    record(session, *PASSED)
    assert stand(session, date(2026, 11, 14)).missing == ("the course ends on 2026-11-15",)
    assert stand(session, date(2026, 11, 15)).passed


def test_results_taken_by_sql_out_of_the_window_or_nonsense_do_not_pass(session: Session) -> None:
    record(session, *PASSED)
    session.scalars(select(Attempt).where(Attempt.criterion == "quiz")).one().date = date(2026, 11, 16)
    session.scalars(select(Attempt).where(Attempt.criterion == "video")).one().result = "excellent"
    assert stand(session).missing == (
        "Theory quiz: assessed on 2026-11-16, outside 2026-10-05 to 2026-11-15",
        "Video demonstration: excellent, needs Competent",
    )


# -- recording ---------------------------------------------------------------------------------------------------------


def test_the_same_results_again_are_nothing_new(session: Session) -> None:
    record(session, *PASSED)
    session.expire_all()
    assert record(session, *PASSED).new == 0
    assert record(session, *PASSED, QUIZ | {"result": "95", "date": "2026-11-02", "attempt": "2"}).new == 1
    assert session.scalar(select(func.max(Attempt.attempt))) == 2


def test_a_result_is_not_changed(session: Session) -> None:
    record(session, QUIZ | {"attempt": "1"})
    with refused("row 2, column result: differs from attempt 1 as it was recorded") as faults:
        record(session, QUIZ | {"attempt": "1", "result": "99"})
    assert "record attempt 2" in faults[0]
    record(session, QUIZ | {"result": "70", "date": "2026-11-02", "attempt": "2"})
    with refused("row 2, column result: differs from attempt 1 as it was recorded") as faults:
        record(session, QUIZ | {"attempt": "1", "result": "99"})
    assert "record attempt 3" in faults[0]


def test_the_same_row_twice_in_a_file_is_refused(session: Session) -> None:
    with refused("row 3, column attempt: is empty, and attempt 1 was on 2026-10-30"):
        record(session, QUIZ, QUIZ)
    assert record(session, QUIZ | {"attempt": "1"}, QUIZ | {"attempt": "2"}).new == 2
    session.expire_all()
    assert record(session, QUIZ | {"attempt": "2"}, QUIZ | {"attempt": "1"}).unchanged == 2
    with refused("row 3, column attempt: is the same as row 2"):
        record(session, QUIZ, QUIZ)


def test_nothing_is_recorded_unless_all_is_right(engine: Engine) -> None:
    with refused("row 3, column result"), writing(engine) as session:
        record(session, QUIZ, VIDEO | {"result": "good"})
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


@pytest.mark.parametrize(
    ("row", "fragment"),
    [
        (QUIZ | {"learner_id": "RC-9"}, 'column learner_id: "RC-9" is not enrolled'),
        (QUIZ | {"criterion": "exam"}, "expected one of quiz, video, live"),
        (QUIZ | {"result": "101"}, "expected a percentage from 0 to 100"),
        (QUIZ | {"result": "100.5"}, "expected a percentage from 0 to 100"),
        (QUIZ | {"result": "79.999"}, "expected a percentage from 0 to 100"),
        (QUIZ | {"result": "0.92"}, "write 92, not 0.92"),
        (QUIZ | {"result": "competent"}, "expected a percentage from 0 to 100"),
        (QUIZ | {"result": "๘๐"}, "expected a percentage from 0 to 100"),
        (QUIZ | {"result": "1e2"}, "expected a percentage from 0 to 100"),
        (VIDEO | {"result": "80"}, "expected one of developing, competent, proficient"),
        (QUIZ | {"date": "2026-10-04"}, "expected a day within the enrolment, 2026-10-05 to 2026-11-15"),
        (QUIZ | {"date": "2026-11-16"}, "expected a day within the enrolment"),
        (LIVE | {"assessor_id": "A-9"}, 'column assessor_id: "A-9" is no assessor'),
        (LIVE | {"assessor_id": ""}, "is empty; a live check has an assessor"),
        (QUIZ | {"evidence_url": "http://example.com/v"}, "expected a link as https://"),
        (QUIZ | {"evidence_url": "https://example.com/a b"}, "expected a link as https://"),
        (QUIZ | {"evidence_url": "javascript:alert(1)"}, "expected a link as https://"),
        (QUIZ | {"attempt": "0"}, "expected a number from 1 to 99"),
        (QUIZ | {"attempt": str(MAX_ATTEMPTS + 1)}, "expected a number from 1 to 99"),
        (QUIZ | {"attempt": "9" * 4000}, "expected a number from 1 to 99"),
        (QUIZ | {"attempt": "²"}, "expected a number from 1 to 99"),
    ],
)
def test_a_wrong_row_is_refused(session: Session, row: dict[str, str], fragment: str) -> None:
    with refused(fragment):
        record(session, row)


def test_a_day_after_today_is_refused(session: Session) -> None:
    assert record(session, QUIZ, today=date(2026, 10, 30)).new == 1
    with refused("expected a day that is not after today, 2026-10-30"):
        record(session, QUIZ | {"date": "2026-10-31"}, today=date(2026, 10, 30))


def test_the_ends_of_the_course_are_within_it(session: Session) -> None:
    assert record(session, QUIZ | {"date": "2026-10-05"}, VIDEO | {"date": "2026-11-15"}).new == 2


def test_marks_may_carry_their_sign_and_levels_their_capitals(session: Session) -> None:
    record(session, QUIZ | {"result": "92 %"}, VIDEO | {"result": "Competent"}, LIVE)
    assert stand(session).passed


def test_in_several_cohorts_the_date_or_the_option_decides(session: Session) -> None:
    enrol(session, LEARNER | {"start": "2026-11-10", "end": "2026-11-20"}, cohort="late")
    assert record(session, QUIZ | {"date": "2026-11-16"}).new == 1
    with refused("is in several cohorts on 2026-11-12: autumn, late"):
        record(session, QUIZ | {"date": "2026-11-12"})
    assert record(session, QUIZ | {"date": "2026-11-12"}, cohort="autumn").new == 1
    with refused("is not enrolled in cohort winter"):
        record(session, QUIZ, cohort="winter")


def test_evidence_is_kept_as_link_and_digest(session: Session) -> None:
    record(session, VIDEO | {"evidence_url": "https://example.com/v/1", "evidence_file": "v/1.mp4", "remark": "shy"})
    kept = session.scalars(select(Attempt)).one()
    assert (kept.evidence_url, kept.evidence_digest) == ("https://example.com/v/1", sha256(b"v/1.mp4"))
    assert (kept.remark, kept.place) == ("shy", None)


def test_evidence_that_cannot_be_read_is_a_fault_of_its_row(session: Session) -> None:
    def missing(name: str) -> None:
        raise HandsealError(f"{name}: does not exist")

    with refused("row 2, column evidence_file: v.mp4: does not exist"):
        record(session, VIDEO | {"evidence_file": "v.mp4"}, evidence=missing)


def test_a_percentage_formatted_cell_is_noticed(session: Session) -> None:
    for fraction in (0.92, 1):
        data = xlsx_bytes([["learner_id", "criterion", "result", "date"], ["RC-1", "quiz", fraction, "2026-10-30"]])
        table = read_table(data, "r.xlsx", required=COLUMNS, optional=OPTIONAL)
        with refused("write 92, not 0.92"):
            record_results(session, table, today=TODAY, evidence=no_file)


# -- assessors ---------------------------------------------------------------------------------------------------------


def test_assessors_again_are_nothing_new_and_a_renewed_licence_is_an_update(session: Session) -> None:
    assert import_assessors(session, ASSESSOR).unchanged == 1
    renewed = ASSESSOR | {"valid_until": "2030-12-31"}
    with refused('row 2, column valid_until: found "2030-12-31", expected "2027-12-31", as recorded'):
        import_assessors(session, renewed)
    done = import_assessors(session, renewed, ASSESSOR | {"assessor_id": "A-2"}, update=True)
    assert (done.new, done.unchanged, done.updated) == (1, 0, 1)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"valid_until": "2023-12-31"}, "expected a day on or after 2024-01-01"),
        ({"qualification": ""}, "column qualification: is empty"),
        ({"valid_from": "2567-01-01"}, "year 2567 looks Buddhist: write 2024"),
    ],
)
def test_a_wrong_assessor_is_refused(session: Session, change: dict[str, str], fragment: str) -> None:
    with refused(fragment):
        import_assessors(session, ASSESSOR | {"assessor_id": "A-2"} | change)


def test_an_assessor_twice_in_a_file_is_refused(session: Session) -> None:
    with refused('row 3, column assessor_id: "A-2" is there twice'):
        import_assessors(session, *[ASSESSOR | {"assessor_id": "A-2"}] * 2)
