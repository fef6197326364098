"""A co-signature is opened by form, signature and digest; whether it fits is a matter of dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from keys.cosignature import CLOCK_GRACE, MAX_EARLY, MAX_LATE, Cosignature, fits, open_cosignature
from keys.credential import content_digest
from keys.encoding import canonical
from keys.errors import FormatError, HandsealError, SignatureError
from keys.jws import sign_token
from keys.trust import Use
from tests.attacks.judging import changed
from tests.world import HARBOUR, NOW, SIGNED, TTMA, World

WORLD = World()
CORE = WORLD.core()
DIGEST = content_digest(CORE)
TRUST = WORLD.trust()
SECOND = timedelta(seconds=1)


def opened(token: str) -> Cosignature | None:
    return open_cosignature(token, CORE, DIGEST, TRUST, "co-signature 1")


def known(**changes: object) -> Cosignature:
    cosignature = opened(WORLD.endorse(CORE))
    assert cosignature is not None
    return replace(cosignature, known=replace(cosignature.known, key=replace(cosignature.known.key, **changes)))


def at(moment: datetime) -> Cosignature:
    cosignature = known()
    return replace(cosignature, endorsement=replace(cosignature.endorsement, valid_from=moment))


def test_a_good_one_is_opened() -> None:
    token = WORLD.endorse(CORE)
    cosignature = opened(token)
    assert cosignature is not None
    assert (cosignature.organisation, cosignature.signed, cosignature.token) == (TTMA, SIGNED, token)
    assert cosignature.known.key.kid == WORLD.partner_keys[TTMA].kid
    assert fits(cosignature, CORE, NOW)


def test_a_key_that_is_not_known_is_nobodys() -> None:
    assert opened(WORLD.endorse(CORE, signer=WORLD.new_signer())) is None
    assert opened(sign_token(b"not even JSON", WORLD.new_signer())) is None


@pytest.mark.parametrize("token", ["", "x", "..", "e30.e30.AA", "ก.ข.ค", "e30.e30", "e30.e30.e30.e30", " e30.e30.AA"])
def test_what_is_no_token_is_a_fault(token: str) -> None:
    with pytest.raises(FormatError, match="co-signature 1"):
        opened(token)


def test_a_signature_that_does_not_hold_is_a_fault() -> None:
    good = WORLD.endorse(CORE)
    other = WORLD.endorse(CORE, HARBOUR)
    head, _, _ = good.rpartition(".")
    with pytest.raises(SignatureError):
        opened(f"{head}.{other.rpartition('.')[2]}")


def test_the_signature_is_looked_at_before_the_content() -> None:
    with pytest.raises(SignatureError):
        opened(sign_token(b"\xff", WORLD.partner_keys[TTMA])[:-6] + "AAAAAA"[:6])
    with pytest.raises(FormatError):
        opened(sign_token(b"\xff", WORLD.partner_keys[TTMA]))


def test_for_other_content() -> None:
    with pytest.raises(FormatError, match="other content"):
        open_cosignature(WORLD.endorse(CORE), CORE, bytes(32), TRUST, "x")
    with pytest.raises(FormatError, match="another certificate"):
        open_cosignature(WORLD.endorse(WORLD.core()), CORE, DIGEST, TRUST, "x")


def test_by_another_bodys_key() -> None:
    with pytest.raises(FormatError, match="does not own the key"):
        opened(WORLD.endorse(CORE, TTMA, signer=WORLD.partner_keys[HARBOUR]))


def test_a_claim_that_differs() -> None:
    token = changed(WORLD, WORLD.endorse(CORE), lambda m: m.update(nbf=m["nbf"] + 1), WORLD.partner_keys[TTMA])
    with pytest.raises(FormatError, match="differs from its twin"):
        opened(token.decode())


@pytest.mark.parametrize(
    ("moment", "asked", "holds"),
    [
        (CORE.valid_from - MAX_EARLY, NOW, True),
        (CORE.valid_from - MAX_EARLY - SECOND, NOW, False),
        (CORE.valid_from + MAX_LATE, NOW + timedelta(days=400), True),
        (CORE.valid_from + MAX_LATE + SECOND, NOW + timedelta(days=400), False),
        (NOW + CLOCK_GRACE, NOW, True),
        (NOW + CLOCK_GRACE + SECOND, NOW, False),
    ],
)
def test_dates(moment: datetime, asked: datetime, holds: bool) -> None:
    assert fits(at(moment), CORE, asked) == holds


def test_the_durations_of_the_formats() -> None:
    assert (timedelta(hours=24), timedelta(days=180), timedelta(minutes=10)) == (MAX_EARLY, MAX_LATE, CLOCK_GRACE)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({"use": Use.COSIGN}, True),
        ({"use": Use.ISSUE}, False),
        ({"use": Use.STATUS}, False),
        ({"valid_from": SIGNED}, True),
        ({"valid_from": SIGNED + SECOND}, False),
        ({"valid_until": SIGNED}, True),
        ({"valid_until": SIGNED - SECOND}, False),
        ({"valid_until": UNSET}, True),
        ({"compromised_since": SIGNED - SECOND}, True),  # whether it counts depends on the others
    ],
)
def test_keys(changes: dict[str, object], holds: bool) -> None:
    assert fits(known(**changes), CORE, NOW) == holds


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_dates_at_the_ends_of_the_calendar(year: int) -> None:
    end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert not fits(at(end), CORE, NOW)
    assert not fits(known(), replace(CORE, valid_from=end), NOW)
    assert fits(known(), CORE, end) == (year == 9999)


def test_nothing_but_a_fault_comes_out() -> None:
    """Any part of a good one left out."""
    payload = canonical(WORLD.endorsement(CORE))
    for cut in range(0, len(payload), 7):
        with pytest.raises(HandsealError):
            opened(sign_token(payload[:cut], WORLD.partner_keys[TTMA]))
