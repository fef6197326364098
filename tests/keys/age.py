"""Age files that open at once: the real form with the least work for scrypt, for tests that open many keys."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.files import SECRET, write_new
from keys.private_key import AnyPrivateKey

LOG_WORK = 1


def encrypt(data: bytes, passphrase: str) -> bytes:
    """https://age-encryption.org/v1: one scrypt recipient, one chunk (at most 64 KiB)."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**LOG_WORK, 8, 1).derive(passphrase.encode())
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_b64(salt), LOG_WORK, _b64(body))
    mac = HMAC(_derive(file_key, b"", b"header"), SHA256())
    mac.update(header)
    payload = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\x01", data, None)
    return b"%s %s\n%s%s" % (header, _b64(mac.finalize()), nonce, payload)


def write_cheap_key(path: Path, key: AnyPrivateKey, passphrase: str) -> Path:
    """A key file as `write_key_file` makes it, but for the work."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(path, encrypt(pem, passphrase), SECRET)
    return path


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _b64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")
