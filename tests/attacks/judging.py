"""Forging tokens and judging them: each verification stays under a second of this process's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import rfc8785
from msgspec.structs import replace

from keys.encoding import b64url_decode, b64url_encode
from keys.signer import Signer
from keys.trust import Key, Organisation, Policy, Programme, TrustList, Use
from tests.world import PROGRAMME, World
from verifier.report import CODES, Outcome, Report, Verdict
from verifier.verify import verify

MAX_SECONDS = 1.0
STEPS_THAT_STOP = CODES[: CODES.index("cosignature.form") + 1]

Change = Callable[[dict[str, Any]], object]


def judge(world: World, token: bytes, at: datetime | None = None, *, seconds: float = MAX_SECONDS) -> Report:
    """The report on `token`; the time is the processor's, so that a busy machine fails no test."""
    materials = world.materials()
    started = time.process_time()
    report = verify(token, materials, at=at or world.now, now=world.now)
    assert time.process_time() - started < seconds
    return report


def assert_verdict(report: Report, verdict: Verdict, *codes: str) -> None:
    """The verdict, and exactly `codes` failed or are unknown; after a failed step 1 to 8 nothing else was run."""
    faults = [check.code for check in report.checks if check.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
    assert (report.verdict, faults) == (verdict, list(codes)), report.checks
    if verdict is Verdict.INVALID:
        assert (report.certificate, report.partners, report.token) == (None, (), "")
    if codes and codes[0] in STEPS_THAT_STOP:
        later = CODES[CODES.index(codes[0]) + 1 :]
        assert all(report.check(code).outcome is Outcome.NOT_RUN for code in later)


def assert_invalid(report: Report, code: str) -> None:
    assert_verdict(report, Verdict.INVALID, code)


def parts_of(token: bytes | str) -> tuple[bytes, bytes, bytes]:
    text = token if isinstance(token, str) else token.decode()
    header, payload, signature = (b64url_decode(part) for part in text.split("."))
    return header, payload, signature


def members_of(token: bytes | str) -> dict[str, Any]:
    """The payload as plain JSON."""
    members: dict[str, Any] = msgspec.json.decode(parts_of(token)[1])
    return members


def signed_by(signer: Signer, header: bytes, payload: bytes) -> bytes:
    """A compact JWS with exactly these bytes inside, and a signature that holds."""
    signed = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
    return signed + b"." + b64url_encode(signer.sign(signed)).encode()


def joined(header: bytes, payload: bytes, signature: bytes) -> bytes:
    return ".".join(b64url_encode(part) for part in (header, payload, signature)).encode()


def changed(world: World, token: bytes | str, change: Change, signer: Signer | None = None) -> bytes:
    """`token` after `change` of its members, signed again: what a thief of the key can do."""
    members = members_of(token)
    change(members)
    return world.sign(rfc8785.dumps(members), signer)


def rewritten(world: World, token: bytes, old: bytes, new: bytes) -> bytes:
    """`token` with `old` replaced by `new` once in the payload's bytes, signed again."""
    payload = parts_of(token)[1]
    assert payload.count(old) >= 1, old
    return world.sign(payload.replace(old, new, 1))


def header_of(world: World, **members: Any) -> bytes:
    return rfc8785.dumps({"alg": "ES256", "kid": world.issue_key.kid, **members})


def with_header(world: World, header: bytes) -> bytes:
    """A genuine certificate under another header, signed by the clinic's own key."""
    return signed_by(world.issue_key, header, parts_of(world.issue())[1])


def rekeyed(world: World, organisation: str, **changes: Any) -> None:
    """The trust list says `changes` of this organisation's first key."""

    def change(trust_list: TrustList) -> TrustList:
        def key_changed(known: Organisation) -> Organisation:
            if known.id != organisation:
                return known
            return replace(known, keys=(replace(known.keys[0], **changes), *known.keys[1:]))

        return replace(trust_list, organisations=tuple(map(key_changed, trust_list.organisations)))

    world.change_list = _after(world.change_list, change)


def with_key(world: World, organisation: str, key: Key) -> None:
    """The trust list has one more key of this organisation."""

    def change(trust_list: TrustList) -> TrustList:
        organisations = tuple(
            replace(known, keys=(*known.keys, key)) if known.id == organisation else known
            for known in trust_list.organisations
        )
        return replace(trust_list, organisations=organisations)

    world.change_list = _after(world.change_list, change)


def with_policies(world: World, *policies: Policy, programme: str = PROGRAMME) -> None:
    """The trust list has these policies for the programme, and no others of it."""

    def change(trust_list: TrustList) -> TrustList:
        others = tuple(known for known in trust_list.programmes if known.id != programme)
        return replace(trust_list, programmes=(*others, Programme(id=programme, policies=policies)))

    world.change_list = _after(world.change_list, change)


def policy_of(world: World, programme: str = PROGRAMME) -> Policy:
    """The programme's first policy."""
    return next(known for known in world.trust_list().programmes if known.id == programme).policies[0]


def compromise_partner(world: World, partner: str, since: datetime) -> None:
    """The partner's key is declared compromised, and its lists are signed by a new one from then on."""
    old = world.key(world.partner_keys[partner], Use.COSIGN, compromised_since=since)
    world.partner_keys[partner] = world.new_signer()
    with_key(world, partner, old)


def _after(
    first: Callable[[TrustList], TrustList], second: Callable[[TrustList], TrustList]
) -> Callable[[TrustList], TrustList]:
    return lambda trust_list: second(first(trust_list))
