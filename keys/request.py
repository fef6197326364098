"""A request is a syllabus and the cores to be co-signed under one digest; nothing of it is used unchecked.

formats.md section 7. JSON Lines, read and written row by row, so that memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Annotated, BinaryIO, Literal

from msgspec import UNSET, Meta, Struct

from keys.credential import Achievement, Certificate, Wire
from keys.encoding import (
    MAX_BYTES,
    Digest,
    Sri,
    Time,
    b64url_decode,
    b64url_encode,
    canonical,
    parse,
    parse_sri,
    require_utc,
    sha256,
    sri,
)
from keys.errors import FormatError, HandsealError
from keys.names import parse_organisation_id
from keys.profile import parse_certificate, require_claims
from keys.syllabus import MAX_SYLLABUS_BYTES, Syllabus, achievement_of, parse_syllabus, valid_until

MAX_ROWS = 100_000
_DOMAIN = b"handseal-request/1\n"
_TYPE = b'"type":"handseal-request"'
_MAX_HEADER = MAX_SYLLABUS_BYTES * 2
Count = Annotated[int, Meta(ge=1, le=MAX_ROWS)]


class _HeaderLine(Wire, frozen=True):
    type: Literal["handseal-request"]
    version: Literal[1]
    created: Time
    issuer: str
    syllabus: str
    count: Count
    digest: Sri

    def __post_init__(self) -> None:
        require_utc(self.created)


class RequestHeader(Struct, frozen=True):
    """Line 1 without the syllabus."""

    created: datetime
    issuer: str
    count: int
    digest: Digest


class RequestRow(Struct, frozen=True):
    """One core that was checked; `number` counts from 1 and is what `--exclude` takes."""

    number: int
    core: Certificate
    raw: bytes  # JCS
    digest: Digest


def write_request(
    stream: BinaryIO, *, issuer: str, created: datetime, syllabus: bytes, cores: Iterable[bytes]
) -> Digest:
    """Writes line 1 and `cores` (JCS, in any order), ascending by content digest; returns the request's digest.

    The cores are held packed until they are sorted. HandsealError where there is none, or one stands there twice.
    """
    packed = sorted(_pack(cores), key=lambda row: row[0])
    if not 1 <= len(packed) <= MAX_ROWS:
        raise HandsealError(f"request: holds 1 to {MAX_ROWS} certificates, not {len(packed)}")
    if any(one == other for (one, _), (other, _) in pairwise(packed)):
        raise HandsealError("request: the same certificate stands in it twice")
    whole = request_digest(syllabus, (digest for digest, _ in packed))
    header = _HeaderLine(
        type="handseal-request",
        version=1,
        created=created,
        issuer=issuer,
        syllabus=b64url_encode(syllabus),
        count=len(packed),
        digest=sri(whole),
    )
    stream.write(canonical(header) + b"\n")
    for _, core in packed:
        stream.write(zlib.decompress(core) + b"\n")
    return whole


def request_digest(syllabus: bytes, cores: Iterable[Digest]) -> Digest:
    """The digest of a request of these contents, ascending."""
    digest = _start(syllabus)
    for core in cores:
        digest.update(core)
    return Digest(digest.digest())


class RequestReader:
    """A request read from a binary stream: line 1 at once, then one checked `RequestRow` per iteration.

    HandsealError `request line N: …` for the first fault. Only an iteration that ended by itself has seen count and
    digest hold (C20); a reader can be iterated once.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        line = _read_header(stream)
        parse_organisation_id(line.issuer, "request line 1: issuer")
        digest = parse_sri(line.digest, "request line 1: digest")
        self.header = RequestHeader(created=line.created, issuer=line.issuer, count=line.count, digest=digest)
        self.syllabus_bytes = b64url_decode(line.syllabus, "request line 1: syllabus")
        self.syllabus: Syllabus = parse_syllabus(self.syllabus_bytes, "request line 1: syllabus")
        if self.syllabus.issuer != line.issuer:
            raise FormatError("request line 1: syllabus: is another issuer's")

    def __iter__(self) -> Iterator[RequestRow]:
        digest = _start(self.syllabus_bytes)
        seen = _Seen()
        rules = _Rules(self.syllabus, self.syllabus_bytes)
        last = b""
        for number in range(1, self.header.count + 1):
            place = f"request line {number + 1}"
            raw = read_line(self._stream, place, MAX_BYTES)
            core = parse_certificate(raw, place)
            rules.require(core, place)
            seen.require_new(core, place)
            row = RequestRow(number=number, core=core, raw=raw, digest=sha256(raw))
            if row.digest <= last:
                raise FormatError(f"{place}: is out of order, or stands there twice")
            last = row.digest
            digest.update(row.digest)
            yield row
        if self._stream.read(1):
            raise FormatError(f"request line {self.header.count + 2}: is more than line 1 counts")
        if digest.digest() != self.header.digest:
            raise FormatError("request line 1: digest: is not that of this request")


def read_line(stream: BinaryIO, place: str, limit: int) -> bytes:
    """The next line of at most `limit` bytes without its newline; FormatError where it is missing, cut or longer."""
    line = stream.readline(limit + 1)
    if not line:
        raise FormatError(f"{place}: is missing")
    if not line.endswith(b"\n"):
        raise FormatError(f"{place}: is cut off, or longer than {limit} bytes")
    return line[:-1]


def _read_header(stream: BinaryIO) -> _HeaderLine:
    """Line 1; a file that does not begin like a request is said to be none, whatever else it is."""
    raw = b""
    try:
        raw = read_line(stream, "request line 1", _MAX_HEADER)
        return parse(raw, _HeaderLine, "request line 1", limit=_MAX_HEADER)
    except FormatError as fault:
        if _TYPE in raw:
            raise
        text = f"{fault}: this file is no request"
        raise FormatError(text, hint="a request is what the clinic's `handseal propose` wrote with --out") from fault


class _Rules:
    """What each core shares with the syllabus of line 1 (C25)."""

    def __init__(self, syllabus: Syllabus, syllabus_bytes: bytes) -> None:
        self._issuer = syllabus.issuer
        self._achievement: Achievement = achievement_of(syllabus)
        self._digest = sri(sha256(syllabus_bytes))
        self._recognition = syllabus.recognition
        self._syllabus = syllabus

    def require(self, core: Certificate, place: str) -> None:
        if core.endorsement_jwt is not UNSET:
            raise FormatError(f"{place}: endorsementJwt: does not belong in a core")
        require_claims(core, place)
        if core.issuer.id != self._issuer:
            raise FormatError(f"{place}: issuer: is not the request's")
        if core.credential_subject.achievement != self._achievement:
            raise FormatError(f"{place}: achievement: is not the syllabus'")
        if core.syllabus_digest != self._digest:
            raise FormatError(f"{place}: relatedResource: is not the digest of the syllabus")
        policy = core.terms_of_use[0]
        if (policy.threshold, policy.cosigner) != (self._recognition.threshold, self._recognition.cosigners):
            raise FormatError(f"{place}: termsOfUse: is not the syllabus' recognition")
        if core.valid_until != valid_until(self._syllabus, core.awarded_date.date()):
            raise FormatError(f"{place}: validUntil: is not the syllabus' validity")


class _Seen:
    """What may stand in a request once: certificate, learner, place in the status list (C20)."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def require_new(self, core: Certificate, place: str) -> None:
        subject, status = core.credential_subject.id, core.credential_status.id
        for what, value in (("id", core.id), ("credentialSubject.id", subject), ("credentialStatus", status)):
            mark = hashlib.blake2b(f"{what} {value}".encode(), digest_size=16).digest()  # held for every row: short
            if mark in self._seen:
                raise FormatError(f"{place}: {what}: stands in the request twice")
            self._seen.add(mark)


def _start(syllabus: bytes) -> hashlib._Hash:
    return hashlib.sha256(_DOMAIN + sha256(syllabus))


def _pack(cores: Iterable[bytes]) -> Iterator[tuple[Digest, bytes]]:
    """Digest and compressed bytes of each core: about a third of the memory while a large cohort is sorted."""
    for core in cores:
        yield sha256(core), zlib.compress(core, 1)
