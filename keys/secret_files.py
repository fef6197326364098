"""A secret lies in a file of its own that nobody else reads, on a disk of this machine, outside of what is published.

What cannot be found out (no git, no table of mounts) is not refused: these guard against mistakes, not attackers.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
from pathlib import Path, PurePosixPath

from keys.errors import HandsealError
from keys.files import SECRET, read_bounded, require_absent, write_new
from keys.mounts import Mount, linux_mounts, macos_mounts, network_kind

MAX_SECRET_FILE = 64 * 1024
MOUNTINFO = Path("/proc/self/mountinfo")

_NOT_IGNORED = 1  # exit code of `git check-ignore`


def write_secret(path: Path, data: bytes) -> None:
    """A new file of mode 0600, where `require_secret_place` allows one."""
    require_secret_place(path)
    write_new(path, data, SECRET)


def require_secret_place(path: Path) -> None:
    """HandsealError where something is at `path`, or where secrets do not belong (K04)."""
    require_absent(path)
    if not path.absolute().parent.is_dir():
        raise HandsealError(f"{path}: its folder is not there")
    _require_outside_git(path)
    _require_local(path)


def read_secret(path: Path) -> bytes:
    """The bytes of a key file or a share that nobody else can read or could have put elsewhere (K04)."""
    if path.is_symlink():
        raise HandsealError(f"{path}: is a symbolic link", hint="name the key file itself")
    data = read_bounded(path, MAX_SECRET_FILE)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise HandsealError(f"{path}: may be read by others", hint=f"chmod 600 {path}")
    _require_outside_git(path)
    _require_local(path)
    return data


def _require_outside_git(path: Path) -> None:
    """A key in a work tree is one `git add` away from being published."""
    folder = path.absolute().parent
    git = shutil.which("git")
    if git is None or not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    asked = subprocess.run(
        [git, "-C", str(folder), "check-ignore", "--quiet", "--", path.name],
        env=plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if asked.returncode == _NOT_IGNORED:
        raise HandsealError(
            f"{path}: lies in a git work tree and is not ignored there",
            hint="keep keys outside, or list them in .gitignore",
        )


def _require_local(path: Path) -> None:
    """A key on a server is the server's as well."""
    kind = network_kind(PurePosixPath(path.absolute().parent.resolve()), _mounts())
    if kind is not None:
        raise HandsealError(
            f"{path}: lies on a network file system ({kind})", hint="keep it on a disk or a stick of this machine"
        )


def _mounts() -> tuple[Mount, ...]:
    if platform.system() == "Darwin":
        asked = subprocess.run(["/sbin/mount"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return macos_mounts(asked.stdout.decode("utf-8", "replace"))
    return linux_mounts(MOUNTINFO.read_text("utf-8", "replace")) if MOUNTINFO.exists() else ()
