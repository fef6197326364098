"""What partners send is taken once, whole, and only where a verifier would count it."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from issuer import cosigning
from issuer.database import reading
from issuer.models import CosignatureRecord
from issuer.publishing import publish_status_list, trust_files
from issuer.receiving import Kind, kind_of, take_file, take_trust
from keys.encoding import canonical, sha256, sri
from keys.errors import FormatError, HandsealError, SignatureError
from keys.trust import Use
from keys.trust_edit import propose as propose_list, sign
from tests.issuer.clinic import NAMES, Clinic, found_clinic, later
from tests.world import CLINIC, HARBOUR, NORTH, SITE, TTMA, list_of, organisation
from verifier.folder import taking_turns


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


@pytest.fixture
def request_bytes(clinic: Clinic) -> bytes:
    clinic.enrol()
    return clinic.propose()[1]


def stored(clinic: Clinic) -> list[CosignatureRecord]:
    with reading(clinic.engine) as session:
        return list(session.scalars(select(CosignatureRecord)))


def test_a_response_is_taken_once(clinic: Clinic, request_bytes: bytes) -> None:
    response = clinic.respond(request_bytes)
    first = clinic.receive(response)
    assert (first.organisation, first.new, first.known, first.status_list.changed) == (TTMA, len(NAMES), 0, True)
    second = clinic.receive(response)
    assert (second.new, second.known, second.status_list.changed) == (0, len(NAMES), False)
    assert len(stored(clinic)) == len(NAMES)


def test_a_subset_is_allowed(clinic: Clinic, request_bytes: bytes) -> None:
    assert clinic.receive(clinic.respond(request_bytes, exclude=(2, 3))).new == len(NAMES) - 2


def test_C27_the_first_co_signature_stays(clinic: Clinic, request_bytes: bytes) -> None:
    clinic.receive(clinic.respond(request_bytes))
    before = [row.token for row in stored(clinic)]
    later(clinic, hours=1)
    again = clinic.receive(clinic.respond(request_bytes))  # other ids, other dates
    assert again.known == len(NAMES)
    assert [row.token for row in stored(clinic)] == before


def test_a_late_one_is_kept_and_not_added(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    clinic.issue()
    before = clinic.records()[0].token
    assert clinic.receive(clinic.respond(request, NORTH)).late == 1
    clinic.issue()
    assert clinic.records()[0].token == before
    assert len(stored(clinic)) == 3


def test_an_unknown_request_is_refused(clinic: Clinic, request_bytes: bytes) -> None:
    with pytest.raises(HandsealError, match="request that this clinic did not write"):
        clinic.receive(clinic.respond(request_bytes, answers=sha256(b"another")))


def test_an_unknown_certificate_is_refused(clinic: Clinic, request_bytes: bytes, tmp_path: Path) -> None:
    other = found_clinic(tmp_path / "other", clinic.world)
    other.random.seed(8)
    other.enrol(["Grace"])
    _, foreign = other.propose()
    digest = clinic.records()[0].request_digest
    with pytest.raises(HandsealError, match="line 2: is for a certificate that this clinic did not propose"):
        clinic.receive(clinic.respond(foreign, answers=digest))


def test_one_bad_line_and_nothing_is_taken(clinic: Clinic, request_bytes: bytes) -> None:
    lines = clinic.respond(request_bytes).split(b"\n")
    token = bytearray(lines[3])
    token[-10] = ord("A") if token[-10] != ord("A") else ord("B")
    lines[3] = bytes(token)
    with pytest.raises(SignatureError):
        clinic.receive(b"\n".join(lines))
    assert stored(clinic) == []
    assert clinic.site.read("status/ttma/revocation/1.jwt") is None


def test_another_partners_signature_is_refused(clinic: Clinic, request_bytes: bytes) -> None:
    lines = clinic.respond(request_bytes, TTMA).split(b"\n")
    theirs = clinic.respond(request_bytes, HARBOUR).split(b"\n")
    with pytest.raises(HandsealError, match="by another organisation than the response"):
        clinic.receive(b"\n".join([lines[0], *theirs[1:-2], *lines[-2:]]))


def test_another_partners_list_is_refused(clinic: Clinic, request_bytes: bytes) -> None:
    lines = clinic.respond(request_bytes, TTMA).split(b"\n")
    theirs = clinic.respond(request_bytes, HARBOUR).split(b"\n")
    with pytest.raises(HandsealError, match="status list of another organisation"):
        clinic.receive(b"\n".join([*lines[:-2], *theirs[-2:]]))
    assert stored(clinic) == []


def test_a_key_that_nobody_knows_is_refused(clinic: Clinic, request_bytes: bytes) -> None:
    known = clinic.world.partner_keys[TTMA]
    clinic.world.partner_keys[TTMA] = clinic.world.new_signer()
    response = clinic.respond(request_bytes)
    clinic.world.partner_keys[TTMA] = known
    with pytest.raises(SignatureError, match="key is not in the trust list"):
        clinic.receive(response)


@pytest.mark.parametrize(("hours", "fits"), [(-23, True), (-25, False), (180 * 24, True), (180 * 24 + 1, False)])
def test_C26_a_date_that_does_not_fit_is_refused(clinic: Clinic, request_bytes: bytes, hours: int, fits: bool) -> None:
    signed = clinic.now + timedelta(hours=hours)
    clinic.now = max(clinic.now, signed)  # only the partner's list is dated with the clinic's clock
    response = clinic.respond(request_bytes, valid_from=signed)
    if fits:
        assert clinic.receive(response).new == len(NAMES)
    else:
        with pytest.raises(HandsealError, match="when it could not be co-signed"):
            clinic.receive(response)


def test_C26_after_the_policy_ended_it_is_too_late(clinic: Clinic, request_bytes: bytes) -> None:
    old = clinic.trust.list
    policy = replace(old.programmes[0].policies[0], until=clinic.now + timedelta(days=1))
    newer = replace(
        old,
        version=2,
        issued=clinic.now,
        previous=sri(sha256(canonical(old))),
        programmes=(replace(old.programmes[0], policies=(policy,)),),
    )
    cosigning.receive_trust(clinic.workspace, clinic.newer_trust(newer))
    later(clinic, days=2)
    with pytest.raises(HandsealError, match="when it could not be co-signed"):
        clinic.receive(clinic.respond(request_bytes))


def test_a_stranger_does_not_co_sign(clinic: Clinic, request_bytes: bytes) -> None:
    with pytest.raises(HandsealError, match="no co-signer of the trust list"):
        clinic.receive(
            clinic.respond(request_bytes).replace(f'"signer":"{TTMA}"'.encode(), f'"signer":"{CLINIC}"'.encode())
        )


# -- status lists ------------------------------------------------------------------------------------------------------


def partner_list(clinic: Clinic, **changes: object) -> cosigning.ListNews:
    token = clinic.world.status_token(list_of(TTMA), **changes).encode()
    return cosigning.receive_status_list(clinic.workspace, token, trust=clinic.trust, now=clinic.now, place="list.jwt")


def test_the_newest_list_stays(clinic: Clinic) -> None:
    newest = clinic.now - timedelta(hours=1)
    assert partner_list(clinic, dated=newest).changed
    assert not partner_list(clinic, dated=newest - timedelta(days=1)).changed
    assert clinic.list(organisation=TTMA).valid_from == newest


def test_an_older_list_that_was_verified_at_the_same_time_waits(clinic: Clinic) -> None:
    older = threading.Thread(target=partner_list, args=(clinic,), kwargs={"dated": clinic.now - timedelta(days=1)})
    clinic.world.revoke(list_of(TTMA), 7)
    with taking_turns(clinic.site):
        older.start()
        older.join(0.3)
        assert older.is_alive()  # it has not looked at the site yet
        token = clinic.world.status_token(list_of(TTMA), dated=clinic.now).encode()
        publish_status_list(clinic.site, list_of(TTMA), token)
    older.join()
    assert clinic.list(organisation=TTMA).token == token


def test_a_withdrawal_is_not_taken_back(clinic: Clinic) -> None:
    clinic.world.revoke(list_of(TTMA), 7)
    partner_list(clinic)
    clinic.world.revoked.clear()
    with pytest.raises(HandsealError, match="is not withdrawn in this list"):
        partner_list(clinic, dated=clinic.now)


def test_the_clinics_own_list_is_not_received(clinic: Clinic) -> None:
    token = clinic.world.status_token(list_of(CLINIC)).encode()
    with pytest.raises(HandsealError, match="is not a partner's status list"):
        cosigning.receive_status_list(clinic.workspace, token, trust=clinic.trust, now=clinic.now, place="list.jwt")


# -- trust lists -------------------------------------------------------------------------------------------------------


def renamed(clinic: Clinic) -> dict[str, bytes]:
    old = clinic.trust.list
    added = organisation(
        f"{SITE}/orgs/south-college", "South College", (clinic.world.key(clinic.world.new_signer(), Use.COSIGN),)
    )
    added = replace(added, keys=tuple(replace(key, valid_from=clinic.now) for key in added.keys))
    added = replace(added, names=tuple(replace(name, since=clinic.now) for name in added.names))
    organisations = tuple(sorted((*old.organisations, added), key=lambda entry: entry.id))
    newer = replace(
        old, version=2, issued=clinic.now, previous=sri(sha256(canonical(old))), organisations=organisations
    )
    return clinic.newer_trust(newer)


def test_a_newer_trust_list_is_published(clinic: Clinic) -> None:
    news = cosigning.receive_trust(clinic.workspace, renamed(clinic))
    assert (news.trust.list.version, news.changed) == (2, True)
    assert clinic.trust.list.version == 2
    assert not cosigning.receive_trust(clinic.workspace, trust_files(clinic.site.folder)).changed


def test_R03_an_older_trust_list_is_refused(clinic: Clinic) -> None:
    cosigning.receive_trust(clinic.workspace, renamed(clinic))
    with pytest.raises(HandsealError, match="version 1 is older than version 2"):
        cosigning.receive_trust(clinic.workspace, clinic.trust_files)
    assert clinic.trust.list.version == 2


def test_a_trust_list_that_too_few_signed_is_refused(clinic: Clinic) -> None:
    old = clinic.trust.list
    newer = replace(old, version=2, previous=sri(sha256(canonical(old))), issued=clinic.now)
    with pytest.raises(HandsealError, match="targets"):
        cosigning.receive_trust(clinic.workspace, sign(propose_list(clinic.trust_files, newer), clinic.holders[0]))
    assert clinic.trust.list.version == 1


# -- telling files apart -----------------------------------------------------------------------------------------------


def test_files_are_told_apart_by_content(clinic: Clinic, request_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(clinic.respond(request_bytes))
    (tmp_path / "two").write_text(clinic.world.status_token(list_of(HARBOUR)) + "\n")
    (tmp_path / "trust").mkdir()
    for name, data in renamed(clinic).items():
        (tmp_path / "trust" / name).write_bytes(data)
    assert kind_of(tmp_path / "one") is Kind.RESPONSE
    assert kind_of(tmp_path / "two") is Kind.LIST
    assert kind_of(tmp_path / "trust") is Kind.TRUST
    assert take_trust(clinic.workspace, [tmp_path / "trust"]).changed
    for name, kind in (("one", Kind.RESPONSE), ("two", Kind.LIST)):
        take_file(clinic.engine, clinic.workspace, tmp_path / name, kind, clinic.now)
    assert len(stored(clinic)) == len(NAMES)
    assert clinic.list(organisation=HARBOUR)


@pytest.mark.parametrize("data", [b"", b"{}", b"name,result\n", b"\xff\xfe", b"eyJ"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(HandsealError, match="is no response"):
        kind_of(tmp_path / "file")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(HandsealError, match="No such file"):
        kind_of(tmp_path / "file")


def test_a_folder_without_trust_files_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandsealError, match="holds no files of a trust list"):
        take_trust(clinic.workspace, [tmp_path / "empty"])


def test_a_response_that_is_cut_off_is_refused(clinic: Clinic, request_bytes: bytes) -> None:
    response = clinic.respond(request_bytes)
    with pytest.raises(FormatError):
        clinic.receive(response[: len(response) // 2])
    assert stored(clinic) == []


@pytest.mark.parametrize("name", ["3.list.json", "9.root.json"])
def test_what_no_signature_covers_is_not_published(clinic: Clinic, name: str) -> None:
    files = renamed(clinic)
    assert cosigning.receive_trust(clinic.workspace, {**files, name: b"{}"}).changed
    assert clinic.site.read("trust/2.list.json") == files["2.list.json"]
    assert clinic.site.read(f"trust/{name}") is None  # the genuine file of this name can still come
