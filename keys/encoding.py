"""Bytes, digests and times have one spelling each; foreign JSON is read only through here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, NewType, TypeVar, cast

import msgspec
from mnemonic import Mnemonic
from msgspec import Meta, Struct

from keys.errors import FormatError
from keys.text import require_text

T = TypeVar("T")

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
WORDS_IN_DIGEST = 12

Digest = NewType("Digest", bytes)
"""A SHA-256 value, 32 raw bytes."""

Time = Annotated[datetime, Meta(tz=True)]
"""A moment on the wire: UTC, whole seconds, written with Z. Structs holding one call `require_utc`."""

Sri = Annotated[str, Meta(pattern=r"\Asha256-[A-Za-z0-9+/]{43}=\Z")]
"""`sha256-` and the padded standard base64 of 32 bytes; compared as a string."""

_NOT_BASE64URL = "+/="  # what only the standard alphabet has, and padding
# Possessive, and content with a string that never ends: linear also on hostile bytes.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_ESCAPES = re.compile(rb"\\.")
_HARMLESS_ESCAPES = {b'\\"', b"\\\\"}
_NEWLINE = b"\\n"
_MAX_FAULT = 200
_NARRATIVE = re.compile(rb'"narrative":"(?:[^"\\]++|\\.)*+"')
_BUILDING = threading.Lock()  # msgspec 0.22 crashes the process where two threads first meet a struct at once


def sha256(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).digest())


def b64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str, place: str = "base64url") -> bytes:
    """The bytes of the one canonical spelling; padding, other alphabets and stray bits are refused (J13)."""
    if not text.isascii() or any(sign in text for sign in _NOT_BASE64URL):
        raise FormatError(f"{place}: is not base64url")
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        data = msgspec.convert(padded, bytes)  # a quarter of the time of the standard library
    except msgspec.ValidationError as fault:
        raise FormatError(f"{place}: is not base64url") from fault
    last = len(data) // 3 * 3
    if b64url_encode(data[last:]) != text[last // 3 * 4 :]:
        raise FormatError(f"{place}: is not canonical base64url")
    return data


def sri(digest: bytes) -> str:
    """`digestSRI` of a SHA-256 value."""
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def parse_sri(text: str, place: str = "digest") -> Digest:
    """The raw digest of a `digestSRI`; FormatError unless it is exactly what `sri` writes."""
    try:
        digest = base64.b64decode(text.removeprefix("sha256-"), validate=True)
    except (ValueError, binascii.Error) as fault:
        raise FormatError(f"{place}: is not a SHA-256 digest") from fault
    if len(digest) != 32 or sri(digest) != text:
        raise FormatError(f"{place}: is not a SHA-256 digest")
    return Digest(digest)


def digest_words(digest: bytes) -> tuple[str, ...]:
    """The first 132 bits as twelve words of the BIP-39 English list, to be read aloud (formats.md 7)."""
    number = int.from_bytes(digest[:17], "big") >> 4
    words = _wordlist()
    return tuple(words[(number >> 11 * (WORDS_IN_DIGEST - 1 - i)) & 2047] for i in range(WORDS_IN_DIGEST))


@lru_cache(maxsize=1)
def _wordlist() -> tuple[str, ...]:
    return tuple(Mnemonic("english").wordlist)


def canonical(value: object) -> bytes:
    """JCS (RFC 8785) of a struct or of plain JSON values.

    Only what this profile allows: member names in ASCII, integers below 2^53, no floats; then sorting by code point
    is JCS's sorting by UTF-16 unit. FormatError for anything else; what a struct holds, its types have bounded.
    """
    if not isinstance(value, Struct):
        _require_plain(value, "value")
    try:
        return msgspec.json.encode(value, order="sorted")
    except (TypeError, ValueError, msgspec.MsgspecError) as fault:
        raise FormatError("value has no canonical form") from fault


def parse(data: bytes, form: type[T], place: str, *, limit: int = MAX_BYTES) -> T:
    """Foreign bytes as a closed struct: size, shape, canonical bytes, then readable text.

    The shape bounds the depth. Equality with the canonical form refuses repeated members, floats, NaN, BOM,
    UTF-16, negative zero and spaces at once.
    """
    if len(data) > limit:
        raise FormatError(f"{place}: is larger than {limit} bytes")
    try:
        value: T = _decoder(cast(Any, form)).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise FormatError(f"{place}: {_fault(fault)}") from fault
    if canonical(value) != data:
        raise FormatError(f"{place}: is not in canonical form (JCS)")
    _require_texts(data, place)
    return value


def strict_json(data: bytes, place: str, *, limit: int = MAX_BYTES, depth: int = MAX_DEPTH) -> Any:
    """Foreign JSON that has no struct here, as plain values, with the same strictness as `parse`."""
    if len(data) > limit:
        raise FormatError(f"{place}: is larger than {limit} bytes")
    _require_depth(data, depth, place)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise FormatError(f"{place}: {_fault(fault)}") from fault
    _require_plain(value, place)
    if canonical(value) != data:
        raise FormatError(f"{place}: is not in canonical form (JCS)")
    _require_texts(data, place)
    return value


def require_utc(*moments: datetime | msgspec.UnsetType) -> None:
    """ValueError unless each moment is UTC in whole seconds. For `__post_init__` of wire structs."""
    for moment in moments:
        if isinstance(moment, datetime) and (moment.tzinfo != UTC or moment.microsecond):
            raise ValueError("times are UTC in whole seconds, written with Z")


def format_time(moment: datetime) -> str:
    """`2026-11-20T08:00:00Z` of an aware moment."""
    return moment.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str, place: str = "time") -> datetime:
    """The moment of what `format_time` writes."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as fault:
        raise FormatError(f"{place}: is not a time", hint="write it as 2026-11-20T08:00:00Z") from fault
    if format_time(moment) != text:
        raise FormatError(f"{place}: is not a time", hint="write it as 2026-11-20T08:00:00Z")
    return moment


@lru_cache(maxsize=64)
def _decoder(form: Any) -> msgspec.json.Decoder[Any]:
    with _BUILDING:
        return msgspec.json.Decoder(form)


def _fault(fault: Exception) -> str:
    """The library's reason without anything of the input's text beyond its path."""
    if isinstance(fault, msgspec.ValidationError):
        return str(fault)[:_MAX_FAULT]
    return "is nested too deeply" if isinstance(fault, RecursionError) else "is not JSON"


def _require_depth(data: bytes, depth: int, place: str) -> None:
    level = 0
    for byte in _STRINGS.sub(b"", data):
        if byte in b"[{":
            level += 1
            if level > depth:
                raise FormatError(f"{place}: is nested deeper than {depth} levels")
        elif byte in b"]}":
            level -= 1


def _require_plain(value: object, place: str) -> None:
    if isinstance(value, float) or (type(value) is int and abs(value) > MAX_INTEGER):
        raise FormatError(f"{place}: holds a number that is not an integer below 2^53")
    if isinstance(value, bytes | bytearray | set | frozenset):
        raise FormatError(f"{place}: holds what JSON has no form for")
    if isinstance(value, Mapping):
        for name, member in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise FormatError(f"{place}: has a member name that is not ASCII")
            _require_plain(member, place)
    elif isinstance(value, list | tuple):
        for member in value:
            _require_plain(member, place)


def _require_texts(data: bytes, place: str) -> None:
    """Every string of canonical `data` is readable text, and newlines stand in narratives only.

    Canonical JSON escapes every ASCII control character but DEL. Its own characters change nothing in a text, so the
    document is judged as one; only the n of an escaped newline would join with a mark after it.
    """
    escapes = set(_ESCAPES.findall(data))
    if escapes - _HARMLESS_ESCAPES - {_NEWLINE}:
        raise FormatError(f"{place}: holds a control character")
    if _NEWLINE in escapes and _NEWLINE in _ESCAPES.findall(_NARRATIVE.sub(b"", data)):
        raise FormatError(f"{place}: holds a newline, which only a narrative may")
    if not data.isascii() or b"\x7f" in data:
        require_text((_ESCAPES.sub(b" ", data) if _NEWLINE in escapes else data).decode("utf-8"), place)
