"""R19 at a holder's desk: what is signed goes on from what is held, and all of it was read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from keys.algorithms import Algorithm, generate_private_key
from keys.aloud import grouped
from keys.keyfile import read_public_key
from keys.offline_cli import now
from keys.trust_changes import Changes, NewOrganisation, next_list
from keys.trust_edit import Holder, open_draft, propose, propose_root
from keys.trust_folder_cli import read_folder, write_folder
from tests.keys.trust_desk import Holders, lay_desk, program, sign, write_public_key
from tests.keys.trust_holders import HOLDERS, SITE, TTMA


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


def test_R19_nothing_hides_in_a_list_that_nobody_signed(holders: Holders) -> None:
    """Only the newest list of a draft is signed; those between it and the one a holder knows are not."""
    write_public_key(
        holders.folder / "evil.pub.json", f"{SITE}/orgs/evil", "cosign", generate_private_key(Algorithm.ES256)
    )
    known, files = (
        ("--trust", holders.folder / "list-1", "--root", holders.root),
        read_folder(holders.folder / "list-1"),
    )
    evil = Changes(organisation=(NewOrganisation(slug="evil", name={"en": "Evil"}, keys=("evil.pub.json",)),))
    for changes in (evil, Changes()):
        newest = open_draft(files).list
        new = next_list(
            newest,
            changes,
            lambda name: read_public_key(holders.folder / name),
            lambda name: b"",
            issued=max(now(), newest.issued + timedelta(seconds=1)),
        )
        files = propose(files, new)
    write_folder(holders.folder / "list-3", files)
    code, read, err = holders.run("review", holders.folder / "list-3", "--home", holders.folder / "ttma.home", *known)
    assert code == 0, err
    code, seen, err = sign(holders.run, holders.folder, "list-3", "ttma", *known)
    assert code == 0, err
    for shown in (read, seen):
        assert "since list 1, the last one known here" in shown
        assert f"NEW organisation {SITE}/orgs/evil" in shown


def test_a_draft_is_read_without_a_key_and_not_changed(holders: Holders) -> None:
    """By whoever judges it days before: the lines, digest and words that `sign` will show, and who signed so far."""
    home = ("--home", holders.folder / "ttma.home")
    holders.propose('[[rename]]\norganisation = "ttma"\nname.en = "Massage Association"\n')
    before = read_folder(holders.folder / "list-2")
    code, out, err = holders.run("review", holders.folder / "list-2", *home)
    assert (code, "trust list: none is known yet" in err, "--trust DIR --root HEX" in err) == (2, True, True)
    code, out, err = holders.run(
        "review", holders.folder / "list-2", *home, "--trust", holders.folder / "list-1", "--root", holders.root
    )
    assert code == 0, err
    assert "RENAMED to en 'Massage Association'" in out
    assert "targets.json: signed by nobody (2 needed)" in out
    assert read_folder(holders.folder / "list-2") == before
    _, seen, _ = sign(holders.run, holders.folder, "list-2", "ttma")  # the list was known from the review on
    assert seen.startswith(out.partition("1.root.json: signed")[0])


def test_R19_another_history_is_not_reviewed(holders: Holders) -> None:
    propose_renewed_root(holders, "list-2", 0)
    propose_renewed_root(holders, "rival", 1)
    holders.number = 2
    holders.signed("ttma", "river-clinic")
    code, out, err = holders.run("review", holders.folder / "rival", "--home", holders.folder / "river-clinic.home")
    assert (code, out, "trust/2.root.json: is not the one you hold" in err) == (1, "", True)


def test_a_root_is_taken_as_it_is_read(holders: Holders) -> None:
    read, current = grouped(holders.root), holders.folder / "list-1"
    assert holders.run("show", current, "--root", read)[0] == 0
    assert holders.run("propose", current, "--root", read, "--out", holders.folder / "list-2")[0] == 0
    home = ("--home", holders.folder / "home")
    code, _, err = holders.run("review", holders.folder / "list-2", "--trust", current, "--root", read, *home)
    assert code == 0, err


def test_a_founding_is_reviewed_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handseal, desk = program(capsys), lay_desk(tmp_path)
    assert handseal("init", desk / "founding.toml", "--out", desk / "draft")[0] == 0
    code, out, err = handseal("review", desk / "draft", "--home", desk / "home")
    assert code == 0, err
    assert "List 1, issued" in out
    assert f"NEW organisation {TTMA}" in out
    assert "1.root.json: signed by nobody (2 needed)" in out
