"""What an officer is shown before signing is computed from the very bytes that would be signed.

No key is needed. Every row is kept and shown, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import UNSET, Struct

from keys.credential import Certificate
from keys.encoding import Digest, digest_words
from keys.request import RequestHeader, RequestReader, RequestRow
from keys.roster import Difference, Kind, Roster, compare
from keys.syllabus import Rubric, Syllabus

_RESOLVABLE = frozenset({Kind.NOT_ON_ROSTER, Kind.NAME, Kind.END})


class ReviewRow(Struct, frozen=True, rename="camel"):
    """One certificate of the request, as an officer reads it. `number` is what `--exclude` takes."""

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
    digest: Digest
    issuer_name: str
    valid_from: datetime


class Review(Struct, frozen=True):
    """A request that was read to its end and holds."""

    header: RequestHeader
    syllabus: Syllabus
    rows: tuple[ReviewRow, ...]
    repeated: tuple[tuple[int, ...], ...]  # rows that show the same name
    differences: tuple[Difference, ...]
    roster: Digest | None

    @property
    def words(self) -> tuple[str, ...]:
        """The request's digest, to be read aloud."""
        return digest_words(self.header.digest)

    @property
    def title(self) -> str:
        return self.syllabus.text(self.syllabus.title)

    def unresolved(self, excluded: Iterable[int]) -> tuple[Difference, ...]:
        """The differences from the roster in rows that are still to be signed (K19)."""
        left = frozenset(excluded)
        return tuple(d for d in self.differences if d.kind in _RESOLVABLE and d.row not in left)


def review_request(reader: RequestReader, roster: Roster | None = None) -> Review:
    """Reads a request to its end; HandsealError `request line N: …` where anything does not hold."""
    rows = tuple(_row(row, reader.syllabus) for row in reader)
    return Review(
        header=reader.header,
        syllabus=reader.syllabus,
        rows=rows,
        repeated=_repeated(rows),
        differences=compare(rows, roster) if roster else (),
        roster=roster.digest if roster else None,
    )


def _row(row: RequestRow, syllabus: Syllabus) -> ReviewRow:
    core = row.core
    subject = core.credential_subject
    return ReviewRow(
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
        digest=row.digest,
        issuer_name=core.issuer.name,
        valid_from=core.valid_from,
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
    groups: dict[str, list[int]] = {}
    for row in rows:
        groups.setdefault(" ".join(row.name.casefold().split()), []).append(row.number)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
