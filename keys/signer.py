"""Whoever signs shows a key id, an algorithm and signatures, wherever the key lives."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.algorithms import thumbprint
from keys.names import key_id
from keys.private_key import AnyPrivateKey, any_jwk_of, jose_name, sign_with


class Signer(Protocol):
    """A private key in memory, in a token or in a cloud: the callers cannot tell."""

    @property
    def kid(self) -> str: ...

    @property
    def alg(self) -> str:
        """The JOSE name: ES256, RS256 or, for trust lists, Ed25519."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The JWS signature of `message`."""
        ...


class MemorySigner:
    """A private key held in this process, named by its owner's base URL."""

    def __init__(self, key: AnyPrivateKey, base: str) -> None:
        jwk = any_jwk_of(key)
        self._key = key
        self.kid = key_id(base, thumbprint(jwk))
        self.alg = jose_name(jwk)

    def sign(self, message: bytes) -> bytes:
        return sign_with(self._key, message)


class TrustSigner:
    """A holder's opened key as `trust_edit.sign` takes it: its public half, and signatures."""

    def __init__(self, public: Ed25519PublicKey, signer: Signer) -> None:
        self._public = public
        self._signer = signer

    def public_key(self) -> Ed25519PublicKey:
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        return self._signer.sign(data)
