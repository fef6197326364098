"""What a body signed is signed by the planned key alone, read back before it leaves, and gone where that fails."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from keys.body import Body, fresh_list, plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import CosignPlan, plan_cosign, run_cosign, verify_response
from keys.cosign_cli import publish_response
from keys.cosignature import MAX_LATE
from keys.encoding import b64url_decode
from keys.endorsement import Terms, endorse
from keys.errors import HandsealError
from keys.guide_cli import Guide
from keys.home import Home
from keys.names import urn_uuid
from keys.possession import KeyUse, prove_possession
from keys.request import RequestReader
from keys.response import write_response
from keys.review import review_request
from keys.signer import Signer
from keys.sitting_cli import Sitting
from keys.status_cli import write_fresh_status
from keys.transcript import Transcript
from keys.trust import Key, Trust, TrustList, Use
from tests.keys.partner import KEYS, NOW, PARTNERS, SITE, TTMA, build_list, build_request, build_trust
from tests.world import World

REQUEST = build_request()
SIGNER = KEYS[TTMA]
SECOND = World().new_signer()  # another key of the same body


class Swapped:
    """A signer that says it is the planned one."""

    def __init__(self, sign: Callable[[bytes], bytes], alg: str = "ES256") -> None:
        self.kid, self.alg, self._sign = SIGNER.kid, alg, sign

    def sign(self, message: bytes) -> bytes:
        return self._sign(message)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        yield opened


def with_second_key(trust_list: TrustList) -> TrustList:
    jwk = SECOND.jwk
    kid = SECOND.kid.replace("https://verify.river.example", SITE)
    second = Key(kid=kid, jwk=jwk, alg="ES256", use=Use.COSIGN, valid_from=NOW - timedelta(days=1))
    bodies = [replace(o, keys=(*o.keys, second)) if o.id == TTMA else o for o in trust_list.organisations]
    SECOND.kid = kid
    return replace(trust_list, organisations=tuple(bodies))


TRUST: Trust = build_trust(with_second_key(build_list()))


def body() -> Body:
    return require_body(TRUST, SIGNER.kid, NOW)


def plan() -> CosignPlan:
    return plan_cosign(review_request(RequestReader(BytesIO(REQUEST))), body(), now=NOW)


def cosigned(home: Home) -> None:
    run_cosign(
        plan(),
        request=BytesIO(REQUEST),
        response=BytesIO(),
        signer=SIGNER,
        home=home,
        now=NOW,
        random=secrets.token_bytes,
    )


@pytest.mark.parametrize(
    "signer",
    [KEYS[PARTNERS[0]], SECOND, Swapped(SIGNER.sign, "RS256")],
    ids=["other body", "other key", "other kind"],
)
def test_K08_only_the_planned_key_signs_a_status_list(home: Home, signer: Signer) -> None:
    cosigned(home)
    certificates = [next(iter(home.signed())).certificate]
    with pytest.raises(HandsealError, match="is not the key"):
        fresh_list(body(), signer=signer, home=home, now=NOW)
    with pytest.raises(HandsealError, match="is not the key"):
        run_withdrawal(plan_withdrawal(body(), home, certificates=certificates), signer=signer, home=home, now=NOW)
    assert [entry.withdrawn for entry in home.signed_certificates(certificates)] == [None]


def test_K08_a_list_by_a_key_that_only_says_it_is_the_planned_one_does_not_leave(home: Home) -> None:
    with pytest.raises(HandsealError, match="signature"):
        fresh_list(body(), signer=Swapped(KEYS[PARTNERS[0]].sign), home=home, now=NOW)


def test_K08_a_token_that_signs_wrongly_leaves_no_response(home: Home, tmp_path: Path) -> None:
    def sign(message: bytes) -> bytes:
        return SIGNER.sign(b"something else" if b"EndorsementCredential" in _payload(message) else message)

    request, out = tmp_path / "request.jsonl", tmp_path / "response.jsonl"
    request.write_bytes(REQUEST)
    with pytest.raises(HandsealError, match="response, for row 1"):
        publish_response(plan(), request, out, Swapped(sign), home, NOW)
    assert not out.exists()


def _payload(message: bytes) -> bytes:
    return b64url_decode(message.decode().split(".")[1])


def test_K14_a_list_on_a_stick_that_loses_bytes_does_not_leave(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, lines = tmp_path / "list.jwt", list[bytes]()
    public = prove_possession(SIGNER._key, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    transcript = Transcript(lines.append, lambda: NOW)
    held = Sitting(body(), public, home, transcript, lambda: SIGNER, Guide())
    settle = os.fsync

    def lose(descriptor: int) -> None:
        settle(descriptor)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.ftruncate(descriptor, 100)

    monkeypatch.setattr(os, "fsync", lose)
    with pytest.raises(HandsealError, match="does not read back"):
        write_fresh_status(held, out)
    assert (out.exists(), lines) == (False, [])


@pytest.mark.parametrize("fault", ["unknown key", "second key", "late"])
def test_K14_a_response_with_what_would_not_count_does_not_leave(home: Home, fault: str) -> None:
    """Each was put there by somebody between writing and reading back."""
    planned = plan()
    signer = {"unknown key": World().new_signer(), "second key": SECOND}.get(fault, SIGNER)
    moment = NOW + MAX_LATE + timedelta(days=1) if fault == "late" else NOW
    terms = Terms.of(body().known.organisation, planned.review.syllabus, planned.comment, body().list_id, moment)
    tokens = tuple(
        endorse(
            row.core, row.digest, terms, place=row.number, identity=urn_uuid(secrets.token_bytes(16)), signer=signer
        )
        for row in RequestReader(BytesIO(REQUEST))
    )
    stream, status_list = BytesIO(), fresh_list(body(), signer=SIGNER, home=home, now=NOW)
    write_response(
        stream,
        request=planned.review.header.digest,
        signer=TTMA,
        endorsements=tokens,
        status_list=status_list,
    )
    with pytest.raises(HandsealError, match="would not be counted"):
        verify_response(planned, request=BytesIO(REQUEST), response=BytesIO(stream.getvalue()), home=home, now=NOW)
