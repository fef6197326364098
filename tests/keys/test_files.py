"""Files are read up to a limit, written whole or not at all, and never overwritten unasked."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from keys.errors import ConfigurationError, HandsealError
from keys.files import (
    PUBLIC,
    SECRET,
    new_file,
    new_folder,
    opened,
    read_bounded,
    replace_file,
    replace_files,
    require_absent,
    write_new,
)


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 10)
    assert read_bounded(path, 10) == b"x" * 10
    with pytest.raises(HandsealError, match="larger than 9 bytes"):
        read_bounded(path, 9)


def test_only_files_are_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", tmp_path / "f" / "g", Path("/dev/null")):
        with pytest.raises(ConfigurationError):
            read_bounded(path, 10)
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it, and nobody waits
    with pytest.raises(ConfigurationError, match="is not a file"):
        read_bounded(tmp_path / "pipe", 10)


@pytest.mark.parametrize("permissions", [PUBLIC, SECRET])
def test_a_new_file(tmp_path: Path, permissions: int) -> None:
    path = tmp_path / "f"
    old = os.umask(0)
    try:
        write_new(path, b"data", permissions)
    finally:
        os.umask(old)
    assert (path.read_bytes(), mode(path), inside(tmp_path)) == (b"data", permissions, ["f"])


def obstacles(folder: Path) -> list[Path]:
    (folder / "file").write_bytes(b"old")
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(folder / "file")
    (folder / "dangling").symlink_to(folder / "nowhere")
    return [folder / name for name in ("file", "folder", "link", "dangling")]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for path in obstacles(tmp_path):
        with pytest.raises(HandsealError, match="exists already"):
            require_absent(path)
        with pytest.raises(HandsealError, match="exists already"):
            write_new(path, b"new")
    assert inside(tmp_path) == ["dangling", "file", "folder", "link"]
    assert (tmp_path / "file").read_bytes() == b"old"
    require_absent(tmp_path / "free")


@pytest.mark.parametrize("reason", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_stick_without_hard_links_takes_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def link(*_: object) -> NoReturn:
        raise OSError(reason, "no hard links here")  # as FAT says

    monkeypatch.setattr(os, "link", link)
    write_new(tmp_path / "f", b"data", SECRET)
    assert ((tmp_path / "f").read_bytes(), mode(tmp_path / "f"), inside(tmp_path)) == (b"data", SECRET, ["f"])

    def race() -> None:
        with new_file(tmp_path / "g") as stream:
            stream.write(b"mine")
            (tmp_path / "g").write_bytes(b"theirs")

    with pytest.raises(HandsealError, match="exists already"):
        race()
    assert ((tmp_path / "g").read_bytes(), inside(tmp_path)) == (b"theirs", ["f", "g"])


def test_what_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "f"

    def race() -> None:
        with new_file(path) as stream:
            stream.write(b"mine")
            path.write_bytes(b"theirs")

    with pytest.raises(HandsealError, match="exists already"):
        race()
    assert (path.read_bytes(), inside(tmp_path)) == (b"theirs", ["f"])


def test_a_block_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fail(fault: type[BaseException]) -> None:
        with new_file(tmp_path / "f") as stream:
            stream.write(b"half")
            raise fault("stop")

    for fault in (ValueError, KeyboardInterrupt, HandsealError):
        with pytest.raises(fault):
            fail(fault)
    assert inside(tmp_path) == []


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    for write in (write_new, replace_file):
        with pytest.raises(HandsealError, match="No such file"):
            write(tmp_path / "no" / "f", b"x")


@pytest.mark.parametrize("sync", [True, False])
def test_replacing(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "f"
    for data in (b"first", b"second"):
        replace_file(path, data, sync=sync)
        assert (path.read_bytes(), inside(tmp_path)) == (data, ["f"])
    replace_file(path, b"secret", SECRET)
    assert mode(path) == SECRET


def test_a_reader_keeps_the_old_bytes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    replace_file(path, b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")
        assert (reader.read(), path.read_bytes()) == (b"old", b"new")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    _, folder, link, dangling = obstacles(tmp_path)
    for path in (link, dangling):
        with pytest.raises(HandsealError, match="symbolic link"):
            replace_file(path, b"new")
    with pytest.raises(HandsealError):
        replace_file(folder, b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_an_answer_that_is_lost_while_a_file_is_read_is_no_fault_of_the_file(tmp_path: Path, number: int) -> None:
    """`review request.jsonl | head`: whoever reads has read enough."""
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OSError, match=os.strerror(number)), opened(tmp_path / "file"):
        raise OSError(number, os.strerror(number))
    with pytest.raises(ConfigurationError, match="file: Input/output error"), opened(tmp_path / "file"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_all_files_are_replaced_or_none(tmp_path: Path) -> None:
    _, folder, link, _ = obstacles(tmp_path)
    before = inside(tmp_path)
    for obstacle, complaint in ((folder, "is a folder"), (link, "is a symbolic link")):
        with pytest.raises(HandsealError, match=complaint):
            replace_files({tmp_path / "file": b"new", tmp_path / "deep" / "down": b"new", obstacle: b"new"})
    with pytest.raises(HandsealError, match="deeper: Not a directory"):
        replace_files({tmp_path / "deep" / "down": b"new", tmp_path / "file" / "deeper" / "down": b"new"})
    assert (inside(tmp_path), (tmp_path / "file").read_bytes()) == (before, b"old")
    replace_files({tmp_path / "file": b"new", tmp_path / "deep" / "down": b"new"})
    assert [(tmp_path / name).read_bytes() for name in ("file", "deep/down")] == [b"new"] * 2


def fill(path: Path, then: Callable[[], object]) -> None:
    with new_folder(path) as beside:
        write_new(beside / "one", b"1")
        then()


def run_out() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "papers"
    with pytest.raises(HandsealError, match="No space left"):
        fill(path, run_out)
    assert inside(tmp_path) == []
    fill(path, lambda: None)
    assert inside(path) == ["one"]


def test_a_new_folder_takes_nobodys_place(tmp_path: Path) -> None:
    """Neither one that was there nor one that appears meanwhile; a rename alone would replace an empty one."""
    path = tmp_path / "papers"
    with pytest.raises(HandsealError, match="exists already"):
        fill(path, path.mkdir)
    with pytest.raises(HandsealError, match="exists already"):
        fill(path, lambda: pytest.fail("it was there"))
    assert list(tmp_path.rglob("*")) == [path]
