"""What a person typed or pasted is a number, a link of this verifier, or a credential; no link is ever followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from keys.errors import FormatError
from keys.names import parse_lookup_id

_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MAX_NUMBER = 100
_MAX_LINK = 300
_HOST = re.compile(r"[A-Za-z0-9_.:\[\]-]+")
_MAX_SHOWN = 60


class MisreadError(Exception):
    """What was typed is neither; `case` names the sentence and its hint (`asked` in the messages)."""

    def __init__(self, case: str, **values: str) -> None:
        super().__init__(case)
        self.case = case
        self.values = values


def lookup_asked(text: str, *base_urls: str) -> str | None:
    """The lookup id that `text` names; None where it may be a credential.

    `base_urls` are this verifier's own address and that of the site it answers for: a mirror has both. MisreadError
    where it is a link to anywhere else, with the host that it leads to (Q06), or a number that is mistyped.
    """
    plain = text.strip()
    for base_url in base_urls:
        host = urlsplit(base_url).netloc
        if plain.upper().startswith(f"{host}/".upper()):
            plain = f"{base_url}{plain[len(host) :]}"
    if _LINK.match(plain) and len(plain) <= _MAX_LINK:
        return _lookup_of_link(plain, base_urls)
    if len(plain) > _MAX_NUMBER:
        return None
    return _number(plain)


def is_address(text: str) -> bool:
    """Whether `text` is a link to anywhere, or a number as it is printed."""
    plain = text.strip()
    if _LINK.match(plain):
        return len(plain) <= _MAX_LINK and not any(character.isspace() for character in plain)
    try:
        _number(plain.rpartition("/")[2])
    except MisreadError:
        return False
    return True


def _lookup_of_link(link: str, base_urls: Sequence[str]) -> str:
    try:
        parts = urlsplit(link)
    except ValueError as fault:
        raise MisreadError("link-unreadable") from fault
    ours = [urlsplit(base_url) for base_url in base_urls]
    if (parts.scheme.lower(), parts.netloc.lower()) not in [(base.scheme, base.netloc) for base in ours]:
        raise MisreadError("link-elsewhere", host=_host(parts), ours=ours[0].netloc if ours else "")
    folder, _, number = unquote(parts.path).lstrip("/").partition("/")
    if folder.upper() != "C":
        raise MisreadError("link-no-certificate", start=f"{base_urls[0]}/c/")
    return _number(re.sub(r"(?i)\.jwt\Z", "", number))


def _host(parts: SplitResult) -> str:
    """Where a link leads, in the letters that a name server knows: whoever made it may have written an answer there.

    Look-alikes of other scripts show as `xn--…`, what stands before an `@` is no host, of a long one the end counts.
    """
    try:
        host = parts.netloc.rpartition("@")[2].encode("idna").decode("ascii")
    except UnicodeError as fault:
        raise MisreadError("link-unreadable") from fault
    if not _HOST.fullmatch(host):
        raise MisreadError("link-unreadable")
    return host if len(host) <= _MAX_SHOWN else f"…{host[-_MAX_SHOWN:]}"


def _number(text: str) -> str:
    try:
        return parse_lookup_id(text)
    except FormatError as fault:
        raise MisreadError("number-wrong") from fault
