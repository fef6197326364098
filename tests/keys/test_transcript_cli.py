"""Whoever is handed a transcript can check it, ask whose it is, and print it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keys.algorithms import Algorithm, PrivateKey, generate_private_key, sign
from keys.aloud import word_rows
from keys.cli import main
from keys.encoding import digest_words, sri
from keys.errors import HandsealError
from keys.guide_cli import Guide
from keys.home import Home
from keys.offline_cli import ceremony_transcript
from keys.paper_cli import read_transcript
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from tests.keys.desk import NOW, Desk, make_desk
from tests.keys.partner import TTMA


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
    rows = "\n".join(word_rows(digest_words(key_of(desk).digest)))
    assert f"is this the key you expect? its words:\n{rows}\n" in told.err
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


def test_what_fails_after_the_last_line_adds_none_to_it(tmp_path: Path) -> None:
    key = generate_private_key(Algorithm.ES256)
    public = prove_possession(key, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    with Home(tmp_path / "home") as home:
        with pytest.raises(HandsealError, match="the stick is gone"), fails_late(home, public, key):
            pass
        (written,) = home.transcripts.iterdir()
        assert [line.event for line in read_transcript(written).lines] == ["opened", "closed"]
        assert home.note("clock") is None
        assert list(home.records.iterdir()) == []


@contextmanager
def fails_late(home: Home, public: PublicKeyFile, key: PrivateKey) -> Iterator[None]:
    """A ceremony whose output is lost behind its last line."""
    with ceremony_transcript(home, "split", guide=Guide()) as transcript:
        transcript.close(public, lambda message: sign(key, message))
        yield
        raise HandsealError("the stick is gone")
