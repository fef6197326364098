"""A key in a cloud's key service fits `Signer`: what such a service gives, DER over a digest, becomes what JWS wants.

The service is a stand-in on this machine; `CloudSigner` is what somebody with a real one writes.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from keys.algorithms import Algorithm, EcJwk, generate_private_key, jwk_of, thumbprint
from keys.body import require_body
from keys.ceremony import plan_cosign, run_cosign, verify_response
from keys.encoding import canonical
from keys.home import Home
from keys.names import key_id
from keys.possession import KeyUse, parse_public_key, state_possession
from keys.request import RequestReader
from keys.review import review_request
from tests.keys.partner import FOUNDED, NOW, PUBLIC, SITE, TTMA, build_cores, build_list, build_request, build_trust


class Service:
    """Signs digests, shows the public half, and never the private one."""

    def __init__(self) -> None:
        key = generate_private_key(Algorithm.ES256)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self.calls = 0

    def public_jwk(self) -> EcJwk:
        jwk = jwk_of(self._key)
        assert isinstance(jwk, EcJwk)
        return jwk

    def sign_digest(self, digest: bytes) -> bytes:
        """ECDSA in DER, as AWS, Google and Azure have it in one form or another; not the same bytes twice."""
        self.calls += 1
        return self._key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


class CloudSigner:
    """A key of the service, under its owner's address."""

    alg = "ES256"

    def __init__(self, service: Service, base: str) -> None:
        self._service = service
        self.kid = key_id(base, thumbprint(service.public_jwk()))

    def sign(self, message: bytes) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(message)
        r, s = utils.decode_dss_signature(self._service.sign_digest(digest.finalize()))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_a_body_cosigns_with_a_key_in_a_cloud(tmp_path: Path) -> None:
    service = Service()
    signer = CloudSigner(service, SITE)
    shown = state_possession(service.public_jwk(), signer.sign, organisation=TTMA, use=KeyUse.COSIGN, created=FOUNDED)
    public = parse_public_key(canonical(shown), "key")  # as it goes into a trust list, its proof made by the service
    trust, request = build_trust(build_list({**PUBLIC, TTMA: public})), build_request(build_cores())
    plan = plan_cosign(
        review_request(RequestReader(io.BytesIO(request))), require_body(trust, signer.kid, NOW), now=NOW
    )
    response = io.BytesIO()
    with Home(tmp_path / "home") as home:
        done = run_cosign(
            plan,
            request=io.BytesIO(request),
            response=response,
            signer=signer,
            home=home,
            now=NOW,
            random=os.urandom,
        )
        verify_response(plan, request=io.BytesIO(request), response=io.BytesIO(response.getvalue()), home=home, now=NOW)
    assert (done.count, done.new) == (5, 5)
    assert service.calls == 1 + 5 + 1  # proof of possession, co-signatures, status list
