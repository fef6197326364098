"""A report as one page that needs nothing else: no script, no address; its letters inside, its numbers in tables."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from jinja2 import Environment, StrictUndefined
from msgspec import Struct

from issuer.charts import WIDTH, Bar, Column, Dots, Part, Range, bars, columns, counted, dots, fit, ranges
from issuer.counts import MOST_ATTEMPTS
from issuer.figures import FEW, Figures, Share, Spread, Stop
from verifier.language import day
from verifier.tally import Count

MOST_DAYS = 62
"""A longer time is drawn by months."""
STANDING_WORDS = {
    "issued": "Issued, and not taken back",
    "suspended": "Suspended",
    "revoked": "Revoked",
    "superseded": "Replaced by another",
    "proposed": "Waiting for co-signatures",
    "draft": "Drafted",
    "recalled": "Taken back before issue",
}
_FACE = re.compile(r"@font-face\{.*?font-weight:(\d+);.*?url\(([^)]+)\).*?unicode-range:([^}]*)\}")

Numbers = tuple[tuple[str | int, ...], ...]


class Chart(Struct, frozen=True):
    """A drawing, what to read in it, and its numbers."""

    title: str
    lead: str
    svg: str  # empty where there is nothing to draw: the lead says why
    head: tuple[str, ...]
    rows: Numbers


class Key(Struct, frozen=True):
    """A number that is read first."""

    label: str
    value: str
    note: str


def render(figures: Figures, *, clinic: str, template: str, style: str, read_font: Callable[[str], bytes]) -> str:
    """The page; `template` and `style` are texts of templates/, `read_font` gives a file the style sheet names."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(template)
    values = {
        "clinic": clinic,
        "title": figures.title,
        "language": figures.language,
        "cohort": figures.scope.cohort,
        "facts": tuple(_facts(figures)),
        "keys": tuple(_keys(figures)),
        "charts": tuple(_charts(figures)),
        "few": FEW,
    }
    plain = page.render(values | {"faces": ""})
    return page.render(values | {"faces": "\n".join(_faces(style, set(plain), read_font))})


def _faces(style: str, characters: set[str], read_font: Callable[[str], bytes]) -> Iterator[str]:
    """The style sheet's fonts that the page has letters of, as their own data."""
    points = {ord(character) for character in characters if character > " "}
    for match in _FACE.finditer(style):
        weight, url, written = match.groups()
        if any(point in part for part in _parts(written) for point in points):
            data = base64.b64encode(read_font(url)).decode("ascii")
            source = f'url(data:font/woff2;base64,{data}) format("woff2")'
            yield f'@font-face{{font-family:"Handseal Sans";font-weight:{weight};src:{source};unicode-range:{written}}}'


def _parts(written: str) -> Iterator[range]:
    """The ranges of a unicode-range: `U+20-7E, U+A0`."""
    for part in written.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        yield range(int(first, 16), int(last or first, 16) + 1)


def _facts(figures: Figures) -> Iterator[str]:
    scope = figures.scope
    if scope.cohort is None:
        yield counted(figures.cohorts, "cohort")
    if scope.since or scope.until:
        since = f"from {day(scope.since)} " if scope.since else ""
        yield f"begun {since}{f'until {day(scope.until)}' if scope.until else ''}".strip()
    yield f"measured by version {figures.version} of the syllabus" if figures.version else "not published yet"
    yield f"counted on {day(figures.day)}"


def _keys(figures: Figures) -> Iterator[Key]:
    learning = f"{figures.learning:,} still learning" if figures.learning else ""
    yield Key("Enrolled", f"{figures.enrolled:,}", learning)
    completed = figures.completed
    goal = f", the target is {figures.target} %" if figures.target is not None else ""
    if completed.percent is None:
        yield Key("Completed", f"{completed.count:,}", f"of {completed.of:,} whose course is over{goal}")
    else:
        note = f"{completed.count:,} of {completed.of:,} whose course is over{goal}"
        yield Key("Completed", f"{completed.percent} %", note)
    ended = figures.standings["suspended"] + figures.standings["revoked"]
    note = f"{ended:,} more suspended or revoked" if ended else "none suspended or revoked"
    yield Key("Certificates", f"{figures.standings['issued'] - figures.expired:,}", note)
    if figures.checks:
        valid = figures.checks.verdicts["valid"]
        yield Key("Checks", f"{figures.checks.total:,}", f"{valid:,} found the certificate valid")


def _charts(figures: Figures) -> Iterator[Chart]:
    if not figures.enrolled:
        yield Chart("Nobody is enrolled yet", "Figures appear with the first cohort.", "", (), ())
    else:
        yield _steps(figures)
        if figures.stops:
            yield _stops(figures)
            yield _passing(figures)
            yield _attempts(figures)
        yield _times(figures)
    if sum(figures.standings.values()):
        yield _standings(figures)
        yield _expiring(figures)
    if figures.checks:
        yield _checks(figures)


def in_words(share: Share) -> str:
    """`92 % (11 of 12)`, and of few people `3 of 4`."""
    plain = f"{share.count:,} of {share.of:,}"
    return plain if share.percent is None else f"{share.percent} % ({plain})"


def _note(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}" if share.percent is None else f"{share.percent} %"


def _steps(figures: Figures) -> Chart:
    title, lead = "How far learners came", "Passed so far in the order of the syllabus, of all who enrolled."
    rows: list[Bar] = []
    for step in figures.steps:
        percent = Share(step.learners, figures.enrolled).percent if rows else None
        note = f"{step.learners:,}" if percent is None else f"{step.learners:,} · {percent} %"
        rows.append(Bar(step.name, (Part(step.learners),), note))
    svg = bars(title, _told(rows), rows, joined=True)
    return Chart(title, lead, svg, ("Step", "Learners"), tuple((step.name, step.learners) for step in figures.steps))


def _stops(figures: Figures) -> Chart:
    title = "Where the others stopped"
    numbers = tuple((stop.name, stop.pillar, stop.tried, stop.untried) for stop in figures.stops)
    head = ("First not passed", "Pillar", "Tried", "Not tried")
    if not any(stop.tried + stop.untried for stop in figures.stops):
        return Chart(title, "Nobody whose course is over stopped before its end.", "", head, numbers)
    lead = "The first criterion not passed when the course was over. Dark: tried. Gold: never tried."
    rows = [
        Bar(
            stop.name,
            (Part(stop.tried), Part(stop.untried, "gold")),
            _stopped(stop),
        )
        for stop in figures.stops
    ]
    return Chart(title, lead, bars(title, _told(rows), rows), head, numbers)


def _stopped(stop: Stop) -> str:
    words = (f"{stop.tried:,} tried" if stop.tried else "", f"{stop.untried:,} did not" if stop.untried else "")
    return ", ".join(word for word in words if word) or "0"


def _passing(figures: Figures) -> Chart:
    title, lead = "Who passed", "Of those who tried. Dark: at the first attempt. Gold: in the end."
    head = ("Criterion", "Pillar", "Tried", "First attempt", "In the end")
    rows = []
    for one in figures.passing:
        for share, tone, label, word in (
            (one.first, "ink", one.name, "at first"),
            (one.passed, "gold", "", "in the end"),
        ):
            parts = () if share.percent is None else (Part(share.percent, tone),)
            rows.append(Bar(label, parts, f"{_note(share)} {word}" if share.of else "nobody tried"))
    numbers = tuple(
        (one.name, one.pillar, one.passed.of, in_words(one.first), in_words(one.passed)) for one in figures.passing
    )
    told = "; ".join(
        f"{one.name}: {_note(one.first)} at first, {_note(one.passed)} in the end" for one in figures.passing
    )
    return Chart(title, lead, bars(title, told, rows, whole=100), head, numbers)


def _attempts(figures: Figures) -> Chart:
    title, lead = "Attempts", "How many learners made one attempt, two, and so on."
    heads = (*(str(number) for number in range(1, MOST_ATTEMPTS)), f"{MOST_ATTEMPTS} or more")
    rows = [Dots(one.name, one.attempts) for one in figures.passing]
    told = "; ".join(f"{one.name}: {', '.join(f'{n:,}' for n in one.attempts)}" for one in figures.passing)
    numbers: Numbers = tuple((one.name, *one.attempts) for one in figures.passing)
    return Chart(title, lead, dots(title, told, heads, rows), ("Criterion", *heads), numbers)


def _times(figures: Figures) -> Chart:
    title = "How long it took"
    named = (
        ("From the start to the last criterion passed", figures.to_complete),
        ("From the award to the certificate", figures.to_certificate),
    )
    rows = [
        Range(label, spread.lower, spread.median, spread.upper)
        for label, spread in named
        if spread.lower is not None and spread.median is not None and spread.upper is not None
    ]
    few = [f"{label}: {_few(spread)}." for label, spread in named if spread.median is None]
    lead = " ".join(("In days." if rows else "", *few)).strip()
    told = "; ".join(f"{row.label}: quartiles {row.lower} and {row.upper}, median {row.median} days" for row in rows)
    head = ("Days", "Learners", "Lower quartile", "Median", "Upper quartile")
    numbers = tuple((label, spread.count, *_quartiles(spread)) for label, spread in named)
    return Chart(title, lead, ranges(title, told, rows, "day") if rows else "", head, numbers)


def _few(spread: Spread) -> str:
    return f"{counted(spread.count, 'learner')}, too few for a median" if spread.count else "nobody yet"


def _quartiles(spread: Spread) -> tuple[str | int, ...]:
    return tuple("–" if value is None else value for value in (spread.lower, spread.median, spread.upper))


def _standings(figures: Figures) -> Chart:
    title, lead = "Certificates", "As they stand in the clinic's records."
    words = dict(figures.standings)
    named: list[tuple[str, int, str]] = [
        (STANDING_WORDS[word], count, "gold") for word, count in words.items() if count
    ]
    issued = words["issued"]
    if issued:
        named[0] = (STANDING_WORDS["issued"], issued - figures.expired, "ink")
        if figures.expired:
            named.insert(1, ("Expired", figures.expired, "gold"))
    rows = [Bar(name, (Part(count, tone),), f"{count:,}") for name, count, tone in named]
    numbers = tuple((name, count) for name, count, _ in named)
    return Chart(title, lead, bars(title, _told(rows), rows), ("Standing", "Certificates"), numbers)


def _expiring(figures: Figures) -> Chart:
    title = "Expiring soon"
    numbers = tuple((f"Within {entry.days} days", entry.certificates) for entry in figures.expiring)
    head = ("When", "Certificates")
    if not any(entry.certificates for entry in figures.expiring):
        return Chart(title, f"None expires within {figures.expiring[-1].days} days.", "", head, numbers)
    rows = [Bar(name, (Part(count, "gold"),), f"{count:,}") for name, count in numbers]
    return Chart(title, "Remind these learners to renew.", bars(title, _told(rows), rows), head, numbers)


def _checks(figures: Figures) -> Chart:
    checks, title = figures.checks, "Checks by employers"
    verdicts = {word: count for word, count in checks.verdicts.items() if count} if checks else {}
    head = ("Answer", "Checks")
    if checks is None or not verdicts:
        return Chart(title, "No certificate has been checked yet.", "", head, ())
    told = "; ".join(f"{word}: {count:,}" for word, count in verdicts.items())
    lead = "Of the whole programme, without a trace of who asked. Dark: valid. Gold: any other answer."
    return Chart(title, lead, columns(title, told, list(_columns(checks.days))), head, tuple(verdicts.items()))


def _columns(days: Sequence[Count]) -> Iterator[Column]:
    """A column for each day from the first to the last, or for each month where that is long."""
    first, last = min(row.day for row in days), max(row.day for row in days)
    daily = (last - first).days < MOST_DAYS
    sums: dict[str, Counter[str]] = {}
    for number in range((last - first).days + 1):
        sums.setdefault(_column(first + timedelta(days=number), daily=daily), Counter())
    for row in days:
        sums[_column(row.day, daily=daily)]["ink" if row.verdict == "valid" else "gold"] += row.count
    for label, parts in sums.items():
        yield Column(label, (Part(parts["ink"]), Part(parts["gold"], "gold")))


def _column(moment: date, *, daily: bool) -> str:
    _, _, month = day(moment).partition(" ")
    return day(moment) if daily else month


def _told(rows: Sequence[Bar]) -> str:
    return "; ".join(f"{fit(row.label, 4 * WIDTH)}: {row.note}" for row in rows)
