"""A mark stays as the key gave it; nobody a point below the pass mark gets past it, whatever is edited afterwards."""

import json

import pytest
from sqlalchemy import select

from issuer.config import Workspace
from issuer.database import open_database, reading, writing
from issuer.gradebook import altered
from issuer.models import Attempt, CertificateRecord, Event, Grading
from keys.encoding import sha256
from tests.issuer.entries import ASSESSOR, LEARNER, PASSED, SLUG, Cells, Output, csv_bytes, said

ITEM = '[[item]]\nid = "q{}"\nkind = "single"\nanswer = "A"\npoints = {}\n'
KEY = 'criterion = "quiz"\n' + ITEM.format(1, 79) + ITEM.format(2, 1) + ITEM.format(3, 20)
BELOW: Cells = {"learner_id": "RC-1", "date": "2026-10-30", "q1": "A", "q2": "B", "q3": "B"}  # 79 of 80
ENOUGH = dict(BELOW) | {"q2": "A"}
FILE = "results/quiz.csv"


@pytest.fixture
def clinic(starter_clinic: Workspace, capsys: Output) -> Workspace:
    """One learner who passed everything but the quiz, which is a point below the pass mark."""
    (starter_clinic.programmes / f"{SLUG}.key.toml").write_text(KEY)
    write(starter_clinic, "assessors.csv", ASSESSOR)
    write(starter_clinic, "cohorts/autumn.csv", LEARNER)
    write(starter_clinic, "results/seen.csv", *({"learner_id": "RC-1"} | dict(row) for row in PASSED[1:]))
    write(starter_clinic, FILE, BELOW)
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    said(capsys, "assessors", "import", "assessors.csv")
    said(capsys, "enrol", "cohorts/autumn.csv", "--programme", SLUG)
    said(capsys, "assess", "results/seen.csv")
    assert said(capsys, "grade", FILE) == "RC-1: 79 (wrong: q2, q3)\n"
    return starter_clinic


def write(clinic: Workspace, name: str, *rows: Cells) -> None:
    (clinic.folder / name).write_bytes(csv_bytes(rows))


def gradings(clinic: Workspace) -> list[Grading]:
    with reading(open_database(clinic.database_url)) as session:
        return list(session.scalars(select(Grading).order_by(Grading.id)))


def test_what_was_marked_is_kept(clinic: Workspace) -> None:
    (kept,) = gradings(clinic)
    assert (kept.result, json.loads(kept.items), kept.reason) == ("79", {"q1": "79", "q2": "0", "q3": "0"}, None)
    assert kept.answers_digest == sha256((clinic.folder / FILE).read_bytes())
    assert kept.key_digest == sha256((clinic.programmes / f"{SLUG}.key.toml").read_bytes())
    assert kept.graded_at.tzinfo is not None


HAND = {"learner_id": "RC-1", "criterion": "quiz", "result": "80", "date": "2026-10-30"}
SECOND = dict(LEARNER) | {"start": "2026-10-06"}
WAYS = [
    ("assess", [HAND], ["assess", "hand.csv"], "is graded by the key, not by hand"),
    ("assess as the same attempt", [HAND | {"attempt": "1"}], ["assess", "hand.csv"], "is graded by the key"),
    ("assess as a retake", [HAND | {"attempt": "2", "date": "2026-11-10"}], ["assess", "hand.csv"], "is graded by"),
    ("edit the answers", [ENOUGH], ["grade", "hand.csv"], "is the day of an attempt that was graded"),
    ("edit them as attempt 1", [ENOUGH | {"attempt": "1"}], ["grade", "hand.csv"], "are not those that were graded"),
    ("edit them as a retake", [ENOUGH | {"attempt": "2"}], ["grade", "hand.csv"], "a retake is on another day"),
    ("edit answers and date", [ENOUGH | {"date": "2026-10-31"}], ["grade", "hand.csv"], "a retake says its number: 2"),
    ("edit the date", [dict(BELOW) | {"date": "2026-10-31"}], ["grade", "hand.csv"], "is empty, and attempt 1 was on"),
    ("an earlier retake", [ENOUGH | {"date": "2026-10-29", "attempt": "2"}], ["grade", "hand.csv"], "on or after"),
    ("edit and regrade", [ENOUGH], ["grade", "hand.csv", "--regrade", "--reason", "x"], "not those that were graded"),
]


@pytest.mark.parametrize(("rows", "command", "fragment"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_one_point_below_stays_one_point_below(
    clinic: Workspace, capsys: Output, rows: list[Cells], command: list[str], fragment: str
) -> None:
    write(clinic, "hand.csv", *rows)
    assert fragment in said(capsys, *command, code=1)
    assert_not_certified(clinic, capsys)


def assert_not_certified(clinic: Workspace, capsys: Output) -> None:
    assert "Theory quiz: 79, needs 80" in said(capsys, "eligible", "autumn")
    said(capsys, "propose", "autumn", "--out", "request.jsonl", code=1)
    assert not (clinic.folder / "request.jsonl").exists()
    with reading(open_database(clinic.database_url)) as session:
        assert session.scalars(select(CertificateRecord)).all() == []


def test_a_second_enrolment_is_no_way_around(clinic: Workspace, capsys: Output) -> None:
    write(clinic, "cohorts/second.csv", LEARNER)
    said(capsys, "enrol", "cohorts/second.csv", "--programme", SLUG)
    write(clinic, "hand.csv", HAND)
    assert "is graded by the key" in said(capsys, "assess", "hand.csv", "--cohort", "second", code=1)
    write(clinic, "hand.csv", ENOUGH)
    assert "a retake is on another day" in said(capsys, "grade", "hand.csv", "--cohort", "second", code=1)
    assert_not_certified(clinic, capsys)


def test_updating_a_learner_is_no_way_around(clinic: Workspace, capsys: Output) -> None:
    write(clinic, "cohorts/autumn.csv", SECOND)
    said(capsys, "enrol", "cohorts/autumn.csv", "--programme", SLUG, "--update")
    assert said(capsys, "grade", FILE, "--json").find('"unchanged": 1') > 0
    assert_not_certified(clinic, capsys)


def test_another_key_is_refused_unless_asked_for_and_leaves_a_trace(clinic: Workspace, capsys: Output) -> None:
    path = clinic.programmes / f"{SLUG}.key.toml"
    old = sha256(path.read_bytes())
    path.write_text(KEY.replace('id = "q2"\nkind = "single"\nanswer = "A"', 'id = "q2"\nkind = "single"\nanswer = "B"'))
    assert f"was graded by another key, sha256 {old.hex()[:12]}" in said(capsys, "grade", FILE, code=1)
    assert_not_certified(clinic, capsys)
    said(capsys, "grade", FILE, "--regrade", code=2)
    said(capsys, "grade", FILE, "--reason", "B is right", code=2)
    done = json.loads(said(capsys, "grade", FILE, "--regrade", "--reason", "B is right", "--json"))
    assert (done["new"], done["unchanged"], done["regraded"]) == (0, 0, 1)
    assert done["changed"] == [{"learnerId": "RC-1", "attempt": 1, "old": "79", "new": "80", "certificates": []}]
    first, second = gradings(clinic)
    assert (first.result, first.key_digest, first.reason) == ("79", old, None)
    assert (second.result, second.key_digest, second.reason) == ("80", sha256(path.read_bytes()), "B is right")
    with reading(open_database(clinic.database_url)) as session:
        assert session.scalars(select(Event.reason).where(Event.command == "grade")).all() == [None, "B is right"]
    assert "may be certified" in said(capsys, "eligible", "autumn")
    assert json.loads(said(capsys, "grade", FILE, "--json"))["unchanged"] == 1


def test_a_retake_is_graded_under_its_number(clinic: Workspace, capsys: Output) -> None:
    write(clinic, "retake.csv", ENOUGH | {"date": "2026-11-10", "attempt": "2"})
    assert json.loads(said(capsys, "grade", "retake.csv", "--json"))["new"] == 1
    assert "may be certified" in said(capsys, "eligible", "autumn")


def test_a_result_written_into_the_database_is_found(clinic: Workspace) -> None:
    with writing(open_database(clinic.database_url)) as session:
        assert list(altered(session)) == []
        session.scalars(select(Attempt).where(Attempt.criterion == "quiz")).one().result = "80"
        session.flush()
        assert list(altered(session)) == [("RC-1", 1, "80", "79")]
