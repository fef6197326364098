"""A trust list is founded, changed and signed as a set of files that goes from hand to hand (formats.md section 5).

Nothing here touches a disk: the files are a mapping from name to bytes, each function returns a new one. A set whose
thresholds are reached is what `keys.trust_chain.load_trust` takes, and what is copied into the site's `trust/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import UNSET, Struct

from keys.encoding import Digest, canonical, sha256
from keys.errors import FormatError, HandsealError
from keys.trust import Trust, TrustList
from keys.trust_chain import (
    MAX_ROOTS,
    TARGETS,
    list_name,
    open_list,
    open_root,
    read_lists,
    require_lives,
    root_name,
    target_name,
)
from keys.trust_metadata import (
    MAX_LIFE,
    SPEC_VERSION,
    Hashes,
    HolderKey,
    PublicValue,
    Role,
    Roles,
    RootFile,
    RootSigned,
    SigningHolder,
    TargetFile,
    TargetsFile,
    TargetsSigned,
    add_signature,
    key_id_of,
    parse_root,
    parse_targets,
    require_life,
    require_signed,
    signed_bytes,
    signers,
)
from keys.trust_rules import require_successor

MIN_THRESHOLD = 2
"""A list that one key can change is not what partner bodies agreed to."""

Files = Mapping[str, bytes]
"""From names inside `trust/` to bytes."""


class Holder(Struct, frozen=True):
    """Who signs trust lists: one organisation, one Ed25519 key (64 hex digits) for root and targets."""

    organisation: str
    public: str

    @classmethod
    def of(cls, organisation: str, key: Ed25519PublicKey) -> Holder:
        return cls(organisation, key.public_bytes_raw().hex())


def require_founders(holders: Sequence[Holder], *thresholds: int) -> None:
    """FormatError unless a founding survives the loss of any one key: 2 of 3 at least."""
    if max(thresholds) >= len(holders):
        raise FormatError(
            f"holders: {max(thresholds)} of {len(holders)} must sign: one lost key would end this trust list",
            hint=f"at least {MIN_THRESHOLD + 1} holders, and a threshold below their number",
        )


class Draft(Struct, frozen=True):
    """A set of files taken apart, whatever signatures it has: newest root, the one before, targets, newest lists."""

    root: RootFile
    root_before: RootFile | None
    targets: TargetsFile
    list: TrustList
    list_before: TrustList | None

    @property
    def digest(self) -> Digest:
        """What holders compare by its words: it covers what is signed, so signatures do not change it."""
        return sha256(b"handseal-trust/1\n" + sha256(signed_bytes(self.root)) + sha256(signed_bytes(self.targets)))


class Progress(Struct, frozen=True):
    """The organisations that signed one file, and how many must."""

    file: str
    signed: tuple[str, ...]
    threshold: int
    complete: bool


def found(
    first: TrustList,
    holders: Sequence[Holder],
    *,
    root_threshold: int = MIN_THRESHOLD,
    targets_threshold: int = MIN_THRESHOLD,
    life: timedelta = MAX_LIFE,
) -> dict[str, bytes]:
    """Root 1, targets and list 1, unsigned; made when the list was issued, expiring after `life`."""
    if first.version != 1:
        raise FormatError("trust list: the first one is version 1")
    root = _root(1, holders, (root_threshold, targets_threshold), made=first.issued, life=life)
    return {root_name(1): canonical(root), **_targets_and_list(first, life)}


def propose(files: Files, new: TrustList, *, life: timedelta = MAX_LIFE) -> dict[str, bytes]:
    """The set with `new` as its newest list and unsigned targets for it; FormatError unless it may follow."""
    old = open_draft(files).list
    require_successor(old, new)
    return {**files, **_targets_and_list(new, life)}


def propose_root(
    files: Files,
    holders: Sequence[Holder],
    *,
    root_threshold: int,
    targets_threshold: int,
    made: datetime,
    life: timedelta = MAX_LIFE,
) -> dict[str, bytes]:
    """The set with a further, unsigned root: other holders or thresholds, or only a later expiry."""
    version = open_draft(files).root.signed.version + 1
    if version > MAX_ROOTS:
        raise HandsealError(f"trust: has {MAX_ROOTS} roots already", hint="found a new trust list")
    root = _root(version, holders, (root_threshold, targets_threshold), made=made, life=life)
    return {**files, root_name(version): canonical(root)}


def sign(files: Files, key: SigningHolder, *, held: Trust | None = None) -> dict[str, bytes]:
    """The set with the signatures of one holder wherever the holder's key counts and the threshold is not reached.

    A file that has its threshold stays as it is, so that the digest of root 1 stays what was told. `held` is the list
    this holder verified last, None at a founding: FormatError where the draft does not go on from there.
    """
    draft = open_draft(files)
    if held is not None:
        require_continues(files, held)
    root, targets = progress(files)
    roots = [draft.root]
    if draft.root_before is not None and not root.complete:
        roots.append(draft.root_before)
    keyid = key_id_of(key.public_key())
    by_root = {k for file in roots for k in file.signed.roles.root.keyids}
    by_targets = draft.root.signed.roles.targets.keyids
    if keyid not in {*by_root, *by_targets}:
        raise HandsealError("trust: this key is no holder's of the trust list")
    signed = dict(files)
    if not root.complete and keyid in by_root:
        signed[root.file] = canonical(add_signature(draft.root, key))
    if not targets.complete and keyid in by_targets:
        signed[TARGETS] = canonical(add_signature(draft.targets, key))
    return signed


def progress(files: Files) -> tuple[Progress, Progress]:
    """How far the newest root and the targets are signed. A root has to satisfy the one before it as well."""
    draft = open_draft(files)
    name = root_name(draft.root.signed.version)
    root = _progress(name, draft.root, "root", draft.root)
    if draft.root_before is not None:
        before = _progress(name, draft.root, "root", draft.root_before)
        root = Progress(
            name,
            tuple(sorted({*root.signed, *before.signed})),
            max(root.threshold, before.threshold),
            root.complete and before.complete,
        )
    return root, _progress(TARGETS, draft.targets, "targets", draft.root)


def is_complete(files: Files) -> bool:
    """Whether the set has all the signatures it needs."""
    return all(part.complete for part in progress(files))


def root_digest(files: Files) -> str:
    """The SHA-256 of root 1 in hex that verifiers are told; HandsealError before it has its signatures."""
    root = parse_root(_file(files, root_name(1)), root_name(1))
    require_signed(root, "root", root, root_name(1))
    return sha256(files[root_name(1)]).hex()


def open_draft(files: Files) -> Draft:
    """The set taken apart: every rule holds but the signatures of the newest root and of the targets."""
    roots = _open_roots(files)
    targets = parse_targets(_file(files, TARGETS), TARGETS)
    lists, _ = read_lists(files.get, targets)
    require_lives(roots[-1], targets, lists[-1].issued)
    before = roots[-2] if len(roots) > 1 else None
    return Draft(roots[-1], before, targets, lists[-1], lists[-2] if len(lists) > 1 else None)


def require_continues(files: Files, held: Trust) -> None:
    """FormatError unless the set goes on from the trust list that a holder verified last: same roots, same list.

    Of the newest root held counts what is signed: a further signature makes no other root.
    """
    draft = open_draft(files)
    if sha256(files[root_name(1)]).hex() != held.root_digest:
        raise _another(root_name(1))
    root = root_name(held.root_version)
    if draft.root.signed.version < held.root_version:
        raise _another(root)
    if sha256(signed_bytes(open_root(files[root], held.root_version))) != held.root_signed:
        raise _another(root)
    name = list_name(held.list.version)
    if draft.list.version < held.list.version or files[name] != canonical(held.list):
        raise _another(name)


def _root(
    version: int, holders: Sequence[Holder], thresholds: tuple[int, int], *, made: datetime, life: timedelta
) -> RootFile:
    place = root_name(version)
    if min(thresholds) < MIN_THRESHOLD:
        raise FormatError(f"{place}: a threshold is at least {MIN_THRESHOLD}", hint="no holder decides alone")
    keys = [_holder_key(holder) for holder in holders]
    keyids = tuple(sorted(key.keyid for key in keys))
    root, targets = (Role(keyids=keyids, threshold=threshold) for threshold in thresholds)
    signed = RootSigned(
        kind="root",
        consistent_snapshot=False,
        expires=made + life,
        keys={key.keyid: key for key in keys},
        roles=Roles(root=root, targets=targets),
        spec_version=SPEC_VERSION,
        version=version,
        issued=made,
    )
    file = RootFile(signatures=(), signed=signed)
    return parse_root(canonical(file), place)


def _holder_key(holder: Holder) -> HolderKey:
    return HolderKey(
        keytype="ed25519", scheme="ed25519", keyval=PublicValue(public=holder.public), holder=holder.organisation
    )


def _targets_and_list(new: TrustList, life: timedelta) -> dict[str, bytes]:
    data = canonical(new)
    open_list(data, new.version)
    target = TargetFile(hashes=Hashes(sha256=sha256(data).hex()), length=len(data))
    signed = TargetsSigned(
        kind="targets",
        expires=new.issued + life,
        spec_version=SPEC_VERSION,
        targets={target_name(new.version): target},
        version=new.version,
    )
    require_life(signed.expires, new.issued, TARGETS)
    return {TARGETS: canonical(TargetsFile(signatures=(), signed=signed)), list_name(new.version): data}


def _progress(name: str, file: RootFile | TargetsFile, role: str, root: RootFile) -> Progress:
    result = signers(file, role, root, f"trust/{name}")
    names = (root.signed.keys[keyid].holder for keyid in result.signed)
    signed = tuple(sorted(name for name in names if name is not UNSET))
    return Progress(name, signed, result.threshold, result.verified)


def _open_roots(files: Files) -> list[RootFile]:
    """The root chain; only its newest root may lack signatures."""
    roots: list[RootFile] = []
    while len(roots) < MAX_ROOTS and (not roots or root_name(len(roots) + 1) in files):
        roots.append(open_root(_file(files, root_name(len(roots) + 1)), len(roots) + 1))
    for number, root in enumerate(roots[:-1]):
        name = root_name(root.signed.version)
        require_signed(root, "root", root, name)
        require_signed(root, "root", roots[max(number - 1, 0)], name)
    return roots


def _another(name: str) -> FormatError:
    return FormatError(
        f"trust/{name}: is not the one you hold", hint="do not sign; ask the other holders which trust list they hold"
    )


def _file(files: Files, name: str) -> bytes:
    if name not in files:
        raise HandsealError(f"trust/{name}: is missing")
    return files[name]
