"""Whether a folder is on a disk of this machine or on somebody else's, by the table of what is mounted where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from msgspec import Struct

NETWORK = frozenset(
    "afpfs afs autofs beegfs ceph cifs coda davfs glusterfs gpfs lustre ncpfs nfs nfs4 smb smb3 smbfs sshfs "
    "webdav fuse.ceph fuse.davfs fuse.davfs2 fuse.gcsfuse fuse.glusterfs fuse.gvfsd-fuse fuse.rclone fuse.s3fs "
    "fuse.sshfs macfuse osxfuse".split()
)
"""Kinds of file systems that are on a machine elsewhere. What a virtual machine shows of its host (9p) is not."""

_OCTAL = re.compile(r"\\([0-7]{3})")
_MACOS = re.compile(r" on (?P<point>/.*) \((?P<kind>[^,()]+)[^()]*\)\Z")


class Mount(Struct, frozen=True):
    point: PurePosixPath
    kind: str


def linux_mounts(mountinfo: str) -> tuple[Mount, ...]:
    """The text of /proc/self/mountinfo (proc(5)): optional fields end with a hyphen, after which the kind stands."""
    found = []
    for line in mountinfo.splitlines():
        before, hyphen, after = line.partition(" - ")
        cells, kind = before.split(" "), after.partition(" ")[0]
        if hyphen and len(cells) > 4 and kind:
            found.append(Mount(PurePosixPath(_OCTAL.sub(lambda code: chr(int(code[1], 8)), cells[4])), kind))
    return tuple(found)


def macos_mounts(printed: str) -> tuple[Mount, ...]:
    """What `mount` prints: `//user@host/share on /Volumes/share (smbfs, nodev, nosuid)`."""
    lines = (_MACOS.search(line) for line in printed.splitlines())
    return tuple(Mount(PurePosixPath(line["point"]), line["kind"]) for line in lines if line)


def network_kind(folder: PurePosixPath, mounts: Iterable[Mount]) -> str | None:
    """The kind of file system `folder` is on, if that is a network's; `folder` is absolute and has no links.

    The deepest mount counts, and of two in one place the later one.
    """
    over = [mount for mount in mounts if folder.is_relative_to(mount.point)]
    if not over:
        return None
    deepest = max(len(mount.point.parts) for mount in over)
    kind = next(mount.kind for mount in reversed(over) if len(mount.point.parts) == deepest)
    return kind if kind in NETWORK else None
