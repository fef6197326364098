"""Every fault of a table that a person wrote is found at once, not just the first, and the rest of it can be read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
_AT = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


class TomlFault(Struct, frozen=True):
    """What is wrong in a TOML file: `place` within it, the whole sentence, and what helps."""

    place: str
    text: str  # begins with file and place
    hint: str = ""
    about: str = ""  # the key at the top of the file that it concerns; empty where that is the whole file


class Shaped(Struct, Generic[T], frozen=True):
    """What could be read; None where nothing could."""

    value: T | None
    faults: tuple[TomlFault, ...]
    lost: bool  # whether a whole entry of a list had to be left out


def shape(table: dict[str, Any], form: type[T], file: str, *, hint: str) -> Shaped[T]:
    """`table` as `form`; what does not fit is named and taken out of `table`, until the rest fits.

    `hint` says where a right one can be seen, for what is missing or of another kind.
    """
    faults: list[TomlFault] = []
    tree = _Tree(table)
    while True:
        try:
            return Shaped(msgspec.convert(table, form), tuple(faults), tree.lost)
        except msgspec.ValidationError as error:
            message = str(error)
        where = _AT.search(message)
        at = where[1].partition("[...]")[0] if where else ""  # msgspec does not say which entry of a map it is
        text = _AT.sub("", message)
        place, unknown, missing = tree.place(at), _UNKNOWN.fullmatch(text), _MISSING.fullmatch(text)
        if unknown:
            faults.append(_unknown_key(file, place, unknown[1], form))
            tree.take_out(f"{at}.{unknown[1]}")
            continue
        key = f"{place}.{missing[1]}".lstrip(".") if missing else ""
        if key not in tree.taken or not key:
            faults.append(_fault(file, place, _plain(text), hint))
        if not tree.take_out(at):
            return Shaped(None, tuple(faults), lost=True)


class _Tree:
    """A table of which parts are taken out; places keep the numbers of the file."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self.taken: set[str] = set()
        self.lost = False
        self._numbers: dict[int, list[int]] = {}  # by the id of a list: the number in the file of each that is left

    def place(self, at: str) -> str:
        """msgspec's `outcome[0].text` as a place of the file."""
        return "".join(self._steps(at)).lstrip(".")

    def take_out(self, at: str) -> bool:
        """Whether there was something to take out: not the whole file."""
        *parents, last = _STEP.findall(at) or [""]
        if not last:
            return False
        self.taken.add(self.place(at))
        here: Any = self.table
        for step in parents:
            here = here[_key(step)]
        if isinstance(here, list):
            self.lost = True
            self._numbers.setdefault(id(here), list(range(len(here)))).pop(int(last[1:-1]))
        del here[_key(last)]
        return True

    def _steps(self, at: str) -> Iterator[str]:
        here: Any = self.table
        for step in _STEP.findall(at):
            key = _key(step)
            if isinstance(here, list):
                yield f"[{self._numbers.get(id(here), range(len(here)))[int(step[1:-1])]}]"
            else:
                yield f".{step}"
            here = here[key] if isinstance(here, list) or key in here else None


def _key(step: str) -> Any:
    return int(step[1:-1]) if step.startswith("[") else step


def _fault(file: str, place: str, text: str, hint: str, about: str = "") -> TomlFault:
    head = about or (_STEP.findall(place) or [""])[0]
    return TomlFault(place, ": ".join(part for part in (file, place, text) if part), hint, head)


def _plain(message: str) -> str:
    """msgspec's reason in the words of somebody who writes TOML."""
    missing = _MISSING.fullmatch(message)
    return f"{missing[1]} is missing" if missing else message.replace("Object", "Table").replace("Expected", "expected")


def _unknown_key(file: str, place: str, key: str, form: object) -> TomlFault:
    near = difflib.get_close_matches(key, _known_keys(form), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "take it out: nothing reads it"
    return _fault(file, place, f"unknown key {key!r}", hint, "" if place else (near or [key])[0])


def _known_keys(form: object) -> set[str]:
    """The keys of every table within `form`."""
    keys: set[str] = set()
    queue: list[object] = [form]
    while queue:
        kind = queue.pop()
        if isinstance(kind, type) and issubclass(kind, Struct):
            for member in msgspec.structs.fields(kind):
                keys.add(member.encode_name)
                queue.append(member.type)
        else:
            queue.extend(getattr(kind, "__args__", ()))
    return keys
