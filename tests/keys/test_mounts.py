"""Tables of mounts as Linux and macOS print them, and what is a network in them."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from keys.mounts import linux_mounts, macos_mounts, network_kind

LINUX = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 27 0:35 / /srv/share rw,relatime shared:7 master:2 - nfs4 server:/export rw,vers=4.2
41 40 8:17 / /srv/share/stick rw - vfat /dev/sdb1 rw
42 27 0:36 / /home/ada/our\\040clinic rw - cifs //server/clinic rw
43 27 0:37 / /mnt/c rw - 9p drvfs rw
44 27 0:38 / /home/ada/there rw - fuse.sshfs ada@server: rw
45 27 0:39 / /media rw - nfs4 server:/media rw
46 27 0:40 / /media rw - tmpfs tmpfs rw
48 27 0:41 / /mnt/cloud rw - fuse.rclone remote: rw
no mount at all
47 27
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//ada@server/clinic on /Volumes/our on clinic (smbfs, nodev, nosuid, mounted by ada)
/dev/disk4s1 on /Volumes/STICK (msdos, local, nodev)
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ada", None),
        ("/srv/share", "nfs4"),
        ("/srv/share/keys/deep", "nfs4"),
        ("/srv/shared", None),
        ("/srv/share/stick", None),
        ("/home/ada/our clinic/keys", "cifs"),
        ("/home/ada/there", "fuse.sshfs"),
        ("/mnt/c/Users", None),
        ("/mnt/cloud", "fuse.rclone"),
        ("/media/keys", None),  # what is mounted over the other one
    ],
)
def test_K04_the_deepest_mount_says_what_a_folder_is_on(folder: str, kind: str | None) -> None:
    assert network_kind(PurePosixPath(folder), linux_mounts(LINUX)) == kind


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/Users/ada", None), ("/Volumes/our on clinic/keys", "smbfs"), ("/Volumes/STICK", None)],
)
def test_K04_macos_prints_its_mounts_another_way(folder: str, kind: str | None) -> None:
    assert network_kind(PurePosixPath(folder), macos_mounts(MACOS)) == kind


def test_without_a_table_nothing_is_known() -> None:
    assert network_kind(PurePosixPath("/srv/share"), linux_mounts("")) is None
    assert macos_mounts("no table") == ()
