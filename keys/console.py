"""What the three programs share at a terminal: exit codes, messages, escaped text, passphrases."""

from __future__ import annotations

import io
import json
import os
import resource
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from keys.errors import ConfigurationError, HandsealError, UndecidedError
from keys.files import read_bounded

_MAX_PASSPHRASE = 4096
_SHORT_PASSPHRASE = 12


def run(program: str, group: click.Command, arguments: list[str] | None = None) -> int:
    """Runs a program and returns its exit code; the only place that turns errors into messages.

    A command may end early with `click.exceptions.Exit(code)`; an int that it returns is ignored. An answer that could
    not be delivered, to a closed pipe or a full disk, is neither yes nor no: 3.
    """
    for stream in _text_streams():
        stream.reconfigure(errors="backslashreplace")  # a terminal without Thai letters shows a name's escapes
    try:
        code = _act(program, group, arguments)
        for stream in _text_streams():
            stream.flush()
    except OSError as fault:
        return _answer_lost(program, fault)
    return code


def _act(program: str, group: click.Command, arguments: list[str] | None) -> int:
    try:
        # Not group.main: it would swallow the exit code that a command ends with.
        with group.make_context(program, list(sys.argv[1:] if arguments is None else arguments)) as context:
            group.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return _complain(program, "stopped", "")
    except click.exceptions.NoArgsIsHelpError as fault:
        click.echo(fault.format_message(), err=True)
        return ConfigurationError.exit_code
    except click.UsageError as fault:
        hint = f"{program if fault.ctx is None else fault.ctx.command_path} --help"
        _complain(program, fault.format_message(), hint)
        return ConfigurationError.exit_code
    except HandsealError as fault:
        return complain(program, fault)
    except OSError as fault:
        if fault.filename is None:
            raise  # a stream, not a file: the answer
        return _complain(program, f"{fault.filename}: {fault.strerror or 'failed'}", "")
    except KeyboardInterrupt:
        return _complain(program, "stopped", "what was finished is kept; run the command again")
    return 0


def escape(text: str) -> str:
    """`text` for a terminal: what moves the cursor, colours, hides or turns the line is shown as code (I11)."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


def complain(program: str, fault: HandsealError) -> int:
    """Says what is wrong and what helps; the exit code that goes with it."""
    _complain(program, str(fault), fault.hint)
    return fault.exit_code


def talk(text: str = "") -> None:
    """A line for the person at the terminal, on standard error."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output; what a terminal would act on, or no UTF-8 can hold, as JSON's escapes."""
    plain = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in plain))


def read_passphrase(prompt: str, file: Path | None, *, confirm: bool = False) -> str:
    """From `--passphrase-file` (its first line; mode 0600) or a prompt; never from arguments or environment (I12)."""
    if file is None:
        if not sys.stdin.isatty():
            raise ConfigurationError("passphrase: there is no terminal to ask on", hint="use --passphrase-file FILE")
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
    data = read_bounded(file, _MAX_PASSPHRASE)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ConfigurationError(f"{file}: may be read by others", hint=f"chmod 600 {file}")
    try:
        passphrase = data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as fault:
        raise ConfigurationError(f"{file}: is not UTF-8") from fault
    if not passphrase:
        raise ConfigurationError(f"{file}: is empty")
    return passphrase


def ask_passphrases(prompt: str, files: Sequence[Path] = (), *, custodians: int = 1) -> str:
    """What opens a key: the passphrase of each custodian as `read_passphrase` has it, joined by one space.

    `files` holds a file for each custodian, or none, and then each is asked without the other looking on.
    """
    return " ".join(_each_passphrase(prompt, files, custodians, read_passphrase))


def new_passphrases(prompt: str, files: Sequence[Path] = (), *, custodians: int = 1) -> str:
    """As `ask_passphrases`, each asked twice; warns where one is short, and refuses one that two people share."""
    spoken = _each_passphrase(prompt, files, custodians, _new_passphrase)
    if len(set(spoken)) < custodians:
        raise ConfigurationError("passphrase: is the same for both custodians", hint="each thinks of one of their own")
    return " ".join(spoken)


def forbid_core_dumps() -> None:
    """A crash must not write a key to the disk (K10)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _new_passphrase(prompt: str, file: Path | None) -> str:
    """One that is still to lock something: whoever types a short one is told before it does, and may take another."""
    while True:
        spoken = read_passphrase(prompt, file, confirm=True)
        if len(spoken) >= _SHORT_PASSPHRASE:
            return spoken
        talk(
            f"warning: a passphrase of less than {_SHORT_PASSPHRASE} characters is soon guessed: take six random words"
        )
        if file is not None or click.confirm("keep it all the same?", err=True):
            return spoken


def _each_passphrase(
    prompt: str, files: Sequence[Path], custodians: int, read: Callable[[str, Path | None], str]
) -> list[str]:
    if files and len(files) != custodians:
        raise ConfigurationError(
            f"passphrase: this key takes {custodians} of them, and {len(files)} files are named",
            hint="--passphrase-file FILE once for each custodian, in the order of `keygen`",
        )
    spoken = []
    for number in range(1, custodians + 1):
        if custodians > 1 and not files:
            talk(f"custodian {number}: alone at screen and keyboard now")
        who = prompt if custodians == 1 else f"{prompt} of custodian {number}"
        spoken.append(read(who, files[number - 1] if files else None))
    return spoken


def _complain(program: str, message: str, hint: str) -> int:
    click.echo(f"{program}: {escape(message)}", err=True)
    if hint:
        click.echo(f"hint: {escape(hint)}", err=True)
    return 1


def _text_streams() -> Iterator[io.TextIOWrapper]:
    return (stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper))


def _answer_lost(program: str, fault: OSError) -> int:
    """A stream that nobody reads or no disk takes: the answer, most likely, and never a refusal."""
    for stream in _text_streams():
        if not _delivers(stream):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())  # else the interpreter fails on it again as it ends, with a code of its own
            os.close(null)
    if not isinstance(fault, BrokenPipeError):  # that one has read enough: no reason to say anything
        _complain(program, f"output: {fault.strerror or 'failed'}", "")
    return UndecidedError.exit_code


def _delivers(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True
