"""A file that something written names is hashed, never stored, and lies below the folder of what names it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from issuer.publishing import opened
from keys.encoding import Digest
from keys.errors import HandsealError

_AT_A_TIME = 1024 * 1024


def digest_below(folder: Path, name: str) -> Digest:
    """SHA-256 of the file `name`, relative to `folder`; HandsealError where it is missing or not below it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise HandsealError(f"{name}: is not below {folder.name or 'the folder'}/")
    with opened(path) as stream:
        hashed = hashlib.sha256()
        while part := stream.read(_AT_A_TIME):
            hashed.update(part)
    return Digest(hashed.digest())
