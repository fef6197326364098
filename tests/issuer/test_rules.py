"""Each rule broken in the starter's file gives that code and no other; everything wrong is said in one run."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from issuer.cli import main
from issuer.rules import check_file
from tests.issuer.entries import PROGRAMME_FILE, STARTER

TEXT = PROGRAMME_FILE.read_text(encoding="utf-8")
Output = pytest.CaptureFixture[str]
OUTCOME = TEXT[TEXT.index("[[outcome]]") : TEXT.index("[[outcome]]", TEXT.index("[[outcome]]") + 1)]
SIXTH_AND_FIFTH = OUTCOME + "".join(OUTCOME.replace('"screen"', f'"o{n}"') for n in range(2))
# The rule, what stands in the starter, and what breaks the rule there.
BROKEN = [
    ("MC02", "practice = 18", "practice = 22"),
    ("MC03", "weeks = 6", "weeks = 9"),
    ("MC03", "weeks = 6", "weeks = 1"),
    ("MC03", "weeks = 6\n", ""),
    ("MC04", 'id = "video"\npillar = "demonstration"', 'id = "video"\npillar = "practice"'),
    ("MC06", 'outcomes = ["screen"]', 'outcomes = ["strokes"]'),
    ("MC06", "touch = false\nwithin-days = 14", "touch = true\nwithin-days = 14"),
    ("MC06", 'outcomes = ["screen"]', 'outcomes = ["screen", "another"]'),
    ("MC07", "pass = 80\n", ""),
    ("MC07", "pass = 80", "pass = 101"),
    ("MC07", 'pass = "competent"', 'pass = "excellent"'),
    ("MC08", "within-days = 14", "within-days = 15"),
    ("MC08", "within-days = 14", "within-days = 0"),
    ("MC09", "threshold = 2", "threshold = 4"),
    ("MC09", "threshold = 2", "threshold = 0"),
    ("MC09", '"harbour-hospital"', '"river-clinic"'),
    ("MC09", 'cosigners = ["ttma", "harbour-hospital", "north-college"]', "cosigners = []"),
    ("MC10", 'en = "Deep Tissue Foundations"\n', ""),
    ("MC10", 'situation.en = "', 'situation.de = "'),
    ("MC10", 'name.en = "Theory quiz"', 'name.de = "Theoriequiz"'),
    ("MC11", 'qualification = "Licensed massage practitioner"', 'qualification = ""'),
    ("MC12", "theory = 10", "theory = 0.5"),
]
# These need two changes, or another rule would be broken as well.
BROKEN_TWICE = [
    ("MC01", (OUTCOME, SIXTH_AND_FIFTH), ('outcomes = ["screen"]', 'outcomes = ["screen", "o0", "o1"]')),
    (
        "MC05",
        ('kind = "video"', 'kind = "live"'),
        ('kind = "live"\noutcomes = ["strokes", "session"', 'kind = "video"\noutcomes = ["strokes", "session"'),
        ('["strokes", "posture"]', '["strokes", "session", "posture"]'),
        ("remote = true", "#"),
    ),
]


def starter_with(folder: Path, *changes: tuple[str, str]) -> Path:
    """The starter's programme with each text replaced once, beside its story."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    shutil.copytree(STARTER / "programmes" / "story", folder / "story")
    path = folder / "programme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def found(path: Path) -> list[str]:
    _, findings = check_file(path, clinic="river-clinic")
    assert all(f.place and f.text and f.hint for f in (*findings.errors, *findings.warnings))
    return [finding.code for finding in findings.errors]


def test_the_starter_has_neither_error_nor_warning() -> None:
    programme, findings = check_file(PROGRAMME_FILE, clinic="river-clinic")
    assert programme is not None
    assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.parametrize(
    ("code", "changes"), [(c, ((o, n),)) for c, o, n in BROKEN] + [(c, t) for c, *t in BROKEN_TWICE]
)
def test_each_rule_in_turn_gives_exactly_its_code(
    tmp_path: Path, code: str, changes: Sequence[tuple[str, str]]
) -> None:
    assert set(found(starter_with(tmp_path, *changes))) == {code}


def test_every_rule_has_its_turn() -> None:
    assert {code for code, *_ in (*BROKEN, *BROKEN_TWICE)} == {f"MC{number:02}" for number in range(1, 13)}


def test_MC13_warns_and_lets_it_be_published(tmp_path: Path, capsys: Output) -> None:
    path = starter_with(tmp_path, ('text.en = "Screen a client', 'text.en = "Know how to screen a client'))
    programme, findings = check_file(path, clinic=None)
    assert programme is not None
    assert [finding.code for finding in findings.warnings] == ["MC13"]
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.startswith("warning MC13: outcome screen: text: begins with 'Know'")


@pytest.mark.parametrize(
    ("old", "new", "place", "fragment"),
    [
        ('mode = "cohort"', 'mode = "group"', "mode", "Invalid enum value 'group'"),
        ('taught-in = ["th", "en"]', "taught-in = []", "taught-in", "names 0, expected 1 to 16"),
        ('taught-in = ["th", "en"]', 'taught-in = ["th", "th"]', "taught-in", "'th' twice"),
        ('taught-in = ["th", "en"]', 'taught-in = ["Thai"]', "taught-in", "'Thai' is not a language"),
        ("completion-target = 85", "completion-target = 101", "completion-target", "<= 100"),
        ('counts = "best"', 'counts = "worst"', "attempts.counts", "Invalid enum value"),
        ("most = 3", "most = 0", "attempts.most", ">= 1"),
        ('criteria = ["live"]', "criteria = []", "renewal.criteria", "names 0"),
        ('criteria = ["live"]', 'criteria = ["exam"]', "renewal.criteria", "no criterion 'exam'"),
        ("within-months = 6", "within-months = 37", "renewal.within-months", "valid for 36 months"),
        ("validity-months = 36\n", "", "renewal", "do not expire"),
        ("amount = 4500", "amount = 4500.5", "price.amount", "expected `int | str`"),
        ("amount = 4500", 'amount = "4,500"', "price", "'4,500' 'THB' is no price"),
        ("amount = 4500", "amount = -1", "price", "is no price"),
        ('currency = "THB"', 'currency = "Baht"', "price", "is no price"),
        ('"https://www.riverclinic.example/deep-tissue"', '"http://x.example"', "call-to-action.url", "is not a link"),
        ('"https://www.riverclinic.example/book"', '"javascript:1"', "story.call-to-action.url", "is not a link"),
        ("seconds = 42", "seconds = 7201", "story.documentary.seconds", "<= 7200"),
        ('region = "TH"', 'region = "Thailand"', "captions th-Thailand: region", "is not a region"),
        ('language = "th"\nregion = "TH"', 'language = "en"', "captions en", "are there twice"),
        ('file = "story/captions-en.vtt"', 'file = "none.vtt"', "captions en: file", "none.vtt: "),
        ('file = "story/captions-en.vtt"', 'file = "../../secret"', "captions en: file", "is not below"),
        ('file = "story/captions-en.vtt"', 'file = "a\\u0000"', "captions en: file", "U+0000"),
        ('file = "story/captions-en.vtt"\n', "", "captions en: file", "neither file nor digest"),
        ("seconds = 42", 'file = "x.mp4"\nseconds = 42', "story.documentary.file", "file and digest"),
        ("seconds = 42", "seconds = 42\n[story.documentary.more]", "story.documentary", "unknown key 'more'"),
        ("[story.documentary]             # ", "[story.documentary]\ncaption = 1 # ", "story.documentary", "'caption'"),
        ("minutes = 45", "minutes = 45\nremote = true", "criterion quiz: remote", "is for live checks"),
        ('shown = "name"', 'shown = "nothing"', "assessor.shown", "Invalid enum value"),
        ('outcomes = ["screen"]', 'outcomes = ["screen", "screen"]', "criterion quiz: outcomes", "names one twice"),
        ('name.th = "แบบทดสอบภาคทฤษฎี"', 'name.th = " "', "criterion quiz: name.th", "is empty"),
        ('name.en = "Theory quiz"', f'name.en = "{"a" * 301}"', "criterion quiz: name.en", "longer than 300"),
    ],
)
def test_MC00_the_form_of_each_key(tmp_path: Path, old: str, new: str, place: str, fragment: str) -> None:
    path = starter_with(tmp_path, (old, new))
    assert found(path) == ["MC00"]
    (error,) = check_file(path, clinic=None)[1].errors
    assert error.place == place
    assert fragment in error.text


def test_what_outgrows_a_certificate_is_said_before_publishing(tmp_path: Path) -> None:
    long = "Screens every new client. " * 55
    changes = [(f'at-work.en = "{word}', f'at-work.en = "{long}{word}') for word in ("Runs", "Uses", "Gives")]
    path = starter_with(tmp_path, *changes)
    assert found(path) == ["MC00"]
    assert "certificate: " in check_file(path, clinic=None)[1].errors[0].text


def test_everything_is_said_in_one_run(tmp_path: Path, capsys: Output) -> None:
    path = starter_with(
        tmp_path,
        ("weeks = 6", "week = 6"),
        ("most = 3", 'most = "three"'),
        ("seconds = 42", "seconds = true"),
        ("threshold = 2", "threshold = 9"),
        ("pass = 80", "pass = 0"),
        ('text.en = "Screen', 'text.en = "Understand how to screen'),
    )
    assert main(["check", str(path), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert [(error["code"], error["place"]) for error in findings["errors"]] == [
        ("MC00", ""),
        ("MC00", "attempts.most"),
        ("MC00", "story.documentary.seconds"),
        ("MC07", "criterion quiz: pass"),
        ("MC09", "threshold"),
    ]
    assert findings["errors"][0]["hint"] == "did you mean 'weeks'?"
    assert [warning["code"] for warning in findings["warnings"]] == ["MC13"]


def test_an_entry_that_cannot_be_read_blames_nothing_else(tmp_path: Path) -> None:
    path = starter_with(tmp_path, ('kind = "quiz"', 'kind = "exam"'), ('kind = "video"', 'kind = "film"'))
    _, findings = check_file(path, clinic=None)
    assert [(error.code, error.place) for error in findings.errors] == [
        ("MC00", "criterion[0].kind"),
        ("MC00", "criterion[1].kind"),
    ]
