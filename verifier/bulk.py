"""Many certificates are checked against one snapshot at one moment, a line each, in the order in which they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from keys.console import escape
from keys.credential import Certificate
from keys.encoding import Digest, format_time
from keys.tables import table_csv
from verifier.carrier import undecided
from verifier.language import Words
from verifier.messages import headline, meaning, message_for
from verifier.report import Outcome, Report, Verdict

COLUMNS = (
    "number", "source", "answer", "name", "latin-name", "programme", "awarded", "until", "clinic", "codes", "found",
    "action", "as-of", "same-as",
)  # fmt: skip
"""Headings of a report, each with its words (`bulk.column` in the messages)."""
_AS_IN_RECEIPTS = frozenset({"programme", "awarded", "until", "clinic"})


class Given(Struct, frozen=True):
    """One thing to check: bytes, or the case of `token.form` that says why there are none."""

    source: str
    data: bytes = b""
    case: str = ""


class Line(Struct, frozen=True):
    """How one check ended; neither file nor report is held any longer."""

    number: int  # from 1
    verdict: Verdict
    same_as: int  # the number of the first line with the same certificate; 0 for none
    cells: tuple[str, ...]  # one for each of COLUMNS; days and times as ISO 8601, so that they sort


Keep = Callable[[int, Given, Report], None]


def check_all(
    given: Iterable[Given], check: Callable[[bytes], Report], words: Words, now: datetime, keep: Keep | None = None
) -> Iterator[Line]:
    """A line for each; the same certificate in another file is said to be the same. `keep` gets each report."""
    seen: dict[Digest, int] = {}
    for number, one in enumerate(given, start=1):
        report = undecided(one.case, now) if one.case else check(one.data)
        first = seen.setdefault(report.digest, number) if report.digest else number
        same = first if first != number else 0
        if keep:
            keep(number, one, report)
        yield Line(number, report.verdict, same, _cells(number, one.source, report, same, words))


def counts(lines: Sequence[Line]) -> dict[Verdict, int]:
    """How often each verdict came, the best first, those that never came left out."""
    counted = Counter(line.verdict for line in lines)
    return {verdict: counted[verdict] for verdict in Verdict if counted[verdict]}


def headings(words: Words) -> tuple[str, ...]:
    return tuple(
        words.say(f"{'receipt' if column in _AS_IN_RECEIPTS else 'bulk.column'}.{column}") for column in COLUMNS
    )


def csv_report(lines: Iterable[Line], words: Words) -> bytes:
    """The report as a table of texts."""
    return table_csv(headings(words), (line.cells for line in lines))


def _person(certificate: Certificate | None) -> tuple[str, ...]:
    if certificate is None:
        return ("",) * 5
    until = certificate.valid_until
    return (
        certificate.printed_name,
        certificate.latin_name or "",
        certificate.name,
        f"{certificate.awarded_date:%Y-%m-%d}",
        f"{until:%Y-%m-%d}" if isinstance(until, datetime) else "",
    )


def _found(report: Report, words: Words) -> str:
    """For a valid certificate who stands behind it, else what decided."""
    if report.verdict is Verdict.VALID or report.worst is None:
        return meaning(report, words)
    return report.worst.said(words)


def _cells(number: int, source: str, report: Report, same: int, words: Words) -> tuple[str, ...]:
    doubts = [check.code for check in report.checks if check.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
    return (
        str(number),
        escape(source),
        headline(report.verdict, words),
        *_person(report.certificate),
        report.issuer.name if report.issuer and report.certificate else "",
        " ".join(doubts),
        _found(report, words),
        message_for(report, words).action,
        format_time(report.as_of) if report.as_of else "",
        words.say("bulk.same", number=same) if same else "",
    )
