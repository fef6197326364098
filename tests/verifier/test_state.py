"""Nothing goes backwards: not after a restart, not between two processes, not by a newer list that takes back."""

from __future__ import annotations

import multiprocessing
import shutil
import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from keys.encoding import canonical, format_time
from keys.errors import ConfigurationError, HandsealError
from keys.status import MIN_BITS
from keys.trust import Key, TrustList, Use
from tests.published import Desk
from tests.world import CLINIC, NOW, TTMA, World, list_of
from verifier.language import day
from verifier.report import Outcome, Verdict
from verifier.seen import Revocations, Seen, SeenList
from verifier.sources import Site
from verifier.state import State, make_private

REVOCATION = list_of(CLINIC)
ROOT = "ab" * 32
LATER = timedelta(hours=2)


def elsewhere(member: str) -> bytes:
    """A state with one moment in the time of another zone."""
    revoked = (Revocations(kid="k", dated=NOW, bits=""),)
    sound = canonical(Seen(root=ROOT, clock=NOW, lists={"list": SeenList(newest={}, revoked=revoked)}))
    spoiled = sound.replace(f'"{member}":"{format_time(NOW)}"'.encode(), f'"{member}":"{NOW:%FT%T}+07:00"'.encode())
    assert spoiled != sound
    return spoiled


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_with_a_state_rollback_is_checked(desk: Desk) -> None:
    assert desk.rollback().outcome is Outcome.PASS
    assert desk.verdict() is Verdict.VALID


def test_the_folder_is_private(desk: Desk) -> None:
    desk.verdict()
    for path in (desk.folder, *desk.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_nothing_new_writes_nothing(desk: Desk) -> None:
    site = desk.open()
    site.materials(desk.now)
    before = desk.files()
    for seconds in range(0, 540, 45):
        site.materials(desk.now + timedelta(seconds=seconds))
        desk.verdict()
    assert desk.files() == before


def test_the_clock_is_written_seldom(desk: Desk) -> None:
    site = desk.open()
    for minute in range(11):
        site.materials(desk.now + timedelta(minutes=minute))
    assert State(desk.folder).seen is not None
    assert State(desk.folder).seen.clock == desk.now + timedelta(minutes=10)


def test_an_older_status_list_is_not_used_after_a_restart(desk: Desk) -> None:
    older = desk.world.status_token(REVOCATION, dated=desk.now - LATER)
    assert desk.verdict() is Verdict.VALID
    desk.published.write_list(REVOCATION, older)
    site = desk.open()
    assert desk.verdict(site) is Verdict.UNKNOWN
    assert "older than one that was seen before" in str(site.materials(desk.now).lists[REVOCATION])
    assert "went back" in site.alarms(desk.now)[0]
    desk.published.write_lists()
    assert desk.verdict() is Verdict.VALID


def test_a_list_of_the_same_date_is_used(desk: Desk) -> None:
    desk.verdict()
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION)
    assert desk.verdict() is Verdict.REVOKED


def test_a_revocation_stays_though_a_newer_list_takes_it_back(desk: Desk) -> None:
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION, desk.world.status_token(REVOCATION, dated=desk.now - LATER))
    assert desk.verdict() is Verdict.REVOKED
    desk.world.revoked.clear()
    desk.published.write_lists()
    site = desk.open()
    assert desk.verdict(site) is Verdict.REVOKED
    assert "takes revocations back" in site.alarms(desk.now)[0]
    assert "takes revocations back" in desk.rollback(site).text
    desk.core = desk.world.core()
    desk.token = desk.world.issue(core=desk.core)
    assert desk.verdict(site) is Verdict.VALID  # others are not touched by it


def test_a_suspension_may_be_taken_back(desk: Desk) -> None:
    suspension = list_of(CLINIC, "suspension")
    desk.world.revoke(suspension, desk.index)
    desk.published.write_list(suspension, desk.world.status_token(suspension, dated=desk.now - LATER))
    assert desk.verdict() is Verdict.SUSPENDED
    desk.world.revoked.clear()
    desk.published.write_lists()
    assert desk.verdict() is Verdict.VALID


def test_a_withdrawal_by_a_partner_stays(desk: Desk) -> None:
    withdrawn = list_of(TTMA)
    everything = range(MIN_BITS)
    desk.world.revoke(withdrawn, *everything)
    desk.published.write_list(withdrawn, desk.world.status_token(withdrawn, dated=desk.now - LATER))
    assert desk.verdict() is Verdict.WITHDRAWN
    desk.world.revoked.clear()
    desk.published.write_lists()
    assert desk.verdict() is Verdict.WITHDRAWN


@pytest.mark.parametrize(("since", "stays"), [(-LATER, False), (-LATER + timedelta(seconds=1), True)])
def test_what_only_a_compromised_key_said_is_forgotten(desk: Desk, since: timedelta, stays: bool) -> None:
    """formats.md 6: unless learned only from lists dated at or after the moment since which the key is compromised."""
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION, desk.world.status_token(REVOCATION, dated=desk.now - LATER))
    assert desk.verdict() is Verdict.REVOKED
    desk.world.revoked.clear()
    stolen, fresh = desk.world.status_key, desk.world.new_signer()
    desk.world.now += timedelta(hours=1)
    desk.published.write_trust(
        desk.published.next_trust_list(
            desk.now, replaced_key(desk.world, stolen.kid, desk.now + since - LATER / 2, fresh)
        )
    )
    for purpose in ("revocation", "suspension", "refresh"):
        list_id = list_of(CLINIC, purpose)
        desk.published.write_list(list_id, desk.world.status_token(list_id, signer=fresh, dated=desk.now))
    site = desk.open()
    assert site.materials(desk.now).trust is not None
    assert desk.verdict(site) is (Verdict.REVOKED if stays else Verdict.VALID)


def replaced_key(world: World, kid: str, since: datetime, fresh: Any) -> Callable[[TrustList], TrustList]:
    """Declares a status key compromised and adds another one."""

    def change(trust_list: TrustList) -> TrustList:
        clinic, *others = trust_list.organisations
        keys: tuple[Key, ...] = tuple(
            replace(key, compromised_since=since) if key.kid == kid else key for key in clinic.keys
        )
        added = world.key(fresh, Use.STATUS, valid_from=trust_list.issued)
        return replace(trust_list, organisations=(replace(clinic, keys=(*keys, added)), *others))

    return change


def test_a_state_belongs_to_one_root(desk: Desk) -> None:
    desk.verdict()
    with pytest.raises(ConfigurationError, match="another trust list"):
        Site(desk.published.folder, ROOT, State(desk.folder))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b'{"clock":"2026-11-22T09:00:00Z","root":"x","version":2}',
        elsewhere("clock"),
        elsewhere("dated"),
        b"\xff",
    ],
)
def test_a_damaged_state_is_refused(desk: Desk, damage: bytes) -> None:
    desk.verdict()
    (desk.folder / "state.json").write_bytes(damage)
    with pytest.raises(ConfigurationError, match=r"state\.json"):
        State(desk.folder)


def test_R14_a_state_that_was_lost_in_part_is_refused(desk: Desk) -> None:
    desk.verdict()
    (desk.folder / "state.json").unlink()
    with pytest.raises(ConfigurationError, match=r"state\.json: is missing"):
        State(desk.folder)


def test_since_when_it_remembers_is_said(desk: Desk) -> None:
    """A folder that somebody emptied remembers nothing, and does not pretend to."""
    began = desk.now
    desk.verdict()
    desk.world.now += timedelta(days=3)
    desk.published.write_lists()
    assert f"since {day(began)}, when this verifier began to remember" in desk.rollback().text
    shutil.rmtree(desk.folder)
    assert f"since {day(desk.now)}, when" in desk.rollback().text


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"clock":', b"\xff"])
def test_R14_a_state_damaged_while_it_runs_leaves_nothing_valid(desk: Desk, damage: bytes) -> None:
    site = desk.open()
    assert desk.verdict(site) is Verdict.VALID
    path = desk.folder / "state.json"
    sound = path.read_bytes()
    path.write_bytes(damage)
    assert desk.verdict(site) is Verdict.UNKNOWN
    assert "cannot be used" in desk.rollback(site).text
    desk.world.now += timedelta(minutes=20)  # time enough to write the clock: what is damaged is left as it is
    assert desk.verdict(site) is Verdict.UNKNOWN
    assert path.read_bytes() == damage
    path.write_bytes(sound)
    assert desk.verdict(site) is Verdict.VALID


def test_R14_an_older_copy_put_there_while_it_runs_takes_nothing_back(desk: Desk) -> None:
    site = desk.open()
    assert desk.verdict(site) is Verdict.VALID
    old = (desk.folder / "state.json").read_bytes()
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION)
    assert desk.verdict(site) is Verdict.REVOKED
    (desk.folder / "state.json").write_bytes(old)
    desk.world.revoked.clear()
    desk.published.write_list(REVOCATION)
    assert desk.verdict(site) is Verdict.REVOKED
    assert desk.verdict() is Verdict.REVOKED  # it was written again


def test_a_state_of_another_root_put_there_while_it_runs_is_not_used(desk: Desk) -> None:
    site = desk.open()
    desk.verdict(site)
    (desk.folder / "state.json").write_bytes(canonical(Seen(root=ROOT, clock=NOW)))
    assert desk.verdict(site) is Verdict.UNKNOWN
    assert "belongs to another trust list now" in desk.rollback(site).text


def test_a_folder_that_cannot_serve_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "full" / "lock").mkdir(parents=True, mode=0o700)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "open", tmp_path / "full"):
        with pytest.raises(ConfigurationError):
            State(folder)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "open"):
        with pytest.raises(ConfigurationError):
            make_private(folder)


def test_two_verifiers_share_what_they_saw(desk: Desk) -> None:
    one, other = desk.open(), desk.open()
    assert desk.verdict(one) is desk.verdict(other) is Verdict.VALID
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION)
    assert desk.verdict(one) is Verdict.REVOKED
    desk.world.revoked.clear()
    desk.published.write_list(REVOCATION)
    assert desk.verdict(other) is Verdict.REVOKED


def test_a_revocation_that_another_verifier_saw_counts_at_once(desk: Desk) -> None:
    """Not a minute later, and though the site that this one reads never showed it."""
    one = desk.open()
    assert desk.verdict(one) is Verdict.VALID
    desk.published.folder = shutil.copytree(desk.published.folder, desk.folder.parent / "elsewhere")
    desk.world.revoke(REVOCATION, desk.index)
    desk.published.write_list(REVOCATION)
    assert desk.verdict(desk.open()) is Verdict.REVOKED
    assert desk.verdict(one) is Verdict.REVOKED


def test_two_verifiers_of_two_sites_do_not_begin_in_one_folder(tmp_path: Path) -> None:
    one, other = State(tmp_path / "state"), State(tmp_path / "state")
    one.learn(Seen(root=ROOT, clock=NOW), {})
    with pytest.raises(ConfigurationError, match="belongs to another trust list"):
        other.learn(Seen(root="cd" * 32, clock=NOW), {})


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=learn_many, args=(tmp_path / "state", number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    seen = State(tmp_path / "state").seen
    assert seen is not None
    assert len(seen.lists) == 20


def learn_many(folder: Path, worker: int) -> None:
    state = State(folder)
    for number in range(10):
        lists = {f"list {worker} {number}": SeenList(newest={"kid": NOW}, revoked=())}
        state.learn(Seen(root=ROOT, clock=NOW, lists=lists), {})


def test_a_state_that_cannot_be_written_is_an_alarm(desk: Desk) -> None:
    state = State(desk.folder)
    (desk.folder / "lock").unlink()
    (desk.folder / "lock").mkdir()
    with pytest.raises(HandsealError):
        state.learn(Seen(root=ROOT, clock=NOW), {})
    site = Site(desk.published.folder, desk.published.root, state)
    assert desk.verdict(site) is Verdict.VALID
    assert "could not be kept" in site.alarms(desk.now)[0]
    (desk.folder / "lock").rmdir()
    site.materials(desk.now + timedelta(minutes=2))
    assert site.alarms(desk.now + timedelta(minutes=2)) == ()
    assert list(desk.folder.glob("trust/*/targets.json"))
