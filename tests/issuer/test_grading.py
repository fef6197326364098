"""A key is read strictly, marks are rounded down, and graded answers are results."""

import json
from pathlib import Path

import pytest

from issuer.config import Workspace
from issuer.grading import COLUMNS, OPTIONAL, Item, Key, mark, read_key
from issuer.tables import read_table
from keys.errors import ConfigurationError, HandsealError
from tests.issuer.entries import SLUG, STARTER, Output, csv_bytes, said

ANSWERS = {"q1": "b", "q2": "C; A", "q3": "48 min", "q4": "The Pressure", "q5": "screen > plan > treat > record"}


@pytest.mark.parametrize(
    ("points", "percent"),
    [((1, 2), "33.33"), ((2, 1), "66.66"), ((1, 1), "50"), ((799, 200), "79.97"), ((1, 7), "12.5"), ((1, 999), "0")],
)
def test_marks_are_rounded_down(points: tuple[int, int], percent: str) -> None:
    items = tuple(Item(id=f"q{n}", kind="single", answer="A", points=p) for n, p in enumerate(points))
    row = {"learner_id": "RC-1", "date": "2026-10-30", "q0": "A", "q1": "B"}
    table = read_table(csv_bytes([row]), "a.csv", required=(*COLUMNS, "q0", "q1"))
    (one,) = mark(table, Key(items=items))
    assert (one.percent, one.wrong) == (percent, ("q1",))


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "item is missing"),
        ('[[item]]\nid = "q"\nkind = "essay"\nanswer = "A"\n', "item[0].kind"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = ["A"]\n', "item q: answer: does not fit kind 'single'"),
        ('[[item]]\nid = "q"\nkind = "order"\nanswer = "A"\n', "does not fit kind 'order'"),
        ('[[item]]\nid = "q"\nkind = "order"\nanswer = []\n', "does not fit kind 'order'"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = "45"\n', "does not fit kind 'number'"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = nan\n', "is no number"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = inf\n', "is no number"),
        ('[[item]]\nid = "q"\nkind = "order"\nanswer = ["A", "A"]\n', "has the same twice"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = "A"\npoints = 0\n', "no item has points"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = "A"\ncredit = "per-option"\n', "is not for kind 'single'"),
        ('[[item]]\nid = "q"\nkind = "order"\nanswer = ["A"]\ncredit = "per-option"\n', "is not for kind 'order'"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = "A"\nunit-required = true\n', "unit-required: is not for"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = 1\nunits = { h = 60 }\n', "unit: is missing"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = 1\nunit = "m"\nunits = { h = 0 }\n', "more than 0"),
        ('[[item]]\nid = "q"\nkind = "number"\nanswer = 1\naccept = ["2"]\n', "accept: is not for kind 'number'"),
        ('[[item]]\nid = "attempt"\nkind = "single"\nanswer = "A"\n', "is the name of another column"),
        ('[[item]]\nid = "date"\nkind = "single"\nanswer = "A"\n', "is the name of another column"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = "A"\n' * 2, "item q: is there twice"),
        ('[[item]]\nid = "q"\nkind = "single"\nanswer = "A"\npoint = 2\n', "unknown key 'point'"),
    ],
)
def test_a_wrong_key_is_refused_and_says_no_answer(tmp_path: Path, text: str, fragment: str) -> None:
    path = tmp_path / "p.key.toml"
    path.write_text(text)
    with pytest.raises(HandsealError) as caught:
        read_key(path)
    assert fragment in str(caught.value)
    assert '"A"' not in str(caught.value)


def test_the_starters_key_and_a_missing_one(tmp_path: Path) -> None:
    key = read_key(STARTER / "programmes" / f"{SLUG}.key.toml")
    row = {"learner_id": "RC-1", "date": "2026-10-30"} | ANSWERS
    (one,) = mark(read_table(csv_bytes([row]), "a.csv", required=tuple(row), optional=OPTIONAL), key)
    assert (one.percent, one.wrong, one.partly) == ("100", (), ())
    with pytest.raises(ConfigurationError):
        read_key(tmp_path / "none.key.toml")


def answers(starter_clinic: Workspace, *rows: dict[str, str]) -> str:
    written = [{"learner_id": f"RC-00{n}", "date": "2026-10-30"} | row for n, row in enumerate(rows, 1)]
    (starter_clinic.folder / "results" / "quiz.csv").write_bytes(csv_bytes(written))
    return "results/quiz.csv"


def test_graded_answers_are_results(starter_clinic: Workspace, capsys: Output) -> None:
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG)
    file = answers(starter_clinic, ANSWERS, ANSWERS | {"q1": "A", "q5": ""})
    assert said(capsys, "grade", file).splitlines() == ["RC-001: 100", "RC-002: 50 (wrong: q1, q5)"]
    again = json.loads(said(capsys, "grade", file, "--json", "--programme", SLUG))
    assert (again["new"], again["unchanged"]) == (0, 2)
    assert again["marks"][1] == {
        "learnerId": "RC-002",
        "percent": "50",
        "wrong": ["q1", "q5"],
        "partly": [],
        "points": {"q1": "0", "q2": "2", "q3": "1", "q4": "1", "q5": "0"},
    }
    assert "RC-002 Nguyễn Thị Ánh: Theory quiz: 50, needs 80" in said(capsys, "eligible", "example")


def test_what_cannot_be_graded_is_said(starter_clinic: Workspace, capsys: Output) -> None:
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    short = {name: text for name, text in ANSWERS.items() if name != "q5"}
    assert 'column "q5" is missing' in said(capsys, "grade", answers(starter_clinic, short), code=1)
    more = ANSWERS | {"q6": "A"}
    assert 'column "q6" is unknown' in said(capsys, "grade", answers(starter_clinic, more), code=1)
    assert '"RC-001" is not enrolled' in said(capsys, "grade", answers(starter_clinic, ANSWERS), code=1)
    assert said(capsys, "grade", "results/quiz.csv", "--programme", "other", code=2)
    key = starter_clinic.programmes / f"{SLUG}.key.toml"
    key.write_text(key.read_text("utf-8").replace('criterion = "quiz"', 'criterion = "live"'), "utf-8")
    assert "does not say which quiz" in said(capsys, "grade", "results/quiz.csv", code=1)
    key.rename(key.with_name("second.key.toml")).with_name("third.key.toml").write_text("")
    assert "second, third" in said(capsys, "grade", "results/quiz.csv", code=2)
