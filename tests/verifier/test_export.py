"""An export that fails leaves what was there before, and none is written by a link to elsewhere."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.served import Served
from tests.world import NOW
from verifier.cli import main


class Exporting:
    """A published site, and a stick that it is exported to."""

    def __init__(self, folder: Path) -> None:
        self.served = Served(folder / "site")
        self.served.published.write_lists()
        self.stick = folder / "sticks" / "stick"

    def export(self) -> int:
        published = self.served.published
        return main(["export", str(self.stick), "--site", str(published.folder), "--root", published.root])

    def publish_anew(self) -> None:
        """Another trust list, so that an export has something to replace."""
        published = self.served.published
        published.write_trust(published.next_trust_list(NOW))


@pytest.fixture
def exporting(tmp_path: Path) -> Exporting:
    return Exporting(tmp_path)


def held(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, what is hidden too."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """As a full disk does, the system takes no more than `size` bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_D02_a_full_disk_leaves_no_half_export(exporting: Exporting, capsys: pytest.CaptureFixture[str]) -> None:
    with no_room_beyond(20_000):  # a font is larger
        assert exporting.export() == 1
    assert "File too large" in capsys.readouterr().err
    assert held(exporting.stick.parent.parent).keys() == {
        "site",
        *(f"site/{name}" for name in held(exporting.served.published.folder)),
    }


@pytest.mark.parametrize("missing", ["fonts", "verify"])
def test_D02_a_full_disk_leaves_the_export_that_was_there(exporting: Exporting, missing: str) -> None:
    assert exporting.export() == 0
    for path in (exporting.stick / missing).iterdir():
        path.unlink()
    (exporting.stick / missing).rmdir()
    (exporting.stick / "ar.html").write_text("a page of an older version", "utf-8")
    exporting.publish_anew()
    before = held(exporting.stick)
    with no_room_beyond(10_000):  # carried.js is larger
        assert exporting.export() == 1
    assert held(exporting.stick) == before
    assert exporting.export() == 0
    assert held(exporting.stick).keys() > before.keys()
    assert held(exporting.stick)["carried.js"] != before["carried.js"]


@pytest.mark.parametrize("name", ["verify", "show.js", "carried.js"])
def test_I10_an_export_follows_no_link_out_of_its_folder(
    exporting: Exporting, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Whoever lends a stick decides what lies on it."""
    assert exporting.export() == 0
    exporting.publish_anew()
    place = exporting.stick / ("verify/show.js" if name == "show.js" else name)
    away = place.rename(tmp_path / "away")
    place.symlink_to(away)
    (exporting.stick / "page.css").unlink()
    before = held(tmp_path)
    assert exporting.export() == 1
    assert "is a symbolic link" in capsys.readouterr().err
    assert held(tmp_path) == before


def test_I10_a_folder_in_a_files_place_is_found_before_anything_is_replaced(exporting: Exporting) -> None:
    assert exporting.export() == 0
    exporting.publish_anew()
    (exporting.stick / "words-zh-Hans.js").unlink()
    (exporting.stick / "words-zh-Hans.js").mkdir()
    before = held(exporting.stick)
    assert exporting.export() == 1
    assert held(exporting.stick) == before
