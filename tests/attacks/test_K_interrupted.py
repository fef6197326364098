"""K14: killed, unplugged or on a full disk, a ceremony leaves nothing half, and run again makes the same tokens."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from keys.errors import HandsealError
from keys.files import new_file
from keys.home import MAX_LOT
from keys.paper_cli import read_transcript
from tests.attacks.sitting import (
    PROMPT,
    answer,
    events,
    finish,
    kept,
    last_transcript,
    lay_table,
    outcome,
    rows,
    sit_down,
    until_words,
    words_of,
)
from tests.keys.desk import NOW, PASSPHRASE, WORDS, Desk
from tests.keys.partner import NAMES, TTMA, build_cores, build_request
from tests.keys.typist import Typist


@pytest.fixture
def fresh(tmp_path: Path) -> Desk:
    return lay_table(tmp_path)


@pytest.fixture
def large(fresh: Desk) -> Desk:
    """A request of more than two lots."""
    names = [f"Learner {number}" for number in range(2 * MAX_LOT + 100)]
    (fresh.folder / "request.jsonl").write_bytes(build_request(build_cores(names, now=NOW), created=NOW))
    return fresh


def test_K14_killed_at_the_words_nothing_was_signed(fresh: Desk) -> None:
    with sit_down(fresh) as typist:
        until_words(typist)
        typist.wait_for("as it is read aloud")
        typist.kill()
    assert (outcome(fresh), kept(fresh)) == ([], {})
    with pytest.raises(HandsealError, match="the ceremony was broken off"):
        read_transcript(last_transcript(fresh))
    assert len(finish(fresh)) == len(NAMES)


def test_K14_killed_at_the_passphrase_nothing_was_signed(fresh: Desk) -> None:
    with sit_down(fresh) as typist:
        until_words(typist)
        answer(typist, WORDS)
        typist.wait_for(PROMPT)
        typist.kill()
    assert (outcome(fresh), kept(fresh)) == ([], {})
    assert len(finish(fresh)) == len(NAMES)


def test_K14_killed_between_two_lots_the_same_tokens_come_out(large: Desk) -> None:
    with sit_down(large) as typist:
        until_words(typist)
        answer(typist, words_of(large))
        typist.wait_for(PROMPT)
        typist.type(PASSPHRASE)
        typist.watch(lambda: bool(kept(large)))
        typist.kill()
    before = kept(large)
    assert before
    assert set(before.values()) <= set(finish(large))
    assert len(kept(large)) == 2 * MAX_LOT + 100


def test_K14_killed_in_a_transaction_the_lot_is_not_there(fresh: Desk) -> None:
    """Another reader keeps the commit from happening, until the power fails."""
    with sit_down(fresh) as typist:
        until_words(typist)
        answer(typist, WORDS)
        typist.wait_for(PROMPT)
        reader = sqlite3.connect(fresh.folder / "home" / "state.sqlite3")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM endorsement").fetchone()
        typist.type(PASSPHRASE)
        journal = fresh.folder / "home" / "state.sqlite3-journal"
        typist.watch(journal.exists)
        typist.kill()
        reader.close()
    assert (outcome(fresh), kept(fresh)) == ([], {})
    assert len(finish(fresh)) == len(NAMES)


def test_K14_what_a_killed_run_left_is_said_and_kept(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    place = fresh.folder / "stick"
    child = os.fork()
    if child == 0:
        with new_file(place / "response.jsonl") as stream:
            stream.write(b"half of it")
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (left,) = place.iterdir()
    names = (f"{left.name}.part", ".list.jwt.0123456789ab.part", ".response.jsonl.mine.part")
    others = [place / name for name in names]
    for other in others:
        other.write_bytes(b"somebody else's")
    assert fresh.cosign("stick/response.jsonl", *fresh.brought) == 0
    said = capsys.readouterr().err
    assert said.count(f"{left}: is left of a run that was broken off") == 1
    assert not any(f"{other}:" in said for other in others)
    assert left.read_bytes() == b"half of it"
    (place / "response.jsonl").unlink()
    finish(fresh)
    assert capsys.readouterr().err.count(f"{left}: is left of a run") == 1


def test_K14_every_command_says_what_was_left_of_its_output(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert fresh.cosign("response.jsonl", *fresh.brought) == 0
    request = str(fresh.folder / "request.jsonl")
    for output, named in (
        ("new.key.pub.json", ("keygen", "--org", TTMA, "--use", "status", "--unattended", "--online")),
        ("list.jwt", ("status", *fresh.secret)),
        ("withdrawn.jwt", ("withdraw", "--request", request, *fresh.secret, "--confirm", str(len(NAMES)))),
    ):
        left = fresh.folder / f".{output}.0123456789ab.part"
        left.write_bytes(b"")
        assert fresh.run(*named, "--out", str(fresh.folder / output.removesuffix(".pub.json"))) == 0
        assert capsys.readouterr().err.count(f"{left}: is left of a run that was broken off") == 1


def test_K14_killed_as_the_response_appears_it_is_whole(large: Desk) -> None:
    response = large.folder / "stick" / "response.jsonl"
    with sit_down(large) as typist:
        until_words(typist)
        answer(typist, words_of(large))
        typist.wait_for(PROMPT)
        typist.type(PASSPHRASE)
        typist.watch(response.exists)
        typist.kill()
    tokens = large.tokens("stick/response.jsonl")
    assert tokens == [kept(large)[row.digest] for row in rows(large)]
    response.unlink()
    (large.folder / "record.html").unlink(missing_ok=True)
    assert finish(large) == tokens


def test_K14_a_stick_pulled_before_the_response_leaves_nothing(fresh: Desk) -> None:
    with sit_down(fresh) as typist:
        until_words(typist)
        answer(typist, WORDS)
        typist.wait_for(PROMPT)
        (fresh.folder / "stick").rmdir()
        typist.type(PASSPHRASE)
        typist.wait_for("response.jsonl: No such file or directory")
        assert typist.end() == 1
    assert events(last_transcript(fresh))[-1] == "refused"
    (fresh.folder / "stick").mkdir()
    before = kept(fresh)
    assert set(finish(fresh)) >= set(before.values())


def run_unasked(desk: Desk, **circumstances: Any) -> str:
    """The planned ceremony with everything given, where the disk is full: what it said, as it was refused."""
    arguments = ["--home", "home", "run", "cosign.toml", "--online", "--confirm", " ".join(WORDS)]
    arguments += ["--passphrase-file", "passphrase"]
    with Typist(arguments, folder=desk.folder, **circumstances) as typist:
        for line in ("", "", "a"):
            typist.type(line)
        assert typist.end() == 1
        assert "Traceback" not in typist.screen
        return typist.screen


@pytest.mark.parametrize("limit", [2048, 20_480, 40_960])
def test_K14_a_full_disk_under_the_state_folder_leaves_nothing_half(fresh: Desk, limit: int) -> None:
    """No file grows beyond `limit`: too few bytes for the tables, for the trust list, for the endorsements."""

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    assert re.search(r"handseal-ceremony: .*home: (disk I/O error|.* full)", run_unasked(fresh, before=fill))
    assert (outcome(fresh), kept(fresh)) == ([], {})
    assert not list(fresh.folder.rglob("*.part"))
    assert len(finish(fresh)) == len(NAMES)


SMALL_STICK = 'mount -t tmpfs -o size=$0 none stick && { "$@"; code=$?; echo "left: $(ls -A stick)."; exit $code; }'


@pytest.fixture
def own_mounts() -> tuple[str, ...]:
    """What gives a process mounts of its own, so that a test may plug in a small stick."""
    within = ("unshare", "--map-root-user", "--mount")
    if shutil.which("unshare") is None or subprocess.run([*within, "mount", "-t", "tmpfs", "none", "/mnt"]).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    return (*within, "sh", "-c", SMALL_STICK)


def test_K14_a_full_stick_takes_no_half_response(fresh: Desk, own_mounts: tuple[str, ...]) -> None:
    said = run_unasked(fresh, within=(*own_mounts, "8k"))
    assert "stick/response.jsonl: No space left on device" in said
    assert "left: ." in said
    before = kept(fresh)
    assert finish(fresh) == [before[row.digest] for row in rows(fresh)]


def test_K14_a_record_that_found_no_room_can_be_printed_later(fresh: Desk, own_mounts: tuple[str, ...]) -> None:
    plan = fresh.folder / "cosign.toml"
    plan.write_text(plan.read_text().replace("stick/response", "response").replace('"record', '"stick/record'))
    said = run_unasked(fresh, within=(*own_mounts, "8k"))
    assert "record: stick/record.html: No space left on device" in said
    assert "everything else is done: print it with `handseal-ceremony transcript record" in said
    assert "left: ." in said
    assert len(fresh.tokens("response.jsonl")) == len(NAMES)
    written = str(last_transcript(fresh))
    assert fresh.run("transcript", "record", written, "--out", str(fresh.folder / "stick" / "record.html")) == 0
    assert ">Ada<" in (fresh.folder / "stick" / "record.html").read_text("utf-8")


@pytest.mark.parametrize("end", [0.1, 0.5, 0.9])
def test_K14_a_response_cut_off_is_not_taken(fresh: Desk, end: float) -> None:
    finish(fresh)
    data = (fresh.folder / "stick" / "response.jsonl").read_bytes()
    (fresh.folder / "cut.jsonl").write_bytes(data[: int(len(data) * end)])
    with pytest.raises(HandsealError):
        fresh.tokens("cut.jsonl")
