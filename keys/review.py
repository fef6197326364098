"""What an officer is shown before signing is computed from the very bytes that would be signed.

No key is needed. Every row is shown, however many there are, and held only as far as rows are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

from msgspec import UNSET, Struct

from keys.answered import Earlier
from keys.credential import Certificate
from keys.encoding import Digest, digest_words
from keys.errors import HandsealError
from keys.last_request import Comparison, compare_with_last
from keys.request import RequestHeader, RequestReader, RequestRow
from keys.roster import Difference, Kind, Roster, compare, name_key
from keys.syllabus import Rubric, Syllabus

_RESOLVABLE = frozenset({Kind.NOT_ON_ROSTER, Kind.NAME, Kind.END})


class Proposal(Struct, frozen=True, order=True):
    """When, and under which name of the issuer, certificates were proposed; most rows of a request share one."""

    at: datetime
    issuer_name: str


class ReviewRow(Struct, frozen=True):
    """What is kept of each row while the others are read. `number` is what `--exclude` takes."""

    number: int
    name: str
    latin_name: str | None
    end: date
    awarded: date
    certificate: str
    digest: Digest
    proposal: Proposal


class RowContent(Struct, frozen=True):
    """One certificate of the request, as an officer reads it."""

    number: int
    name: str
    latin_name: str | None
    start: date
    end: date
    awarded: date
    valid_until: date | None
    results: tuple[str, ...]
    evidence: tuple[str, ...]
    holder: str  # the DID of the learner's wallet; empty where there is none
    certificate: str


class Review(Struct, frozen=True):
    """A request that was read to its end and holds. What its rows say in full is read again, as `row_contents`."""

    header: RequestHeader
    syllabus: Syllabus
    syllabus_bytes: bytes
    rows: tuple[ReviewRow, ...]
    repeated: tuple[tuple[int, ...], ...]  # rows that show the same name
    differences: tuple[Difference, ...]
    roster: Digest | None
    answered: datetime | None  # when this very request was answered last
    comparison: Comparison | None  # with the last request of the programme, where one is remembered

    @property
    def words(self) -> tuple[str, ...]:
        """The request's digest, to be read aloud."""
        return digest_words(self.header.digest)

    @property
    def title(self) -> str:
        return self.syllabus.text(self.syllabus.title)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        return tuple(sorted({row.proposal for row in self.rows}))

    def unresolved(self, excluded: Iterable[int]) -> tuple[Difference, ...]:
        """The differences from the roster in rows that are still to be signed (K19)."""
        left = frozenset(excluded)
        return tuple(d for d in self.differences if d.kind in _RESOLVABLE and d.row not in left)


def review_request(reader: RequestReader, roster: Roster | None = None, earlier: Earlier | None = None) -> Review:
    """Reads a request to its end; HandsealError `request line N: …` where anything does not hold."""
    rows, known = tuple(_rows(reader)), earlier or Earlier()
    return Review(
        header=reader.header,
        syllabus=reader.syllabus,
        syllabus_bytes=reader.syllabus_bytes,
        rows=rows,
        repeated=_repeated(rows),
        differences=compare(rows, roster) if roster else (),
        roster=roster.digest if roster else None,
        answered=known.answered,
        comparison=compare_with_last(rows, known.last) if known.last else None,
    )


def reviewed_rows(review: Review, request: BinaryIO) -> Iterator[RequestRow]:
    """The rows of `request`, each proven to be the one that was reviewed, and at the end the whole of it.

    HandsealError where it is another one: the stick may have been exchanged.
    """
    reader = RequestReader(request)
    if reader.header != review.header:
        raise HandsealError(
            "request: is not the one that was reviewed", hint="was the stick exchanged? review it again"
        )
    for row, seen in zip(reader, review.rows, strict=True):
        if row.digest != seen.digest:
            raise HandsealError(f"request line {row.number + 1}: is not the one that was reviewed")
        yield row


def row_contents(review: Review, request: BinaryIO) -> Iterator[RowContent]:
    """Every row in full, from the bytes that were reviewed; one at a time, however many there are."""
    return (_content(row, review.syllabus) for row in reviewed_rows(review, request))


def _rows(reader: RequestReader) -> Iterator[ReviewRow]:
    """What most rows share is held once: a cohort ends and is proposed on few days."""
    days, proposals = dict[date, date](), dict[tuple[datetime, str], Proposal]()
    for row in reader:
        core, moment, issuer_name = row.core, row.core.valid_from, row.core.issuer.name
        end, awarded = core.credential_subject.activity_end_date.date(), core.awarded_date.date()
        yield ReviewRow(
            number=row.number,
            name=core.printed_name,
            latin_name=core.latin_name,
            end=days.setdefault(end, end),
            awarded=days.setdefault(awarded, awarded),
            certificate=core.id,
            digest=row.digest,
            proposal=proposals.setdefault((moment, issuer_name), Proposal(moment, issuer_name)),
        )


def _content(row: RequestRow, syllabus: Syllabus) -> RowContent:
    core = row.core
    subject = core.credential_subject
    return RowContent(
        number=row.number,
        name=core.printed_name,
        latin_name=core.latin_name,
        start=subject.activity_start_date.date(),
        end=subject.activity_end_date.date(),
        awarded=core.awarded_date.date(),
        valid_until=None if core.valid_until is UNSET else core.valid_until.date(),
        results=tuple(_results(core, syllabus)),
        evidence=tuple(_evidence(core)),
        holder="" if subject.id.startswith("urn:uuid:") else subject.id,
        certificate=core.id,
    )


def _results(core: Certificate, syllabus: Syllabus) -> Iterable[str]:
    """`Theory quiz 92 %`, `Live check: Competent`; the criteria are the syllabus', in its order."""
    for result, criterion in zip(core.credential_subject.result, syllabus.criteria, strict=True):
        name, scale = syllabus.text(criterion.name), criterion.scale
        if isinstance(scale, Rubric):
            levels = {level.id: syllabus.text(level.name) for level in scale.levels}
            reached = str(result.achieved_level).rpartition(".")[2]
            yield f"{name}: {levels.get(reached, reached)}"
        else:
            yield f"{name}: {result.value} %"


def _evidence(core: Certificate) -> Iterable[str]:
    """What was seen of each criterion, then the files that the signature covers too."""
    for evidence in core.evidence or ():
        parts = (evidence.name, evidence.narrative, evidence.id)
        yield ": ".join(part for part in parts if isinstance(part, str))
    for resource in core.related_resource[1:]:
        yield f"file {resource.id}: {resource.digest_sri}"


def _repeated(rows: tuple[ReviewRow, ...]) -> tuple[tuple[int, ...], ...]:
    """Rows of one name; what is usual, a name that stands there once, takes no list."""
    groups: dict[str, int | list[int]] = {}
    for row in rows:
        key = name_key(row.name)
        match groups.get(key):
            case None:
                groups[key] = row.number
            case int(first):
                groups[key] = [first, row.number]
            case more:
                more.append(row.number)
    return tuple(tuple(group) for group in groups.values() if isinstance(group, list))
