"""R03, R15, R19 at a partner body: its state folder takes no trust list that goes back, and survives a power cut."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from keys.errors import HandsealError
from keys.home import Home
from keys.trust_edit import found, propose, propose_root, root_digest
from keys.trust_folder_cli import write_folder
from tests.keys.trust_holders import COLLEGE, LATER, LIST, TTMA, after, holders, signed
from tests.killed import deaths

FIRST = signed(found(LIST, holders()))
ROOT = root_digest(FIRST)
SECOND = signed(propose(FIRST, after(LIST)))


def renewed(days: int) -> dict[str, bytes]:
    """The first list under a second root by the same holders; the list itself is as it was."""
    made = LATER + timedelta(days=days)
    return signed(propose_root(FIRST, holders(), root_threshold=2, targets_threshold=2, made=made), TTMA, COLLEGE)


def take(home: Path, source: Path) -> None:
    with Home(home) as opened:
        opened.take_trust(source, ROOT)


def held(home: Path) -> tuple[int, int]:
    with Home(home) as opened:
        trust = opened.last_trust()
    return trust.list.version, trust.root_version


def folders(folder: Path, **sets: dict[str, bytes]) -> dict[str, Path]:
    for name, files in sets.items():
        write_folder(folder / name, files)
    return {name: folder / name for name in sets}


def refused(home: Path, source: Path, why: str) -> None:
    before = held(home)
    with pytest.raises(HandsealError, match=why):
        take(home, source)
    assert held(home) == before


def test_R03_neither_an_older_list_nor_an_older_root_is_taken(tmp_path: Path) -> None:
    there, home = folders(tmp_path, first=FIRST, second=SECOND, renewed=renewed(0)), tmp_path / "home"
    take(home, there["first"])
    take(home, there["renewed"])
    assert held(home) == (1, 2)
    refused(home, there["first"], "root 1 is older than root 2 kept here")
    refused(home, there["second"], "root 1 is older than root 2 kept here")
    other = tmp_path / "other"
    take(other, there["second"])
    refused(other, there["first"], "version 1 is older than version 2 kept here")


def test_R19_another_root_with_the_same_number_is_not_taken(tmp_path: Path) -> None:
    there, home = folders(tmp_path, one=renewed(0), rival=renewed(1)), tmp_path / "home"
    take(home, there["one"])
    refused(home, there["rival"], "its root 2 is not the one kept here: someone rewrote it")
    take(home, there["one"])


def test_R15_a_power_cut_leaves_the_old_list_or_the_new_one(tmp_path: Path) -> None:
    there, home = folders(tmp_path, first=FIRST, second=SECOND), tmp_path / "home"
    take(home, there["first"])
    seen = []
    for _ in deaths(lambda: take(home, there["second"])):
        seen.append(held(home)[0])
    assert set(seen) <= {1, 2}
    assert seen == sorted(seen)
    assert seen[0] == 1
    assert held(home) == (2, 1)
