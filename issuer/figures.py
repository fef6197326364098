"""The figures of a programme or a cohort: counted, never guessed; medians with their quartiles, never means alone.

Of fewer than five people there is a count and no percentage or quartile: it would say little, and too much of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from issuer import counts
from issuer.counts import MOST_ATTEMPTS, Course, Scope, Tries
from issuer.models import Cohort, SyllabusVersion
from issuer.syllabuses import latest_version, open_syllabus
from issuer.tables import quoted
from keys.deadlines import WARN_DAYS
from keys.errors import HandsealError
from keys.syllabus import Syllabus
from verifier.report import Verdict
from verifier.tally import Count

FEW = 5
"""Of fewer people nothing is said but how many there are."""
STANDINGS = ("issued", "suspended", "revoked", "superseded", "proposed", "draft", "recalled")


class Share(Struct, frozen=True):
    """So many of so many."""

    count: int
    of: int

    @property
    def percent(self) -> int | None:
        """Rounded to whole per cent, half of one upwards; None of fewer than FEW."""
        return (200 * self.count + self.of) // (2 * self.of) if self.of >= FEW else None

    def as_json(self) -> dict[str, int | None]:
        return {"count": self.count, "of": self.of, "percent": self.percent}


class Spread(Struct, frozen=True):
    """Median and quartiles in days, each the days of one learner (nearest rank); None of fewer than FEW."""

    count: int
    lower: int | None = None
    median: int | None = None
    upper: int | None = None

    @classmethod
    def of(cls, days: Mapping[int, int]) -> Spread:
        """`days` is from a number of days to how many took it."""
        count = sum(days.values())
        if count < FEW:
            return cls(count)
        return cls(count, *(_nearest(days, -(-count * part // 4)) for part in (1, 2, 3)))

    def as_json(self) -> dict[str, int | None]:
        return {"count": self.count, "lowerQuartile": self.lower, "median": self.median, "upperQuartile": self.upper}


class Step(Struct, frozen=True):
    """How many came at least so far: passed this criterion and all before it."""

    id: str  # of the criterion; "enrolled" and "certified" for the ends
    name: str
    pillar: str
    learners: int


class Stop(Struct, frozen=True):
    """The first criterion that learners whose course is over have not passed."""

    criterion: str
    name: str
    pillar: str
    tried: int
    untried: int


class Passing(Struct, frozen=True):
    """How one criterion went for those who tried it."""

    criterion: str
    name: str
    pillar: str
    first: Share  # passed at the first attempt
    passed: Share  # with the attempt that counts
    attempts: tuple[int, ...]  # learners with 1, 2, 3, 4, and MOST_ATTEMPTS or more


class Expiring(Struct, frozen=True):
    days: int
    certificates: int


class Checks(Struct, frozen=True):
    """How often certificates of the programme were checked; nobody knows by whom."""

    verdicts: Mapping[str, int]  # by word, in the order of Verdict
    days: tuple[Count, ...]

    @property
    def total(self) -> int:
        return sum(self.verdicts.values())


class Figures(Struct, frozen=True):
    """Everything a report says."""

    scope: Scope
    title: str
    language: str
    version: int | None  # of the syllabus that results are measured by; None while none is published
    day: date  # the clinic's, on which it was counted
    cohorts: int
    enrolled: int
    completed: Share  # of those whose course is over, or who passed everything before
    learning: int  # neither
    target: int | None  # per cent of completion that the programme aims at
    steps: tuple[Step, ...]
    stops: tuple[Stop, ...]
    passing: tuple[Passing, ...]
    to_complete: Spread
    to_certificate: Spread
    standings: Mapping[str, int]  # by word, in the order of STANDINGS
    expiring: tuple[Expiring, ...]
    expired: int
    checks: Checks | None  # None where no counts were given

    def as_json(self) -> dict[str, Any]:
        """Names that stay as they are."""
        scope = self.scope
        return {
            "programme": scope.programme,
            "cohort": scope.cohort,
            "from": scope.since.isoformat() if scope.since else None,
            "until": scope.until.isoformat() if scope.until else None,
            "title": self.title,
            "syllabusVersion": self.version,
            "date": self.day.isoformat(),
            "cohorts": self.cohorts,
            "enrolled": self.enrolled,
            "learning": self.learning,
            "completed": self.completed.as_json() | {"target": self.target},
            "steps": [{"id": step.id, "name": step.name, "learners": step.learners} for step in self.steps],
            "stops": [
                {"criterion": stop.criterion, "pillar": stop.pillar, "tried": stop.tried, "untried": stop.untried}
                for stop in self.stops
            ],
            "criteria": [_passing_json(passing) for passing in self.passing],
            "daysToComplete": self.to_complete.as_json(),
            "daysToCertificate": self.to_certificate.as_json(),
            "certificates": dict(self.standings),
            "expiring": {str(entry.days): entry.certificates for entry in self.expiring} | {"expired": self.expired},
            "checks": _checks_json(self.checks) if self.checks else None,
        }


def find_scope(session: Session, name: str, *, since: date | None = None, until: date | None = None) -> Scope:
    """What a person means by the name of a programme or a cohort; HandsealError, with what there is, otherwise.

    A name that is both is the programme's: it holds the cohort.
    """
    programmes = set(session.scalars(select(Cohort.programme).union(select(SyllabusVersion.programme))))
    if name in programmes:
        return Scope(name, since=since, until=until)
    programme = session.scalar(select(Cohort.programme).where(Cohort.name == name))
    if programme is None:
        cohorts = session.scalars(select(Cohort.name).order_by(Cohort.name).limit(20))
        known = ", ".join((*sorted(programmes), *cohorts))
        raise HandsealError(f"{quoted(name)}: is no programme and no cohort", hint=f"there are: {known or 'none yet'}")
    return Scope(programme, cohort=name, since=since, until=until)


def figures(
    session: Session,
    scope: Scope,
    *,
    today: date,
    day_of: Callable[[datetime], date],
    target: int | None = None,
    tally: Iterable[Count] | None = None,
) -> Figures:
    """Counts everything; `today` and `day_of` are the clinic's calendar, `target` is in per cent.

    Results are measured by the newest syllabus. Who holds a certificate has completed, by whichever version.
    """
    record = latest_version(session, scope.programme)
    syllabus = open_syllabus(record) if record else None
    went = counts.count_courses(session, scope, syllabus, today=today)
    done = {course: learners for course, learners in went.courses.items() if _completed(course, syllabus)}
    over = {course: learners for course, learners in went.courses.items() if course in done or course.ended}
    enrolled = went.courses.total()
    issued = counts.count_issued(session, scope, today=today, day_of=day_of)
    standings = counts.count_standings(session, scope)
    return Figures(
        scope=scope,
        title=syllabus.text(syllabus.title) if syllabus else scope.programme,
        language=syllabus.language if syllabus else "en",
        version=record.version if record else None,
        day=today,
        cohorts=_cohorts(session, scope),
        enrolled=enrolled,
        completed=Share(sum(done.values()), sum(over.values())),
        learning=enrolled - sum(over.values()),
        target=target,
        steps=tuple(_steps(went.courses, syllabus)),
        stops=tuple(_stops(went.courses, syllabus)) if syllabus else (),
        passing=tuple(_passing(went.tries, syllabus)) if syllabus else (),
        to_complete=Spread.of(went.days),
        to_certificate=Spread.of(issued.to_issue),
        standings={word: standings[word] for word in STANDINGS},
        expiring=tuple(Expiring(days, _within(issued.to_expiry, days)) for days in WARN_DAYS),
        expired=sum(count for day, count in issued.to_expiry.items() if day < 0),
        checks=_checks(tally, scope) if tally is not None else None,
    )


def _nearest(days: Mapping[int, int], rank: int) -> int:
    """The days of the learner in place `rank`, from 1, of all in their order."""
    for day in sorted(days):
        rank -= days[day]
        if rank <= 0:
            return day
    raise ValueError("there are not so many")


def _cohorts(session: Session, scope: Scope) -> int:
    if scope.cohort is not None:
        return 1
    return session.scalar(select(func.count(Cohort.id)).where(Cohort.programme == scope.programme)) or 0


def _completed(course: Course, syllabus: Syllabus | None) -> bool:
    return course.certified or (syllabus is not None and len(course.passed) == len(syllabus.criteria))


def _reached(course: Course, syllabus: Syllabus) -> int:
    """How many criteria were passed before the first that was not, in the order of the syllabus."""
    end = len(syllabus.criteria)
    return end if course.certified else next((place for place in range(end) if place not in course.passed), end)


def _steps(courses: Counter[Course], syllabus: Syllabus | None) -> Iterable[Step]:
    yield Step("enrolled", "Enrolled", "", courses.total())
    if syllabus:
        for place, one in enumerate(syllabus.criteria):
            reached = sum(count for course, count in courses.items() if _reached(course, syllabus) > place)
            yield Step(one.id, syllabus.text(one.name), one.pillar, reached)
    yield Step("certified", "Certificate issued", "", sum(n for course, n in courses.items() if course.certified))


def _stops(courses: Counter[Course], syllabus: Syllabus) -> Iterable[Stop]:
    for place, one in enumerate(syllabus.criteria):
        numbers = {True: 0, False: 0}  # by whether it was tried
        for course, learners in courses.items():
            if course.ended and not _completed(course, syllabus) and _reached(course, syllabus) == place:
                numbers[place in course.tried] += learners
        yield Stop(one.id, syllabus.text(one.name), one.pillar, numbers[True], numbers[False])


def _passing(tries: Counter[Tries], syllabus: Syllabus) -> Iterable[Passing]:
    for one in syllabus.criteria:
        own = Counter({entry: learners for entry, learners in tries.items() if entry.criterion == one.id})
        often: Counter[int] = Counter()
        for entry, learners in own.items():
            often[entry.attempts] += learners
        yield Passing(
            criterion=one.id,
            name=syllabus.text(one.name),
            pillar=one.pillar,
            first=Share(sum(n for entry, n in own.items() if entry.first), own.total()),
            passed=Share(sum(n for entry, n in own.items() if entry.passed), own.total()),
            attempts=tuple(often[number] for number in range(1, MOST_ATTEMPTS + 1)),
        )


def _within(days: Mapping[int, int], limit: int) -> int:
    return sum(count for day, count in days.items() if 0 <= day <= limit)


def _checks(tally: Iterable[Count], scope: Scope) -> Checks:
    """The programme's counts on the days of the scope."""
    since, until = scope.since or date.min, scope.until or date.max
    days = tuple(row for row in tally if row.programme == scope.programme and since <= row.day <= until)
    words: Counter[str] = Counter()
    for row in days:
        words[row.verdict] += row.count
    return Checks({verdict.word: words[verdict.word] for verdict in Verdict}, days)


def _passing_json(passing: Passing) -> dict[str, Any]:
    return {
        "id": passing.criterion,
        "name": passing.name,
        "pillar": passing.pillar,
        "tried": passing.passed.of,
        "passedFirst": passing.first.as_json(),
        "passed": passing.passed.as_json(),
        "attempts": list(passing.attempts),
    }


def _checks_json(checks: Checks) -> dict[str, Any]:
    rows = [{"date": row.day.isoformat(), "verdict": row.verdict, "count": row.count} for row in checks.days]
    return {"total": checks.total, "verdicts": dict(checks.verdicts), "days": rows}
