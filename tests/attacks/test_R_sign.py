"""R19 at a holder's desk: what is signed goes on from what is held, and all of it was read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from keys.offline_cli import now
from keys.trust_edit import Holder, propose_root
from keys.trust_folder_cli import read_folder, write_folder
from tests.keys.trust_desk import Holders, program, sign
from tests.keys.trust_holders import HOLDERS


@pytest.fixture
def holders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Holders:
    return Holders(tmp_path, program(capsys))


def propose_renewed_root(holders: Holders, name: str, days: int) -> None:
    """The draft of a second root by the same holders, over the founding."""
    same = [Holder.of(organisation, key.public_key()) for organisation, key in HOLDERS.items()]
    made = now() + timedelta(days=days)
    founding = read_folder(holders.folder / "list-1")
    write_folder(holders.folder / name, propose_root(founding, same, root_threshold=2, targets_threshold=2, made=made))


def test_R19_a_root_with_the_number_of_the_one_held_is_refused_before_the_key_is_opened(holders: Holders) -> None:
    propose_renewed_root(holders, "list-2", 0)
    propose_renewed_root(holders, "rival", 1)
    holders.number = 2
    holders.signed("ttma", "river-clinic")
    rival = read_folder(holders.folder / "rival")
    code, out, err = sign(holders.run, holders.folder, "rival", "river-clinic")
    assert (code, out) == (1, "")
    assert "trust/2.root.json: is not the one you hold" in err
    assert "ask the other holders which trust list they hold" in err
    assert read_folder(holders.folder / "rival") == rival
