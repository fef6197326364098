"""What a person typed or pasted is a number, a link of this verifier, or a credential; no link is ever followed."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from keys.errors import FormatError
from keys.names import parse_lookup_id

_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MAX_NUMBER = 100
_MAX_LINK = 300


class MisreadError(Exception):
    """What was typed is neither; `case` names the sentence and its hint (`asked` in the messages)."""

    def __init__(self, case: str, **values: str) -> None:
        super().__init__(case)
        self.case = case
        self.values = values


def lookup_asked(text: str, base_url: str) -> str | None:
    """The lookup id that `text` names; None where it may be a credential.

    MisreadError where it is a link that is not of this verifier, with the host that it leads to (Q06), or a number
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
    return _number(plain)


def _lookup_of_link(link: str, base_url: str) -> str:
    ours = urlsplit(base_url)
    try:
        parts = urlsplit(link)
    except ValueError as fault:
        raise MisreadError("link-unreadable") from fault
    if (parts.scheme.lower(), parts.netloc.lower()) != (ours.scheme, ours.netloc):
        if not parts.netloc:
            raise MisreadError("link-unreadable")
        raise MisreadError("link-elsewhere", host=parts.netloc[:60], ours=ours.netloc)
    folder, _, number = unquote(parts.path).lstrip("/").partition("/")
    if folder.upper() != "C":
        raise MisreadError("link-no-certificate", start=f"{base_url}/c/")
    return _number(re.sub(r"(?i)\.jwt\Z", "", number))


def _number(text: str) -> str:
    try:
        return parse_lookup_id(text)
    except FormatError as fault:
        raise MisreadError("number-wrong") from fault
