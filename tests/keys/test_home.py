"""The state folder forgets nothing, goes back nowhere, and belongs to one body."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from keys import database, home as home_module
from keys.answered import SignedRequest
from keys.encoding import canonical, format_time, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.home import Home
from keys.request import RequestReader, RequestRow
from keys.status import MIN_BITS
from keys.trust import TrustList
from keys.trust_edit import propose, root_digest
from tests.keys.partner import CLINIC, FOUNDED, NOW, PARTNERS, PROGRAMME, SITE, build_list, build_request
from tests.keys.trust_site import sign_all, trust_files, write_trust

LIST = f"{SITE}/status/ttma/revocation/1"
KID = f"{SITE}/keys/one"
ROWS = list(RequestReader(BytesIO(build_request())))
REQUEST = sha256(b"request")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        yield opened


def token(row: RequestRow, place: int) -> str:
    return f"{row.core.id} {place}"


def places(home: Home, kid: str = KID) -> list[int]:
    return [int(kept.rpartition(" ")[2]) for kept in home.tokens(kid, [row.digest for row in ROWS])]


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "home"
    with Home(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o750)
    with pytest.raises(HandsealError, match="others may enter it"):
        Home(folder)


def test_a_folder_that_cannot_be_made_is_a_matter_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError):
        Home(tmp_path / "file" / "home")


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    Home(folder).close()
    (folder / "state.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(HandsealError, match="cannot be opened"):
        Home(folder)


def test_endorsements_are_made_once_and_survive(tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        home.endorse(KID, LIST, REQUEST, ROWS, token, NOW)
        first = list(home.tokens(KID, [row.digest for row in ROWS]))
    with Home(tmp_path / "home") as home:
        home.endorse(KID, LIST, REQUEST, ROWS, lambda row, place: pytest.fail("asked twice"), NOW)
        assert list(home.tokens(KID, [row.digest for row in ROWS])) == first


def test_S10_S11_places_are_unique_and_in_no_order(home: Home) -> None:
    home.endorse(KID, LIST, REQUEST, ROWS, token, NOW)
    home.endorse(f"{KID}-two", LIST, REQUEST, ROWS, token, NOW)
    found = places(home) + places(home, f"{KID}-two")
    assert len(set(found)) == 10
    assert found != sorted(found)
    assert all(0 <= place < MIN_BITS for place in found)


def test_a_place_is_not_given_to_two_endorsements_by_the_database_either(home: Home, tmp_path: Path) -> None:
    home.endorse(KID, LIST, REQUEST, ROWS[:1], token, NOW)
    database = sqlite3.connect(tmp_path / "home" / "state.sqlite3")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(
            "INSERT INTO endorsement SELECT 'other', digest, list, place, '', '', '', '', NULL FROM endorsement"
        )
    database.close()


def test_a_list_grows_before_it_is_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(home.status_bits(LIST)) * 8 == MIN_BITS
    monkeypatch.setattr(home_module, "MIN_BITS", 8)
    home.endorse(KID, LIST, REQUEST, ROWS, token, NOW)
    assert len(home.status_bits(LIST)) * 8 == 16
    monkeypatch.setattr(home_module, "MAX_BITS", 8)
    with pytest.raises(HandsealError, match="is full"):
        home.status_bits(LIST)


def test_what_fails_in_the_middle_leaves_nothing(home: Home) -> None:
    def make(row: RequestRow, place: int) -> str:
        if row.number == 4:
            raise HandsealError("no more")
        return token(row, place)

    with pytest.raises(HandsealError, match="no more"):
        home.endorse(KID, LIST, REQUEST, ROWS, make, NOW)
    assert list(home.signed()) == []


def test_a_second_ceremony_on_the_same_folder_waits_then_gives_up(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 0.01)
    with Home(tmp_path / "home") as other:

        def make(row: RequestRow, place: int) -> str:
            other.remember("anything", "else")
            return token(row, place)

        with pytest.raises(HandsealError, match="locked"):
            home.endorse(KID, LIST, REQUEST, ROWS, make, NOW)


def test_what_was_signed_is_listed_by_moment_then_as_in_its_request(home: Home) -> None:
    home.endorse(KID, LIST, REQUEST, ROWS[3:], token, NOW + timedelta(seconds=1))
    home.endorse(KID, LIST, REQUEST, ROWS[2::-1], token, NOW)
    assert [entry.certificate for entry in home.signed()] == [row.core.id for row in ROWS]


def test_requests_are_listed_once(home: Home) -> None:
    entry = SignedRequest(REQUEST, KID, CLINIC, "Deep Tissue", 5, NOW)
    home.answered.record(entry, [])
    home.answered.record(entry, [])
    assert home.answered.requests() == [entry]


def test_a_folder_belongs_to_one_body(home: Home) -> None:
    home.require_owner(PARTNERS[0])
    home.require_owner(PARTNERS[0])
    with pytest.raises(HandsealError, match="belongs to"):
        home.require_owner(PARTNERS[1])


def test_K07_a_clock_before_the_last_ceremony_is_refused(home: Home) -> None:
    home.require_clock(NOW)
    home.remember("clock", format_time(NOW))
    home.require_clock(NOW)
    with pytest.raises(HandsealError, match="the last ceremony here was at"):
        home.require_clock(NOW - timedelta(seconds=1))


def test_a_transcript_is_on_disk_line_by_line_and_never_overwritten(home: Home) -> None:
    with home.new_transcript("cosign", NOW) as (path, append), home.new_transcript("cosign", NOW) as (other, _):
        append(b"one\n")
        assert path.read_bytes() == b"one\n"
        assert path != other
        assert path.stat().st_mode & 0o777 == 0o600


FIRST = trust_files(build_list())
ROOT = root_digest(FIRST)


def second() -> TrustList:
    """A list that may follow the first one."""
    first = build_list()
    website = replace(first.organisations[0], website="https://riverclinic.example")
    return replace(
        first,
        version=2,
        issued=FOUNDED + timedelta(days=1),
        previous=sri(sha256(canonical(first))),
        organisations=(website, *first.organisations[1:]),
    )


def test_the_trust_list_is_taken_kept_and_remembered(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none is known yet"):
        home.last_trust()
    site = write_trust(tmp_path / "site" / "trust", FIRST).parent
    with pytest.raises(ConfigurationError, match="its root is not known"):
        home.take_trust(site, None)
    taken = home.take_trust(site, ROOT)
    assert taken.list == build_list()
    assert home.last_trust().digest == taken.digest
    assert home.take_trust(site / "trust", None).digest == taken.digest
    with pytest.raises(HandsealError, match="is not the one remembered here"):
        home.take_trust(site, "0" * 64)


def test_a_newer_list_is_taken_and_an_older_one_then_refused(home: Home, tmp_path: Path) -> None:
    old = write_trust(tmp_path / "old", FIRST)
    new = write_trust(tmp_path / "new", sign_all(propose(FIRST, second())))
    home.take_trust(old, ROOT)
    assert home.take_trust(new, None).list.version == 2
    with pytest.raises(HandsealError, match="version 1 is older than version 2 kept here"):
        home.take_trust(old, None)
    assert home.last_trust().list.version == 2


def test_R19_a_list_that_rewrites_the_one_kept_is_refused(home: Home, tmp_path: Path) -> None:
    home.take_trust(write_trust(tmp_path / "one", FIRST), ROOT)
    policy = {"threshold": 1}
    rewritten = {**trust_files(build_list(policy=policy)), "1.root.json": FIRST["1.root.json"]}
    with pytest.raises(HandsealError, match="someone rewrote it"):
        home.take_trust(write_trust(tmp_path / "two", rewritten), None)
    assert home.last_trust().policy(PROGRAMME, NOW).threshold == 2


def test_a_trust_list_that_does_not_verify_is_not_kept(home: Home, tmp_path: Path) -> None:
    broken = {**FIRST, "1.list.json": FIRST["1.list.json"].replace(b'"threshold":2', b'"threshold":1')}
    with pytest.raises(HandsealError):
        home.take_trust(write_trust(tmp_path / "one", broken), ROOT)
    with pytest.raises(ConfigurationError):
        home.last_trust()


def test_a_withdrawal_is_by_content_and_dated_once(home: Home) -> None:
    home.endorse(KID, LIST, REQUEST, ROWS, token, NOW)
    assert home.withdraw([ROWS[0].digest], NOW) == 1
    assert home.withdraw([ROWS[0].digest, ROWS[1].digest], NOW + timedelta(days=1)) == 1
    found = {entry.digest: entry.withdrawn for entry in home.signed()}
    assert (found[ROWS[0].digest], found[ROWS[1].digest]) == (NOW, NOW + timedelta(days=1))
    assert found[ROWS[2].digest] is None


@pytest.mark.parametrize("lost", ["root", "trust"])
def test_a_trust_list_that_was_taken_in_half_is_none(home: Home, lost: str) -> None:
    """The program was killed between the two notes, or the folder was brought back from half a copy."""
    kept = {"root": "ab" * 32, "trust": "1 sha256-x 1-1"}
    del kept[lost]
    for name, value in kept.items():
        home.remember(name, value)
    with pytest.raises(ConfigurationError, match="none is known yet"):
        home.last_trust()


def test_a_table_that_is_gone_is_a_fault_of_the_folder(home: Home) -> None:
    with sqlite3.connect(home.folder / "state.sqlite3") as other:
        other.execute("DROP TABLE note")
    other.close()
    with pytest.raises(HandsealError, match="no such table"):
        home.note("root")


def test_a_line_that_finds_no_room_ends_the_transcript(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Home(tmp_path / "home") as home, home.new_transcript("cosign", NOW) as (path, append):
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
        try:
            with pytest.raises(HandsealError, match=f"{path}: File too large"):
                append(bytes(65))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
