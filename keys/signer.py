"""Whoever signs shows a key id, an algorithm and signatures, wherever the key lives."""

from __future__ import annotations

from typing import Protocol

from keys.algorithms import Algorithm, PrivateKey, algorithm_of, jwk_of, sign, thumbprint
from keys.names import key_id


class Signer(Protocol):
    """A private key in memory, in a token or in a cloud: the callers cannot tell."""

    @property
    def kid(self) -> str: ...

    @property
    def algorithm(self) -> Algorithm: ...

    def sign(self, message: bytes) -> bytes:
        """The JWS signature of `message`."""
        ...


class MemorySigner:
    """A private key held in this process, named by its owner's base URL."""

    def __init__(self, key: PrivateKey, base: str) -> None:
        self._key = key
        self.kid = key_id(base, thumbprint(jwk_of(key)))
        self.algorithm = algorithm_of(key)

    def sign(self, message: bytes) -> bytes:
        return sign(self._key, message)
