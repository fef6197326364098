"""A site on a disk becomes materials; what changes is seen, what is unsafe is not read."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from keys.encoding import sha256, sri
from keys.errors import ConfigurationError
from keys.status import COSIGNER_LIST_LIFE, ISSUER_LIST_LIFE, StatusList
from keys.trust import FrozenStatus
from tests.published import LOOKUP, PublishedSite
from tests.world import CLINIC, TTMA, World, list_of
from verifier.report import Outcome, Verdict
from verifier.sources import Site
from verifier.state import State
from verifier.verify import verify

REVOCATION = list_of(CLINIC)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def published(tmp_path: Path, world: World) -> PublishedSite:
    return PublishedSite(tmp_path / "site", world)


@pytest.fixture
def site(published: PublishedSite) -> Site:
    return Site(published.folder, published.root, None)


def verdict(site: Site, world: World, token: bytes) -> Verdict:
    return verify(token, site.materials(world.now), at=world.now, now=world.now).verdict


def test_a_whole_site_verifies_a_certificate(site: Site, world: World) -> None:
    assert verdict(site, world, world.issue()) is Verdict.VALID


def test_all_of_the_site_is_read(site: Site, world: World) -> None:
    materials = site.materials(world.now)
    assert sorted(materials.lists) == sorted(world.list_ids())
    assert all(isinstance(status_list, StatusList) for status_list in materials.lists.values())
    assert materials.syllabuses == {world.syllabus.id: world.syllabus_bytes}
    assert materials.trust_fault == ""
    assert materials.trust is not None
    assert materials.trust.digest == world.trust().digest


def test_without_a_state_rollback_was_not_checked(site: Site, world: World) -> None:
    assert site.materials(world.now).rollback.outcome is Outcome.NOT_RUN
    assert site.alarms(world.now) == ()


def test_unchanged_files_are_not_read_again(site: Site, world: World) -> None:
    first = site.materials(world.now)
    later = site.materials(world.now + timedelta(seconds=59))
    assert later.trust is first.trust
    assert later.lists is first.lists


def test_unchanged_materials_cost_little(site: Site, world: World) -> None:
    site.materials(world.now)
    durations = []
    for _ in range(50):
        start = time.perf_counter()
        site.materials(world.now)
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.001


def test_a_new_list_is_used_at_once(site: Site, world: World, published: PublishedSite) -> None:
    core = world.core()
    token = world.issue(core=core)
    assert verdict(site, world, token) is Verdict.VALID
    world.revoke(REVOCATION, core.credential_status.index)
    published.write_list(REVOCATION)
    assert verdict(site, world, token) is Verdict.REVOKED


def test_a_list_written_over_itself_is_used_at_once(site: Site, world: World, published: PublishedSite) -> None:
    core = world.core()
    token = world.issue(core=core)
    assert verdict(site, world, token) is Verdict.VALID
    world.revoke(REVOCATION, core.credential_status.index)
    path = published.folder / "status/river-clinic/revocation/1.jwt"
    path.write_bytes(world.status_token(REVOCATION).encode())
    os.utime(path, ns=(1, 1))  # another time, whatever this disk's clock ticks in
    assert verdict(site, world, token) is Verdict.REVOKED


def test_a_list_that_appears_is_used(site: Site, world: World, published: PublishedSite) -> None:
    path = published.folder / "status/river-clinic/suspension/1.jwt"
    token = path.read_bytes()
    path.unlink()
    certificate = world.issue()
    assert verdict(site, world, certificate) is Verdict.UNKNOWN
    published.write("status/river-clinic/suspension/1.jwt", token)
    assert verdict(site, world, certificate) is Verdict.VALID


def test_a_list_goes_out_of_date_while_nothing_changes(site: Site, world: World) -> None:
    dated = world.now - timedelta(hours=1)
    last = dated + ISSUER_LIST_LIFE
    assert isinstance(site.materials(last).lists[REVOCATION], StatusList)
    assert isinstance(site.materials(last - timedelta(seconds=30)).lists[REVOCATION], StatusList)
    assert isinstance(site.materials(last + timedelta(seconds=1)).lists[REVOCATION], str)


def test_a_list_dated_ahead_is_used_when_its_time_comes(site: Site, world: World, published: PublishedSite) -> None:
    published.write_list(REVOCATION, world.status_token(REVOCATION, dated=world.now + timedelta(minutes=2)))
    assert isinstance(site.materials(world.now).lists[REVOCATION], str)
    assert isinstance(site.materials(world.now + timedelta(minutes=3)).lists[REVOCATION], StatusList)


def test_a_clock_that_is_set_back_makes_a_list_future_again(site: Site, world: World, published: PublishedSite) -> None:
    later = world.now + timedelta(minutes=3)
    published.write_list(REVOCATION, world.status_token(REVOCATION, dated=later))
    assert isinstance(site.materials(later).lists[REVOCATION], StatusList)
    assert isinstance(site.materials(world.now).lists[REVOCATION], str)


@pytest.mark.parametrize("prepare", ["missing", "empty", "file"])
def test_what_is_no_site_has_no_trust_list(tmp_path: Path, world: World, prepare: str) -> None:
    folder = tmp_path / "other"
    if prepare == "empty":
        folder.mkdir()
    elif prepare == "file":
        folder.write_bytes(b"x")
    materials = Site(folder, "ab" * 32, None).materials(world.now)
    assert materials.trust is None
    assert "not a published site" in materials.trust_fault
    assert verify(world.issue(), materials, at=world.now, now=world.now).verdict is Verdict.UNKNOWN


def test_another_root_than_the_one_told(published: PublishedSite, world: World) -> None:
    materials = Site(published.folder, "ab" * 32, None).materials(world.now)
    assert materials.trust is None
    assert "1.root.json: is not the root that was told" in materials.trust_fault


@pytest.mark.parametrize("root", ["", "abc", "xy" * 32, "ab" * 33])
def test_a_root_is_a_digest(published: PublishedSite, root: str) -> None:
    with pytest.raises(ConfigurationError, match="root"):
        Site(published.folder, root, None)


def test_a_root_in_capitals_is_the_same(published: PublishedSite, world: World) -> None:
    assert Site(published.folder, f" {published.root.upper()} ", None).materials(world.now).trust is not None


def test_a_site_that_appears_is_used(tmp_path: Path, world: World) -> None:
    published = PublishedSite(tmp_path / "new", world)
    published.folder.rename(tmp_path / "hidden")
    site = Site(published.folder, published.root, None)
    assert site.materials(world.now).trust is None
    (tmp_path / "hidden").rename(published.folder)
    assert site.materials(world.now).trust is not None


def test_a_site_behind_a_link_may_be_swapped(tmp_path: Path, world: World) -> None:
    published = PublishedSite(tmp_path / "release-1", world)
    link = tmp_path / "current"
    link.symlink_to(published.folder)
    site = Site(link, published.root, None)
    core = world.core()
    token = world.issue(core=core)
    assert verdict(site, world, token) is Verdict.VALID
    world.revoke(REVOCATION, core.credential_status.index)
    published.folder = tmp_path / "release-2"
    published.write_trust()
    published.write_lists()
    link.unlink()
    link.symlink_to(published.folder)
    assert verdict(site, world, token) is Verdict.REVOKED


def test_a_new_trust_list_is_used(site: Site, world: World, published: PublishedSite) -> None:
    site.materials(world.now)
    published.write_trust(published.next_trust_list(world.now))
    trust = site.materials(world.now).trust
    assert trust is not None
    assert trust.list.version == 2


def test_the_last_good_trust_list_serves_while_a_bad_one_is_there(
    site: Site, world: World, published: PublishedSite
) -> None:
    site.materials(world.now)
    published.write("trust/targets.json", published.trust_files["targets.json"][:100])
    assert verdict(site, world, world.issue()) is Verdict.VALID
    (alarm,) = site.alarms(world.now)
    assert "list 1, is in use" in alarm


@pytest.mark.parametrize(
    "spelling", [LOOKUP, LOOKUP.lower(), f"{LOOKUP[:5]}-{LOOKUP[5:10]} {LOOKUP[10:]}", LOOKUP.replace("0", "O")]
)
def test_a_certificate_by_its_id(site: Site, world: World, published: PublishedSite, spelling: str) -> None:
    token = world.issue()
    published.write_certificate(token)
    assert site.certificate(spelling) == token


@pytest.mark.parametrize("lookup", ["", LOOKUP[:-1], LOOKUP[:-1] + "T", "../trust/1.root.json", "0" * 200])
def test_no_certificate_by_another_id(site: Site, published: PublishedSite, lookup: str) -> None:
    published.write_certificate(b"token")
    assert site.certificate(lookup) is None


def test_a_file_by_its_path(site: Site, published: PublishedSite, world: World) -> None:
    assert site.file("trust/1.root.json") == published.trust_files["1.root.json"]
    assert site.file("programmes/deep-tissue-foundations/1.json") == world.syllabus_bytes
    published.write("keys/-leading.json", b"{}")
    assert site.file("keys/-leading.json") == b"{}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "trust",
        "trust/",
        "/etc/passwd",
        "../secret",
        "trust/../../secret",
        "trust/./1.root.json",
        "trust//1.root.json",
        "trust\\1.root.json",
        "trust/1.root.json\0",
        "trust/1.root.json\n",
        ".hidden",
        "link",
        "folder-link/secret",
        "pipe",
        "trust/1.root.json/x",
        "missing",
        "x" * 300,
        "x/" * 200,
        "é",
        "%2e%2e/secret",
    ],
)
def test_no_other_path_is_read(site: Site, published: PublishedSite, path: str) -> None:
    outside = published.folder.parent
    (outside / "secret").write_bytes(b"secret")
    (published.folder / ".hidden").write_bytes(b"secret")
    (published.folder / "link").symlink_to(outside / "secret")
    (published.folder / "folder-link").symlink_to(outside)
    os.mkfifo(published.folder / "pipe")
    assert site.file(path) is None


def test_certificates_are_not_files(site: Site, published: PublishedSite) -> None:
    published.write_certificate(b"token")
    for folder in ("c", "C"):  # some disks know no capitals
        assert site.file(f"{folder}/01/{LOOKUP}.jwt") is None


def test_links_inside_a_site_are_not_followed(site: Site, world: World, published: PublishedSite) -> None:
    path = published.folder / "status/ttma/revocation/1.jwt"
    elsewhere = published.folder.parent / "list.jwt"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert site.materials(world.now).lists[list_of(TTMA)] == "status/ttma/revocation/1.jwt: is missing"


def test_a_file_larger_than_its_kind_may_be_is_not_read(site: Site, world: World, published: PublishedSite) -> None:
    published.write_certificate(b"x" * (64 * 1024 + 1))
    assert site.certificate(LOOKUP) is None
    published.write("status/ttma/revocation/1.jwt", b"x" * (512 * 1024 + 1))
    assert "larger" in str(site.materials(world.now).lists[list_of(TTMA)])


def test_strange_names_in_the_folders_are_ignored(site: Site, world: World, published: PublishedSite) -> None:
    for name in ("x.jwt", "01.jwt", "1.json", "1.jwt.part", ".1.jwt.part", "-1.jwt"):
        published.write(f"status/ttma/revocation/{name}", b"x")
    published.write("status/strangers/revocation/1.jwt", b"x")
    published.write("programmes/deep-tissue-foundations/x.json", b"x")
    materials = site.materials(world.now)
    assert sorted(materials.lists) == sorted(world.list_ids())
    assert list(materials.syllabuses) == [world.syllabus.id]


def test_the_number_of_lists_is_bounded(site: Site, world: World, published: PublishedSite) -> None:
    for number in range(2, 300):
        published.write(f"status/ttma/revocation/{number}.jwt", b"x")
    assert len(site.materials(world.now).lists) == 256
    assert "more than 256" in site.alarms(world.now)[0]


def test_frozen_lists_outlive_their_organisation(world: World, published: PublishedSite) -> None:
    """formats.md 5: exactly these bytes, whatever their age, and no other list of that organisation."""
    token = world.issue()
    last = world.status_token(list_of(TTMA))
    frozen = FrozenStatus(id=list_of(TTMA), digest_sri=sri(sha256(last.encode())))
    published.write_list(list_of(TTMA), last)
    published.write_trust(
        published.next_trust_list(world.now, lambda trust_list: replace(trust_list, frozen_status=(frozen,)))
    )
    state = State(published.folder.parent / "state")
    site = Site(published.folder, published.root, state)
    assert verdict(site, world, token) is Verdict.VALID
    world.now += COSIGNER_LIST_LIFE + timedelta(days=1)
    opened = site.materials(world.now).lists[list_of(TTMA)]
    assert isinstance(opened, StatusList)
    assert opened.frozen
    published.write_list(list_of(TTMA))
    assert "not the list frozen" in str(site.materials(world.now).lists[list_of(TTMA)])


def test_a_list_replaced_while_it_is_read_is_the_old_or_the_new_one(
    site: Site, world: World, published: PublishedSite
) -> None:
    core = world.core()
    old = world.status_token(REVOCATION)
    world.revoke(REVOCATION, core.credential_status.index)
    new = world.status_token(REVOCATION)
    stop = threading.Event()

    def publish() -> None:
        while not stop.is_set():
            published.write_list(REVOCATION, old)
            published.write_list(REVOCATION, new)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        seen = {site.materials(world.now).lists[REVOCATION] for _ in range(50)}
    finally:
        stop.set()
        publisher.join()
    tokens = {opened.token if isinstance(opened, StatusList) else opened.encode() for opened in seen}
    assert tokens <= {old.encode(), new.encode()}
