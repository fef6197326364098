"""What a person typed or pasted is a number, a link of this verifier, or a credential; no link is ever followed."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from keys.errors import FormatError
from keys.names import parse_lookup_id

_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MAX_NUMBER = 100
_MAX_LINK = 300


def lookup_asked(text: str, base_url: str) -> str | None:
    """The lookup id that `text` names; None where it may be a credential.

    FormatError where it is a link that is not of this verifier, with the host that it leads to (Q06), or a number
    that is mistyped.
    """
    plain = text.strip()
    host = urlsplit(base_url).netloc
    if plain.upper().startswith(f"{host}/".upper()):
        plain = f"{base_url}{plain[len(host) :]}"
    if _LINK.match(plain) and len(plain) <= _MAX_LINK:
        return _lookup_of_link(plain, base_url)
    if len(plain) > _MAX_NUMBER:
        return None
    return parse_lookup_id(plain)


def _lookup_of_link(link: str, base_url: str) -> str:
    ours = urlsplit(base_url)
    try:
        parts = urlsplit(link)
    except ValueError as fault:
        raise FormatError("link: is not a link that can be read") from fault
    if (parts.scheme.lower(), parts.netloc.lower()) != (ours.scheme, ours.netloc):
        shown = parts.netloc[:60] or "no website"
        raise FormatError(
            f"link: leads to {shown}, not to {ours.netloc}",
            hint="compare the address beside the QR code, and ask who printed it",
        )
    folder, _, number = unquote(parts.path).lstrip("/").partition("/")
    if folder.upper() != "C":
        raise FormatError("link: is not a link to a certificate", hint=f"it begins with {base_url}/c/")
    return parse_lookup_id(re.sub(r"(?i)\.jwt\Z", "", number))
