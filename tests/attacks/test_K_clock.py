"""K07, R03: a clock that was ahead once is set right in the open, and nothing but the time is forgotten for it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from keys import RELEASED
from keys.clock_cli import require_set_back
from keys.encoding import format_time
from keys.errors import ConfigurationError, HandsealError
from keys.home import Home
from keys.offline_cli import confirm_date
from keys.paper_cli import read_transcript
from keys.transcript import Transcript
from keys.trust_edit import found, propose, root_digest
from keys.trust_folder_cli import write_folder
from tests.attacks.sitting import events, last_transcript
from tests.keys.desk import NOW, Desk, make_desk
from tests.keys.trust_holders import LIST, after, holders, signed

AHEAD = NOW + timedelta(days=30)
TODAY = f"{NOW:%Y-%m-%d}"


@pytest.fixture
def ahead(tmp_path: Path) -> Desk:
    """A body that co-signed while its clock was a month ahead, and has it right now."""
    desk = make_desk(tmp_path, real_key=False)
    with time_machine.travel(AHEAD, tick=False):
        assert desk.cosign("ahead.jsonl", *desk.brought) == 0
    return desk


def set_back(desk: Desk, date: str = TODAY) -> int:
    with time_machine.travel(NOW, tick=False):
        return desk.run("clock", *desk.secret, "--confirm", date)


def status(desk: Desk, name: str) -> int:
    with time_machine.travel(NOW, tick=False):
        return desk.run("status", *desk.secret, "--out", str(desk.folder / name))


def test_K07_a_clock_that_was_ahead_is_set_right_in_the_open(ahead: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with Home(ahead.folder / "home") as home:
        before = {name: home.note(name) for name in ("trust", "root", "owner")}
        count = len(list(home.signed()))
    assert status(ahead, "blocked.jwt") == 1
    assert "if it is right and was ahead then: handseal-ceremony clock" in capsys.readouterr().err
    assert set_back(ahead) == 0
    assert f"co-signatures dated ahead: {count};" in capsys.readouterr().err
    lines = {line.event: line.details for line in read_transcript(last_transcript(ahead)).lines}
    assert lines["opened"]["remembered"] == format_time(AHEAD)
    assert lines["date-confirmed"] == {"date": TODAY}
    assert lines["clock-set-back"] == {"ahead": str(count)}
    assert status(ahead, "fresh.jwt") == 0
    with Home(ahead.folder / "home") as home:
        assert {name: home.note(name) for name in before} == before
        assert len(list(home.signed())) == count


def test_K07_the_time_stays_where_the_date_is_another(ahead: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_back(ahead, f"{NOW - timedelta(days=1):%Y-%m-%d}") == 1
    assert "date: is not that of this machine's clock" in capsys.readouterr().err
    assert events(last_transcript(ahead)) == ["opened", "date-wrong", "refused"]
    assert status(ahead, "blocked.jwt") == 1


def test_K07_the_time_stays_where_the_key_does_not_open(ahead: Desk) -> None:
    (ahead.folder / "passphrase").write_text("another one\n")
    assert set_back(ahead) == 1
    (ahead.folder / "passphrase").write_text("six random words would be better\n")
    assert status(ahead, "blocked.jwt") == 1


def test_K07_the_date_is_asked_for_three_times_and_each_answer_recorded() -> None:
    lines: list[bytes] = []
    transcript, asked = Transcript(lines.append, lambda: NOW), list[str]()

    def answer(question: str) -> str:
        asked.append(question)
        return ["", TODAY, "yesterday"][min(len(asked), 3) - 1]

    confirm_date(NOW, None, transcript, answer)
    with pytest.raises(HandsealError, match="date: is not that of this machine's clock"):
        confirm_date(NOW, None, transcript, answer)
    assert [json.loads(line)["event"] for line in lines] == ["date-wrong", "date-confirmed", *["date-wrong"] * 3]
    assert not any(TODAY in question for question in asked)
    with pytest.raises(ConfigurationError, match="there is no terminal"):
        confirm_date(NOW, None, transcript)


def test_K07_nothing_is_set_back_that_is_not_ahead(ahead: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_back(ahead) == 0
    assert set_back(ahead) == 1
    assert "there is nothing to set back" in capsys.readouterr().err


def test_K07_only_the_body_of_the_folder_sets_it_back(ahead: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    other = f"{ahead.trust.list.organisations[0].id}-other"
    with Home(ahead.folder / "home") as home:
        home.remember("owner", other)
    assert set_back(ahead) == 1
    assert f"belongs to {other}" in capsys.readouterr().err


def test_K07_R03_it_goes_back_neither_before_this_version_nor_before_the_newest_list(tmp_path: Path) -> None:
    issued = RELEASED + timedelta(days=10)
    first = signed(found(LIST, holders()))
    second = signed(propose(first, after(LIST, issued)))
    for name, files in (("first", first), ("second", second)):
        write_folder(tmp_path / name, files)
    with Home(tmp_path / "home") as home:
        with pytest.raises(HandsealError, match="is not before the last ceremony here"):
            require_set_back(home, issued)
        home.remember("clock", format_time(issued + timedelta(days=1)))
        require_set_back(home, RELEASED)
        with pytest.raises(HandsealError, match="before this version was made"):
            require_set_back(home, RELEASED - timedelta(seconds=1))
        home.take_trust(tmp_path / "second", root_digest(first))
        with pytest.raises(HandsealError, match="but trust list 2, which is kept here, was issued"):
            require_set_back(home, issued - timedelta(seconds=1))
        require_set_back(home, issued)
        with pytest.raises(HandsealError, match="is older than version 2"):
            home.take_trust(tmp_path / "first", None)
