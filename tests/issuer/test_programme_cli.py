"""Programmes through the commands of `handseal`: published, frozen with every member, compared in words."""

import json
import shutil
from pathlib import Path

import pytest

from issuer.config import Workspace
from keys.encoding import parse_sri, sha256
from keys.syllabus import Documentary, Story, parse_syllabus
from tests.issuer.entries import SLUG, said
from tests.world import SITE

Output = pytest.CaptureFixture[str]
PROGRAMME = f"programmes/{SLUG}.toml"


def change(workspace: Workspace, *changes: tuple[str, str]) -> Path:
    path = workspace.folder / PROGRAMME
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def published(starter_clinic: Workspace, capsys: Output) -> Workspace:
    said(capsys, "programme", "publish", PROGRAMME)
    return starter_clinic


def test_publishing_freezes_every_member(published: Workspace) -> None:
    syllabus = parse_syllabus((published.site_folder / "programmes" / SLUG / "1.json").read_bytes())
    assert (syllabus.mode, syllabus.taught_in) == ("cohort", ("th", "en"))
    assert syllabus.attempts is not None
    assert (syllabus.attempts.counts, syllabus.attempts.most) == ("best", 3)
    assert (syllabus.renewal.criteria, syllabus.renewal.within_months) == (("live",), 6)
    assert (syllabus.price.amount, syllabus.price.currency) == ("4500", "THB")
    assert syllabus.call_to_action.text["th"] == "สอบถามที่นั่งรอบถัดไป"
    assert (syllabus.assessor.shown, syllabus.criteria[2].remote) == ("name", True)
    assert isinstance(syllabus.story, Story)
    film = syllabus.story.documentary
    assert isinstance(film, Documentary)
    assert film.seconds == 42
    hashed = sha256((published.programmes / "story" / "captions-th.vtt").read_bytes())
    assert parse_sri(film.captions[1].digest_sri) == hashed
    assert (film.captions[1].language, film.captions[1].region) == ("th", "TH")
    assert b"completion" not in (published.site_folder / "programmes" / SLUG / "1.json").read_bytes()


def test_publishing_again_says_what_is_new_and_keeps_the_old(published: Workspace, capsys: Output) -> None:
    first = (published.site_folder / "programmes" / SLUG / "1.json").read_bytes()
    change(published, ("weeks = 6", "weeks = 7"), ("pass = 80", "pass = 85"))
    assert said(capsys, "programme", "publish", PROGRAMME).splitlines() == [
        f"{SLUG}: version 2 is published: {SITE}/programmes/{SLUG}/2",
        "  Weeks: 6 → 7",
        "  Theory quiz, pass mark: 80% → 85%",
    ]
    assert (published.site_folder / "programmes" / SLUG / "1.json").read_bytes() == first
    assert (published.site_folder / "programmes" / SLUG / "2.json").exists()


def test_a_changed_caption_file_is_a_new_version(published: Workspace, capsys: Output) -> None:
    (published.programmes / "story" / "captions-en.vtt").write_text("WEBVTT\n", "utf-8")
    assert "The story is changed" in said(capsys, "programme", "publish", PROGRAMME)
    shutil.rmtree(published.programmes / "story")
    assert "MC00" in said(capsys, "programme", "publish", PROGRAMME, code=1)


def test_versions_are_compared_however_they_are_named(published: Workspace, capsys: Output) -> None:
    change(published, ("weeks = 6", "weeks = 7"))
    before = [f"{SLUG}/1 → {SLUG}.toml", "  Weeks: 6 → 7"]
    assert said(capsys, "programme", "diff", PROGRAMME).splitlines() == before
    assert said(capsys, "programme", "diff", f"{SLUG}/1", PROGRAMME).splitlines() == before
    said(capsys, "programme", "publish", PROGRAMME)
    after = [f"{SLUG}/1 → {SLUG}/2", "  Weeks: 6 → 7"]
    assert said(capsys, "programme", "diff", f"{SLUG}/1", f"{SLUG}/2").splitlines() == after
    assert said(capsys, "programme", "diff", f"{SLUG}/1", "2").splitlines() == after
    assert said(capsys, "programme", "diff", f"{SLUG}/1").splitlines() == after
    assert said(capsys, "programme", "diff", "1", "2", "--programme", SLUG).splitlines() == after
    back = said(capsys, "programme", "diff", "2", "1", "--programme", SLUG).splitlines()
    assert back == [f"{SLUG}/2 → {SLUG}/1", "  Weeks: 7 → 6"]
    assert said(capsys, "programme", "diff", PROGRAMME).splitlines()[1:] == ["  nothing changed"]


def test_a_comparison_as_json(published: Workspace, capsys: Output) -> None:
    change(published, ('"north-college"]', '"other-college"]'), ("amount = 4500", "amount = 4900"))
    assert json.loads(said(capsys, "programme", "diff", PROGRAMME, "--json")) == {
        "before": f"{SLUG}/1",
        "after": f"{SLUG}.toml",
        "changes": [
            {
                "place": "partners",
                "kind": "removed",
                "text": "Partner body no longer asked: north-college",
                "offer": False,
            },
            {"place": "partners", "kind": "added", "text": "New partner body: other-college", "offer": False},
            {"place": "price", "kind": "changed", "text": "Price: 4,500 THB → 4,900 THB", "offer": True},
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        (["1", "2"], 2, "is no version of a programme"),
        ([f"{SLUG}/9"], 1, "versions 1 to 1 are"),
        (["another/1"], 1, "is not published"),
        ([f"{SLUG}/0"], 2, "is no version of a programme"),
        ([f"{SLUG}/1", f"{SLUG}/2"], 1, f"{SLUG}/2: is not published"),
        ([PROGRAMME, f"{SLUG}/1"], 2, "a file comes last"),
        (["programmes/none.toml"], 2, "No such file"),
        (["programmes/other.toml"], 1, "programme other: is not published"),
        ([f"{SLUG}/1", "programmes/other.toml"], 1, "programme other: is not published"),
    ],
)
def test_what_cannot_be_compared_is_said(
    published: Workspace, capsys: Output, arguments: list[str], code: int, fragment: str
) -> None:
    text = (published.folder / PROGRAMME).read_text("utf-8")
    (published.programmes / "other.toml").write_text(text.replace(f'"{SLUG}"', '"other"', 1), "utf-8")
    assert fragment in said(capsys, "programme", "diff", *arguments, code=code)
