"""Whoever is handed a transcript can check it, ask whose it is, and print it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.cli import main
from keys.encoding import digest_words, sri
from keys.paper_cli import read_transcript
from keys.possession import PublicKeyFile
from tests.keys.desk import Desk, make_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A body that wrote a status list, and its transcript."""
    made = make_desk(tmp_path_factory.mktemp("desk"), real_key=False)
    assert made.run("status", *made.secret, *made.brought, "--out", str(made.folder / "list.jwt")) == 0
    return made


def verify(desk: Desk, *more: str) -> int:
    return main(["transcript", "verify", str(desk.transcripts()[0]), *more])


def key_of(desk: Desk) -> PublicKeyFile:
    return read_transcript(desk.transcripts()[0]).key


def test_it_is_checked_and_told_whose_words_to_compare(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(desk) == 0
    told = capsys.readouterr()
    assert f"closed by {key_of(desk).kid}" in told.out
    assert f"is this the key you expect? its words: {' '.join(digest_words(key_of(desk).digest))}" in told.err
    assert verify(desk, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["digest"] == sri(read_transcript(desk.transcripts()[0]).digest)
    assert shown["lines"][0]["event"] == "opened"


def test_whose_it_must_be_can_be_said(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public, words = desk.folder / "ttma.key.pub.json", " ".join(digest_words(key_of(desk).digest))
    assert verify(desk, "--key", str(public), "--words", words) == 0
    assert "is this the key you expect?" not in capsys.readouterr().err
    other = make_desk(tmp_path).folder / "ttma.key.pub.json"
    assert verify(desk, "--key", str(other)) == 1
    assert "was closed by" in capsys.readouterr().err
    assert verify(desk, "--words", "abandon " * 12) == 1
    assert "a key with other words" in capsys.readouterr().err


def test_a_record_is_printed_again_and_of_a_whole_transcript_alone(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = desk.transcripts()[0]
    out = tmp_path / "record.html"
    assert main(["transcript", "record", str(written), "--out", str(out)]) == 0
    assert out.read_bytes() == (desk.folder / "home" / "records" / f"{written.stem}.html").read_bytes()
    assert main(["transcript", "record", str(written), "--out", str(out)]) == 1
    cut = tmp_path / written.name
    cut.write_bytes(b"".join(written.read_bytes().splitlines(keepends=True)[:-1]))
    assert main(["transcript", "record", str(cut), "--out", str(tmp_path / "cut.html")]) == 1
    assert "its last line is missing" in capsys.readouterr().err
    assert not (tmp_path / "cut.html").exists()
