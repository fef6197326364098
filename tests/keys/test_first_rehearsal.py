"""A newcomer's rehearsal: alone it ends with a co-signed cohort, at a terminal it asks what a ceremony asks."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keys.cli import main
from keys.response import ResponseReader
from tests.conftest import ROOT
from tests.keys.age import encrypt

PATIENCE = 120.0  # seconds for a whole rehearsal at a terminal; keys are opened in earnest there

PROMPT = re.compile(r"((Press Enter .+|word \d+, as it is read aloud|Which row is it\?): |q: stop -- )$")


@pytest.fixture(scope="module")
def practised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal") / "practice"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pyrage.passphrase.encrypt", encrypt)
        assert main(["rehearse", str(folder)]) == 0
    return folder


def test_it_ends_with_a_co_signed_cohort_without_the_stranger(practised: Path) -> None:
    with (practised / "association" / "response.jsonl").open("rb") as stream:
        assert len(list(ResponseReader(stream))) == 3


def test_every_ceremony_left_a_record_and_a_transcript_that_verifies(practised: Path) -> None:
    laptop = practised / "association"
    assert {path.name for path in laptop.glob("*-record.html")} == {
        "keygen-record.html",
        "trust-sign-record.html",
        "cosign-record.html",
    }
    transcripts = list((laptop / "state" / "transcripts").iterdir())
    assert len(transcripts) == 4
    for transcript in transcripts:
        assert main(["transcript", "verify", str(transcript)]) == 0


def test_the_trust_list_has_two_signatures(practised: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laptop = practised / "association"
    root = re.findall(r'root = "([0-9a-f]{64})"', (laptop / "cosign.toml").read_text())[0]
    assert main(["trust", "show", str(laptop / "draft"), "--root", root]) == 0
    assert "Massage Association (rehearsal)" in capsys.readouterr().out


def test_everything_is_marked_as_a_rehearsal(practised: Path) -> None:
    assert "proves nothing" in (practised / "REHEARSAL.txt").read_text()
    assert (practised / ".gitignore").read_text() == "*\n"
    for path in (practised / "association").glob("*.toml"):
        assert "rehearsal" in path.read_text(), path


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    assert main(["rehearse", str(tmp_path / "mine"), "--yes"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert list((tmp_path / "mine").iterdir()) == []


class Newcomer:
    """Somebody at a terminal who types what the screen asks for, from the words on the paper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = ""
        self.typed: list[str] = []

    def answer(self, asked: str) -> str:
        if word := re.search(r"word (\d+), as it is read aloud: $", asked):
            if not self.typed.count("wrong"):
                return "wrong"
            paper = (self.folder / "paper.txt").read_text()
            return re.findall(rf"\b{word[1]} ([a-z]+)", paper)[0]
        if asked.endswith("Which row is it?: "):
            return re.findall(r"row (\d+): not on the roster", self.seen)[-1]
        return "a" if "Enter: go on, a: all the rest" in asked else ""

    def rehearse(self) -> int:
        mine, theirs = pty.openpty()
        command = [sys.executable, "-m", "keys", "rehearse", str(self.folder)]
        child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, close_fds=True)
        os.close(theirs)
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                if not self._read(mine):
                    return child.wait(timeout=10)
                last = self.seen.rpartition("\n")[2].lstrip("\r")
                if PROMPT.search(last):
                    self.typed.append(self.answer(last))
                    os.write(mine, f"{self.typed[-1]}\n".encode())
        finally:
            child.kill()
            child.wait()
            os.close(mine)
        raise AssertionError(f"the rehearsal did not end: {self.seen[-500:]}")

    def _read(self, terminal: int) -> bool:
        """What came within a moment; False once the other side is closed."""
        if not select.select([terminal], [], [], 0.5)[0]:
            return True
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)


def test_at_a_terminal_a_newcomer_types_the_words_and_may_err(tmp_path: Path) -> None:
    newcomer = Newcomer(tmp_path / "practice")
    assert newcomer.rehearse() == 0, newcomer.seen[-800:]
    assert "these are not the words" in newcomer.seen
    assert "Press Enter when this is done" in newcomer.seen
    assert newcomer.seen.rstrip().endswith("it is worth nothing.")
    assert (tmp_path / "practice" / "association" / "response.jsonl").exists()
