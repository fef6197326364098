"""The program from key to response, as an officer runs it; what it refuses leaves no file."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from keys.aloud import word_rows
from keys.cli import main
from keys.cosignature import open_cosignature
from keys.encoding import canonical
from keys.errors import ConfigurationError, HandsealError
from keys.keyfile import create_key, public_path, read_public_key
from keys.offline_cli import confirm_words
from keys.possession import KeyUse, prove_possession
from keys.request import RequestReader
from keys.status import open_status_list
from keys.transcript import Transcript, verify_transcript
from tests.keys.desk import NOW, REQUEST, WORDS, Desk, make_desk
from tests.keys.partner import FOUNDED, KEYS, NAMES, SITE, TTMA, build_cores, build_request
from tests.keys.trust_site import write_trust

LIST = f"{SITE}/status/ttma/revocation/1"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One key made by the program for all tests: making and opening one takes a second."""
    return make_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def fresh(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """The same key in a folder of its own, with no state yet."""
    for name in ("ttma.key", "ttma.key.pub.json", "passphrase", "request.jsonl"):
        (tmp_path / name).write_bytes((desk.folder / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    write_trust(tmp_path / "trust", {path.name: path.read_bytes() for path in (desk.folder / "trust").iterdir()})
    yield Desk(tmp_path, desk.root, desk.trust)
    assert not list(tmp_path.glob("*.part"))


def test_a_body_cosigns_withdraws_and_remembers(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert fresh.cosign("response.jsonl", *fresh.brought, "--exclude", "3", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["excluded"] == [3]
    assert all(name in told.err for name in NAMES)
    assert not any(row in told.err for row in word_rows(WORDS))
    rows = [row for row in RequestReader(io.BytesIO(REQUEST)) if row.number != 3]
    tokens = fresh.tokens("response.jsonl")
    for row, token in zip(rows, tokens, strict=True):
        assert open_cosignature(token, row.core, row.digest, fresh.trust, "token")
    assert fresh.cosign("again.jsonl", "--exclude", "3") == 0  # the trust list is remembered
    assert fresh.tokens("again.jsonl") == tokens

    gone = rows[0].core.id
    capsys.readouterr()
    where = ("--out", str(fresh.folder / "list.jwt"))
    assert fresh.run("withdraw", gone, "--confirm", "1", *fresh.secret, *where, "--json") == 0
    assert json.loads(capsys.readouterr().out)["withdrawn"] == [gone]
    opened = open_status_list(Path(where[1]).read_bytes(), LIST, trust=fresh.trust, now=datetime.now(UTC))
    assert sum(byte.bit_count() for byte in opened.bits) == 1
    assert fresh.run("status", *fresh.secret, "--out", str(fresh.folder / "later.jwt")) == 0
    later = open_status_list((fresh.folder / "later.jwt").read_bytes(), LIST, trust=fresh.trust, now=datetime.now(UTC))
    assert later.bits == opened.bits

    capsys.readouterr()
    assert fresh.run("history", "--json") == 0
    told_history = json.loads(capsys.readouterr().out)
    assert [entry["count"] for entry in told_history["requests"]] == [4]
    withdrawn = {entry["id"]: entry["withdrawn"] for entry in told_history["certificates"]}
    assert [identity for identity, moment in withdrawn.items() if moment] == [gone]
    assert fresh.run("history") == 0
    assert f"{gone}\twithdrawn " in capsys.readouterr().out

    for path in fresh.transcripts():
        assert main(["transcript", "verify", str(path)]) == 0
    told_lines = capsys.readouterr().out
    assert "network: --online: " in told_lines or "network: none" in told_lines
    assert told_lines.count("closed by ") == 4


def test_keygen_writes_both_halves_and_a_closed_transcript(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    shown = read_public_key(desk.folder / "ttma.key.pub.json")
    assert (shown.organisation, shown.use) == (TTMA, KeyUse.COSIGN)
    assert (desk.folder / "ttma.key").stat().st_mode & 0o777 == 0o600
    made = next(path for path in desk.transcripts() if "keygen" in path.name)
    closed = verify_transcript(made.read_bytes().splitlines(keepends=True), "transcript")
    assert closed.key.kid == shown.kid
    assert main(["transcript", "verify", str(made), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], [line["event"] for line in told["lines"]]) == (shown.kid, ["opened", "made", "closed"])


@pytest.mark.parametrize(("arguments", "shown"), [(["-h"], "Usage: handseal-ceremony "), (["history", "-h"], "--home")])
def test_help_has_a_short_form(arguments: list[str], shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert shown in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"handseal-ceremony, version {version('handseal')}\n"


def test_keygen_makes_an_unattended_status_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, home = str(tmp_path / "status.key"), ["--home", str(tmp_path / "home"), "--online"]
    assert main(["keygen", "--org", TTMA, "--use", "status", "--out", key, "--unattended", "--json", *home]) == 0
    told = json.loads(capsys.readouterr().out)
    shown = read_public_key(Path(told["public"]))
    assert (told["kid"], told["fingerprint"]) == (shown.kid, shown.digest.hex())
    assert len(told["words"].split()) == 12
    assert main(["keygen", "--org", TTMA, "--use", "status", "--out", key, "--unattended", *home]) == 1
    assert main(["keygen", "--org", TTMA, "--use", "cosign", "--out", f"{key}2", "--unattended", *home]) == 2
    assert main(["keygen", "--org", "ttma", "--use", "status", "--out", f"{key}2", "--unattended", *home]) == 1
    assert not Path(f"{key}2").exists()


def test_review_shows_every_row_and_needs_no_key(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(desk.folder / "request.jsonl")]) == 0
    told = capsys.readouterr().out
    rows = re.findall(r"^  row (\d): (.*)$", told.split("Rows:\n")[1], flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 1 + len(NAMES)))
    assert sorted(name for _, name in rows) == sorted(NAMES)
    assert "    result: Theory quiz: 92 %\n    result: Live check: Competent\n" in told
    assert re.findall(r"^  words: (.*)$", told, flags=re.MULTILINE) == list(word_rows(WORDS))
    assert "outcome screen, by touch (en): Screen a client" in told
    assert "title (th): พื้นฐานการนวด" in told
    assert "The same name more than once" in told


def test_review_of_three_hundred_names_shortens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"Learner {number} {'x' * 200}" for number in range(300)]
    (tmp_path / "r.jsonl").write_bytes(build_request(build_cores(names, now=NOW)))
    assert main(["review", str(tmp_path / "r.jsonl"), "--export", str(tmp_path / "rows.csv")]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in names)
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == set(names)


def test_review_compares_with_a_roster_and_still_ends_well(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nAda Lovelace\nAda Lovelace\nสมชาย ใจดี\nJose Alvarez\nCharles Babbage\n", encoding="utf-8")
    request = str(desk.folder / "request.jsonl")
    assert main(["review", request, "--roster", str(roster), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted((d["kind"], d["rosterRow"] or 0) for d in told["differences"]) == [
        ("not-in-the-request", 6),
        ("not-on-the-roster", 0),
        ("spelt-differently", 5),
    ]
    assert told["words"] == list(WORDS)
    assert main(["review", request, "--roster", str(roster)]) == 0
    shown = capsys.readouterr().out
    assert "\n  not in the request: Charles Babbage\n" in shown
    assert re.search(r"\n  row \d: not on the roster: 王小明\n", shown)
    assert re.search(r"\n  row \d: spelt differently: José Álvarez.*: is Jose Alvarez on the roster\n", shown)


def test_K19_cosign_stops_at_differences_from_the_roster(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    roster = fresh.folder / "roster.csv"
    roster.write_text("name\nAda Lovelace\nAda Lovelace\n", encoding="utf-8")
    assert fresh.cosign("response.jsonl", *fresh.brought, "--roster", str(roster)) == 1
    assert "roster: differs in rows" in capsys.readouterr().err
    assert not (fresh.folder / "response.jsonl").exists()
    last = fresh.transcripts()[-1].read_text("utf-8").splitlines()[-1]
    assert '"event":"refused"' in last


def test_K02_wrong_words_sign_nothing_and_are_recorded(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = " ".join((*WORDS[:11], "zoo" if WORDS[11] != "zoo" else "zone"))
    assert fresh.cosign("response.jsonl", *fresh.brought, "--confirm", wrong) == 1
    assert "words: are not those that were read" in capsys.readouterr().err
    assert '"event":"words-wrong"' in fresh.transcripts()[-1].read_text("utf-8")
    assert not (fresh.folder / "response.jsonl").exists()


def test_K02_three_words_are_asked_three_times() -> None:
    right = {f"word {number}": f" {word.upper()} " for number, word in enumerate(WORDS, start=1)}
    lines: list[bytes] = []
    confirm_words(WORDS, None, Transcript(lines.append, lambda: NOW), ask=right.__getitem__)
    assert [b"words-confirmed" in line for line in lines] == [True]
    with pytest.raises(HandsealError, match="wrong 3 times"):
        confirm_words(WORDS, None, Transcript(lines.append, lambda: NOW), ask=lambda question: "no")
    assert [b"words-wrong" in line for line in lines] == [False, True, True, True]


def test_K02_without_a_terminal_the_words_are_given_as_an_option() -> None:
    with pytest.raises(ConfigurationError, match="there is no terminal"):
        confirm_words(WORDS, None, Transcript(lambda line: None, lambda: NOW))


def test_a_trust_list_is_needed_once(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert fresh.cosign("response.jsonl") == 2
    assert "--trust DIR --root HEX" in capsys.readouterr().err
    assert fresh.cosign("response.jsonl", "--root", fresh.root) == 2
    assert "--root: goes with --trust DIR" in capsys.readouterr().err
    assert fresh.cosign("response.jsonl", "--trust", str(fresh.folder / "trust"), "--root", "0" * 64) == 1


def test_K08_a_key_of_another_use_or_unknown_is_refused(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key = fresh.folder / "other.key"
    create_key(key, organisation=TTMA, use=KeyUse.STATUS, passphrase=None, created=NOW)
    arguments = ["--key", str(key), "--online", "--out", str(fresh.folder / "list.jwt"), *fresh.brought]
    assert fresh.run("status", *arguments) == 1
    assert "is not in trust list 1" in capsys.readouterr().err


def test_a_key_that_signs_certificates_does_not_lie_unencrypted(
    fresh: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    key = fresh.folder / "plain.key"
    create_key(key, organisation=TTMA, use=KeyUse.STATUS, passphrase=None, created=NOW)
    public_path(key).unlink()
    (fresh.folder / "ttma.key").unlink()
    key.rename(fresh.folder / "ttma.key")
    assert fresh.run("status", *fresh.secret, "--out", str(fresh.folder / "list.jwt"), *fresh.brought) == 1
    assert "lies unencrypted" in capsys.readouterr().err


def test_the_public_half_must_be_there_and_be_the_keys(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    public = fresh.folder / "ttma.key.pub.json"
    data = public.read_bytes()
    public.unlink()
    assert fresh.cosign("response.jsonl", *fresh.brought) == 2
    public.write_bytes(data.replace(b'"cosign"', b'"status"'))
    assert fresh.cosign("response.jsonl", *fresh.brought) == 1
    public.unlink()
    shown = prove_possession(KEYS[TTMA]._key, organisation=TTMA, use=KeyUse.COSIGN, created=FOUNDED)
    public.write_bytes(canonical(shown))
    assert fresh.cosign("response.jsonl", *fresh.brought) == 1
    assert "is not in trust list 1" in capsys.readouterr().err


def test_withdraw_takes_ids_or_a_request_not_both_nor_neither(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(fresh.folder / "list.jwt")]
    assert fresh.run("withdraw", *fresh.secret, *out) == 2
    both = ["urn:uuid:x", "--request", str(fresh.folder / "request.jsonl")]
    assert fresh.run("withdraw", *both, *fresh.secret, *out) == 2
    assert capsys.readouterr().err.count("name certificates, or --request FILE, or --list FILE") == 2
    assert fresh.run("withdraw", "urn:uuid:x", *fresh.secret, *out, *fresh.brought) == 1
    assert not (fresh.folder / "list.jwt").exists()


@pytest.mark.parametrize(
    "command", ["keygen", "review", "cosign", "withdraw", "status", "history", "transcript verify"]
)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    assert f"handseal-ceremony {command} " in capsys.readouterr().out.partition("\n")[2]


@pytest.mark.parametrize(
    "arguments", [[], ["cosign"], ["review", "/nowhere"], ["sign"], ["keygen", "--use", "all"], ["review", "--colour"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_the_state_folder_has_its_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["history"]) == 0
    assert (tmp_path / "handseal-ceremony" / "state.sqlite3").exists()
