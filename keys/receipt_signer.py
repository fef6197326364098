"""A verifier's operator signs receipts with a key of its own, which is no organisation's and in no trust list.

Its file begins with a line of its own: no other key is opened here, and this one opens nowhere else. It lies open, mode
0600, for a server signs without anybody at hand; whoever steals it can forge receipts, and no certificate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keys.algorithms import EcJwk, PublicKey, ec_jwk_of, public_key, sign, thumbprint
from keys.credential import Wire
from keys.encoding import canonical, parse
from keys.errors import FormatError, HandsealError, SignatureError
from keys.files import read_bounded, write_new
from keys.jws import Header, compact_jws, parse_header, split_token
from keys.secret_files import MAX_SECRET_FILE, read_secret, write_secret

_FIRST_LINE = b"Handseal receipt key: it signs receipts of a verifier and nothing else\n"
_PUBLIC = ".pub.json"


class ReceiptKey(Wire, frozen=True):
    """The public half, as the verifier serves it; `kid` is the thumbprint alone, which no trust list can name."""

    type: Literal["handseal-receipt-key"]
    version: Literal[1]
    kid: str
    alg: Literal["ES256"]
    jwk: EcJwk

    @property
    def public(self) -> PublicKey:
        return public_key(self.jwk)


class ReceiptSigner:
    """An operator's key in memory."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        jwk = ec_jwk_of(key)
        self._key = key
        self.public = ReceiptKey(type="handseal-receipt-key", version=1, kid=thumbprint(jwk), alg="ES256", jwk=jwk)

    def sign(self, payload: bytes) -> str:
        """The compact JWS over a receipt's JCS bytes; the same each time."""
        header = Header(alg=self.public.alg, kid=self.public.kid)
        return compact_jws(header, payload, lambda message: sign(self._key, message))


def create_receipt_key(path: Path) -> ReceiptKey:
    """A new key at `path` and its public half in `KEY.pub.json` beside it; both or none, nothing overwritten."""
    beside = path.with_name(f"{path.name}{_PUBLIC}")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_secret(path, _FIRST_LINE + pem)
    public = ReceiptSigner(key).public
    try:
        write_new(beside, canonical(public))
    except HandsealError:
        path.unlink()
        raise
    return public


def open_receipt_key(path: Path) -> ReceiptSigner:
    """The key at `path`; HandsealError for a file that others may read, and for every other kind of key."""
    if path.name.endswith(_PUBLIC):
        hint = f"the key itself: {str(path).removesuffix(_PUBLIC)}"
        raise HandsealError(f"{path}: is the public half of a key", hint=hint)
    data = read_secret(path)
    if not data.startswith(_FIRST_LINE):
        raise HandsealError(f"{path}: is no receipt key", hint="make one with: handseal-verify receipt-key FILE")
    try:
        key = serialization.load_pem_private_key(data.removeprefix(_FIRST_LINE), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise HandsealError(f"{path}: is not a whole receipt key") from fault
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise HandsealError(f"{path}: is a key of another kind")
    return ReceiptSigner(key)


def read_receipt_key(path: Path) -> ReceiptKey:
    """The public half as a file; FormatError for anything else."""
    data = read_bounded(path, MAX_SECRET_FILE)
    if data.startswith(_FIRST_LINE):
        raise FormatError(f"{path}: is the key, which nobody is given", hint=f"its public half: {path}{_PUBLIC}")
    key = parse(data, ReceiptKey, str(path))
    if key.kid != thumbprint(key.jwk):
        raise FormatError(f"{path}: kid: is not the key's")
    return key


def signed_by(key: ReceiptKey, token: bytes, place: str) -> bytes:
    """The payload of a compact JWS by this key; FormatError or SignatureError for anything else."""
    parts = split_token(token.strip(), place)
    if parse_header(parts, place) != Header(alg=key.alg, kid=key.kid):
        raise SignatureError(f"{place}: is not signed by this key")
    try:
        key.public.require_signature(parts.signed, parts.signature)
    except SignatureError as fault:
        raise SignatureError(f"{place}: {fault}") from fault
    return parts.payload
