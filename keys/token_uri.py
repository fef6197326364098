"""Where a key in a token is, in one line: a PKCS#11 URI (RFC 7512) that names token, key and driver, never a PIN."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from msgspec import Struct

from keys.errors import FormatError
from keys.text import require_text

SCHEME = "pkcs11:"
MAX_URI = 1024

_PATH = frozenset({"token", "serial", "manufacturer", "model", "object", "id", "type"})
_PIN = frozenset({"pin-value", "pin-source"})
_EXAMPLE = "such as pkcs11:token=TTMA;object=cosign?module-path=/usr/lib/softhsm/libsofthsm2.so"


class TokenUri(Struct, frozen=True):
    """One key: the driver's file, what the token must show, and the key's label, id or both."""

    module: str
    token: str
    serial: str | None
    manufacturer: str | None
    model: str | None
    label: str | None
    id: bytes | None


def parse_token_uri(text: str, place: str) -> TokenUri:
    """FormatError for a URI that names no single key, or carries a PIN."""
    if len(text) > MAX_URI or not text.startswith(SCHEME) or not text.isascii() or not text.isprintable():
        raise FormatError(f"{place}: is no PKCS#11 URI of at most {MAX_URI} characters")
    path, _, query = text.removeprefix(SCHEME).partition("?")
    named = _attributes(path, ";", place) | _attributes(query, "&", place)
    if _PIN & named.keys():
        raise FormatError(f"{place}: holds a PIN", hint="take it out: the PIN is asked for, and stands nowhere")
    strange = sorted(named.keys() - _PATH - {"module-path"})
    if strange:
        raise FormatError(f"{place}: {strange[0]}: is not understood", hint=_EXAMPLE)
    if named.get("type", b"private") != b"private":
        raise FormatError(f"{place}: type: is not 'private'")
    if not named.get("token") or not (named.get("object") or named.get("id")):
        raise FormatError(f"{place}: names no token, or no key in it", hint=_EXAMPLE)
    module = named.get("module-path", b"")
    if not module.startswith(b"/"):
        raise FormatError(f"{place}: module-path: is no absolute path", hint=_EXAMPLE)
    texts = {name: _text(data, f"{place}: {name}") for name, data in named.items() if name != "id"}
    return TokenUri(
        module=texts["module-path"],
        token=texts["token"],
        serial=texts.get("serial"),
        manufacturer=texts.get("manufacturer"),
        model=texts.get("model"),
        label=texts.get("object"),
        id=named.get("id"),
    )


def _attributes(part: str, separator: str, place: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for item in part.split(separator) if part else ():
        name, equals, value = item.partition("=")
        if not equals or name in found:
            raise FormatError(f"{place}: {name or item}: has no value, or stands twice")
        found[name] = unquote_to_bytes(value)
    return found


def _text(data: bytes, place: str) -> str:
    """What can be read as text: a path with a NUL is none, and a name is shown where a PIN is asked for."""
    try:
        return require_text(data.decode("utf-8"), place)
    except UnicodeDecodeError as fault:
        raise FormatError(f"{place}: is not UTF-8") from fault
