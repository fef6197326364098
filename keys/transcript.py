"""A ceremony's transcript is a chain of lines that the key closes: none can be changed, dropped or added unseen.

JSON Lines, each JCS. A line holds the SHA-256 of the line before it; the last one holds the public key and a compact
JWS over its time and the number and digest of the lines before. A transcript without its last line was broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from keys.aloud import typed_words
from keys.credential import Wire
from keys.encoding import Digest, Sri, Time, canonical, digest_words, parse, require_utc, sha256, sri
from keys.errors import FormatError, HandsealError
from keys.jws import Header, compact_jws, parse_header, split_token
from keys.possession import PublicKeyFile, parse_public_key, require_signature
from keys.text import require_text

CLOSED = "closed"
MAX_TRANSCRIPT = 64 * 1024 * 1024
_START = sha256(b"handseal-transcript/1\n")
Event = Annotated[str, Meta(pattern=r"\A[a-z]+(-[a-z]+)*\Z")]


class Line(Wire, frozen=True):
    """One thing that happened; `details` are for people to read."""

    number: Annotated[int, Meta(ge=1)]
    at: Time
    event: Event
    details: dict[str, str]
    previous: Sri

    def __post_init__(self) -> None:
        require_utc(self.at)


class _Closing(Wire, frozen=True):
    """What the key signs at the end."""

    type: Literal["handseal-transcript"]
    lines: int
    last: Sri
    at: Time  # of the last line itself


class Closed(Struct, frozen=True):
    """A whole transcript: its lines, the key that closed it, and the digest of its last line, which covers all."""

    lines: tuple[Line, ...]
    key: PublicKeyFile
    digest: Digest


class Transcript:
    """Writes the lines one by one through `append`, dated by `clock`."""

    def __init__(self, append: Callable[[bytes], None], clock: Callable[[], datetime]) -> None:
        self._append = append
        self._clock = clock
        self._number = 0
        self._last: Digest = _START
        self._at: datetime | None = None
        self.closed = False

    def add(self, event: str, **details: str) -> None:
        """Adds what happened; never a secret. HandsealError where the clock went back since the last line (K07)."""
        self._write(self._moment(), event, details)

    def close(self, key: PublicKeyFile, sign: Callable[[bytes], bytes]) -> None:
        """Adds the last line, signed by `key`, whose private half is `sign`."""
        at = self._moment()
        seal = compact_jws(Header(alg=key.alg, kid=key.kid), _closing(self._number, self._last, at), sign)
        self.closed = True
        self._write(at, CLOSED, {"key": canonical(key).decode("utf-8"), "seal": seal})

    def _moment(self) -> datetime:
        at = self._clock()
        if self._at is not None and at < self._at:
            raise HandsealError("clock: went back during the ceremony", hint="set it right and begin again")
        return at

    def _write(self, at: datetime, event: str, details: dict[str, str]) -> None:
        self._number, self._at = self._number + 1, at
        line = Line(
            number=self._number,
            at=at,
            event=event,
            details={name: _readable(text) for name, text in details.items()},
            previous=sri(self._last),
        )
        data = canonical(line)
        self._last = sha256(data)
        self._append(data + b"\n")


def verify_transcript(lines: Iterable[bytes], place: str) -> Closed:
    """The transcript, if its chain is whole and its last line signed; HandsealError names the first bad line."""
    read: list[Line] = []
    last = _START
    for number, data in enumerate(lines, start=1):
        where = f"{place}: line {number}"
        if read and read[-1].event == CLOSED:
            raise FormatError(f"{where}: stands after the last line")
        if not data.endswith(b"\n"):
            raise FormatError(f"{where}: is cut off")
        line = parse(data[:-1], Line, where)
        if line.number != number or line.previous != sri(last):
            raise FormatError(f"{where}: does not follow the line before it")
        if read and line.at < read[-1].at:
            raise FormatError(f"{where}: is dated before the line before it")
        if line.event == CLOSED:
            key = _require_seal(line, number - 1, last, where)
        read.append(line)
        last = sha256(data[:-1])
    if not read or read[-1].event != CLOSED:
        raise FormatError(f"{place}: its last line is missing: the ceremony was broken off, or lines were cut off")
    return Closed(tuple(read), key, last)


def require_closed_by(closed: Closed, place: str, *, key: PublicKeyFile | None, words: str | None) -> None:
    """HandsealError unless the transcript was closed by `key`, or by the key with these twelve words.

    Anybody's key closes a transcript of theirs: who wants to know whose it is brings the public file or the words.
    """
    if key is not None and closed.key.kid != key.kid:
        raise HandsealError(f"{place}: was closed by {closed.key.kid}, not by {key.kid}")
    if words is not None and typed_words(words) != digest_words(closed.key.digest):
        raise HandsealError(f"{place}: was closed by a key with other words", hint=f"it is {closed.key.kid}")


def _readable(text: str) -> str:
    """`text`, or its escapes where it holds what the strict reader refuses (the name of a file, say)."""
    try:
        return require_text(text, "details")
    except FormatError:
        return text.encode("unicode_escape").decode("ascii")


def _closing(lines: int, last: Digest, at: datetime) -> bytes:
    return canonical(_Closing(type="handseal-transcript", lines=lines, last=sri(last), at=at))


def _require_seal(line: Line, lines: int, last: Digest, place: str) -> PublicKeyFile:
    if line.details.keys() != {"key", "seal"}:
        raise FormatError(f"{place}: is not a last line")
    key = parse_public_key(line.details["key"].encode("utf-8"), f"{place}: key")
    token = split_token(line.details["seal"].encode("utf-8"), f"{place}: seal")
    if parse_header(token, f"{place}: seal") != Header(alg=key.alg, kid=key.kid):
        raise FormatError(f"{place}: seal: names another key")
    if token.payload != _closing(lines, last, line.at):
        raise FormatError(f"{place}: seal: is about other lines")
    require_signature(key, token.signed, token.signature, f"{place}: seal: does not belong to this key")
    return key
