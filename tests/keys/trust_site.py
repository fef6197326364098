"""A signed trust folder around a list of the tests: three holders, two of whom must sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.trust import TrustList
from keys.trust_edit import Holder, found, sign
from tests.keys.partner import CLINIC, PARTNERS

HOLDERS = {name: Ed25519PrivateKey.generate() for name in (CLINIC, *PARTNERS[:2])}


def trust_files(first: TrustList, *, life: timedelta = timedelta(days=400)) -> dict[str, bytes]:
    """`trust/` of a founded list, signed by all holders."""
    holders = [Holder.of(name, key.public_key()) for name, key in HOLDERS.items()]
    return sign_all(found(first, holders, life=life))


def sign_all(files: Mapping[str, bytes]) -> dict[str, bytes]:
    signed = dict(files)
    for key in HOLDERS.values():
        signed = sign(signed, key)
    return signed


def write_trust(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder
