"""A report for a terminal: numbers in columns of their own, names last, so that any script keeps them straight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from issuer.counts import MOST_ATTEMPTS
from issuer.figures import Figures, Share, Spread
from keys.console import escape
from verifier.language import day


def plain_lines(figures: Figures) -> Iterator[str]:
    """The lines; what people wrote is escaped."""
    yield from _head(figures)
    if not figures.enrolled:
        yield "Nobody is enrolled yet."
    else:
        yield from _completion(figures)
        if figures.passing:
            yield from _criteria(figures)
        yield from _times(figures)
    if sum(figures.standings.values()):
        yield from _certificates(figures)
    if figures.checks:
        yield from _checks(figures)


def in_words(share: Share) -> str:
    """`11 of 12 (92 %)`; of few people without the percentage."""
    plain = f"{share.count:,} of {share.of:,}"
    return plain if share.percent is None else f"{plain} ({share.percent} %)"


def _head(figures: Figures) -> Iterator[str]:
    scope = figures.scope
    version = f"version {figures.version}" if figures.version else "not published yet"
    yield f"{escape(figures.title)} ({escape(scope.programme)}, {version})"
    where = (
        f"cohort {escape(scope.cohort)}"
        if scope.cohort is not None
        else f"{figures.cohorts} cohort{'' if figures.cohorts == 1 else 's'}"
    )
    since = f", begun from {scope.since}" if scope.since else ""
    until = f"{' ' if scope.since else ', begun '}until {scope.until}" if scope.until else ""
    yield f"{where}{since}{until}, counted on {day(figures.day)}"
    yield ""


def _completion(figures: Figures) -> Iterator[str]:
    target = f", the target is {figures.target} %" if figures.target is not None else ""
    yield f"{'enrolled':<16}{figures.enrolled:,}"
    yield f"{'still learning':<16}{figures.learning:,}"
    yield f"{'completed':<16}{in_words(figures.completed)} whose course is over{target}"
    yield ""
    yield "How far they came"
    yield from _table((f"{step.learners:,}", escape(step.name)) for step in figures.steps)
    stopped = [stop for stop in figures.stops if stop.tried + stop.untried]
    if stopped:
        yield ""
        yield "Where those stopped whose course is over"
        yield from _table((("tried", "not tried", "first not passed"), *_stops(figures)))


def _stops(figures: Figures) -> Iterator[tuple[str, ...]]:
    for stop in figures.stops:
        yield f"{stop.tried:,}", f"{stop.untried:,}", f"{escape(stop.name)} ({stop.pillar})"


def _criteria(figures: Figures) -> Iterator[str]:
    yield ""
    yield "Who passed, of those who tried"
    rows = ((in_words(one.first), in_words(one.passed), escape(one.name)) for one in figures.passing)
    yield from _table((("first attempt", "in the end", "criterion"), *rows))
    yield ""
    yield "Attempts made"
    head = (*(str(number) for number in range(1, MOST_ATTEMPTS)), f"{MOST_ATTEMPTS} or more", "criterion")
    yield from _table((head, *((*(f"{n:,}" for n in one.attempts), escape(one.name)) for one in figures.passing)))


def _times(figures: Figures) -> Iterator[str]:
    yield ""
    yield "Days"
    yield f"  {'start to last criterion passed':<34}{_spread(figures.to_complete)}"
    yield f"  {'award to certificate':<34}{_spread(figures.to_certificate)}"


def _spread(spread: Spread) -> str:
    if spread.median is None:
        return f"{spread.count} of them, too few for a median" if spread.count else "nobody yet"
    if spread.lower == spread.upper:
        return f"{spread.median} for most of them ({spread.count:,})"
    return f"median {spread.median}, half take {spread.lower} to {spread.upper} ({spread.count:,})"


def _certificates(figures: Figures) -> Iterator[str]:
    yield ""
    yield "Certificates"
    expired = {"expired": figures.expired} if figures.expired else {}
    words = dict(figures.standings) | {"issued": figures.standings["issued"] - figures.expired} | expired
    yield from _table((f"{count:,}", word) for word, count in words.items() if count)
    expiring = ", ".join(f"{entry.certificates:,} within {entry.days} days" for entry in figures.expiring)
    yield f"  expiring: {expiring}"


def _checks(figures: Figures) -> Iterator[str]:
    if figures.checks is None:
        return
    yield ""
    yield "Checks, of the whole programme"
    rows = [(f"{count:,}", word) for word, count in figures.checks.verdicts.items() if count]
    yield from _table(rows or [("0", "yet")])
    days = sorted({row.day for row in figures.checks.days})
    if days:
        yield f"  on {len(days)} days from {day(days[0])} to {day(days[-1])}"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Numbers to the right in their columns, the last column as it is."""
    lines = list(rows)
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]) - 1)]
    for line in lines:
        numbers = (cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=True))
        yield "  " + "  ".join((*numbers, line[-1]))
