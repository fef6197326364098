"""RUNBOOK.md as a script that can be acted: its files, its commands with their machine, and what is carried.

Each organisation's laptop is a folder, and so is the clinic's office. What a person adds to a command, passphrase and
words, is added here; everything else is the runbook's own text.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import issuer.cli
import keys.cli
import verifier.cli
from tests.conftest import ROOT

TEXT = (ROOT / "templates" / "ceremony" / "RUNBOOK.md").read_text("utf-8")
PROGRAMS = {"handseal": issuer.cli, "handseal-ceremony": keys.cli, "handseal-verify": verifier.cli}
PASSPHRASE = "anchor basket copper dentist elbow fabric"

_PART = re.compile(r"^## ([0-9A]+)\. ")
_SECTION = re.compile(r"^### (.+)")
_FENCE = re.compile(r"^ *```(\w*)$")
_COMMAND = re.compile(r"^ *(\w+)\$ (.+)$")
_FILE = re.compile(r"^ *# (\S+\.toml) of (each holder|each body|the first holder|the first body)$")
_CARRY = re.compile(r"\*\*CARRY\*\*\s+`([^`]+)`\s+from\s+(?:the\s+)?(.+?)\s+to\s+(?:the\s+)?(.+?)[.:;,]")


def mentioned(text: str) -> list[str]:
    """Commands named in running text."""
    return sorted(set(re.findall(r"`((?:handseal|handseal-ceremony|handseal-verify) [a-z]+[^`]*)`", text)))


def require_command(line: str) -> None:
    """The command that `line` shows is there, with its options."""
    program, *words = re.sub(r"\s+", " ", line).split(" ")
    command: click.Command = PROGRAMS[program].cli
    known = {"--help"}
    if program == "handseal-verify" and words[0] not in command.commands:  # it takes files without a command's name
        command = command.commands["check"]
    for word in words:
        if isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
        known |= {option for parameter in command.params for option in parameter.opts}
    assert not isinstance(command, click.Group) or "rehearse" in line, line
    assert {word for word in words if word.startswith("--")} <= known, line


class TomlFile(NamedTuple):
    part: str
    section: str
    name: str
    owner: str  # "each holder", "the first holder", …
    text: str


class Command(NamedTuple):
    part: str
    section: str
    machine: str  # the prompt
    line: str


class Carry(NamedTuple):
    part: str
    section: str
    what: str
    source: str
    target: str


Item = TomlFile | Command | Carry


def read_runbook() -> Iterator[Item]:
    """Its items in their order."""
    part = section = ""
    fence: list[str] | None = None
    prose = ""
    for line in TEXT.splitlines():
        if _FENCE.match(line):
            if fence is None:
                yield from _carries(part, section, prose)
                fence, prose = [], ""
            else:
                yield from _fenced(part, section, fence)
                fence = None
        elif fence is not None:
            fence.append(line)
        elif heading := _PART.match(line):
            yield from _carries(part, section, prose)
            part, section, prose = heading[1], "", ""
        elif heading := _SECTION.match(line):
            yield from _carries(part, section, prose)
            section, prose = heading[1], ""
        else:
            prose += f"{line} "
    yield from _carries(part, section, prose)


def _carries(part: str, section: str, prose: str) -> Iterator[Carry]:
    for what, source, target in _CARRY.findall(re.sub(r"\s+", " ", prose)):
        yield Carry(part, section, what, source, target)


def _fenced(part: str, section: str, lines: list[str]) -> Iterator[TomlFile | Command]:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    if named := _FILE.match(lines[0]):
        text = "\n".join(line[indent:] for line in lines[1:]) + "\n"
        yield TomlFile(part, section, named[1], named[2], text)
        return
    for line in lines:
        command = _COMMAND.match(line)
        assert command, f"part {part}: {line!r} names no machine"
        yield Command(part, section, command[1], command[2])


ITEMS = tuple(read_runbook())
FORMS = {item.name: item for item in ITEMS if isinstance(item, TomlFile)}
COMMANDS = tuple(item for item in ITEMS if isinstance(item, Command))


@dataclass
class Stage:
    """Folders for laptops and the office; `values` are what people write for the words in capitals."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    holders: tuple[str, ...]
    bodies: tuple[str, ...]
    values: dict[str, str] = field(default_factory=dict)
    words: str = ""  # as they were last read aloud
    said: str = ""  # all that was printed
    before: dict[str, Callable[[], object]] = field(
        default_factory=dict
    )  # what people do first, by a part of a command

    def __post_init__(self) -> None:
        for name in ("office", *self.holders, *self.bodies):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.passphrase.write_text(f"{PASSPHRASE}\n")
        self.passphrase.chmod(0o600)

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"

    def fork(self, folder: Path) -> Stage:
        """The same laptops and office elsewhere, to go on from here in another way."""
        shutil.copytree(self.folder, folder)
        return Stage(folder, self.monkeypatch, self.holders, self.bodies, dict(self.values))

    def people(self, who: str) -> tuple[str, ...]:
        """Folders of those whom the runbook calls so; the first holder is a body too."""
        return {
            "office": ("office",),
            "holder": self.holders,
            "body": self.bodies,
            "first": self.holders[:1],
            "second": self.holders[1:2],
        }[who.removeprefix("the ").removeprefix("each ").split()[0]]

    def act(self, item: Item) -> None:
        match item:
            case TomlFile():
                owner = item.owner.removeprefix("each ").removeprefix("the ")
                for slug in self.people(owner):
                    text = self.filled(item.text)
                    (self.folder / slug / item.name).write_text(text if "first" in owner else adapted(text, slug))
            case Carry():
                self._carry(item)
            case Command():
                each = item.machine in {"holder", "body"}
                for slug in self.people(item.machine):
                    self.type(slug, adapted(item.line, slug) if each else item.line)

    def filled(self, text: str) -> str:
        for word, value in self.values.items():
            text = re.sub(rf"(?<![A-Z-]){re.escape(word)}(?![A-Z-])", value, text)
        return text

    def type(self, slug: str, line: str) -> str:
        """What one command prints, both streams; it must end well."""
        for part, prepare in self.before.items():
            if part in line:
                prepare()
        program, *arguments = shlex.split(self.filled(line))
        self.monkeypatch.chdir(self.folder / slug)
        seen = io.StringIO()
        with contextlib.redirect_stdout(seen), contextlib.redirect_stderr(seen):
            code = PROGRAMS[program].main([*arguments, *self._added(arguments)])
        printed = seen.getvalue()
        assert code == 0, f"{slug}$ {line}\n{printed[-1500:]}"
        self.said += printed
        if found := re.findall(r"(?:^Words|partner body):((?:\s+\d+ [a-z]+){12})", printed, re.MULTILINE):
            self.words = " ".join(re.findall("[a-z]+", found[-1]))
        return printed

    def _added(self, arguments: list[str]) -> list[str]:
        """What a person types when asked, and that these laptops are online."""
        secret = ["--passphrase-file", str(self.passphrase)]
        if "run" in arguments[:3]:
            form = Path(arguments[arguments.index("run") + 1]).read_text()
            kind = re.findall(r'kind = "([a-z-]+)"', form)[0]
            asked = {"cosign": self.words, "trust-sign": self.words, "withdraw": str(form.count("urn:uuid:"))}
            confirm = ["--confirm", asked[kind]] if kind in asked else []
            return [*([] if kind == "trust-init" else secret), "--online", *confirm]
        if {"split", "recover"} & set(arguments[:3]):
            kept = sorted(Path("shares").glob("*"))[:2] if "recover" in arguments else []
            typed = [word for share in kept for word in ("--share", str(share))]
            return [*(typed or secret), "--online"]
        return secret if {"init", "issue"} & set(arguments[:3]) else []

    def _carry(self, item: Carry) -> None:
        for source in self.people(item.source):
            pattern = adapted(item.what, source) if item.source.startswith("each") else item.what
            found = list((self.folder / source).glob(pattern))
            assert found, f"{source} has no {pattern} to carry"
            for path in found:
                for target in self.people(item.target):
                    put(path, self.folder / target / path.name)


def adapted(text: str, slug: str) -> str:
    """The example of the association as another organisation writes it."""
    return re.sub(r"\bttma\b", slug, text)


def put(source: Path, target: Path) -> None:
    """A file or folder as it is copied by hand: an older copy is replaced."""
    if source == target:
        return
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
