"""A ceremony as numbered steps for people, known in full days before anybody sits down.

Pure: from a ceremony's file to its plan. `run` shows the same steps, phase by phase, as it acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from msgspec import UNSET, Struct

from keys.ceremony_file import (
    AnyCeremony,
    Cosign,
    Drill,
    Keygen,
    Recover,
    Split,
    Stated,
    Status,
    TrustInit,
    TrustSign,
    Withdraw,
    ceremony_digest,
    kind_of,
    parse_ceremony,
)
from keys.encoding import Digest, digest_words
from keys.people import Person, names_of
from keys.phase import Instruction, Phase
from keys.plan_steps import instructions


class Step(Struct, frozen=True):
    """What one person does; empty texts are not said."""

    number: int
    phase: Phase
    who: str
    do: str
    say: str  # read aloud
    write: str  # written down by hand
    stop: str  # when nobody goes on


class Plan(Struct, frozen=True):
    """A ceremony's steps, with what has to be on the table and what will lie there afterwards."""

    title: str
    kind: str
    organisation: str
    people: tuple[Person, ...]
    bring: tuple[str, ...]
    makes: tuple[str, ...]
    steps: tuple[Step, ...]
    digest: Digest

    @property
    def words(self) -> tuple[str, ...]:
        """The digest of the ceremony's file, to compare a printed plan with the one that is run."""
        return digest_words(self.digest)

    def of(self, phase: Phase) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.phase is phase)


def read_plan(data: bytes, place: str) -> tuple[AnyCeremony, Plan]:
    """The ceremony in `data` and its plan; ConfigurationError as in `parse_ceremony`."""
    ceremony = parse_ceremony(data, place)
    return ceremony, plan_ceremony(ceremony, ceremony_digest(data))


def plan_ceremony(ceremony: AnyCeremony, digest: Digest) -> Plan:
    """The plan of a ceremony whose file has this digest."""
    drafts = sorted(instructions(ceremony), key=lambda instruction: list(Phase).index(instruction.phase))
    return Plan(
        title=_title(ceremony),
        kind=kind_of(ceremony),
        organisation=ceremony.organisation,
        people=ceremony.person,
        bring=tuple(_bring(ceremony)),
        makes=tuple(_makes(ceremony)),
        steps=tuple(_step(number, instruction, ceremony.person) for number, instruction in enumerate(drafts, start=1)),
        digest=digest,
    )


def _step(number: int, instruction: Instruction, people: tuple[Person, ...]) -> Step:
    who = (
        "Everybody"
        if instruction.who is None
        else f"{instruction.who.value.title()}: {', '.join(names_of(people, instruction.who))}"
    )
    return Step(number, instruction.phase, who, instruction.do, instruction.say, instruction.write, instruction.stop)


def _title(ceremony: AnyCeremony) -> str:
    match ceremony:
        case Keygen():
            return f"Make a key for use {ceremony.use.value!r}"
        case Cosign():
            return "Review and co-sign a request"
        case Withdraw():
            return "Withdraw co-signatures"
        case Status():
            return "Write a fresh status list"
        case TrustInit():
            return "Draft the first trust list"
        case TrustSign():
            return "Sign a draft of the trust list"
        case Split():
            return f"Split a key into {ceremony.shares} shares"
        case Recover():
            return "Make a key again from its shares"
        case Drill():
            return "Prove that shares make their key"
        case _:
            assert_never(ceremony)


def _bring(ceremony: AnyCeremony) -> Iterator[str]:
    """The inputs, with the digests that were written down."""
    if isinstance(ceremony, Keygen):
        if ceremony.token is not UNSET:
            yield f"token: {ceremony.token}"
        return
    for name in ceremony.inputs.__struct_fields__:
        value = getattr(ceremony.inputs, name)
        if value is UNSET:
            continue
        for entry in value if isinstance(value, tuple) else (value,):
            yield f"{name}: {entry.file} (sha256 {entry.sha256})" if isinstance(entry, Stated) else f"{name}: {entry}"


def _makes(ceremony: AnyCeremony) -> Iterator[str]:
    for name in ceremony.outputs.__struct_fields__:
        yield f"{name}: {getattr(ceremony.outputs, name)}"
