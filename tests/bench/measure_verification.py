"""What an employer waits for, and what a clinic and a partner body spend on one certificate."""

from collections.abc import Callable, Iterator

from keys.credential import core_of
from keys.encoding import canonical
from keys.jws import sign_token, split_token
from keys.profile import parse_certificate
from tests.world import NOW, World
from verifier.verify import verify


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    world = World()
    token, materials = world.issue(), world.materials()
    payload = split_token(token).payload
    certificate = parse_certificate(payload)
    yield "sign a certificate", lambda: sign_token(canonical(certificate), world.issue_key)
    yield "verify a certificate with two co-signatures", lambda: verify(token, materials, at=NOW, now=NOW)
    yield "read its payload strictly", lambda: parse_certificate(payload)
    yield "take its core", lambda: canonical(core_of(certificate))
