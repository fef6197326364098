"""Which requests a body answered, and of each who stood in it: what the next one of its programme is compared with.

Of a person the name, the transliteration, the day of the award and the certificate's id are kept, nothing else. Who was
left out is forgotten when the next request of the programme is answered; who was co-signed is kept, so that a
withdrawal can say whom it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from msgspec import Struct

from keys.database import MAX_LOT, Database
from keys.encoding import Digest, format_time, parse_time
from keys.roster import Named
from keys.syllabus import Syllabus, parse_syllabus

_PERSON = (
    "SELECT p.digest, p.certificate, p.name, p.latin_name, p.awarded,"
    " EXISTS (SELECT 1 FROM endorsement e WHERE e.digest = p.digest),"
    " (SELECT max(withdrawn) FROM endorsement e WHERE e.digest = p.digest) FROM person p"
)
_FORGET_LEFT_OUT = """
DELETE FROM person WHERE NOT EXISTS (SELECT 1 FROM endorsement e WHERE e.digest = person.digest)
AND request IN (SELECT digest FROM request WHERE programme = ? AND digest <> ?)
"""


class SignedRequest(Struct, frozen=True, rename="camel"):
    """One request that was answered; `count` is how many of its certificates were co-signed.

    Programme and syllabus are missing where an older version of this program answered it.
    """

    digest: Digest
    kid: str
    issuer: str
    title: str
    count: int
    signed: datetime
    programme: str | None = None
    syllabus: bytes | None = None  # its exact bytes


class Remembered(Struct, frozen=True):
    """A person of an answered request; neither co-signed nor withdrawn means that the row was left out."""

    digest: Digest
    certificate: str
    name: str
    latin_name: str | None
    awarded: date
    cosigned: bool
    withdrawn: datetime | None


class LastRequest(Struct, frozen=True):
    """The last request of a programme: what it was about and who stood in it, ascending by content digest."""

    digest: Digest
    signed: datetime
    syllabus: Syllabus
    people: tuple[Remembered, ...]


class Earlier(Struct, frozen=True):
    """What is remembered about a request that is looked at: whether it was answered, and the last one before it."""

    answered: datetime | None = None
    last: LastRequest | None = None


class Reviewed(Named, Protocol):
    """What is remembered of a row of a request."""

    @property
    def digest(self) -> Digest: ...

    @property
    def certificate(self) -> str: ...

    @property
    def awarded(self) -> date: ...


class Answered:
    """The answered requests of one state folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, request: SignedRequest, people: Iterable[Reviewed]) -> None:
        """Notes that a response was made; the same request answered again is one entry."""
        rows = ((request.digest, p.digest, p.certificate, p.name, p.latin_name, p.awarded.isoformat()) for p in people)
        with self._database.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    request.digest,
                    request.kid,
                    request.issuer,
                    request.title,
                    request.count,
                    format_time(request.signed),
                    request.programme,
                    request.syllabus,
                ),
            )
            self._database.execute_many("INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._database.execute(_FORGET_LEFT_OUT, (request.programme, request.digest))

    def requests(self) -> list[SignedRequest]:
        """All answered requests, oldest first."""
        return [_request(row) for row in self._database.execute("SELECT * FROM request ORDER BY signed, digest")]

    def earlier(self, digest: Digest, syllabus: Syllabus) -> Earlier:
        """What is remembered about the request `digest` of `syllabus` and its programme."""
        row = self._database.execute("SELECT max(signed) FROM request WHERE digest = ?", (digest,)).fetchone()
        answered = None if row[0] is None else parse_time(row[0])
        found = self._database.execute(
            "SELECT digest, signed, syllabus FROM request WHERE issuer = ? AND programme = ? AND digest <> ?"
            " ORDER BY signed DESC LIMIT 1",
            (syllabus.issuer, syllabus.programme, digest),
        ).fetchone()
        if found is None:
            return Earlier(answered)
        last = Digest(found[0])
        people = map(_person, self._database.execute(f"{_PERSON} WHERE p.request = ?", (last,)))
        known = parse_syllabus(found[2], "syllabus of the last request")
        return Earlier(answered, LastRequest(last, parse_time(found[1]), known, tuple(people)))

    def called(self, digests: Sequence[Digest]) -> Iterator[Remembered]:
        """The people whose certificates have these contents, as far as they are remembered."""
        for start in range(0, len(digests), MAX_LOT):
            lot = digests[start : start + MAX_LOT]
            marks = ",".join("?" * len(lot))
            query = f"{_PERSON} WHERE p.digest IN ({marks}) GROUP BY p.digest"
            yield from map(_person, self._database.execute(query, lot))


def _request(row: tuple[Any, ...]) -> SignedRequest:
    digest, kid, issuer, title, count, signed, programme, syllabus = row
    return SignedRequest(Digest(digest), kid, issuer, title, count, parse_time(signed), programme, syllabus)


def _person(row: tuple[Any, ...]) -> Remembered:
    digest, certificate, name, latin_name, awarded, cosigned, withdrawn = row
    return Remembered(
        digest=Digest(digest),
        certificate=certificate,
        name=name,
        latin_name=latin_name,
        awarded=date.fromisoformat(awarded),
        cosigned=bool(cosigned),
        withdrawn=None if withdrawn is None else parse_time(withdrawn),
    )
