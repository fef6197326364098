"""A trust list is believed only at the end of an unbroken chain of signatures from the root that one was told.

formats.md section 5. Expiry is not judged here, where there is no clock: `Trust.expires` says when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import UNSET, Struct

from keys.encoding import Digest, parse, sha256, sri
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.trust import Trust, TrustList
from keys.trust_metadata import (
    RootFile,
    TargetsFile,
    parse_root,
    parse_targets,
    require_life,
    require_signed,
    signed_bytes,
)
from keys.trust_rules import require_successor, require_trust_list

MAX_ROOTS = 256
MAX_LIST_BYTES = 1024 * 1024  # it keeps every name, key and policy there ever was
TARGETS = "targets.json"
_TRUST_FILE = re.compile(r"[1-9][0-9]{0,8}\.(root|list)\.json|targets\.json")

ReadTrustFile = Callable[[str], bytes | None]
"""From a name inside `trust/` (`1.root.json`, `targets.json`, `7.list.json`) to its bytes; None where there is none."""


class Chain(Struct, frozen=True):
    """Roots, targets and lists, oldest first, as they were verified."""

    roots: tuple[RootFile, ...]
    targets: TargetsFile
    lists: tuple[TrustList, ...]
    list_digest: Digest

    def trust(self, root_digest: str) -> Trust:
        """What others ask of it; `root_digest` is the one it was verified from."""
        return Trust(
            self.lists[-1],
            digest=sri(self.list_digest),
            root_version=self.roots[-1].signed.version,
            root_digest=root_digest,
            root_signed=sha256(signed_bytes(self.roots[-1])),
            root_expires=self.roots[-1].signed.expires,
            list_expires=self.targets.signed.expires,
        )


def root_name(version: int) -> str:
    return f"{version}.root.json"


def list_name(version: int) -> str:
    return f"{version}.list.json"


def target_name(version: int) -> str:
    """The one target: the path of the list on the site."""
    return f"trust/{list_name(version)}"


def is_trust_file(name: str) -> bool:
    """`7.root.json`, `7.list.json` or `targets.json`."""
    return _TRUST_FILE.fullmatch(name) is not None


def in_writing_order(names: Iterable[str]) -> list[str]:
    """Roots, then lists, and `targets.json` last: whoever reads meanwhile finds nothing named that is not there."""
    return sorted(names, key=lambda name: (name == TARGETS, not name.endswith(".root.json"), len(name), name))


def load_trust(read: ReadTrustFile, *, root_digest: str) -> Trust:
    """The newest trust list, verified from the root with this SHA-256 (64 hex digits) on.

    HandsealError names the file and the fault, for anything that is missing, malformed, not signed by enough holders,
    or not a list that may follow the one before it.
    """
    return load_chain(read, root_digest=root_digest).trust(root_digest)


def load_chain(read: ReadTrustFile, *, root_digest: str) -> Chain:
    """All that `load_trust` verifies, for those who continue the chain."""
    roots = load_roots(read, root_digest=root_digest)
    targets = _read_targets(read)
    require_signed(targets, "targets", roots[-1], f"trust/{TARGETS}")
    lists, digest = read_lists(read, targets)
    require_lives(roots[-1], targets, lists[-1].issued)
    return Chain(roots, targets, lists, digest)


def load_roots(read: ReadTrustFile, *, root_digest: str) -> tuple[RootFile, ...]:
    """The root chain from 1, each root signed by the thresholds of itself and of the one before (R01, R17)."""
    first = _read(read, root_name(1))
    if len(root_digest) != 64 or not set(root_digest) <= set("0123456789abcdef"):
        raise ConfigurationError("root: is not a SHA-256 digest", hint="64 hex digits, as printed at the founding")
    if sha256(first).hex() != root_digest:
        raise HandsealError("trust/1.root.json: is not the root that was told", hint="compare the digest's words")
    roots = [open_root(first, 1)]
    require_signed(roots[0], "root", roots[0], "trust/1.root.json")
    for version in range(2, MAX_ROOTS + 1):
        data = read(root_name(version))
        if data is None:
            break
        root, place = open_root(data, version), f"trust/{root_name(version)}"
        require_signed(root, "root", roots[-1], place)
        require_signed(root, "root", root, place)
        roots.append(root)
    return tuple(roots)


def open_root(data: bytes, version: int) -> RootFile:
    """One root by itself: its form, rules and version, not its signatures."""
    place = f"trust/{root_name(version)}"
    root = parse_root(data, place)
    if root.signed.version != version:
        raise FormatError(f"{place}: says it is version {root.signed.version}")
    return root


def open_list(data: bytes, version: int) -> TrustList:
    """One list by itself: its form, rules and version, not its signatures."""
    place = target_name(version)
    trust_list = parse(data, TrustList, place, limit=MAX_LIST_BYTES)
    if trust_list.version != version:
        raise FormatError(f"{place}: says it is version {trust_list.version}")
    require_trust_list(trust_list, place)
    return trust_list


def read_lists(read: ReadTrustFile, targets: TargetsFile) -> tuple[tuple[TrustList, ...], Digest]:
    """Every list from 1 to the one that `targets` names, oldest first, and the newest one's digest.

    The newest is held by length and hash, each older one by `previous` of the next; each may follow the one before.
    """
    version = targets.signed.version
    target = targets.signed.targets.get(target_name(version))
    if target is None:
        raise FormatError(f"trust/{TARGETS}: its one target is not {target_name(version)}")
    data = _read(read, list_name(version))
    if len(data) != target.length or sha256(data).hex() != target.hashes.sha256:
        raise FormatError(f"{target_name(version)}: is not the list that targets.json names")
    lists = [open_list(data, version)]
    while lists[-1].version > 1:
        older = lists[-1].version - 1
        lists.append(open_list(_read(read, list_name(older)), older))
        require_successor(lists[-1], lists[-2])
    return tuple(reversed(lists)), sha256(data)


def require_lives(root: RootFile, targets: TargetsFile, issued: datetime) -> None:
    """Root and targets expire at most 400 days after they were made; targets are made with their list."""
    require_life(targets.signed.expires, issued, f"trust/{TARGETS}")
    if root.signed.issued is UNSET:
        require_life(root.signed.expires, issued, f"trust/{root_name(root.signed.version)}")


def _read(read: ReadTrustFile, name: str) -> bytes:
    data = read(name)
    if data is None:
        raise HandsealError(f"trust/{name}: is missing")
    return data


def _read_targets(read: ReadTrustFile) -> TargetsFile:
    return parse_targets(_read(read, TARGETS), f"trust/{TARGETS}")
