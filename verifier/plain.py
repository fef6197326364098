"""A report as a person reads it at a terminal: the verdict in words first, then whose it is, then what to doubt."""

from __future__ import annotations

from collections.abc import Iterator

from keys.console import escape
from keys.credential import Certificate
from keys.encoding import format_time
from verifier.language import DEFAULT_LANGUAGE, Words, day, words_in
from verifier.messages import advice, headline, meaning, partner_words
from verifier.report import Outcome, Partner, PartnerOutcome, Report

_WIDTH = 13
_LABELS = {Outcome.FAIL: "Not passed", Outcome.UNKNOWN: "Unknown", Outcome.NOT_RUN: "Not checked"}


def plain_lines(report: Report, source: str) -> tuple[str, ...]:
    """Lines for standard output; whatever came from a file or a list has its control characters escaped (I11)."""
    return tuple(escape(line) for line in _lines(report, source))


def _lines(report: Report, source: str) -> Iterator[str]:
    words = words_in(DEFAULT_LANGUAGE)
    yield f"{headline(report.verdict, words)}: {source}"
    yield f"  {meaning(report, words)}"
    yield f"  {advice(report, words)}"
    if report.certificate is not None:
        yield from _certificate(report.certificate, report, words)
    for check in report.checks:
        label = _LABELS.get(check.outcome)
        if label and (check.outcome is not Outcome.NOT_RUN or report.certificate is not None):
            yield _row(label, f"{check.code}: {check.text}")
    if report.as_of is not None:
        yield _row("As of", f"{format_time(report.as_of)}, the date of the oldest list used")


def _certificate(certificate: Certificate, report: Report, words: Words) -> Iterator[str]:
    latin = f" ({certificate.latin_name})" if certificate.latin_name else ""
    yield _row("Name", certificate.printed_name + latin)
    yield _row("Programme", certificate.name)
    yield _row("Clinic", report.issuer.name if report.issuer else certificate.issuer.id)
    for partner in report.partners:
        yield _row("Partner", _partner(partner, words))
    yield _row("Awarded", day(certificate.awarded_date))
    if certificate.valid_until:
        yield _row("Valid until", day(certificate.valid_until))


def _partner(partner: Partner, words: Words) -> str:
    outcome, note = partner_words(partner.outcome, words), partner.noted(words)
    if partner.outcome is PartnerOutcome.SIGNED and partner.signed:
        outcome += f" on {words.day(partner.signed)}"
    if note.startswith(outcome):
        return f"{partner.name}: {note}"
    return f"{partner.name}: {outcome}; {note}" if note else f"{partner.name}: {outcome}"


def _row(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"
