"""What the web answers, apart from how: each question is one snapshot of the site and one verification at its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from keys.deadlines import Level, level
from keys.encoding import format_time
from keys.status import StatusList
from keys.syllabus import Syllabus, parse_syllabus
from keys.trust import Trust
from verifier.bulk import Given, Line, check_all
from verifier.carrier import pages_of, verify_carried
from verifier.comparison import NameOf, compare
from verifier.language import Words
from verifier.materials import Materials
from verifier.receipt import Answered
from verifier.report import Outcome, Report
from verifier.since import Since, since
from verifier.sources import Site
from verifier.syllabus_page import Neighbours
from verifier.verify import verify
from verifier.versions import newest_version, previous_version


class Answer(Struct, frozen=True):
    """A report, and whether the certificate that was asked for exists; `report` is another's where it does not."""

    report: Report
    token: bytes
    found: bool


class PublishedSyllabus(Struct, frozen=True):
    syllabus: Syllabus
    data: bytes  # exactly as published
    trust: Trust | None
    beside: Neighbours
    now: datetime


class Answers:
    """Questions to one published site; keeps nothing but the last certificate that was found, in memory."""

    def __init__(
        self, site: Site, clock: Callable[[], datetime], base_url: str, find: Callable[[str], bytes | None]
    ) -> None:
        """`find` gives the certificate behind a number that lies in a file or a text."""
        self._site = site
        self._find = find
        self._base_url = base_url
        self._clock = clock
        self._last_found = b""

    def by_lookup(self, lookup: str) -> Answer:
        """The certificate with this id (its stored spelling).

        For an unknown id the last one that was found is verified instead, and the caller renders and drops it, so
        that the time of an answer does not tell how much of an id was right (Q03).
        """
        token = self._site.certificate(lookup)
        if token is not None:
            self._last_found = token
        now = self._clock()
        asked = token if token is not None else self._last_found
        return Answer(verify(asked, self._site.materials(now), at=now, now=now), asked, token is not None)

    def by_bytes(self, data: bytes) -> Report:
        """A pasted credential or an uploaded file."""
        return self.answered(data).report

    def answered(self, data: bytes) -> Answered:
        """The same, with what a receipt says of it."""
        now = self._clock()
        materials = self._site.materials(now)
        pages = pages_of(materials, self._find, self._base_url)
        report = verify_carried(data, materials, at=now, now=now, pages=pages)
        return Answered(report, materials, data, now)

    def many(self, given: Iterable[Given], words: Words, count: Callable[[Report], None] | None) -> tuple[Line, ...]:
        """Of each a line, all at one moment against one snapshot; `count` gets each report."""
        now = self._clock()
        materials = self._site.materials(now)
        pages = pages_of(materials, self._find, self._base_url)
        check = partial(verify_carried, materials=materials, at=now, now=now, pages=pages)
        return tuple(
            check_all(given, check, words, now, lambda _number, _given, report: count(report) if count else None)
        )

    def addresses(self) -> tuple[str, ...]:
        """Where links of this verifier's certificates lead: here, and to the site it answers for."""
        return pages_of(self._site.materials(self._clock()), self._find, self._base_url).bases

    def token(self, lookup: str) -> bytes | None:
        return self._site.certificate(lookup)

    def file(self, path: str) -> bytes | None:
        return self._site.file(path)

    def picture(self, path: str) -> bytes | None:
        return self._site.picture(path)

    def syllabus(self, path: str, words: Words) -> PublishedSyllabus | None:
        """FormatError where what is published there is no syllabus."""
        data = self._site.file(path)
        if data is None:
            return None
        now, syllabus = self._clock(), parse_syllabus(data)
        materials = self._site.materials(now)
        before = previous_version(syllabus, materials.syllabuses)
        changes = compare(before, syllabus, _names(materials, now, words), words) if before else ()
        beside = Neighbours(newest_version(syllabus, materials.syllabuses), changes)
        return PublishedSyllabus(syllabus, data, materials.trust, beside, now)

    def since(self, report: Report, words: Words) -> Since | None:
        """What changed in the course since the version that a certificate was earned against."""
        now = self._clock()
        materials = self._site.materials(now)
        return since(report.syllabus, materials.syllabuses, _names(materials, now, words), words)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether everything needed for an answer is there and in date, and the ages in seconds as JSON values."""
        now = self._clock()
        materials = self._site.materials(now)
        trust = materials.trust
        good = (
            trust is not None
            and trust.expires >= now
            and bool(materials.lists)
            and all(isinstance(status_list, StatusList) for status_list in materials.lists.values())
            and materials.rollback.outcome in (Outcome.PASS, Outcome.NOT_RUN)
        )
        if trust is None:
            listed: dict[str, Any] = {"fault": materials.trust_fault}
        else:
            listed = {"version": trust.list.version, "expires": format_time(trust.expires)} | _age(
                trust.list.issued, now
            )
        lists = [_list_health(identity, entry, now) for identity, entry in sorted(materials.lists.items())]
        deadlines = materials.deadlines(now)
        document = {
            "status": "ok" if good else "not ok",
            "trustList": listed,
            "statusLists": lists,
            "level": max((deadline.level for deadline in deadlines), default=Level.ENDED).word,
            "deadlines": [deadline.as_json() for deadline in deadlines],
            "alarms": len(self._site.alarms(now)),  # their texts are for the operator's terminal, not for everybody
        }
        return good, document

    def notice(self, words: Words) -> str:
        """For whoever runs this check, where within a week no answer can be `valid` any more; empty before."""
        now = self._clock()
        trust = self._site.materials(now).trust
        if trust is None or level(trust.expires, now) < Level.URGENT:
            return ""
        return words.say("home.trust-ended" if trust.expires < now else "home.trust-ends", date=trust.expires)


def _names(materials: Materials, now: datetime, words: Words) -> NameOf:
    trust = materials.trust
    return lambda organisation: trust.name(organisation, now, words.language) if trust else organisation


def _list_health(identity: str, status_list: StatusList | str, now: datetime) -> dict[str, Any]:
    if isinstance(status_list, str):
        return {"id": identity, "fault": status_list}
    return {
        "id": identity,
        "validUntil": format_time(status_list.valid_until),
        "frozen": status_list.frozen,
    } | _age(status_list.valid_from, now)


def _age(dated: datetime, now: datetime) -> dict[str, Any]:
    return {"dated": format_time(dated), "ageSeconds": int((now - dated).total_seconds())}
