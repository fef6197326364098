"""A ceremony is described days before in one TOML file, with nothing in it that its kind does not use.

`FORMS` has a closed shape for each kind. Paths are relative to the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from keys.algorithms import Algorithm
from keys.encoding import Digest, sha256
from keys.errors import ConfigurationError, FormatError
from keys.names import parse_organisation_id
from keys.people import Person, custodians_of, require_people
from keys.possession import KeyUse
from keys.settings import Settings, require_toml
from keys.token_uri import parse_token_uri

MAX_CEREMONY_FILE = 256 * 1024
_HINT = "`handseal-ceremony runbook --out papers` writes examples to compare it with"
_HEX = re.compile(r"[0-9a-f]{64}")

Path_ = Annotated[str, Meta(min_length=1, max_length=1000)]


class Stated(Settings, frozen=True):
    """A file that has to be the one that was meant when the ceremony was planned."""

    file: Path_
    sha256: str


Input = Path_ | Stated


class Ceremony(Settings, frozen=True, kw_only=True, tag_field="kind"):
    """What every kind says: whose ceremony it is, and who sits at the table."""

    organisation: str
    person: Annotated[tuple[Person, ...], Meta(min_length=1)]


class KeygenOutputs(Settings, frozen=True):
    key: Path_
    record: Path_


class Keygen(Ceremony, frozen=True, tag="keygen"):
    """A new key. Two custodians choose a passphrase each, and both are needed ever after.

    With `token`, a PKCS#11 URI, it is made there and takes that token's PIN.
    """

    use: KeyUse
    outputs: KeygenOutputs
    algorithm: Algorithm | UnsetType = UNSET
    token: str | UnsetType = UNSET


class CosignInputs(Settings, frozen=True):
    key: Path_
    request: Input
    roster: Input | UnsetType = UNSET
    trust: Path_ | UnsetType = UNSET
    root: str | UnsetType = UNSET


class CosignOutputs(Settings, frozen=True):
    response: Path_
    record: Path_


class Cosign(Ceremony, frozen=True, tag="cosign"):
    """A request is reviewed and signed."""

    inputs: CosignInputs
    outputs: CosignOutputs
    exclude: tuple[int, ...] = ()
    accept_differences: bool = False


class WithdrawInputs(Settings, frozen=True):
    key: Path_
    request: Input | UnsetType = UNSET
    trust: Path_ | UnsetType = UNSET
    root: str | UnsetType = UNSET


class ListOutputs(Settings, frozen=True):
    list: Path_
    record: Path_


class Withdraw(Ceremony, frozen=True, tag="withdraw"):
    """Co-signatures are taken back for good: the named ones, or all of one request."""

    inputs: WithdrawInputs
    outputs: ListOutputs
    certificates: tuple[str, ...] = ()


class StatusInputs(Settings, frozen=True):
    key: Path_
    trust: Path_ | UnsetType = UNSET
    root: str | UnsetType = UNSET


class Status(Ceremony, frozen=True, tag="status"):
    """A fresh status list of a body that signed nothing new."""

    inputs: StatusInputs
    outputs: ListOutputs


class TrustInitInputs(Settings, frozen=True):
    founding: Input


class TrustInitOutputs(Settings, frozen=True):
    draft: Path_


class TrustInit(Ceremony, frozen=True, tag="trust-init"):
    """The draft of a first trust list; no key is used."""

    inputs: TrustInitInputs
    outputs: TrustInitOutputs


class TrustSignInputs(Settings, frozen=True):
    key: Path_
    draft: Path_
    trust: Path_ | UnsetType = UNSET
    root: str | UnsetType = UNSET


class TrustSignOutputs(Settings, frozen=True):
    record: Path_


class TrustSign(Ceremony, frozen=True, tag="trust-sign"):
    """A holder adds a signature to a draft of the trust list."""

    inputs: TrustSignInputs
    outputs: TrustSignOutputs


class SplitInputs(Settings, frozen=True):
    key: Path_


class SplitOutputs(Settings, frozen=True):
    shares: Path_
    record: Path_


class Split(Ceremony, frozen=True, tag="split"):
    """A key is split into `shares`, of which `threshold` make it again; the folder of shares is new."""

    threshold: Annotated[int, Meta(ge=2, le=16)]
    shares: Annotated[int, Meta(ge=2, le=16)]
    inputs: SplitInputs
    outputs: SplitOutputs


class RecoverInputs(Settings, frozen=True):
    """`shares` absent: each keeper types theirs."""

    public: Path_
    shares: Annotated[tuple[Path_, ...], Meta(min_length=2)] | UnsetType = UNSET


class Recover(Ceremony, frozen=True, tag="recover"):
    """A key is made again from its shares, under new passphrases."""

    inputs: RecoverInputs
    outputs: KeygenOutputs


class DrillOutputs(Settings, frozen=True):
    record: Path_


class Drill(Ceremony, frozen=True, tag="drill"):
    """Shares are proven to make their key, and no key is written."""

    inputs: RecoverInputs
    outputs: DrillOutputs


Trusting = Cosign | Withdraw | Status | TrustSign
"""The kinds that go by a trust list which may be brought along."""
AnyCeremony = Trusting | Keygen | TrustInit | Split | Recover | Drill
FORMS: tuple[type[AnyCeremony], ...] = (
    Keygen, Cosign, Withdraw, Status, TrustInit, TrustSign, Split, Recover, Drill,
)  # fmt: skip


class _Head(Struct, frozen=True):
    kind: str


def parse_ceremony(data: bytes, place: str) -> AnyCeremony:
    """The ceremony that `data` describes; ConfigurationError for what its kind does not use, or for its people."""
    head = require_toml(data, _Head, place, hint=_HINT)
    forms = {kind_of(form): form for form in FORMS}
    if head.kind not in forms:
        raise ConfigurationError(f"{place}: kind: {head.kind[:40]!r} is unknown", hint=f"one of {', '.join(forms)}")
    ceremony: AnyCeremony = require_toml(data, forms[head.kind], place, hint=_HINT)
    try:
        parse_organisation_id(ceremony.organisation, f"{place}: organisation")
        if isinstance(ceremony, Keygen) and ceremony.token is not UNSET:
            parse_token_uri(ceremony.token, f"{place}: token")
    except FormatError as fault:
        raise ConfigurationError(str(fault), hint=fault.hint) from fault
    require_people(ceremony.person, place)
    _require_sense(ceremony, place)
    return ceremony


def kind_of(ceremony: Ceremony | type[Ceremony]) -> str:
    """The word that stands for it under `kind`."""
    return str(ceremony.__struct_config__.tag)


def ceremony_digest(data: bytes) -> Digest:
    """SHA-256 of the file: what `sha256sum` says of it, and whose words stand on the printed plan."""
    return sha256(data)


def _require_sense(ceremony: AnyCeremony, place: str) -> None:
    """What no shape can say of a ceremony that has its form."""
    if isinstance(ceremony, Keygen):
        _require_fitting(ceremony, place)
    if isinstance(ceremony, Withdraw) and bool(ceremony.certificates) == (ceremony.inputs.request is not UNSET):
        raise ConfigurationError(f"{place}: name either certificates or inputs.request")
    if isinstance(ceremony, Trusting) and ceremony.inputs.root is not UNSET and ceremony.inputs.trust is UNSET:
        raise ConfigurationError(f"{place}: inputs.root: goes with inputs.trust")
    if isinstance(ceremony, Split) and ceremony.threshold > ceremony.shares:
        raise ConfigurationError(f"{place}: threshold: is more than the {ceremony.shares} shares")
    for name in _paths(ceremony):
        if not name.isprintable():  # a plan on paper has to show what the program opens
            raise ConfigurationError(f"{place}: {name[:60]!r}: holds a character that cannot be seen")
    for stated in stated_files(ceremony):
        if not _HEX.fullmatch(stated.sha256):
            raise ConfigurationError(
                f"{place}: inputs: {stated.file}: sha256 is not 64 hex digits", hint="as sha256sum prints it"
            )


def _require_fitting(ceremony: Keygen, place: str) -> None:
    """ConfigurationError for what a key of this use, or in a token, cannot be."""
    if ceremony.use is KeyUse.TRUST and ceremony.algorithm is not UNSET:
        raise ConfigurationError(f"{place}: algorithm: a key for trust lists is always Ed25519", hint="take it out")
    if ceremony.token is UNSET:
        return
    if ceremony.algorithm not in (UNSET, Algorithm.ES256):
        raise ConfigurationError(f"{place}: algorithm: a key in a token is ES256", hint="take it out")
    if len(custodians_of(ceremony.person)) > 1:
        raise ConfigurationError(f"{place}: token: takes one PIN, and this ceremony has two custodians")


def _paths(ceremony: AnyCeremony) -> Iterator[str]:
    """Every file and folder that it names, and its root."""
    parts: list[Settings] = [ceremony.outputs]
    if not isinstance(ceremony, Keygen):
        parts.append(ceremony.inputs)
    for part in parts:
        for value in (getattr(part, name) for name in part.__struct_fields__):
            for entry in value if isinstance(value, tuple) else (value,):
                if entry is not UNSET:
                    yield entry.file if isinstance(entry, Stated) else entry


def stated_files(ceremony: AnyCeremony) -> tuple[Stated, ...]:
    """The inputs whose digest was written down."""
    if isinstance(ceremony, Keygen):
        return ()
    values = (getattr(ceremony.inputs, name) for name in ceremony.inputs.__struct_fields__)
    return tuple(value for value in values if isinstance(value, Stated))
