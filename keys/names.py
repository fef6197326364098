"""Every identifier has one spelling, and says which organisation it belongs to (formats.md section 1)."""

from __future__ import annotations

import ipaddress
import re
import uuid
from functools import lru_cache

from msgspec import Struct

from keys.errors import FormatError

MAX_HOST = 30
MAX_SLUG = 40
PURPOSES = ("revocation", "suspension", "refresh")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKUP_LENGTH = 26
LOOKUP_RANDOM_BYTES = 17
_MAX_TYPED = 100
_SHOWN = 60  # characters of what was written that a message repeats

_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_BASE = r"https?://[^/?#@\s]+"
_BASE_URL = re.compile(r"(https?)://([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?")
_ORGANISATION = re.compile(rf"({_BASE})/orgs/({_SLUG})")
_KEY = re.compile(rf"({_BASE})/keys/([A-Za-z0-9_-]{{43}})")
_PROGRAMME = re.compile(rf"({_BASE})/programmes/({_SLUG})")
_VERSION = re.compile(rf"({_BASE}/programmes/{_SLUG})/([1-9][0-9]{{0,8}})")
_STATUS_LIST = re.compile(rf"({_BASE})/status/({_SLUG})/({'|'.join(PURPOSES)})/([1-9][0-9]{{0,8}})")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_DID = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,1000}")
_LOOKUP_SLIPS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class OrganisationName(Struct, frozen=True):
    """`BASE/orgs/<slug>` taken apart."""

    base: str
    slug: str


class StatusListName(Struct, frozen=True):
    """`BASE/status/<slug>/<purpose>/<number>` taken apart."""

    base: str
    slug: str
    purpose: str
    number: int


def require_slug(text: str, place: str) -> str:
    if len(text) > MAX_SLUG or not re.fullmatch(_SLUG, text):
        raise FormatError(
            f"{place}: {text[:_SHOWN]!r} is not a slug",
            hint=f"a-z, 0-9 and single hyphens, at most {MAX_SLUG} characters",
        )
    return text


@lru_cache(maxsize=1024)
def require_base_url(url: str, place: str) -> str:
    """`https://host`, the host at most 30 characters; `http://` for loopback and private addresses alone."""
    match = _BASE_URL.fullmatch(url)
    if match is None:
        raise FormatError(
            f"{place}: {url[:_SHOWN]!r} is not a base URL", hint="write it as https://host, lower case, without a path"
        )
    scheme, host, port = match.groups()
    if len(host) + (len(port) + 1 if port else 0) > MAX_HOST:
        raise FormatError(f"{place}: the host is longer than {MAX_HOST} characters", hint="the QR code must stay small")
    if port and int(port) > 65535:
        raise FormatError(f"{place}: has no such port")
    if scheme == "http" and not _is_private(host):
        raise FormatError(f"{place}: http:// is for loopback and private addresses only", hint="use https://")
    return url


def organisation_id(base: str, slug: str) -> str:
    return f"{base}/orgs/{slug}"


@lru_cache(maxsize=1024)
def parse_organisation_id(text: str, place: str) -> OrganisationName:
    match = _ORGANISATION.fullmatch(text)
    if match is None or len(match[2]) > MAX_SLUG:
        raise FormatError(f"{place}: is not the id of an organisation", hint="write it as https://HOST/orgs/SLUG")
    return OrganisationName(require_base_url(match[1], place), match[2])


def key_id(base: str, thumbprint: str) -> str:
    return f"{base}/keys/{thumbprint}"


def parse_key_id(text: str, place: str) -> tuple[str, str]:
    """Base URL and thumbprint of a `kid`."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise FormatError(f"{place}: is not a key id")
    return require_base_url(match[1], place), match[2]


def programme_id(site: str, slug: str) -> str:
    return f"{site}/programmes/{slug}"


@lru_cache(maxsize=1024)
def parse_programme_id(text: str, place: str) -> tuple[str, str]:
    """Site and slug of a programme's id."""
    match = _PROGRAMME.fullmatch(text)
    if match is None or len(match[2]) > MAX_SLUG:
        raise FormatError(f"{place}: is not the id of a programme")
    return require_base_url(match[1], place), match[2]


def version_id(programme: str, version: int) -> str:
    return f"{programme}/{version}"


@lru_cache(maxsize=1024)
def parse_version_id(text: str, place: str) -> tuple[str, int]:
    """Programme id and version number of a syllabus."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise FormatError(f"{place}: is not a version of a programme")
    parse_programme_id(match[1], place)
    return match[1], int(match[2])


def status_list_id(base: str, slug: str, purpose: str, number: int) -> str:
    return f"{base}/status/{slug}/{purpose}/{number}"


@lru_cache(maxsize=1024)
def parse_status_list_id(text: str, place: str) -> StatusListName:
    match = _STATUS_LIST.fullmatch(text)
    if match is None or len(match[2]) > MAX_SLUG:
        raise FormatError(f"{place}: is not the id of a status list")
    return StatusListName(require_base_url(match[1], place), match[2], match[3], int(match[4]))


def urn_uuid(random: bytes) -> str:
    """A version 4 UUID as URN, from 16 random bytes."""
    return uuid.UUID(bytes=random, version=4).urn


def require_urn_uuid(text: str, place: str) -> str:
    if not _UUID.fullmatch(text):
        raise FormatError(f"{place}: is not a urn:uuid of version 4")
    return text


def require_subject_id(text: str, place: str) -> str:
    """A fresh `urn:uuid` or the DID of the learner's wallet."""
    if not _DID.fullmatch(text):
        require_urn_uuid(text, place)
    return text


def lookup_id(random: bytes) -> str:
    """26 characters of Crockford base32 = the first 130 bits of 17 random bytes."""
    number = int.from_bytes(random[:LOOKUP_RANDOM_BYTES], "big") >> 6
    return "".join(CROCKFORD[(number >> 5 * (LOOKUP_LENGTH - 1 - i)) & 31] for i in range(LOOKUP_LENGTH))


def parse_lookup_id(text: str) -> str:
    """The stored spelling of a typed id: case, hyphens and spaces ignored, O is 0, I and L are 1 (formats.md 9)."""
    plain = text[:_MAX_TYPED].upper().translate(_LOOKUP_SLIPS)
    if len(text) > _MAX_TYPED or not text.isascii() or len(plain) != LOOKUP_LENGTH or not set(plain) <= set(CROCKFORD):
        raise FormatError("id: is not a certificate id", hint="26 letters and digits, as printed beside the QR code")
    return plain


def certificate_path(lookup: str) -> str:
    """Where the site keeps a certificate."""
    return f"c/{lookup[:2]}/{lookup}.jwt"


def status_list_path(name: StatusListName) -> str:
    return f"status/{name.slug}/{name.purpose}/{name.number}.jwt"


def syllabus_path(slug: str, version: int) -> str:
    return f"programmes/{slug}/{version}.json"


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
