"""A response is the endorsements a partner made of one request, and the partner's fresh status list.

formats.md section 7. Written once the number of endorsements is known, then line by line; read the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, BinaryIO, Literal, Protocol

from msgspec import Meta, Struct

from keys.credential import Wire
from keys.encoding import MAX_BYTES, Digest, Sri, canonical, parse, parse_sri, sri
from keys.errors import FormatError
from keys.names import parse_organisation_id
from keys.request import MAX_ROWS, read_line
from keys.status import MAX_LIST_BYTES


class Counted(Protocol):
    """Tokens whose number is known before the first is read: a tuple, or rows of a database."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[str]: ...


class _HeaderLine(Wire, frozen=True):
    type: Literal["handseal-response"]
    version: Literal[1]
    request: Sri
    signer: str
    count: Annotated[int, Meta(ge=0, le=MAX_ROWS)]


class _LastLine(Wire, frozen=True):
    status_list: str


class ResponseHeader(Struct, frozen=True):
    """Line 1: which request was answered, by which organisation, with how many endorsements."""

    request: Digest
    signer: str
    count: int


def write_response(stream: BinaryIO, *, request: Digest, signer: str, endorsements: Counted, status_list: str) -> None:
    """Writes line 1, one endorsement JWT a line, and the signer's fresh status list (a JWT)."""
    header = _HeaderLine(
        type="handseal-response", version=1, request=sri(request), signer=signer, count=len(endorsements)
    )
    stream.write(canonical(header) + b"\n")
    for token in endorsements:
        stream.write(canonical(token) + b"\n")
    stream.write(canonical(_LastLine(status_list=status_list)) + b"\n")


class ResponseReader:
    """A response read from a binary stream: line 1 at once, then one endorsement JWT per iteration.

    `status_list` is there once an iteration has ended by itself. FormatError `response line N: …` for the first
    fault. Only the form is checked here: `keys.cosignature` and `keys.status` open what it holds.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._status_list: str | None = None
        line = parse(read_line(stream, "response line 1", MAX_BYTES), _HeaderLine, "response line 1")
        parse_organisation_id(line.signer, "response line 1: signer")
        digest = parse_sri(line.request, "response line 1: request")
        self.header = ResponseHeader(request=digest, signer=line.signer, count=line.count)

    def __iter__(self) -> Iterator[str]:
        for number in range(2, self.header.count + 2):
            place = f"response line {number}"
            yield parse(read_line(self._stream, place, MAX_BYTES), str, place)
        place = f"response line {self.header.count + 2}"
        line = read_line(self._stream, place, MAX_LIST_BYTES)
        self._status_list = parse(line, _LastLine, place, limit=MAX_LIST_BYTES).status_list
        if self._stream.read(1):
            raise FormatError(f"response line {self.header.count + 3}: is more than line 1 counts")

    @property
    def status_list(self) -> str:
        """The partner's fresh status list (a JWT); FormatError before the last line was read."""
        if self._status_list is None:
            raise FormatError("response: was not read to its end")
        return self._status_list
