"""A token is three canonical base64url parts under a header of exactly `alg` and `kid` (formats.md section 2)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from keys.encoding import MAX_BYTES, b64url_decode, b64url_encode, canonical, parse
from keys.errors import FormatError
from keys.signer import Signer


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole JOSE header. `alg` is compared with the trust list's, never used to choose."""

    alg: str
    kid: str


class Token(Struct, frozen=True):
    """A compact JWS taken apart; nothing in it is believed yet."""

    header: bytes
    payload: bytes
    signature: bytes
    signed: bytes  # what the signature is over: the first two parts as received


def split_token(token: bytes, place: str = "token", *, limit: int = MAX_BYTES) -> Token:
    """Step 1 of formats.md section 10: size, then three canonical base64url parts."""
    if len(token) > limit:
        raise FormatError(f"{place}: is larger than {limit} bytes")
    try:
        parts = token.decode("ascii").split(".")
    except UnicodeDecodeError as fault:
        raise FormatError(f"{place}: is not a compact JWS") from fault
    if len(parts) != 3:
        raise FormatError(f"{place}: a compact JWS has three parts, this has {len(parts)}")
    header, payload, signature = (b64url_decode(part, place) for part in parts)
    return Token(header, payload, signature, token[: token.rindex(b".")])


def parse_header(token: Token, place: str = "token header") -> Header:
    """Step 2: a header of exactly `alg` and `kid`; `typ`, `jwk`, `crit` and all others are refused (J26)."""
    return parse(token.header, Header, place, limit=1024)


def sign_token(payload: bytes, signer: Signer) -> str:
    """The compact JWS over `payload` (JCS bytes)."""
    return compact_jws(Header(alg=signer.alg, kid=signer.kid), payload, signer.sign)


def compact_jws(header: Header, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    """As `sign_token`, also for keys that are no `Signer`: those of the trust list's holders."""
    signed = f"{b64url_encode(canonical(header))}.{b64url_encode(payload)}"
    return f"{signed}.{b64url_encode(sign(signed.encode('ascii')))}"
