"""A credential is taken out of what carries it by looking for whole tokens, never by believing the carrier.

formats.md section 9. A PDF is not parsed: each of its streams is inflated a little, and one that is wholly one compact
JWS is a candidate; where there is none, it may be the scan of a page with a code. What is shown comes from the
credential; the page it lay in is not looked at.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from keys.credential import Certificate, content_digest
from keys.encoding import MAX_BYTES, Digest, parse, sha256
from keys.errors import FormatError
from keys.jws import split_token
from verifier.asked import MisreadError, is_address, lookup_asked
from verifier.findings import Findings
from verifier.materials import Materials
from verifier.pictures import JPEG, TooLarge, Unreadable, baked, codes_in, is_heic, is_picture
from verifier.report import Report, Verdict
from verifier.verify import verify

MAX_CARRIER_BYTES = 50_000_000
MAX_STREAMS = 10_000
MAX_TOKEN_STREAMS = 256
"""Compressed streams that begin like a token; each is inflated as far as a token may reach, 16 MiB together."""
MAX_PAGES = 2
"""Pictures of a PDF without a credential that are looked through for a code, the largest: a certificate is one page."""
MAX_TOKENS = 16
"""Different tokens in one file, which are all taken apart; the clinic's own file has one."""

_PEEK_BYTES = 1024  # of a compressed stream, enough to see whether a token begins
_TOKEN_START = b"eyJ"  # base64url of `{"`
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ATTACHED = re.compile(rb"/Type\s*/EmbeddedFile\b")  # in the dictionary of a stream, which is never compressed
_WHITE = b" \t\r\n"
_TOKEN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=."
_LEAST_TOKEN_BYTES = 60
_KEYWORD, _END = b"stream", b"endstream"
_MAX_ADDRESS = 300

# Why nothing was read from a file: cases of `token.form` in the messages.
NOTHING, TOO_LARGE, ENCRYPTED, DAMAGED, EMPTY_PDF = "nothing", "too-large", "encrypted", "damaged", "empty-pdf"
SEVERAL, SEVERAL_CODES = "several", "several-codes"
PICTURE, NO_CODE, TOO_MANY_PIXELS, HEIC = "picture", "no-code", "too-many-pixels", "heic"
ELSEWHERE, OTHER_LINK, NOT_HERE = "link-elsewhere", "link-other", "not-here"


class Candidates(Struct, frozen=True):
    """What may be a certificate in a file: tokens of distinct content, none of them believed yet."""

    tokens: tuple[bytes, ...]
    hint: str  # the case that says why there is none and what helps; empty where there is one
    addresses: tuple[str, ...] = ()  # links and numbers, as in the codes of a photograph; where there is no token


class Pages(Struct, frozen=True):
    """Where links and numbers lead: the site's own addresses, and the certificate behind a lookup id."""

    bases: tuple[str, ...]
    find: Callable[[str], bytes | None]


class _Unreadable(Exception):
    """More in a file than is looked at."""


def credentials_in(data: bytes) -> Candidates:
    """The tokens in a file or a pasted text; never raises, takes less than a second and little memory (P04)."""
    if len(data) > MAX_CARRIER_BYTES:
        return Candidates((), TOO_LARGE)
    for recognises, read in _READERS:
        if recognises(data):
            return read(data)
    return Candidates((), NOTHING)


def verify_carried(
    data: bytes, materials: Materials, *, at: datetime, now: datetime, pages: Pages | None = None
) -> Report:
    """The report on the one certificate in `data`: `unknown` where there is none, `invalid` where there are several.

    A link or number is looked up in `pages`, never asked of a network.
    """
    found = credentials_in(data)
    if len(found.tokens) == 1:
        return verify(found.tokens[0], materials, at=at, now=now)
    if found.tokens:
        return undecided(SEVERAL, now, Verdict.INVALID)
    if not found.addresses:
        return undecided(found.hint, now)
    if materials.trust is None:  # nor is the site's address known, and what it does not have says nothing
        return _without_trust(materials.trust_fault, now)
    token = _behind(found.addresses, pages or Pages((), lambda _: None), now)
    return token if isinstance(token, Report) else verify(token, materials, at=at, now=now)


def undecided(case: str, now: datetime, verdict: Verdict = Verdict.UNKNOWN, **values: str) -> Report:
    """A report without a certificate: `case` of `token.form` says why nothing was verified."""
    findings = Findings()
    if verdict is not Verdict.UNKNOWN:
        findings.failed("token.form", verdict, case)
    elif case == TOO_LARGE:
        findings.unknown("token.form", case, limit=MAX_CARRIER_BYTES // 1_000_000)
    else:
        findings.unknown("token.form", case, **values)
    return Report.without_certificate(verdict, findings.complete(), now)


def _without_trust(fault: str, now: datetime) -> Report:
    findings = Findings()
    findings.unknown("key.known", detail=fault)
    return Report.without_certificate(findings.verdict, findings.complete(), now)


def pages_of(materials: Materials, find: Callable[[str], bytes | None], *bases: str) -> Pages:
    """The site's address as its trust list says it, and further addresses of this verifier."""
    site = () if materials.trust is None else (materials.trust.list.site,)
    return Pages((*bases, *site), find)


def _behind(addresses: tuple[str, ...], pages: Pages, now: datetime) -> bytes | Report:
    """The token that the one address leads to, or the report that there is none."""
    lookups: set[str] = set()
    elsewhere = ""
    for address in addresses:
        try:
            lookups.add(lookup_asked(address, *pages.bases) or "")
        except MisreadError as fault:
            elsewhere = elsewhere or fault.values.get("host", "")
    lookups.discard("")
    if len(lookups) > 1:
        return undecided(SEVERAL_CODES, now)
    if lookups:
        return pages.find(lookups.pop()) or undecided(NOT_HERE, now)
    ours = ", ".join(urlsplit(base).netloc for base in pages.bases[-1:])
    if elsewhere:
        return undecided(ELSEWHERE, now, host=elsewhere, ours=ours)
    return undecided(OTHER_LINK, now, ours=ours)


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def _is_address(data: bytes) -> bool:
    """A link, or a number as it is typed; a sentence is neither."""
    if len(data) > _MAX_ADDRESS:
        return False
    try:
        return is_address(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _is_token(data: bytes) -> bool:
    """Whether this is meant as a token, also as a broken or foreign one: that is for verification to say."""
    text = data.strip()
    if text.startswith(b"{"):
        return b'"signature' in text  # the JSON serialisations
    solid = text.translate(None, _WHITE)
    wrapped = 0 < len(text) - len(solid) <= len(text) // 20  # a sentence has a space in every six characters
    if len(solid) < _LEAST_TOKEN_BYTES or not (wrapped or solid == text):
        return False
    return b"." in solid and not solid.translate(None, _TOKEN_BYTES)


def _read_token(data: bytes) -> Candidates:
    return Candidates((data.strip(),), "")


def _read_address(data: bytes) -> Candidates:
    return Candidates((), "", (data.decode("utf-8").strip(),))


def _read_picture(data: bytes) -> Candidates:
    tokens = _distinct(baked(data))
    if tokens:
        return Candidates(tokens, "")
    if is_heic(data):
        return Candidates((), HEIC)
    try:
        codes = codes_in(data)
    except TooLarge:
        return Candidates((), TOO_MANY_PIXELS)
    except Unreadable:
        return Candidates((), PICTURE)
    return Candidates((), "" if codes else NO_CODE, codes)


def _read_pdf(data: bytes) -> Candidates:
    try:
        tokens = _distinct(_tokens_in_streams(data))
    except _Unreadable:
        return Candidates((), DAMAGED)
    if tokens:
        return Candidates(tokens, "")
    if b"/Encrypt" in data:
        return Candidates((), ENCRYPTED)
    codes = _codes_in_scans(data)
    if codes:
        return Candidates((), "", codes)
    return Candidates((), EMPTY_PDF if b"%%EOF" in data[-4096:] else DAMAGED)


def _codes_in_scans(data: bytes) -> tuple[str, ...]:
    """What stands in the codes of a scanned page: scanners and telephones wrap its photograph in a PDF as it is.

    Where a file is attached, or a credential begun, the page is no scan: what is left of one's own credential is not
    made good by the code of another.
    """
    photographs = sorted((start - end, start, end) for start, end in _streams(data) if data.startswith(JPEG, start))
    if not photographs or _ATTACHED.search(data) or any(_begun_tokens(data)):
        return ()
    found: dict[str, None] = {}
    for _, start, end in photographs[:MAX_PAGES]:
        try:
            found |= dict.fromkeys(codes_in(data[start:end]))
        except (TooLarge, Unreadable):
            continue
    return tuple(found)


def _distinct(tokens: Iterable[bytes]) -> tuple[bytes, ...]:
    """One token of each content, at most two: a second one decides. _Unreadable for too many of the same content."""
    distinct: dict[Digest, bytes] = {}
    seen: set[bytes] = set()
    for token in tokens:
        if token not in seen and len(distinct) < 2:
            if len(seen) == MAX_TOKENS:
                raise _Unreadable
            seen.add(token)
            distinct.setdefault(_content(token), token)
    return tuple(distinct.values())


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Candidates]], ...] = (
    (_is_pdf, _read_pdf),
    (is_picture, _read_picture),
    (_is_token, _read_token),
    (_is_address, _read_address),
)


def _tokens_in_streams(data: bytes) -> Iterator[bytes]:
    """Each stream that is wholly one compact JWS, as it stands or deflated."""
    for text, whole in _begun_tokens(data):
        token = text.strip()
        if whole and len(token) <= MAX_BYTES and _TOKEN.fullmatch(token):
            yield token


def _begun_tokens(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Each stream that begins like a token, as it stands or deflated, and whether that is all of it."""
    deflated = 0
    for start, end in _streams(data):
        if data[start : start + 64].lstrip().startswith(_TOKEN_START):
            yield data[start : min(end, start + MAX_BYTES + 3)], True
            continue
        text, whole = _inflate(data, start, end)
        if text.startswith(_TOKEN_START):
            deflated += 1
            if deflated > MAX_TOKEN_STREAMS:
                raise _Unreadable
            yield text, whole


def _streams(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the bytes between `stream` and `endstream`; keywords inside another stream do not count."""
    position = 0
    for _ in range(MAX_STREAMS):
        found = data.find(_KEYWORD, position)
        if found < 0:
            return
        start = position = found + len(_KEYWORD)
        if not _begins_stream(data, found):
            continue
        start += 2 if data.startswith(b"\r\n", start) else 1
        end = data.find(_END, start)
        if end < 0:
            return
        yield start, end
        position = end + len(_END)
    raise _Unreadable


def _begins_stream(data: bytes, found: int) -> bool:
    """The keyword stands behind a dictionary and ends its line; else it is a word in a text."""
    behind = data[max(0, found - 16) : found].rstrip()
    return behind.endswith(b">>") and data[found + len(_KEYWORD) : found + len(_KEYWORD) + 1] in (b"\r", b"\n")


def _inflate(data: bytes, start: int, end: int) -> tuple[bytes, bool]:
    """What a deflated stream that begins like a token holds, no further than a token may reach; whether that is all."""
    inflater = zlib.decompressobj()
    text = b""
    try:
        text = inflater.decompress(data[start : min(end, start + _PEEK_BYTES)], len(_TOKEN_START))
        if text == _TOKEN_START:
            rest = inflater.unconsumed_tail + data[start + _PEEK_BYTES : min(end, start + 2 * MAX_BYTES)]
            text += inflater.decompress(rest, MAX_BYTES)
    except zlib.error:
        return text, False
    return text, inflater.eof


def _content(token: bytes) -> Digest:
    """What makes two candidates the same: the content they state, or their bytes where they state none."""
    try:
        return content_digest(parse(split_token(token).payload, Certificate, "certificate"))
    except FormatError:
        return sha256(token)
