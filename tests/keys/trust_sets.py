"""Sound sets of trust files as plain JSON: rotated holders, one to three roots, one to three lists.

Made from a seeded source of chance and nothing else, so that a set that fails can be made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.exceptions import FormatError
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # public, but not in __all__

from keys.encoding import canonical
from keys.trust import TrustList
from tests.keys.trust_holders import CLINIC, COLLEGE, FOUNDED, LIST, SITE, TTMA, after, organisation

Json = dict[str, Any]

LIFE = timedelta(days=300)
_SLUGS = ("river-clinic", "ttma", "north-college", "harbour", "hill", "stranger")
PRIVATE = [Ed25519PrivateKey.from_private_bytes(hashlib.sha256(slug.encode()).digest()) for slug in _SLUGS]
PEOPLE = {SSlibKey.from_crypto(private.public_key()).keyid: private for private in PRIVATE}
ORGANISATIONS = {keyid: f"{SITE}/orgs/{slug}" for keyid, slug in zip(PEOPLE, _SLUGS, strict=True)}
*HOLDERS, STRANGER = PEOPLE


def _lists() -> list[TrustList]:
    bodies = ((CLINIC, "River Clinic"), (TTMA, "Massage Association"), (COLLEGE, "North College"))
    first = TrustList(
        version=1,
        issued=FOUNDED,
        organisations=tuple(organisation(identity, name) for identity, name in bodies),
        programmes=LIST.programmes,
        frozen_status=(),
    )
    second = after(first, FOUNDED + timedelta(days=50))
    return [first, second, after(second, FOUNDED + timedelta(days=100))]


LISTS = _lists()


@dataclass
class Set:
    """Metadata before it is signed, who is to sign it, and what is to be done to it afterwards."""

    contents: list[Json]  # the signed parts: roots, then targets
    signers: list[list[str]]  # key ids, for each of them
    issued: datetime
    edits: list[Callable[[list[Json]], object]] = field(default_factory=list)  # of the signed files
    spoils: list[Callable[[list[bytes]], object]] = field(default_factory=list)  # of their bytes
    told: str = ""

    @property
    def roots(self) -> list[Json]:
        return self.contents[:-1]

    @property
    def targets(self) -> Json:
        return self.contents[-1]

    def files(self) -> dict[str, bytes]:
        """All of it written down; `told` becomes the digest of root 1, unless a set says otherwise."""
        metadata = [_sign(content, who) for content, who in zip(self.contents, self.signers, strict=True)]
        for edit in self.edits:
            edit(metadata)
        raw = [write(file) for file in metadata]
        for spoil in self.spoils:
            spoil(raw)
        self.told = self.told or hashlib.sha256(raw[0]).hexdigest()
        roots = {f"{number}.root.json": data for number, data in enumerate(raw[:-1], start=1)}
        lists = {f"{entry.version}.list.json": canonical(entry) for entry in LISTS if entry.issued <= self.issued}
        return {**roots, "targets.json": raw[-1], **lists}


def sound_set(random: Random) -> Set:
    """A set that loads, with 3 to 5 of the holders in each root, and each threshold 2."""
    newest = random.choice(LISTS)
    roots: list[Json] = []
    signers: list[list[str]] = []
    for version in range(1, random.randint(1, 3) + 1):
        roots.append(_root(version, random.sample(HOLDERS, random.randint(3, 5)), newest.issued))
        both = {keyid for root in roots[-2:] for keyid in some_of(root, random)}
        signers.append(sorted(both))
    signers.append(some_of(roots[-1], random))
    return Set([*roots, targets_of(newest)], signers, newest.issued)


def some_of(root: Json, random: Random) -> list[str]:
    """As many holders as a threshold asks for."""
    return random.sample(root["roles"]["root"]["keyids"], root["roles"]["root"]["threshold"])


def public_key(keyid: str) -> Json:
    return {
        "keytype": "ed25519",
        "keyval": {"public": PEOPLE[keyid].public_key().public_bytes_raw().hex()},
        "scheme": "ed25519",
        "x-handseal-holder": ORGANISATIONS[keyid],
    }


def targets_of(newest: TrustList) -> Json:
    data = canonical(newest)
    target = {"hashes": {"sha256": hashlib.sha256(data).hexdigest()}, "length": len(data)}
    return {
        "_type": "targets",
        "expires": text_of(newest.issued + LIFE),
        "spec_version": "1.0.31",
        "targets": {f"trust/{newest.version}.list.json": target},
        "version": newest.version,
    }


def text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(file: Json) -> bytes:
    """JCS, or the nearest to it for what JCS has no form for."""
    try:
        return rfc8785.dumps(file)
    except rfc8785.CanonicalizationError:
        return json.dumps(file, sort_keys=True, separators=(",", ":")).encode()


def _root(version: int, holders: list[str], made: datetime) -> Json:
    used, unused = ("root", "targets"), ("snapshot", "timestamp")
    return {
        "_type": "root",
        "consistent_snapshot": False,
        "expires": text_of(made + LIFE),
        "keys": {keyid: public_key(keyid) for keyid in holders},
        "roles": {name: {"keyids": list(holders), "threshold": 2} for name in used}
        | {name: {"keyids": [], "threshold": 1} for name in unused},
        "spec_version": "1.0.31",
        "version": version,
        "x-handseal-issued": text_of(made),
    }


def _sign(content: Json, who: list[str]) -> Json:
    try:
        message = encode_canonical(content).encode()
    except FormatError:  # it has no canonical form: whatever is signed, it is not this
        message = b""
    signatures = [{"keyid": keyid, "sig": PEOPLE[keyid].sign(message).hex()} for keyid in who]
    return {"signatures": signatures, "signed": content}
