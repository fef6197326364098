"""Root and targets metadata are closed shapes first and TUF metadata second (formats.md section 5).

python-tuf takes repeated members, a boolean for a threshold and a key under two ids; none of them has a place in these
shapes. Signatures and thresholds are then its business alone, over its own canonical form.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import UNSET, Meta, Struct, UnsetType, field
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # public, but not in __all__
from tuf.api.metadata import (  # type: ignore[attr-defined]  # public, but not in __all__
    SPECIFICATION_VERSION,
    Metadata,
    Root,
    Targets,
    VerificationResult,
)

from keys.encoding import Time, parse, require_utc
from keys.errors import FormatError, SignatureError
from keys.names import parse_organisation_id

MAX_HOLDERS = 16
MAX_LIFE = timedelta(days=400)
"""Root and targets expire at most so long after they were made."""
FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Years outside are slips: 2569 is 2026 in the Buddhist calendar (R16)."""

SPEC_VERSION = ".".join(SPECIFICATION_VERSION)
"""Of TUF, as written into new files."""

Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Hex64 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{128}\Z")]
Version = Annotated[int, Meta(ge=1, le=999_999_999)]
SpecVersion = Annotated[str, Meta(pattern=r"\A1\.0\.[0-9]{1,3}\Z")]


class Closed(Struct, frozen=True, forbid_unknown_fields=True):
    """TUF's own member names."""


class Signature(Closed, frozen=True):
    keyid: Hex32
    sig: Hex64


class PublicValue(Closed, frozen=True):
    public: Hex32


class HolderKey(Closed, frozen=True):
    """An Ed25519 key of one holder; `holder` is the id of the organisation the holder stands for."""

    keytype: Literal["ed25519"]
    scheme: Literal["ed25519"]
    keyval: PublicValue
    holder: str | UnsetType = field(name="x-handseal-holder", default=UNSET)

    @property
    def keyid(self) -> str:
        """The hash of the key in TUF's canonical form; the holder's name is no part of it."""
        return key_id_of(Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.keyval.public)))


class Role(Closed, frozen=True):
    keyids: Annotated[tuple[Hex32, ...], Meta(min_length=1, max_length=MAX_HOLDERS)]
    threshold: Annotated[int, Meta(ge=1, le=MAX_HOLDERS)]


class UnusedRole(Closed, frozen=True):
    """A static site with one target needs neither snapshot nor timestamp, but TUF wants the roles named."""

    keyids: Annotated[tuple[str, ...], Meta(max_length=0)] = ()
    threshold: Literal[1] = 1


class Roles(Closed, frozen=True):
    root: Role
    targets: Role
    snapshot: UnusedRole = UnusedRole()
    timestamp: UnusedRole = UnusedRole()


class RootSigned(Closed, frozen=True):
    """The signed part of `<n>.root.json`. A root without `issued` counts as made with the list it is used for."""

    kind: Literal["root"] = field(name="_type")
    consistent_snapshot: bool
    expires: Time
    keys: Annotated[dict[str, HolderKey], Meta(max_length=2 * MAX_HOLDERS)]
    roles: Roles
    spec_version: SpecVersion
    version: Version
    issued: Time | UnsetType = field(name="x-handseal-issued", default=UNSET)

    def __post_init__(self) -> None:
        require_utc(self.expires, self.issued)


class Hashes(Closed, frozen=True):
    sha256: Hex32


class TargetFile(Closed, frozen=True):
    hashes: Hashes
    length: Annotated[int, Meta(ge=1)]


class TargetsSigned(Closed, frozen=True):
    """The signed part of `targets.json`: one target, no delegations."""

    kind: Literal["targets"] = field(name="_type")
    expires: Time
    spec_version: SpecVersion
    targets: Annotated[dict[str, TargetFile], Meta(min_length=1, max_length=1)]
    version: Version

    def __post_init__(self) -> None:
        require_utc(self.expires)


Signatures = Annotated[tuple[Signature, ...], Meta(max_length=4 * MAX_HOLDERS)]


class RootFile(Closed, frozen=True):
    signatures: Signatures
    signed: RootSigned


class TargetsFile(Closed, frozen=True):
    signatures: Signatures
    signed: TargetsSigned


File = TypeVar("File", RootFile, TargetsFile)


class SigningHolder(Protocol):
    """A holder's private key, wherever it lives; an `Ed25519PrivateKey` is one."""

    def public_key(self) -> Ed25519PublicKey: ...

    def sign(self, data: bytes, /) -> bytes: ...


def key_id_of(key: Ed25519PublicKey) -> str:
    """TUF's id of a key: the SHA-256 of its canonical form, in hex."""
    return str(SSlibKey.from_crypto(key).keyid)


def parse_root(data: bytes, place: str) -> RootFile:
    """Shape and rules of one root; whether its signatures suffice is `require_signed`'s to say."""
    file = parse(data, RootFile, place)
    _require_root(file.signed, place)
    return file


def parse_targets(data: bytes, place: str) -> TargetsFile:
    """Shape of the targets; that they expire soon enough is `require_life`'s to say, once their list is read."""
    return parse(data, TargetsFile, place)


def require_year(moment: datetime, place: str) -> None:
    """FormatError for a year that only a slip explains."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise FormatError(f"{place}: the year {moment.year} cannot be meant", hint="years are those of the Common Era")


def require_life(expires: datetime, made: datetime, place: str) -> None:
    """FormatError unless `expires` is after `made` by at most 400 days."""
    if not made < expires <= made + MAX_LIFE:
        raise FormatError(f"{place}: expires: must be at most {MAX_LIFE.days} days after it was made, and after that")


def signed_bytes(file: RootFile | TargetsFile) -> bytes:
    """What holders sign: the signed part in TUF's canonical form."""
    return _metadata(file).signed_bytes


def signers(file: RootFile | TargetsFile, role: str, root: RootFile, place: str) -> VerificationResult:
    """Which keys of `role`, as `root` names them, signed `file`, each counted once.

    SignatureError for a signature under one of these keys that does not hold: such a file was tampered with.
    """
    metadata = _metadata(file)
    delegator: Metadata[Root] = Metadata.from_dict(msgspec.to_builtins(root))
    result = delegator.signed.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    if not metadata.signatures.keys().isdisjoint(result.unsigned):
        raise SignatureError(f"{place}: a signature does not belong to these bytes")
    return result


def require_signed(file: RootFile | TargetsFile, role: str, root: RootFile, place: str) -> None:
    """SignatureError unless the threshold that `root` sets for `role` is reached."""
    result = signers(file, role, root, place)
    if not result.verified:
        raise SignatureError(
            f"{place}: {len(result.signed)} of {result.threshold} required signatures "
            f"by the {role} keys of root {root.signed.version}"
        )


def add_signature(file: File, key: SigningHolder) -> File:
    """`file` with the signature of `key`, the signatures in order of their key ids."""
    made = Signature(key_id_of(key.public_key()), key.sign(signed_bytes(file)).hex())
    by_key = {signature.keyid: signature for signature in (*file.signatures, made)}
    return msgspec.structs.replace(file, signatures=tuple(by_key[keyid] for keyid in sorted(by_key)))


def _metadata(file: RootFile | TargetsFile) -> Metadata[Root] | Metadata[Targets]:
    try:
        return Metadata.from_dict(msgspec.to_builtins(file))
    except (ValueError, KeyError, TypeError) as fault:  # e.g. two signatures under one key id
        raise FormatError(f"{file.signed.kind}: is not TUF metadata: {fault}") from fault


def _require_root(root: RootSigned, place: str) -> None:
    require_year(root.expires, f"{place}: expires")
    for keyid, key in root.keys.items():
        if key.keyid != keyid:
            raise FormatError(f"{place}: key {keyid[:12]}: its id is not the hash of the key")
        if key.holder is not UNSET:
            parse_organisation_id(key.holder, f"{place}: key {keyid[:12]}: holder")
    if root.issued is not UNSET:
        require_year(root.issued, f"{place}: issued")
        require_life(root.expires, root.issued, place)
    for name, role in (("root", root.roles.root), ("targets", root.roles.targets)):
        _require_role(role, root, f"{place}: {name}")


def _require_role(role: Role, root: RootSigned, place: str) -> None:
    if len(set(role.keyids)) != len(role.keyids):
        raise FormatError(f"{place}: names a key twice")
    if not root.keys.keys() >= set(role.keyids):
        raise FormatError(f"{place}: names a key that is not there")
    if role.threshold > len(role.keyids):
        raise FormatError(f"{place}: threshold {role.threshold} with {len(role.keyids)} keys")
    holders = list(_holders(role, root))
    for holder in sorted(set(holders)):
        if holders.count(holder) >= role.threshold:
            raise FormatError(f"{place}: {holder} alone reaches the threshold")


def _holders(role: Role, root: RootSigned) -> Iterator[str]:
    for keyid in role.keyids:
        holder = root.keys[keyid].holder
        if holder is not UNSET:
            yield holder
