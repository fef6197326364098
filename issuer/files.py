"""A file that something written names is hashed, never stored, and lies below the folder of what names it."""

from __future__ import annotations

from pathlib import Path

from keys.encoding import Digest
from keys.errors import HandsealError
from keys.files import file_digest


def digest_below(folder: Path, name: str) -> Digest:
    """SHA-256 of the file `name`, relative to `folder`; HandsealError where it is missing or not below it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise HandsealError(f"{name}: is not below {folder.name or 'the folder'}/")
    return file_digest(path)
