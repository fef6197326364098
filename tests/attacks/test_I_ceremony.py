"""I10, I11, I12 for `handseal-ceremony`: nothing overwritten, nothing hidden on a terminal, no passphrase anywhere."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.cli import main
from keys.keyfile import open_key_file
from tests.keys.desk import NOW, PASSPHRASE, REQUEST, Desk, make_desk
from tests.keys.partner import TTMA, build_core, build_request

CONTROLS = ("\x1b[2J", "\x1b]8;;https://evil.example\x07", "\x9b1A", "\r", "\x08", "\u202e", "\u200b", "\u2066")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A machine whose key file need not open: what is refused here is refused before."""
    yield make_desk(tmp_path, real_key=False)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]


def commands(desk: Desk, out: Path) -> dict[str, list[str]]:
    request, place = str(desk.folder / "request.jsonl"), ["--out", str(out)]
    keygen = ["keygen", "--org", TTMA, "--use", "status", "--unattended", "--online"]
    return {
        "keygen": [*keygen, *place],
        "review": ["review", request, "--export", str(out)],
        "cosign": ["cosign", request, *desk.secret, *desk.brought, *place],
        "withdraw": ["withdraw", "urn:uuid:x", *desk.secret, *desk.brought, *place],
        "status": ["status", *desk.secret, *desk.brought, *place],
    }


COMMANDS = ("keygen", "review", "cosign", "withdraw", "status")


@pytest.mark.parametrize("command", COMMANDS)
def test_I10_an_output_that_exists_is_left_alone(desk: Desk, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = desk.folder / "out"
    out.write_text("mine")
    assert desk.run(*commands(desk, out)[command]) == 1
    assert out.read_text() == "mine"
    assert f"{out}: exists already" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_I10_an_output_that_is_a_symbolic_link_is_not_followed(desk: Desk, command: str, target: str) -> None:
    (desk.folder / "there").write_text("mine")
    out = desk.folder / "out"
    out.symlink_to(desk.folder / target)
    assert desk.run(*commands(desk, out)[command]) == 1
    assert (desk.folder / "there").read_text() == "mine"
    assert not (desk.folder / "nowhere").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_I10_an_output_that_is_a_folder_is_refused(desk: Desk, command: str) -> None:
    out = desk.folder / "out"
    out.mkdir()
    assert desk.run(*commands(desk, out)[command]) in {1, 2}
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("command", ["keygen", "review"])
def test_I10_an_output_in_a_folder_that_is_not_there_is_refused(desk: Desk, command: str) -> None:
    out = desk.folder / "no" / "out"
    assert desk.run(*commands(desk, out)[command]) == 1
    assert not out.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("command", COMMANDS)
def test_I10_an_output_of_another_owner_is_left_alone(desk: Desk, command: str) -> None:
    out = desk.folder / "out"
    out.write_text("theirs")
    os.chown(out, 12345, 12345)
    assert desk.run(*commands(desk, out)[command]) == 1
    assert (out.read_text(), out.stat().st_uid) == ("theirs", 12345)


@pytest.mark.parametrize("control", CONTROLS)
def test_I11_a_name_that_would_act_on_the_terminal_is_refused_and_shown_as_code(
    tmp_path: Path, control: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = tmp_path / "request.jsonl"
    request.write_bytes(build_request([build_core(1, f"Ada {control}Lovelace", now=NOW)]))
    assert main(["review", str(request)]) == 1
    told = capsys.readouterr()
    assert "request line 2: " in told.err
    assert told.out == ""
    assert control not in told.err


@pytest.mark.parametrize("control", CONTROLS)
def test_I11_a_file_name_or_a_roster_does_not_act_on_the_terminal(
    tmp_path: Path, control: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = tmp_path / f"a{control.replace('/', '')}b"
    hostile.write_bytes(b"{}\n")
    assert main(["review", str(hostile)]) == 1
    assert main(["transcript", "verify", str(hostile)]) == 1
    (tmp_path / "request.jsonl").write_bytes(REQUEST)
    assert main(["review", str(tmp_path / "request.jsonl"), "--roster", str(hostile)]) == 1
    hostile.write_text(f"name\nAda {control}\n", encoding="utf-8")
    main(["review", str(tmp_path / "request.jsonl"), "--roster", str(hostile)])
    told = capsys.readouterr()
    for stream in (told.out, told.err):
        assert not [c for c in stream if not c.isprintable() and c not in "\n\t"]


def test_I11_joiners_that_a_name_needs_are_shown_as_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = tmp_path / "request.jsonl"
    request.write_bytes(build_request([build_core(1, "\u0915\u094d\u200d\u0937", now=NOW)]))
    assert main(["review", str(request)]) == 0
    told = capsys.readouterr().out
    assert "\u0915\u094d\\u{200d}\u0937" in told


@pytest.mark.parametrize("option", ["--passphrase", "--password", "-p"])
@pytest.mark.parametrize("command", ["keygen", "cosign", "withdraw", "status"])
def test_I12_no_command_takes_a_passphrase_as_an_argument(
    desk: Desk, command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = commands(desk, desk.folder / "out")[command]
    assert desk.run(*arguments, f"{option}={PASSPHRASE}" if option != "-p" else f"-p{PASSPHRASE}") == 2
    assert not (desk.folder / "out").exists()
    assert PASSPHRASE not in capsys.readouterr().out


def test_I12_a_passphrase_in_the_environment_is_not_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PASSPHRASE", "HANDSEAL_PASSPHRASE", "HANDSEAL_CEREMONY_PASSPHRASE_FILE", "AGE_PASSPHRASE"):
        monkeypatch.setenv(name, str(desk.folder / "passphrase"))
    arguments = ["--key", str(desk.folder / "ttma.key"), "--online", "--out", str(desk.folder / "out")]
    assert desk.run("status", *arguments, *desk.brought) == 2
    assert "there is no terminal to ask on" in capsys.readouterr().err


def test_I12_a_passphrase_file_that_others_may_read_is_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.folder / "passphrase").chmod(0o644)
    assert desk.run("status", *desk.secret, *desk.brought, "--out", str(desk.folder / "out")) == 2
    assert "may be read by others" in capsys.readouterr().err


def test_I12_K10_neither_passphrase_nor_key_is_left_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = make_desk(tmp_path)
    assert desk.cosign("response.jsonl", *desk.brought) == 0
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    told = capsys.readouterr()
    number = open_key_file(desk.folder / "ttma.key", PASSPHRASE).private_numbers().private_value
    traces = [PASSPHRASE.encode(), number.to_bytes(32, "big"), f"{number:x}".encode(), b"PRIVATE KEY"]
    (desk.folder / "passphrase").unlink()
    written = [path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()]
    for text in (*written, told.out.encode(), told.err.encode()):
        assert not [trace for trace in traces if trace in text]
