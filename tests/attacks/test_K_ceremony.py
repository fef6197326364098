"""K02, K05 and K07: wrong words, what is there already, and a wrong clock."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from keys import RELEASED
from keys.cli import main
from keys.errors import HandsealError
from keys.home import Home
from keys.offline_cli import require_clock
from keys.paper_cli import read_transcript
from tests.attacks.sitting import (
    PEOPLE,
    PROMPT,
    answer,
    events,
    kept,
    last_transcript,
    lay_table,
    outcome,
    sit_down,
    until_words,
)
from tests.conftest import ROOT
from tests.keys.desk import PASSPHRASE, WORDS, Desk
from tests.keys.partner import TTMA


@pytest.fixture
def fresh(tmp_path: Path) -> Desk:
    return lay_table(tmp_path)


# K02


def test_K02_three_wrong_words_at_a_terminal_end_it_and_are_recorded(fresh: Desk) -> None:
    wrong = tuple("zoo" if word != "zoo" else "zone" for word in WORDS)
    with sit_down(fresh) as typist:
        until_words(typist)
        for _ in range(3):
            answer(typist, wrong)
            typist.wait_for("these are not the words")
        typist.wait_for("words: wrong 3 times")
        typist.wait_for("nothing was signed")
        assert typist.end() == 1
        assert PROMPT not in typist.screen
    assert events(last_transcript(fresh))[-4:] == ["words-wrong"] * 3 + ["refused"]
    assert (outcome(fresh), kept(fresh), (fresh.folder / "record.html").exists()) == ([], {}, False)


def test_K02_a_slip_may_be_mended_and_stays_on_record(fresh: Desk) -> None:
    with sit_down(fresh) as typist:
        until_words(typist)
        answer(typist, ("abandon",) * 12)
        answer(typist, WORDS)
        typist.wait_for(PROMPT)
        typist.type(PASSPHRASE)
        typist.wait_for("record to print: record.html")
        typist.wait_for("The time at which it ended.")
        assert typist.end() == 0
    found = events(last_transcript(fresh))
    assert [event for event in found if event.startswith("words")] == ["words-wrong", "words-confirmed"]
    assert found[-1] == "closed"
    read_transcript(last_transcript(fresh))


# K05


@pytest.mark.parametrize("name", ["stick/response.jsonl", "record.html"])
@pytest.mark.parametrize("dangling", [False, True])
def test_K05_an_output_that_exists_stops_a_planned_ceremony(
    fresh: Desk, name: str, dangling: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fresh.folder / name
    if dangling:
        path.symlink_to(fresh.folder / "elsewhere")
    else:
        path.write_bytes(b"what was there")
    given = ("--confirm", " ".join(WORDS), "--passphrase-file", str(fresh.folder / "passphrase"))
    assert fresh.run("run", str(fresh.folder / "cosign.toml"), "--online", *given) == 1
    assert f"{name}: exists already" in capsys.readouterr().err
    assert path.is_symlink() if dangling else path.read_bytes() == b"what was there"
    assert not (fresh.folder / "home").exists()


@pytest.mark.parametrize("name", ["new.key", "new.key.pub.json"])
def test_K05_a_key_that_exists_is_kept(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"what was there")
    (tmp_path / "keygen.toml").write_text(
        f'kind = "keygen"\norganisation = "{TTMA}"\nuse = "cosign"\n{PEOPLE}'
        '[outputs]\nkey = "new.key"\nrecord = "record.html"\n'
    )
    home = ["--home", str(tmp_path / "home")]
    assert main([*home, "run", str(tmp_path / "keygen.toml"), "--online"]) == 1
    single = ["keygen", "--org", TTMA, "--use", "cosign", "--out", str(tmp_path / "new.key"), "--online"]
    assert main([*home, *single]) == 1
    assert capsys.readouterr().err.count(f"{name}: exists already") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["keygen.toml", name])
    assert (tmp_path / name).read_bytes() == b"what was there"


def test_K05_an_output_that_appears_meanwhile_is_kept(fresh: Desk) -> None:
    with sit_down(fresh) as typist:
        until_words(typist)
        typist.wait_for("as it is read aloud")
        (fresh.folder / "stick" / "response.jsonl").write_bytes(b"another's")
        typist.type("no")
        for _ in range(2):
            typist.wait_for("as it is read aloud")
            typist.type("no")
        answer(typist, WORDS)
        typist.wait_for(PROMPT)
        typist.type(PASSPHRASE)
        typist.wait_for("response.jsonl: exists already")
        assert typist.end() == 1
    assert (fresh.folder / "stick" / "response.jsonl").read_bytes() == b"another's"
    assert events(last_transcript(fresh))[-1] == "refused"


# K07


def test_K07_a_clock_before_this_version_was_made_is_refused(tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        require_clock(home, RELEASED)
        with pytest.raises(HandsealError, match=r"clock: shows .* before this version was made"):
            require_clock(home, RELEASED - timedelta(seconds=1))


def test_K07_keys_are_neither_made_nor_used_then(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(fresh.folder.iterdir())
    with time_machine.travel(RELEASED - timedelta(days=1), tick=False):
        assert fresh.run("keygen", "--org", TTMA, "--use", "cosign", "--out", str(fresh.folder / "k"), "--online") == 1
        assert fresh.cosign("response.jsonl", *fresh.brought) == 1
        sign = ("--key", str(fresh.folder / "ttma.key"), "--online")
        assert fresh.run("trust", "sign", str(fresh.folder / "trust"), *sign) == 1
    assert capsys.readouterr().err.count("before this version was made") == 3
    assert [path for path in sorted(fresh.folder.iterdir()) if path.name != "home"] == before
    assert fresh.transcripts() == []


def test_K07_a_clock_before_the_last_ceremony_is_refused(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key, home = fresh.folder / "status.key", fresh.folder / "home"
    made = ["--home", str(home), "keygen", "--org", TTMA, "--use", "status", "--unattended", "--online", "--out"]
    later = RELEASED + timedelta(days=400)
    with time_machine.travel(later, tick=False):
        assert main([*made, str(key)]) == 0
    with time_machine.travel(later - timedelta(seconds=1), tick=False):
        assert main([*made, f"{key}.second"]) == 1
        assert fresh.cosign("response.jsonl", *fresh.brought) == 1
    assert capsys.readouterr().err.count("but the last ceremony here was at") == 2
    assert not Path(f"{key}.second").exists()
    with time_machine.travel(later, tick=False):
        assert main([*made, f"{key}.second"]) == 0


def test_K07_the_day_this_version_was_made_is_its_sources_own() -> None:
    """Not after the newest change, and not so long before it that it guards nothing; moved on with each release."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[\d[^]]*\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    if released:
        assert f"{RELEASED:%Y-%m-%d}" == max(released)
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("the history is not here")
    told = subprocess.run(
        [git, "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, check=True, text=True
    ).stdout
    newest = datetime.fromtimestamp(int(told), UTC)
    assert newest - timedelta(days=180) <= RELEASED <= newest
