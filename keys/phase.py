"""Where a ceremony stands, and what one person does there."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from keys.people import Role


class Phase(Enum):
    """Where a ceremony stands; the program names each before it begins with it."""

    PREPARE = "Prepare"
    CHECK = "Check"
    REVIEW = "Review"
    WORDS = "Compare words"
    KEY = "Use the key"
    RECORD = "Record"
    CLOSE = "Close"


class Instruction(Struct, frozen=True):
    """One step before it has a number; `who` None is everybody."""

    phase: Phase
    who: Role | None
    do: str
    say: str = ""
    write: str = ""
    stop: str = ""
