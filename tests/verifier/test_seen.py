"""Memory only grows: what either of two verifiers knew, both know, and it stays of bounded size."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from keys.status import MIN_BITS, StatusList, TrustListReference, encode_bits, set_bits
from keys.trust import Use
from tests.world import CLINIC, NOW, World, list_of
from verifier.seen import MAX_GROUPS, NOTHING_SEEN, Revocations, Seen, merge, with_list, with_revocations

REVOCATION = list_of(CLINIC)
ROOT = "ab" * 32
LATER = timedelta(hours=2)
TRUST = World().trust()


def status_list(indices: set[int], *, kid: str = "kid", dated: datetime = NOW, length: int = MIN_BITS) -> StatusList:
    bits = set_bits(bytes(length // 8), indices)
    reference = TrustListReference(id="x", digest_sri="x")
    return StatusList(
        id=REVOCATION,
        issuer=CLINIC,
        kid=kid,
        use=Use.STATUS,
        valid_from=dated,
        valid_until=dated + LATER,
        bits=bits,
        trust_list=reference,
        token=b"",
    )


def test_the_same_list_again_teaches_nothing() -> None:
    seen = with_list(NOTHING_SEEN, status_list({1, 2}))
    assert with_list(seen, status_list({1, 2})) is seen
    assert with_list(seen, status_list({1})) is seen
    assert len(with_list(seen, status_list({1, 2, 3})).revoked) == 2


def test_a_shorter_list_keeps_the_revocations_beyond_it() -> None:
    seen = with_list(NOTHING_SEEN, status_list({MIN_BITS}, length=2 * MIN_BITS))
    kept = with_revocations(seen, status_list(set()), TRUST)
    assert kept.length > MIN_BITS
    assert kept.is_set(MIN_BITS)


def test_memory_of_revocations_is_bounded_and_complete() -> None:
    seen = NOTHING_SEEN
    for number in range(MAX_GROUPS + 3):
        seen = with_list(seen, status_list({number}, dated=NOW + timedelta(seconds=number)))
    assert len(seen.revoked) == MAX_GROUPS
    assert seen.revoked[0].dated == NOW
    kept = with_revocations(seen, status_list(set()), TRUST)
    assert all(kept.is_set(number) for number in range(MAX_GROUPS + 3))


groups = st.builds(
    lambda kid, hours, indices: Revocations(
        kid, NOW + timedelta(hours=hours), encode_bits(set_bits(bytes(MIN_BITS // 8), indices))
    ),
    st.sampled_from("ab"),
    st.integers(0, 3),
    st.sets(st.integers(0, 40), min_size=1, max_size=3),
)


@settings(max_examples=25)
@given(st.lists(groups, max_size=5), st.lists(groups, max_size=5))
def test_merging_keeps_what_either_knew(left: list[Revocations], right: list[Revocations]) -> None:
    one, other = (merge(_seen(side), _seen(side)) for side in (left, right))
    both = merge(one, other)
    assert both == merge(other, one) == merge(both, one)
    empty = status_list(set())
    revoked = [with_revocations(seen.lists["x"], empty, TRUST).bits for seen in (one, other, both)]
    assert revoked[2] == bytes(a | b for a, b in zip(revoked[0], revoked[1], strict=True))


def _seen(revoked: list[Revocations]) -> Seen:
    lists = {"x": replace(NOTHING_SEEN, revoked=tuple(revoked), newest={group.kid: group.dated for group in revoked})}
    return Seen(root=ROOT, clock=NOW, lists=lists)
