"""A token's driver is a program that runs with its officer's rights: only this machine's own are loaded.

The file of a key may come on a stick, and what it names as `module-path` might be on that stick, too.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from keys.errors import HandsealError

HOMES = tuple(map(Path, ("/usr", "/lib", "/lib64", "/opt", "/Library", "/nix/store", "/gnu/store")))
"""Where a system and its package managers install programs; nobody mounts a stick there without being root."""


def require_driver(module: str, place: str) -> None:
    """HandsealError unless the driver lies where programs are installed, links followed, and no stranger writes."""
    path = Path(os.path.realpath(module))
    if not any(path.is_relative_to(home) for home in HOMES):
        raise HandsealError(
            f"{place}: module-path: {path} is not where programs are installed, and was not loaded",
            hint="if you did not write this file yourself, ask who did; a driver is installed below /usr, /opt or "
            "/Library",
        )
    for part in (path, *path.parents):
        try:
            status = part.stat()
        except OSError as fault:
            raise HandsealError(
                f"{place}: module-path: {part}: {fault.strerror}", hint="is the token's driver installed?"
            ) from fault
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & stat.S_IWOTH:
            raise HandsealError(f"{place}: module-path: {part} may be changed by others, and was not loaded")
