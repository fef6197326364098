"""An age file whose passphrase costs nothing to try: opening one in earnest takes a second and half a gigabyte.

Written by the age specification (scrypt recipient), with a work factor that pyrage never chooses.
"""

from __future__ import annotations

import os
from base64 import b64encode

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_LOG_N = 1
_CHUNK = 64 * 1024
_LAST_CHUNK = bytes(11) + b"\x01"


def seal_cheaply(plain: bytes, passphrase: str) -> bytes:
    """`plain`, at most one chunk of it, as an age file."""
    assert len(plain) <= _CHUNK
    file_key, salt, nonce = (os.urandom(16) for _ in range(3))
    wrapping = Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=2**_LOG_N, r=8, p=1)
    wrapped = ChaCha20Poly1305(wrapping.derive(passphrase.encode("utf-8"))).encrypt(bytes(12), file_key, None)
    head = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_base64(salt), _LOG_N, _base64(wrapped))
    mac = HMAC(_derive(file_key, None, b"header"), SHA256())
    mac.update(head)
    stream = ChaCha20Poly1305(_derive(file_key, nonce, b"payload"))
    return head + b" " + _base64(mac.finalize()) + b"\n" + nonce + stream.encrypt(_LAST_CHUNK, plain, None)


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _derive(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)
