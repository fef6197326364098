"""Which attempt counts is what the programme says; evidence, remote moderation and who assesses whom are too."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from issuer.assessment import eligible
from issuer.database import writing
from issuer.models import Attempt
from issuer.programme import AttemptsTable
from issuer.records import find_cohort
from issuer.syllabuses import open_syllabus, require_version
from tests.issuer.entries import (
    ASSESSOR,
    LEARNER,
    PASSED,
    SLUG,
    Cells,
    enrol,
    import_assessors,
    publish,
    record,
    refused,
    starter,
)

QUIZ, VIDEO, LIVE = PASSED
MODERATED = dict(LIVE) | {"moderator": "Prof. Hana Kim", "channel": "video call"}


@pytest.fixture
def session(starter_database: Engine) -> Iterator[Session]:
    with writing(starter_database) as session:
        enrol(session, LEARNER)
        yield session


def say(session: Session, criterion: str = "", **changes: Any) -> None:
    """Publishes a version of the programme with other rules, of `criterion` or of all."""
    programme = starter()
    if criterion:
        criteria = (replace(c, **changes) if c.id == criterion else c for c in programme.criteria)
        changes = {"criteria": tuple(criteria)}
    publish(session, replace(programme, **changes))


def missing(session: Session) -> tuple[str, ...]:
    session.flush()
    session.expire_all()
    syllabus = open_syllabus(require_version(session, SLUG))
    (candidate,) = eligible(session, find_cohort(session, "autumn"), syllabus)
    return candidate.missing


def quiz(number: int, result: str, day: str = "2026-10-30") -> Cells:
    return dict(QUIZ) | {"attempt": str(number), "result": result, "date": day}


def test_the_last_attempt_counts_where_the_programme_says_so(session: Session) -> None:
    record(session, quiz(1, "92"), quiz(2, "70"), VIDEO, LIVE)
    assert missing(session) == ()
    say(session, attempts=AttemptsTable(counts="last"))
    assert missing(session) == ("Theory quiz: 70, needs 80",)
    record(session, quiz(3, "80"))
    assert missing(session) == ()


def test_more_attempts_than_the_programme_allows_are_refused_and_do_not_count(session: Session) -> None:
    record(session, quiz(1, "60"), quiz(2, "60"), quiz(3, "60"), VIDEO, LIVE)
    session.expire_all()
    with refused("row 2, column attempt: is 4, and the programme allows 3"):
        record(session, quiz(4, "92"))
    session.add(
        Attempt(
            enrolment_id=1, criterion="quiz", attempt=4, result="92", date=session.scalars(select(Attempt.date)).first()
        )
    )
    assert missing(session) == ("Theory quiz: attempt 4, and the programme allows 3",)


@pytest.mark.parametrize(
    ("rows", "fragment"),
    [
        ([quiz(2, "92")], "column attempt: is 2, the next one is 1"),
        ([quiz(1, "60"), quiz(3, "92")], "column attempt: is 3, the next one is 2"),
        ([quiz(1, "60"), quiz(2, "92", "2026-10-29")], "expected a day on or after attempt 1, 2026-10-30"),
        ([quiz(1, "60"), dict(QUIZ)], "is 1, the next one is 2"),
    ],
)
def test_attempts_are_numbered_in_their_order(session: Session, rows: list[Cells], fragment: str) -> None:
    with refused(fragment):
        record(session, *rows)


def test_an_edited_result_without_a_number_is_no_retake(session: Session) -> None:
    record(session, QUIZ | {"result": "79"})
    session.expire_all()
    for change in ({"result": "80"}, {"result": "80", "date": "2026-11-01"}):
        with refused("column attempt: is empty, and attempt 1 was on 2026-10-30 (a retake says its number: 2)"):
            record(session, QUIZ | change)


def test_an_attempt_without_its_evidence_does_not_count(session: Session) -> None:
    say(session, "video", evidence=True)
    record(session, QUIZ, VIDEO, LIVE)
    assert missing(session) == ("Video demonstration: assessed without evidence, needs a link or a file",)
    record(session, VIDEO | {"attempt": "2", "evidence_url": "https://example.com/v"})
    assert missing(session) == ()


def test_a_file_is_evidence_too(session: Session) -> None:
    say(session, "video", evidence=True)
    record(session, QUIZ, VIDEO | {"evidence_file": "v.mp4"}, LIVE)
    assert missing(session) == ()


def test_a_live_check_may_be_moderated_from_afar(session: Session) -> None:
    record(session, QUIZ, VIDEO, MODERATED)
    assert missing(session) == ()
    kept = session.scalars(select(Attempt).where(Attempt.criterion == "live")).one()
    assert (kept.moderator, kept.channel) == ("Prof. Hana Kim", "video call")
    say(session, "live", remote=False)
    assert missing(session) == (
        "Live skill check: moderated remotely by Prof. Hana Kim, which the programme does not allow",
    )


@pytest.mark.parametrize(
    ("row", "fragment"),
    [
        (VIDEO | {"moderator": "H. Kim", "channel": "video call"}, "column moderator: is filled, and video may not be"),
        (LIVE | {"moderator": "H. Kim"}, "column channel: is empty, expected how"),
        (LIVE | {"channel": "video call"}, "column moderator: is empty, expected who moderated"),
        (LIVE | {"moderator": "PINTHONG Somchai", "channel": "phone"}, "column moderator: is the learner"),
    ],
)
def test_a_moderation_that_cannot_be(session: Session, row: Cells, fragment: str) -> None:
    with refused(fragment):
        record(session, row)


@pytest.mark.parametrize("name", ["สมชาย ปิ่นทอง", "ปิ่นทอง  สมชาย", "Somchai Pinthong", "PINTHONG, Sóm-chai"])
@pytest.mark.parametrize("row", [LIVE, VIDEO])
def test_nobody_assesses_themselves(session: Session, name: str, row: Cells) -> None:
    import_assessors(session, ASSESSOR | {"assessor_id": "A-2", "name": name})
    with refused("is the learner: nobody assesses themselves"):
        record(session, row | {"assessor_id": "A-2"})


def test_an_assessors_transliteration_shows_them(session: Session) -> None:
    import_assessors(session, ASSESSOR | {"assessor_id": "A-2", "name": "S. P.", "latin_name": "Somchai Pinthong"})
    with refused("is the learner"):
        record(session, LIVE | {"assessor_id": "A-2"})


def test_an_assessor_who_turns_out_to_be_the_learner_does_not_count(session: Session) -> None:
    record(session, *PASSED)
    import_assessors(session, ASSESSOR | {"name": "Somchai Pinthong"}, update=True)
    assert missing(session) == ("Live skill check: assessed by Somchai Pinthong, who is the learner",)


def test_a_cohort_of_several_lots_keeps_its_order(session: Session) -> None:
    rows = [LEARNER | {"learner_id": f"L{n}", "name": f"Ada {n} Lee", "email": ""} for n in range(2001)]
    enrol(session, *rows, cohort="large")
    syllabus = open_syllabus(require_version(session, SLUG))
    found = list(eligible(session, find_cohort(session, "large"), syllabus))
    assert [one.learner_id for one in found] == [row["learner_id"] for row in rows]
    assert {len(one.missing) for one in found} == {3}
