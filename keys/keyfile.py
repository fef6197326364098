"""A private key rests in one encrypted file that only its owner can read.

Key files are age files (scrypt passphrase) around PKCS#8, because PKCS#8's own encryption has too few rounds to be
carried on a stick. Only the unattended status key may lie open, as PKCS#8 with mode 0600. The file of a key in a
token says where it is.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from pathlib import Path

import pyrage
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keys.algorithms import Algorithm, generate_private_key, jwk_of, public_key
from keys.encoding import canonical
from keys.errors import FormatError, HandsealError
from keys.files import read_bounded, write_new
from keys.possession import KeyUse, PublicKeyFile, parse_public_key, prove_possession
from keys.private_key import AnyPrivateKey
from keys.secret_files import MAX_SECRET_FILE, read_secret, require_secret_place, write_secret
from keys.token_uri import SCHEME, TokenUri, parse_token_uri

LOOKS = 8  # at how fast the machine is, before an age file is given up
_TOO_MUCH_WORK = "Excessive work"
_PLAIN = b"-----BEGIN PRIVATE KEY-----"
_PEM = b"-----BEGIN "
_WEAK = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class KeyForm(Enum):
    """How a key file keeps the key. What is neither open nor a known form counts as sealed, and will not open."""

    OPEN = "open"
    SEALED = "sealed"
    HARDWARE = "hardware"


class UnreadableKeyError(HandsealError):
    """Wrong passphrase or damage: nobody is told which (K03)."""


def create_key(
    path: Path,
    *,
    organisation: str,
    use: KeyUse,
    passphrase: str | None,
    created: datetime,
    algorithm: Algorithm = Algorithm.ES256,
    custodians: int = 1,
) -> PublicKeyFile:
    """A new key of `organisation` at `path` and `KEY.pub.json` beside it; both or none, nothing overwritten (K05).

    `passphrase` None leaves it unencrypted: for the unattended status key alone. A trust-list key is Ed25519.
    With two `custodians` it is both their passphrases, joined by one space.
    """
    if passphrase is None and use is not KeyUse.STATUS:
        raise HandsealError(f"{path}: only an unattended status key may lie unencrypted")
    public = public_path(path)
    key = ed25519.Ed25519PrivateKey.generate() if use is KeyUse.TRUST else generate_private_key(algorithm)
    shown = prove_possession(key, organisation=organisation, use=use, created=created, custodians=custodians)
    write_key_file(path, key, passphrase)
    try:
        write_new(public, canonical(shown))
    except HandsealError:
        path.unlink()
        raise
    return shown


def public_path(path: Path) -> Path:
    """`KEY.pub.json` beside `KEY`."""
    return path.with_name(f"{path.name}.pub.json")


def write_token_file(path: Path, uri: str) -> None:
    """A new key file that says where the key is: `uri`, in one line. Mode 0600, for who changes it names the driver."""
    write_secret(path, f"{uri}\n".encode("ascii"))


def write_key_file(path: Path, key: AnyPrivateKey, passphrase: str | None) -> None:
    """A new key file of mode 0600; never overwrites. `passphrase` None is for the unattended status key."""
    require_secret_place(path)
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_secret(path, data if passphrase is None else pyrage.passphrase.encrypt(data, passphrase))


def open_key_file(path: Path, passphrase: str | None) -> AnyPrivateKey:
    """The private key at `path`; `passphrase` None for one that lies unencrypted.

    HandsealError for a file others may read, a symbolic link, one in a git work tree (K04), a weak form (K17), and
    `UnreadableKeyError`, with one message, for a wrong passphrase and for any damage (K03). Costs a second and 500 MB
    where encrypted.
    """
    data = read_secret(path)
    form = _form(path, data)
    if form is KeyForm.HARDWARE:
        raise HandsealError(f"{path}: is a key in a token, which it never leaves")
    if form is KeyForm.OPEN:
        return _parse(path, data)
    if passphrase is None:
        raise HandsealError(f"{path}: is no unencrypted key", hint="an encrypted key takes its passphrase")
    return _parse(path, _decrypted(path, data, passphrase))


def key_form(path: Path) -> KeyForm:
    """How the file at `path` keeps its key; HandsealError for a file that may not hold one, as in `open_key_file`."""
    return _form(path, read_secret(path))


def read_token_uri(path: Path) -> TokenUri:
    """Where the key of a token is; the file is one line (FORMATS.md)."""
    try:
        return parse_token_uri(read_secret(path).decode("ascii").removesuffix("\n"), str(path))
    except UnicodeDecodeError as fault:
        raise FormatError(f"{path}: is no PKCS#11 URI") from fault


def require_encrypted(path: Path) -> None:
    """HandsealError where a key that signs certificates, co-signs or holds a trust list lies open."""
    if key_form(path) is KeyForm.OPEN:
        raise HandsealError(f"{path}: lies unencrypted", hint="only a status key may: make a new one with keygen")


def read_public_key(path: Path) -> PublicKeyFile:
    """A public key file whose signature shows possession (K11); FormatError or SignatureError otherwise."""
    return parse_public_key(read_bounded(path, MAX_SECRET_FILE), str(path))


def _form(path: Path, data: bytes) -> KeyForm:
    if data.startswith(_WEAK):
        raise HandsealError(
            f"{path}: is encrypted too weakly (PKCS#8)", hint="decrypt it and keep it as an age file with a passphrase"
        )
    if data.startswith(SCHEME.encode()):
        return KeyForm.HARDWARE
    if data.startswith(_PLAIN):
        return KeyForm.OPEN
    if data.startswith(_PEM):
        raise HandsealError(f"{path}: is a key file of another program", hint="make a key with keygen")
    return KeyForm.SEALED


def _parse(path: Path, data: bytes) -> AnyPrivateKey:
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise _unreadable(path) from fault
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPrivateKey):
        try:
            public_key(jwk_of(key))  # refuses weak sizes and exponents
        except FormatError as fault:
            raise HandsealError(f"{path}: {fault}") from fault
        return key
    raise HandsealError(f"{path}: is a key of another kind", hint="keys are P-256, RSA or, for trust lists, Ed25519")


def _decrypted(path: Path, data: bytes, passphrase: str) -> bytes:
    """What the passphrase opens; UnreadableKeyError where it opens nothing.

    age looks for a moment at how fast the machine is and refuses what seems to take too long, before it tries the
    passphrase: where the machine was busy in that moment, it is asked again.
    """
    for _ in range(LOOKS):
        try:
            return pyrage.passphrase.decrypt(data, passphrase)
        except pyrage.DecryptError as fault:
            if _TOO_MUCH_WORK not in str(fault):
                raise _unreadable(path) from fault
    raise _unreadable(path, hint="or this machine is too busy or too slow for it: end other programs and try again")


def _unreadable(path: Path, hint: str = "") -> UnreadableKeyError:
    return UnreadableKeyError(f"{path}: cannot be opened: wrong passphrase, or not a whole key file", hint=hint)
