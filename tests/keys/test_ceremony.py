"""A partner body signs what it reviewed, once; whatever does not fit is refused before a key is used."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from keys.body import Body, fresh_list, plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import Cosigned, CosignPlan, plan_cosign, run_cosign, verify_response
from keys.cosignature import fits, open_cosignature
from keys.encoding import canonical, sha256
from keys.errors import ConfigurationError, HandsealError
from keys.home import Home
from keys.request import RequestReader
from keys.response import ResponseReader, write_response
from keys.review import Review, review_request
from keys.roster import parse_roster
from keys.signer import MemorySigner
from keys.status import open_status_list
from keys.trust import FrozenStatus, Trust, Use
from tests.keys.partner import (
    CLINIC,
    FOUNDED,
    KEYS,
    NAMES,
    NOW,
    PARTNERS,
    SITE,
    TTMA,
    build_core,
    build_cores,
    build_list,
    build_request,
    build_trust,
)

REQUEST = build_request()
SIGNER = KEYS[TTMA]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        yield opened


def review(request: bytes = REQUEST, roster: bytes | None = None) -> Review:
    known = None if roster is None else parse_roster(roster, "roster.csv")
    return review_request(RequestReader(BytesIO(request)), known)


def body(trust: Trust | None = None, signer: MemorySigner = SIGNER, now: datetime = NOW) -> Body:
    return require_body(trust or build_trust(), signer.kid, now)


def plan(request: bytes = REQUEST, *, trust: Trust | None = None, now: datetime = NOW, **options: Any) -> CosignPlan:
    return plan_cosign(review(request, options.pop("roster", None)), body(trust), now=now, **options)


def refused(**options: Any) -> str:
    with pytest.raises(HandsealError) as fault:
        plan(**options)
    return str(fault.value)


def cosign(planned: CosignPlan, home: Home, request: bytes = REQUEST, **options: Any) -> tuple[Cosigned, bytes]:
    response = BytesIO()
    arguments = {"signer": SIGNER, "now": NOW, "random": secrets.token_bytes, **options}
    done = run_cosign(planned, request=BytesIO(request), response=response, home=home, **arguments)
    return done, response.getvalue()


def tokens(response: bytes) -> list[str]:
    return list(ResponseReader(BytesIO(response)))


def test_every_reviewed_certificate_gets_an_endorsement_that_counts(home: Home, no_socket: list[str]) -> None:
    planned = plan()
    done, response = cosign(planned, home)
    assert (done.count, done.new) == (5, 5)
    reader = ResponseReader(BytesIO(response))
    rows = list(RequestReader(BytesIO(REQUEST)))
    places = set()
    for row, token in zip(rows, reader, strict=True):
        opened = open_cosignature(token, row.core, row.digest, planned.body.trust, "token")
        assert opened is not None
        assert fits(opened, row.core, NOW)
        assert opened.organisation == TTMA
        assert opened.endorsement.name == "Co-signature: Deep Tissue Foundations"
        assert opened.endorsement.credential_subject.endorsement_comment == planned.comment
        places.add(opened.endorsement.credential_status.index)
    assert len(places) == 5
    assert sorted(places) != list(range(min(places), min(places) + 5))
    assert reader.status_list == done.status_list
    assert (reader.header.request, reader.header.signer) == (planned.review.header.digest, TTMA)
    verify_response(planned, request=BytesIO(REQUEST), response=BytesIO(response), home=home, now=NOW)


def test_the_comment_says_what_was_reviewed_and_nothing_else() -> None:
    comment = plan().comment
    assert comment.startswith("Reviewed before signing: the syllabus of Deep Tissue Foundations, version 1, and each")
    assert "roster" not in comment
    names = "\n".join(["name", *NAMES])
    assert plan(roster=names.encode()).comment.endswith(" Names were compared with our roster.")


def test_excluded_rows_are_left_out(home: Home) -> None:
    planned = plan(excluded=[2, 4])
    done, response = cosign(planned, home)
    rows = [row for row in RequestReader(BytesIO(REQUEST)) if row.number not in {2, 4}]
    assert done.count == 3
    verify_response(planned, request=BytesIO(REQUEST), response=BytesIO(response), home=home, now=NOW)
    assert {entry.certificate for entry in home.signed()} == {row.core.id for row in rows}


@pytest.mark.parametrize("row", [0, 6, -1])
def test_a_row_that_is_not_there_cannot_be_excluded(row: int) -> None:
    with pytest.raises(ConfigurationError, match="is not in the request"):
        plan(excluded=[row])


def test_excluding_every_row_leaves_nothing_to_sign() -> None:
    assert refused(excluded=range(1, 6)) == "request: no row is left to be signed"


class Unplugged(Exception):
    """The token with the key was pulled out."""


class Flaky:
    """A signer that is pulled out after some signatures."""

    def __init__(self, after: int) -> None:
        self.kid, self.alg, self._left = SIGNER.kid, SIGNER.alg, after

    def sign(self, message: bytes) -> bytes:
        if self._left == 0:
            raise Unplugged
        self._left -= 1
        return SIGNER.sign(message)


def test_a_ceremony_that_was_killed_goes_on_with_the_endorsements_it_had_made(home: Home) -> None:
    request = build_request(build_cores(f"Learner {number}" for number in range(520)))
    planned = plan(request)
    with pytest.raises(Unplugged):
        cosign(planned, home, request, signer=Flaky(after=510))
    before = {entry.digest for entry in home.signed()}
    assert len(before) == 500  # the lot that was underway is undone, the one before is kept
    kept = dict(zip(sorted(before), home.tokens(SIGNER.kid, sorted(before)), strict=True))
    done, response = cosign(planned, home, request)
    assert (done.count, done.new) == (520, 20)
    assert set(kept.values()) <= set(tokens(response))


def test_another_request_on_the_stick_is_refused_and_nothing_is_signed(home: Home) -> None:
    with pytest.raises(HandsealError, match="is not the one that was reviewed"):
        cosign(plan(), home, build_request(build_cores(["Mallory"] * 5)))
    assert list(home.signed()) == []


@pytest.mark.parametrize("change", [(b'"count":5', b'"count":4'), (b"2026-11-20T09:00:00Z", b"2026-11-20T09:00:01Z")])
def test_another_first_line_is_refused_and_nothing_is_signed(home: Home, change: tuple[bytes, bytes]) -> None:
    with pytest.raises(HandsealError, match="is not the one that was reviewed"):
        cosign(plan(), home, REQUEST.replace(*change, 1))
    assert list(home.signed()) == []


def test_a_row_exchanged_under_the_same_first_line_is_refused_and_nothing_is_signed(home: Home) -> None:
    lines = REQUEST.splitlines(keepends=True)
    mallory = canonical(build_core(0, "Mallory", index=77)) + b"\n"
    with pytest.raises(HandsealError, match="request line 2: is not the one that was reviewed"):
        cosign(plan(), home, b"".join([lines[0], mallory, *lines[2:]]))
    assert list(home.signed()) == []


def test_K08_another_key_than_the_planned_one_signs_nothing(home: Home) -> None:
    with pytest.raises(HandsealError, match="is not the key"):
        cosign(plan(), home, signer=KEYS[PARTNERS[0]])
    assert list(home.signed()) == []


def test_what_was_written_is_read_back(home: Home) -> None:
    planned = plan()
    done, response = cosign(planned, home)
    whole = tokens(response)

    def check(endorsements: Iterable[str], status_list: str = done.status_list, signer: str = TTMA) -> None:
        stream = BytesIO()
        digest = planned.review.header.digest
        write_response(stream, request=digest, signer=signer, endorsements=tuple(endorsements), status_list=status_list)
        verify_response(planned, request=BytesIO(REQUEST), response=BytesIO(stream.getvalue()), home=home, now=NOW)

    check(whole)
    for endorsements in (whole[:-1], [*whole[1:], whole[0]], [whole[0][:-4] + "AAAA", *whole[1:]]):
        with pytest.raises(HandsealError, match=r"^response"):
            check(endorsements)
    with pytest.raises(HandsealError, match="not about the reviewed request"):
        check(whole, signer=CLINIC)
    other = fresh_list(planned.body, signer=SIGNER, home=home, now=NOW)
    home.withdraw([next(iter(home.signed())).digest], NOW)
    with pytest.raises(HandsealError, match="status list: is not the one of this body"):
        check(whole, status_list=other)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"policy": {"threshold": 1}}, "its policy is not the one the certificates repeat"),
        ({"policy": {"cosigners": PARTNERS[:2]}}, "its policy is not the one the certificates repeat"),
        ({"policy": {"issuers": (PARTNERS[0],)}}, "may not issue it"),
        ({"policy": {"until": NOW - HOUR}}, "its policy ended"),
        ({"policy": {"since": NOW + HOUR}}, "has no policy at"),
        ({"programme": f"{SITE}/programmes/other"}, "has no policy at"),
    ],
)
def test_C26_a_policy_that_does_not_cover_the_request_is_refused(change: dict[str, Any], complaint: str) -> None:
    assert complaint in refused(trust=build_trust(build_list(**change)))


def test_a_body_outside_the_policy_signs_nothing() -> None:
    with pytest.raises(HandsealError, match="is not among its co-signers"):
        plan_cosign(review(), replace(body(), known=build_trust().key(KEYS[CLINIC].kid)), now=NOW)


def test_an_issuer_under_another_name_is_refused() -> None:
    core = build_core(1, "Ada")
    renamed = replace(core, issuer=replace(core.issuer, name="Ministry of Health"))
    assert "is not called 'Ministry of Health'" in refused(request=build_request([renamed]))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"use": Use.ISSUE}, "its use is 'issue'"),
        ({"use": Use.STATUS}, "its use is 'status'"),
        ({"compromised_since": FOUNDED + DAY}, "was declared compromised"),
        ({"valid_from": NOW + HOUR}, "is not valid at"),
        ({"valid_until": NOW - HOUR}, "is not valid at"),
        ({"kid": f"{SITE}/keys/{'A' * 43}"}, "is not in trust list 1"),
    ],
)
def test_K08_a_key_that_the_trust_list_does_not_let_sign(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(HandsealError, match=complaint):
        body(build_trust(build_list(key=change)))


def test_a_body_that_was_closed_signs_nothing() -> None:
    frozen = FrozenStatus(f"{SITE}/status/ttma/revocation/1", "sha256-" + "A" * 43 + "=")
    with pytest.raises(HandsealError, match="was closed"):
        body(build_trust(build_list(frozen=(frozen,))))


def test_K20_a_slow_clock_is_warned_of_and_a_day_slow_refused() -> None:
    slow = NOW - timedelta(minutes=2)
    assert "before the request was made" in plan(now=slow).warnings[0]
    assert not any("clock" in warning for warning in plan(now=NOW).warnings)
    assert plan(now=NOW - DAY).warnings
    assert refused(now=NOW - DAY - timedelta(seconds=1)).startswith("clock: shows")


def test_a_date_that_would_not_count_is_refused() -> None:
    assert plan(now=NOW + timedelta(days=180))
    assert "would not count" in refused(now=NOW + timedelta(days=180, seconds=1))
    early = build_request(build_cores(now=NOW + 2 * DAY), created=NOW)
    assert "would not count" in refused(request=early)


def test_equal_names_are_flagged() -> None:
    rows = [row.number for row in review().rows if row.name == "Ada Lovelace"]
    assert review().repeated == (tuple(rows),)
    assert f"rows {rows[0]}, {rows[1]} show the same name" in plan().warnings


def test_K19_rows_that_differ_from_the_roster_are_excluded_or_accepted() -> None:
    roster = "name\nAda Lovelace\nAda Lovelace\nสมชาย ใจดี\nJosé Alvares\nNobody Here\n".encode()
    shown = review(roster=roster)
    by_name = {row.name: row.number for row in shown.rows}
    differing = sorted([by_name["José Álvarez"], by_name["王小明"]])
    complaint = f"roster: differs in rows {differing[0]}, {differing[1]}"
    assert refused(roster=roster) == complaint
    assert refused(roster=roster, excluded=differing[:1]) == f"roster: differs in rows {differing[1]}"
    assert len(plan(roster=roster, excluded=differing).selected) == 3
    accepted = plan(roster=roster, accept_differences=True)
    assert "differences accepted" in accepted.comment
    assert sum(warning.startswith("accepted: row ") for warning in accepted.warnings) == 2


def test_K19_the_digest_of_the_selection_changes_with_it() -> None:
    whole, header = plan(), review().header
    assert whole.selection == header.digest
    without = plan(excluded=[2])
    kept = [row for number, row in enumerate(REQUEST.splitlines()[1:], start=1) if number != 2]
    assert without.selection == RequestReader(BytesIO(build_request(kept))).header.digest
    assert plan(excluded=[3]).selection not in {whole.selection, without.selection}


def withdraw(home: Home, now: datetime = NOW, **which: Any) -> str:
    held = body(now=now)
    return run_withdrawal(plan_withdrawal(held, home, **which), signer=SIGNER, home=home, now=now)


def bits(token: str, now: datetime = NOW) -> bytes:
    return open_status_list(token.encode(), body().list_id, trust=build_trust(), now=now).bits


def test_withdrawing_sets_the_bit_of_that_endorsement_alone_and_for_good(home: Home) -> None:
    done, _ = cosign(plan(), home)
    assert not any(bits(done.status_list))
    certificate = next(iter(home.signed())).certificate
    row = next(row for row in RequestReader(BytesIO(REQUEST)) if row.core.id == certificate)
    token = next(home.tokens(SIGNER.kid, [row.digest]))
    opened = open_cosignature(token, row.core, row.digest, build_trust(), "token")
    assert opened is not None
    place = opened.endorsement.credential_status.index
    first = bits(withdraw(home, certificates=[certificate]))
    assert first[place // 8] == 0x80 >> place % 8
    assert sum(byte.bit_count() for byte in first) == 1
    assert bits(withdraw(home, NOW + DAY, certificates=[certificate]), NOW + DAY) == first
    assert [entry.withdrawn for entry in home.signed_certificates([certificate])] == [NOW]


def test_withdrawing_a_whole_request_leaves_out_what_was_never_signed(home: Home) -> None:
    cosign(plan(excluded=[1]), home)
    token = withdraw(home, contents=[row.digest for row in review().rows])
    assert sum(byte.bit_count() for byte in bits(token)) == 4


def test_what_was_never_signed_cannot_be_withdrawn(home: Home) -> None:
    with pytest.raises(HandsealError, match="was never co-signed here"):
        withdraw(home, certificates=["urn:uuid:00000000-0000-4000-8000-000000000000"])
    with pytest.raises(HandsealError, match="nothing to withdraw"):
        withdraw(home, contents=[sha256(b"nothing")])


def test_a_fresh_list_lives_400_days_and_names_the_trust_list(home: Home) -> None:
    opened = open_status_list(
        fresh_list(body(), signer=SIGNER, home=home, now=NOW).encode(), body().list_id, trust=build_trust(), now=NOW
    )
    assert opened.valid_until - opened.valid_from == timedelta(days=400)
    assert opened.trust_list.id == f"{SITE}/trust/1.list.json"
    assert opened.trust_list.digest_sri == build_trust().digest
