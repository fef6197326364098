"""A private key as SLIP-39 shares: any k of n people make it again, and k-1 of them know nothing of it.

The secret that is shared is what an ES256 or Ed25519 key is made of, 32 bytes, without a passphrase: each share is 33
words that every SLIP-39 program takes. Whatever is wrong with shares is told in one message (K03).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from types import ModuleType
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct

from keys.errors import ConfigurationError, HandsealError
from keys.possession import PublicKeyFile
from keys.private_key import AnyPrivateKey, OkpJwk, any_jwk_of

if TYPE_CHECKING:
    from shamir_mnemonic import Share

SHARE_WORDS = 33
MIN_THRESHOLD = 2
MAX_SHARES = 8
"""What people can keep apart, and few enough to try every choice of k before anything is said of them."""

_SECRET_BYTES = 32
_MAX_ITERATION_EXPONENT = 4  # 2^15 times the work, which the form allows, takes minutes
_HINT = "as many as were asked for at `split`, each once, all of one `split` and of this key, word for word"


class SharesError(HandsealError):
    """Shares that do not make the key: too few, one twice, one of another set, a wrong word. Nobody is told which."""


class SharePlace(Struct, frozen=True):
    """What a share says of itself."""

    number: int  # from 1
    threshold: int


def split_key(key: AnyPrivateKey, *, threshold: int, shares: int, place: str) -> tuple[str, ...]:
    """The shares of `key`, each a line of words; every choice of `threshold` of them was seen to make it again.

    HandsealError for an RSA key, ConfigurationError for numbers that protect nothing.
    """
    if not MIN_THRESHOLD <= threshold <= shares <= MAX_SHARES:
        raise ConfigurationError(
            f"shares: {threshold} of {shares}, expected {MIN_THRESHOLD} to {MAX_SHARES} and no more than there are"
        )
    secret = _secret_of(key, place)
    (made,) = _library().generate_mnemonics(1, [(threshold, shares)], secret)
    for chosen in combinations(made, threshold):
        if _combine(chosen) != secret:
            raise HandsealError(f"{place}: shares that were just made do not make the key")
    return tuple(made)


def recover_key(shares: Sequence[str], public: PublicKeyFile) -> AnyPrivateKey:
    """The private key of `public`; SharesError where `shares` do not make it."""
    try:
        key = _key_of(_combine(shares), public)
    except ValueError as fault:
        raise _useless() from fault
    if any_jwk_of(key) != public.jwk:
        raise _useless()
    return key


def read_share(words: str) -> SharePlace:
    """What the share in `words` says of itself; SharesError for a wrong word."""
    share = _share(words)
    return SharePlace(share.index + 1, share.member_threshold)


def complete_word(typed: str) -> str | None:
    """The word of the list that `typed` is or begins, the first four letters being enough; None where there is none."""
    words = _library().wordlist.WORDLIST
    text = typed.casefold()
    found = [word for word in words if word == text] or [word for word in words if word.startswith(text)]
    return str(found[0]) if len(found) == 1 else None


def _combine(shares: Sequence[str]) -> bytes:
    """The secret, from the first k shares and again from the last: where there are more than k, they have to agree."""
    read = [_share(words) for words in shares]
    if not read or len({share.index for share in read}) != len(read):
        raise _useless()
    threshold = read[0].member_threshold
    secret = _recovered(shares[:threshold])
    if _recovered(shares[-threshold:]) != secret:
        raise _useless()
    return secret


def _recovered(shares: Sequence[str]) -> bytes:
    library = _library()
    try:
        return bytes(library.combine_mnemonics(shares))
    except library.MnemonicError as fault:
        raise _useless() from fault


def _share(words: str) -> Share:
    library = _library()
    try:
        share = library.Share.from_mnemonic(words)
    except library.MnemonicError as fault:
        raise _useless() from fault
    if share.group_count != 1 or share.iteration_exponent > _MAX_ITERATION_EXPONENT:
        raise _useless()
    return share


def _secret_of(key: AnyPrivateKey, place: str) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.private_bytes_raw()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.private_numbers().private_value.to_bytes(_SECRET_BYTES, "big")
    raise HandsealError(f"{place}: an RSA key is too long for words", hint="keep a copy of its file; ES256 keys split")


def _key_of(secret: bytes, public: PublicKeyFile) -> AnyPrivateKey:
    """The key that `secret` makes, of the kind that `public` is; ValueError for bytes that make none."""
    if isinstance(public.jwk, OkpJwk):
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


def _useless() -> SharesError:
    return SharesError("shares: do not make this key", hint=_HINT)


def _library() -> ModuleType:
    try:
        import shamir_mnemonic
    except ImportError as fault:
        raise ConfigurationError("shares: a package for them is missing", hint="install handseal[shares]") from fault
    library: ModuleType = shamir_mnemonic
    return library
