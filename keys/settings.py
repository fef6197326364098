"""A TOML file that a person wrote is read strictly, and what is wrong is said with its place and what helps.

An unknown key is a misspelt one. A key of thousands of parts, over which the reader would sit for minutes, is refused
before it is read.
"""

from __future__ import annotations

import re
import tomllib
from typing import TypeVar

from msgspec import Struct

from keys.errors import ConfigurationError
from keys.shape import Shaped, TomlFault, shape

_DEEP_KEY = re.compile(rb"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){64}""")

T = TypeVar("T")


class Settings(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table that a person writes: closed, its keys with hyphens."""


def shape_toml(data: bytes, form: type[T], place: str, *, hint: str) -> Shaped[T]:
    """TOML as `form`, or what of it can be read beside its faults; `hint` as in `shape`."""
    if _DEEP_KEY.search(data):
        return _lost(f"{place}: is not TOML for a person: a key has too many parts", "write a table for it instead")
    try:
        table = tomllib.loads(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError:
        return _lost(f"{place}: is not UTF-8", "save it as UTF-8")
    except (ValueError, RecursionError) as fault:  # of TOML, or of a number with thousands of digits
        syntax = "look at that line: a quote, a bracket or an equals sign is missing there or before, or a key is twice"
        return _lost(f"{place}: is not TOML: {fault}", syntax)
    return shape(table, form, place, hint=hint)


def require_toml(data: bytes, form: type[T], place: str, *, hint: str) -> T:
    """TOML as `form`; ConfigurationError that says all that is wrong at once."""
    shaped = shape_toml(data, form, place, hint=hint)
    if shaped.value is None or shaped.faults:
        raise ConfigurationError("; ".join(fault.text for fault in shaped.faults), hint=shaped.faults[0].hint)
    return shaped.value


def _lost(text: str, hint: str) -> Shaped[T]:
    return Shaped(None, (TomlFault("", text, hint),), lost=True)
