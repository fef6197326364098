"""A key in a token signs without ever leaving it: one session, one login, as many signatures as a command makes.

The driver is any PKCS#11 library. A token's ES256 signatures are others each time, unlike those of a key file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keys.algorithms import EcJwk, public_key
from keys.encoding import b64url_encode, sha256
from keys.errors import ConfigurationError, HandsealError
from keys.possession import KeyUse, PublicKeyFile, require_signature
from keys.private_key import AnyJwk, ed25519_jwk, jose_name
from keys.token_uri import TokenUri

if TYPE_CHECKING:
    from pkcs11 import Attribute, Session, SignMixin, Token
    from pkcs11.exceptions import PKCS11Error

_P256_OID = bytes.fromhex("06082a8648ce3d030107")
_ED25519_OID = bytes.fromhex("06032b6570")
_COORDINATE_BYTES = 32
_CHECK = b"handseal-key-check/1\n"  # no JWS and no metadata begins so: what is signed here is good for nothing else


class WrongPinError(HandsealError):
    """The token did not take the PIN; it has fewer tries left."""


class TokenSigner:
    """A key of an open session; HandsealError where the token fails or was pulled out."""

    def __init__(self, key: SignMixin, kid: str, alg: str, place: str) -> None:
        self._key = key
        self._place = place
        self.kid = kid
        self.alg = alg

    def sign(self, message: bytes) -> bytes:
        return _sign(self._key, self.alg, message, self._place)


class NewTokenKey(Struct, frozen=True):
    """A key that was just made in a token; `remove` takes it away again."""

    jwk: AnyJwk
    sign: Callable[[bytes], bytes]
    remove: Callable[[], None]


@contextmanager
def open_token_key(uri: TokenUri, pin: str, public: PublicKeyFile, place: str) -> Iterator[TokenSigner]:
    """The key that `uri` names, until the block ends; the PIN is tried once, for a token locks itself after few.

    HandsealError where it cannot be reached or is not the key of `public` (K08).
    """
    with _logged_in(uri, pin, place, write=False) as session:
        signer = TokenSigner(_private_key(session, uri, place), public.kid, public.alg, place)
        complaint = f"{place}: the key in the token does not belong to its public file"
        require_signature(public, _CHECK, signer.sign(_CHECK), complaint)
        yield signer


@contextmanager
def new_token_key(uri: TokenUri, pin: str, use: KeyUse, place: str) -> Iterator[NewTokenKey]:
    """A key made in the token, which cannot be taken out of it: Ed25519 for trust lists, otherwise P-256.

    HandsealError where there is one of that name. The session is open until the block ends.
    """
    import pkcs11

    curve = (pkcs11.KeyType.EC_EDWARDS, _ED25519_OID) if use is KeyUse.TRUST else (pkcs11.KeyType.EC, _P256_OID)
    with _logged_in(uri, pin, place, write=True) as session:
        with _faults(place):
            if list(session.get_objects(_named(uri))):
                raise HandsealError(f"{place}: the token holds a key of that name", hint="choose another object=…")
            kind = session.create_domain_parameters(curve[0], {pkcs11.Attribute.EC_PARAMS: curve[1]}, local=True)
            public, private = kind.generate_keypair(
                id=uri.id,
                label=uri.label,
                store=True,
                capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
                private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )
            jwk = _jwk(public[pkcs11.Attribute.EC_POINT], use, place)

        key, alg = _private_key(session, uri, place), jose_name(jwk)

        def sign(message: bytes) -> bytes:
            return _sign(key, alg, message, place)

        def remove() -> None:
            with _faults(place):
                private.destroy()
                public.destroy()

        yield NewTokenKey(jwk, sign, remove)


@contextmanager
def _logged_in(uri: TokenUri, pin: str, place: str, *, write: bool) -> Iterator[Session]:
    try:
        import pkcs11
    except ImportError as fault:
        raise ConfigurationError(
            f"{place}: is a key in a token, for which a package is missing", hint="install handseal[hsm]"
        ) from fault
    with _faults(place):
        found = [token for token in pkcs11.lib(uri.module).get_tokens() if _fits(token, uri)]
        if len(found) != 1:
            raise HandsealError(
                f"{place}: {len(found)} tokens fit, not one", hint="is it plugged in? serial=… tells two apart"
            )
        session = found[0].open(rw=write, user_pin=pin)
    with session:
        yield session


def _fits(token: Token, uri: TokenUri) -> bool:
    wanted = (uri.token, uri.serial, uri.manufacturer, uri.model)
    shown = (token.label, token.serial.decode("utf-8", "replace"), token.manufacturer_id, token.model)
    return all(want is None or want == show for want, show in zip(wanted, shown, strict=True))


def _named(uri: TokenUri) -> dict[Attribute, Any]:
    from pkcs11 import Attribute, ObjectClass

    wanted = {Attribute.LABEL: uri.label, Attribute.ID: uri.id}
    named = {attribute: value for attribute, value in wanted.items() if value is not None}
    return {Attribute.CLASS: ObjectClass.PRIVATE_KEY, **named}


def _private_key(session: Session, uri: TokenUri, place: str) -> SignMixin:
    from pkcs11 import SignMixin

    with _faults(place):
        found = [key for key in session.get_objects(_named(uri)) if isinstance(key, SignMixin)]
    if len(found) != 1:
        raise HandsealError(f"{place}: {len(found)} keys in the token fit, not one", hint="object=… and id=… name it")
    return found[0]


def _sign(key: SignMixin, alg: str, message: bytes, place: str) -> bytes:
    import pkcs11

    with _faults(place):
        if alg == "Ed25519":
            return key.sign(message, mechanism=pkcs11.Mechanism.EDDSA)
        if alg == "ES256":
            return key.sign(sha256(message), mechanism=pkcs11.Mechanism.ECDSA)  # r and s raw, as JWS wants
    raise HandsealError(f"{place}: {alg} keys are not used from tokens", hint="take ES256")


def _jwk(point: bytes, use: KeyUse, place: str) -> AnyJwk:
    """From CKA_EC_POINT: an octet string in DER, which some drivers leave away."""
    size = _COORDINATE_BYTES if use is KeyUse.TRUST else 1 + 2 * _COORDINATE_BYTES
    raw = point[-size:]
    if point not in (raw, bytes([0x04, size]) + raw):
        raise HandsealError(f"{place}: the token shows no public key")
    if use is KeyUse.TRUST:
        return ed25519_jwk(raw)
    x, y = raw[1 : 1 + _COORDINATE_BYTES], raw[1 + _COORDINATE_BYTES :]
    jwk = EcJwk(crv="P-256", x=b64url_encode(x), y=b64url_encode(y))
    public_key(jwk)  # refuses what is no point of the curve
    return jwk


@contextmanager
def _faults(place: str) -> Iterator[None]:
    """What a driver complains of, in words."""
    from pkcs11.exceptions import PKCS11Error

    try:
        yield
    except PKCS11Error as fault:
        raise _told(fault, place) from fault


def _told(fault: PKCS11Error, place: str) -> HandsealError:
    from pkcs11 import exceptions

    if isinstance(fault, exceptions.PinIncorrect | exceptions.PinInvalid | exceptions.PinLenRange):
        return WrongPinError(
            f"{place}: the token does not take this PIN",
            hint="it was tried once and no more: a token locks itself after a few wrong ones",
        )
    if isinstance(fault, exceptions.PinLocked):
        return HandsealError(
            f"{place}: the token is locked: too many wrong PINs", hint="its security officer unlocks it"
        )
    reason = str(fault) or type(fault).__name__
    return HandsealError(
        f"{place}: the token failed: {reason}", hint="is it plugged in, and is module-path its driver?"
    )
