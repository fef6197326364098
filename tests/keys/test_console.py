"""At a terminal: exit codes, messages of one form, escaped text, passphrases from a prompt or a file of one's own."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click
import pytest
from hypothesis import given, strategies as st

from keys import console
from keys.errors import ConfigurationError, HandsealError, UndecidedError
from tests.keys.keyboard import sit_down


def run(fault: BaseException | None, *arguments: str) -> int:
    @click.group()
    def group() -> None:
        """A program."""

    @group.command()
    @click.option("--count", type=int)
    def act(count: int | None) -> int:
        if fault:
            raise fault
        console.print_json({"count": count, "name": "สมชาย"})
        return 7

    return console.run("handseal", group, list(arguments) or ["act"])


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (HandsealError("f"), 1),
        (ConfigurationError("f"), 2),
        (UndecidedError("f"), 3),
        (click.exceptions.Exit(3), 3),
        (click.Abort(), 1),
        (click.UsageError("f"), 2),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 1),
        (KeyboardInterrupt(), 1),
        (None, 0),
    ],
)
def test_exit_codes(fault: BaseException | None, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fault) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert bool(captured.out) == (fault is None)


@pytest.mark.parametrize("arguments", [("nothing",), ("act", "--count", "x"), ("act", "--other"), ("act", "extra")])
def test_wrong_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("handseal: ")
    assert "\nhint: handseal " in err


def test_help_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None, "--help") == 0
    assert "A program." in capsys.readouterr().out


def test_messages_are_program_place_fault_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    run(HandsealError("row 7: name: is empty", hint="write a name"))
    assert capsys.readouterr().err == "handseal: row 7: name: is empty\nhint: write a name\n"
    run(OSError(errno.ENOSPC, "No space left on device", "certificates/x.pdf"))
    assert capsys.readouterr().err == "handseal: certificates/x.pdf: No space left on device\n"


def test_a_closed_pipe_is_quiet_and_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(BrokenPipeError()) == 3
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert run(None) == 3
        stdout.write("the interpreter flushes it once more as it ends")
        stdout.flush()
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_no_verdict_either(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert run(None) == 3
        assert run(OSError(errno.EIO, "Input/output error")) == 3  # nothing is left in a stream that does not buffer
    told = capsys.readouterr().err
    assert told == "handseal: output: No space left on device\nhandseal: output: Input/output error\n"


def test_without_standard_streams_the_code_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert run(None) == 0
    assert run(HandsealError("f")) == 1


@pytest.mark.parametrize(("encoding", "shown"), [("latin-1", b'"\\u0e2a\\u0e21'), ("utf-8", '"สม'.encode())])
def test_a_terminal_without_the_letters_of_a_name_shows_their_codes(
    encoding: str, shown: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert run(None) == 0
    assert shown in written.getvalue()


def test_text_written_without_click_can_be_shown_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    @click.command()
    def act() -> None:
        sys.stdout.write("สม")

    assert console.run("handseal", act, []) == 0
    assert written.getvalue() == b"\\u0e2a\\u0e21"


def test_an_error_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Somchai สมชาย ปิ่นทอง José", "Somchai สมชาย ปิ่นทอง José"),
        ("\x1b[2J\x1b]8;;http://evil\x07x", "\\u{1b}[2J\\u{1b}]8;;http://evil\\u{7}x"),
        ("a\r\nb\tc\0", "a\\u{d}\\u{a}b\\u{9}c\\u{0}"),
        ("\u202eabc\u2066\u200b\x9b", "\\u{202e}abc\\u{2066}\\u{200b}\\u{9b}"),
        ("\ud800", "\\u{d800}"),
    ],
)
def test_I11_text_is_escaped(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.escape(text) == shown
    run(HandsealError(text, hint=text))
    assert capsys.readouterr().err == f"handseal: {shown}\nhint: {shown}\n"


@given(st.text())
def test_what_is_escaped_can_be_printed(text: str) -> None:
    shown = console.escape(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()


def test_results_go_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.talk("one moment")
    console.print_json([{"name": "สมชาย"}])
    out, err = capsys.readouterr()
    assert (json.loads(out), "สมชาย" in out, err) == ([{"name": "สมชาย"}], True, "one moment\n")


# -- passphrases ----------------------------------------------------------------------------------------------------


def secret(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "passphrase"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("data", "passphrase"),
    [
        (b"correct horse", "correct horse"),
        (b"correct horse\n", "correct horse"),
        (b"correct horse\r\nsecond line\n", "correct horse"),
        (" ปิ่น ".encode(), " ปิ่น "),
    ],
)
def test_a_passphrase_file(tmp_path: Path, data: bytes, passphrase: str) -> None:
    assert console.read_passphrase("Passphrase", secret(tmp_path, data)) == passphrase


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_I12_a_passphrase_file_is_ones_own(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigurationError, match="may be read by others"):
        console.read_passphrase("Passphrase", secret(tmp_path, b"x", mode))


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\nx", b"\xff"])
def test_what_is_no_passphrase(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        console.read_passphrase("Passphrase", secret(tmp_path, data))


def test_a_passphrase_file_is_small_and_there(tmp_path: Path) -> None:
    with pytest.raises(HandsealError, match="larger"):
        console.read_passphrase("Passphrase", secret(tmp_path, b"x" * 4097))
    with pytest.raises(ConfigurationError):
        console.read_passphrase("Passphrase", tmp_path / "missing")


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    with pytest.raises(ConfigurationError, match="no terminal") as fault:
        console.read_passphrase("Passphrase", None)
    assert "--passphrase-file" in fault.value.hint


@given(st.text(st.characters()))
def test_json_moves_no_cursor_and_can_always_be_written(text: str) -> None:
    stream = io.StringIO()
    with redirect_stdout(stream):
        console.print_json({"source": text})
    printed = stream.getvalue()
    assert json.loads(printed) == {"source": text}
    assert printed.replace("\n", "").isprintable()
    printed.encode("utf-8")


SHORT, LONG = "elevenchars", "twelve chars"


@pytest.mark.parametrize(("kept", "taken"), [(False, LONG), (True, SHORT)])
def test_a_short_passphrase_is_told_before_it_locks_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept: bool, taken: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("click.confirm", lambda question, **options: asked.append(question) or kept)
    typed = sit_down(monkeypatch, SHORT, LONG)
    assert console.new_passphrases("new passphrase") == taken
    assert capsys.readouterr().err.count("is soon guessed") == len(asked) == 1
    assert len(typed.asked) == (1 if kept else 2)


def test_a_short_passphrase_in_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.new_passphrases("new passphrase", [secret(tmp_path, f"{SHORT}\n".encode())]) == SHORT
    assert capsys.readouterr().err.count("is soon guessed") == 1
