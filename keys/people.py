"""A ceremony takes at least two people, and nobody watches over themselves (attack K09)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import Enum

from keys.errors import ConfigurationError, FormatError
from keys.settings import Settings
from keys.text import mixed_script_words, require_text

MAX_NAME = 120
MAX_CUSTODIANS = 2  # a key has one or two passphrases


class Role(Enum):
    """What a person does at the table."""

    CUSTODIAN = "custodian"  # uses the key
    WITNESS = "witness"  # watches, compares, and signs the record
    READER = "reader"  # reads words aloud; the witness where nobody is named


class Person(Settings, frozen=True):
    """One person in one role; a witness may also read."""

    name: str
    role: Role


def require_people(people: Sequence[Person], place: str) -> None:
    """ConfigurationError unless two persons or more share the roles as they must: one or two use the key."""
    held: dict[str, set[Role]] = {}
    for number, person in enumerate(people):
        where = f"{place}: person[{number}].name"
        roles = held.setdefault(_same_name(person.name, where), set())
        if person.role in roles:
            raise ConfigurationError(f"{where}: is there twice as {person.role.value}", hint="name another person")
        roles.add(person.role)
    for roles in held.values():
        if Role.CUSTODIAN in roles and len(roles) > 1:
            other = next(role.value for role in Role if role in roles - {Role.CUSTODIAN})
            raise ConfigurationError(
                f"{place}: person: one person is custodian and {other}",
                hint="whoever uses the key is watched, and hears the words, by somebody else",
            )
    if not 1 <= len(custodians_of(people)) <= MAX_CUSTODIANS:
        raise ConfigurationError(
            f"{place}: person: {len(custodians_of(people))} with role 'custodian'",
            hint="one, or two for a key with two passphrases",
        )
    if not any(person.role is Role.WITNESS for person in people):
        raise ConfigurationError(
            f"{place}: person: nobody has role 'witness'", hint="two persons at least: one acts, one watches"
        )


def require_custodians(people: Sequence[Person], wanted: int, place: str) -> None:
    """ConfigurationError unless there is one custodian for each of the `wanted` passphrases of the key at `place`."""
    found = len(custodians_of(people))
    if found != wanted:
        raise ConfigurationError(
            f"{place}: its key has custodians: {wanted}, and the ceremony names {found}",
            hint="one person with role 'custodian' for each passphrase of the key",
        )


def custodians_of(people: Sequence[Person]) -> tuple[str, ...]:
    """Who uses the key, as written."""
    return names_of(people, Role.CUSTODIAN)


def names_of(people: Sequence[Person], role: Role) -> tuple[str, ...]:
    """Who has `role`, as written; the witnesses read where no reader is named."""
    names = tuple(person.name for person in people if person.role is role)
    return names or (names_of(people, Role.WITNESS) if role is Role.READER else ())


def _same_name(name: str, place: str) -> str:
    """The same for two ways to write one name: composed or not, in capitals or not, wide, hyphenated or with a stop."""
    composed = unicodedata.normalize("NFC", name)
    if len(name) > MAX_NAME:
        raise ConfigurationError(f"{place}: takes at most {MAX_NAME} characters")
    try:
        require_text(composed, place)
    except FormatError as fault:
        raise ConfigurationError(str(fault), hint=fault.hint) from fault
    mixed = mixed_script_words(composed)
    if mixed:
        raise ConfigurationError(f"{place}: {mixed[0]!r} mixes scripts", hint="write each word in one script")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    if not any(character.isalpha() for character in folded):
        raise ConfigurationError(f"{place}: holds no letter", hint="write who it is, as on an identity card")
    return " ".join("".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded).split())
