"""R03, R04, R10, R14, R15, R19 at a verifier that remembers: what was seen is not taken back, also after a restart."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.encoding import canonical, format_time
from keys.trust_metadata import add_signature, parse_root
from tests.killed import deaths
from tests.published import Desk
from verifier.report import Outcome, Verdict
from verifier.sources import Site

LATER = timedelta(hours=2)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_R03_an_older_list_after_a_restart(desk: Desk) -> None:
    first = desk.published.trust_files
    desk.published.write_trust(desk.published.next_trust_list(desk.now - LATER))
    assert desk.verdict() is Verdict.VALID
    desk.published.write_trust(first)
    site = desk.open()
    trust = site.materials(desk.now).trust
    assert trust is not None
    assert trust.list.version == 2
    assert desk.rollback(site).outcome is Outcome.UNKNOWN
    assert "trust list 1, and list 2 was seen before" in desk.rollback(site).text
    assert desk.verdict(site) is Verdict.UNKNOWN
    desk.published.write_trust()
    assert desk.verdict(site) is Verdict.VALID


def test_R03_an_older_root_under_the_same_list(desk: Desk) -> None:
    desk.published.write_trust(desk.published.next_root(desk.now - LATER))
    assert desk.verdict() is Verdict.VALID
    (desk.published.folder / "trust" / "2.root.json").unlink()
    check = desk.rollback()
    assert check.outcome is Outcome.UNKNOWN
    assert "root 1, and root 2 was seen before" in check.text


def test_R19_another_list_with_the_same_number(desk: Desk) -> None:
    first, newest = desk.published.trust_files, desk.published.newest
    desk.published.write_trust(desk.published.next_trust_list(desk.now - LATER))
    desk.verdict()
    desk.published.trust_files, desk.published.newest = first, newest
    desk.published.write_trust(desk.published.next_trust_list(desk.now - LATER / 2))
    check = desk.rollback()
    assert check.outcome is Outcome.UNKNOWN
    assert "another trust list 2" in check.text


def test_R19_another_root_with_the_same_number(desk: Desk) -> None:
    first = desk.published.trust_files
    desk.published.write_trust(desk.published.next_root(desk.now - LATER))
    assert desk.verdict() is Verdict.VALID
    desk.published.trust_files = first
    desk.published.write_trust(desk.published.next_root(desk.now - LATER / 2))
    check = desk.rollback()
    assert check.outcome is Outcome.UNKNOWN
    assert "another root 2 than was seen before" in check.text


def test_R19_a_further_signature_makes_no_other_root(desk: Desk) -> None:
    desk.published.write_trust(desk.published.next_root(desk.now - LATER))
    assert desk.verdict() is Verdict.VALID
    root = parse_root(desk.published.trust_files["2.root.json"], "root")
    more = canonical(add_signature(root, Ed25519PrivateKey.generate()))
    desk.published.write("trust/2.root.json", more)
    assert desk.rollback().outcome is Outcome.PASS


def test_R15_a_damaged_list_leaves_the_last_good_one_in_use(desk: Desk) -> None:
    assert desk.verdict() is Verdict.VALID
    for damage in (b"", b"{}", desk.published.trust_files["targets.json"][:-1], b"x" * 2_000_000):
        desk.published.write("trust/targets.json", damage)
        site = desk.open()
        assert desk.verdict(site) is Verdict.VALID
        assert "The last good one, list 1, is in use." in desk.rollback(site).text
    for name in desk.published.trust_files:
        (desk.published.folder / "trust" / name).unlink()
    assert desk.verdict() is Verdict.VALID


def rotated(desk: Desk) -> dict[str, bytes]:
    """A further list under a further root with other holders: with the old targets the new root does not verify."""
    desk.published.next_trust_list(desk.now - LATER)
    return desk.published.replaced_holders(desk.now - LATER)


def test_R15_power_cuts_while_it_learns_leave_the_last_good_list(desk: Desk, tmp_path: Path) -> None:
    assert desk.verdict() is Verdict.VALID
    kept, first = tmp_path / "kept", desk.published.trust_files
    shutil.copytree(desk.folder, kept)
    second = rotated(desk)

    def put_back() -> None:
        shutil.rmtree(desk.folder)
        shutil.copytree(kept, desk.folder)
        desk.published.write_trust(second)

    used = []
    for _ in deaths(lambda: desk.open().materials(desk.now), put_back):
        desk.published.write("trust/targets.json", b"")
        trust = desk.open().materials(desk.now).trust
        assert trust is not None
        used.append(trust.list.version)
        assert desk.verdict() is Verdict.VALID
    assert used == sorted(used)
    assert set(used) == {1, 2}
    assert len(first) < len(second)


def test_R15_a_power_cut_at_the_very_first_start_is_no_damage(desk: Desk) -> None:
    for _ in deaths(lambda: desk.open().materials(desk.now), lambda: shutil.rmtree(desk.folder, ignore_errors=True)):
        assert desk.verdict() is Verdict.VALID
    assert not [path for path in desk.folder.rglob("*") if path.name.endswith(".part")]


def test_R15_what_a_dead_process_left_is_cleared_away(desk: Desk) -> None:
    desk.verdict()
    (desk.folder / ".state.json.0123456789ab.part").write_bytes(b"{")
    (desk.folder / "trust" / ".x.part").mkdir()
    desk.published.write_trust(desk.published.next_trust_list(desk.now - LATER))
    assert desk.verdict() is Verdict.VALID
    assert sorted(path.name for path in desk.folder.iterdir()) == ["lock", "state.json", "trust"]
    assert len(list((desk.folder / "trust").iterdir())) == 1


@pytest.mark.parametrize("name", ["1.root.json", "targets.json", "1.list.json"])
def test_R15_the_alarm_outlives_a_restart(desk: Desk, name: str) -> None:
    desk.verdict()
    desk.published.write(f"trust/{name}", b"{")
    for _ in range(2):
        site = desk.open()
        assert desk.verdict(site) is Verdict.VALID
        (alarm,) = site.alarms(desk.now)
        assert alarm.endswith("The last good one, list 1, is in use.")
        assert alarm in desk.rollback(site).text


@pytest.mark.parametrize("damage", [b"{}", b"x" * 2_000_000])
def test_R15_a_damaged_last_good_list_is_written_again_from_a_sound_site(desk: Desk, damage: bytes) -> None:
    desk.verdict()
    (path,) = desk.folder.glob("trust/*/1.list.json")
    path.write_bytes(damage)
    assert desk.verdict() is Verdict.VALID
    assert path.read_bytes() == desk.published.trust_files["1.list.json"]
    desk.published.write("trust/targets.json", b"")
    assert desk.verdict() is Verdict.VALID


def test_R15_a_last_good_list_that_was_tampered_with_is_not_used(desk: Desk) -> None:
    desk.verdict()
    desk.published.write("trust/targets.json", b"")
    (path,) = desk.folder.glob("trust/*/1.list.json")
    path.write_bytes(b"{}")
    site = desk.open()
    assert site.materials(desk.now).trust is None
    assert "cannot be used either" in site.alarms(desk.now)[0]


@pytest.mark.parametrize(("back", "outcome"), [(600, Outcome.PASS), (601, Outcome.UNKNOWN)])
@pytest.mark.parametrize("restart", [False, True])
def test_R14_a_clock_that_goes_back(desk: Desk, back: int, outcome: Outcome, restart: bool) -> None:
    site = desk.open()
    site.materials(desk.now)
    desk.world.now -= timedelta(seconds=back)
    if restart:
        site = desk.open()
    assert desk.rollback(site).outcome is outcome
    desk.world.now += timedelta(seconds=back)
    assert desk.rollback(site).outcome is Outcome.PASS


def test_R14_a_clock_that_was_ahead_is_set_right_in_the_state_by_hand(desk: Desk) -> None:
    """As templates/hosting/README.md has it; what was seen of the trust list is kept."""
    first = desk.published.trust_files
    desk.published.write_trust(desk.published.next_trust_list(desk.now - LATER))
    desk.open().materials(desk.now + timedelta(days=30))
    assert desk.rollback().outcome is Outcome.UNKNOWN
    path = desk.folder / "state.json"
    path.write_bytes(re.sub(rb'(?<="clock":")[^"]*', format_time(desk.now).encode(), path.read_bytes()))
    assert desk.rollback().outcome is Outcome.PASS
    desk.published.write_trust(first)
    assert "trust list 1, and list 2 was seen before" in desk.rollback().text


def test_R14_a_running_verifier_without_a_state(desk: Desk) -> None:
    site = Site(desk.published.folder, desk.published.root, None)
    site.materials(desk.now)
    check = site.materials(desk.now - timedelta(hours=1)).rollback
    assert check.outcome is Outcome.UNKNOWN
    assert "clock" in check.text


@pytest.mark.parametrize(("more", "outcome"), [(timedelta(0), Outcome.PASS), (timedelta(seconds=1), Outcome.UNKNOWN)])
def test_R04_an_expired_trust_list(desk: Desk, more: timedelta, outcome: Outcome) -> None:
    trust = desk.open().materials(desk.now).trust
    assert trust is not None
    desk.world.now = trust.expires + more
    desk.published.write_lists()
    report = desk.report()
    assert report.check("trust.fresh").outcome is outcome
    assert report.verdict is (Verdict.VALID if outcome is Outcome.PASS else Verdict.UNKNOWN)


def test_R10_50_megabytes_are_not_read(desk: Desk) -> None:
    desk.verdict()
    for name in ("targets.json", "1.root.json", "1.list.json", "2.root.json"):
        kept = desk.published.trust_files.get(name)
        desk.published.write(f"trust/{name}", bytes(50_000_000))
        site = desk.open()
        assert desk.verdict(site) is Verdict.VALID
        assert len(site.alarms(desk.now)) == 1
        if kept is None:
            (desk.published.folder / "trust" / name).unlink()
        else:
            desk.published.write(f"trust/{name}", kept)
