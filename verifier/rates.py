"""How much one address may ask in a minute; addresses are counted in a fixed number of places and never kept.

The place is drawn from the address with a salt of this process: memory stays the same however many ask, nothing that is
held names anybody, and nobody can choose to share a place with somebody else.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, abort, request
from flask_limiter import ApplicationLimit, Limiter
from limits import RateLimitItemPerMinute
from limits.storage import Storage
from msgspec import Struct

from keys.encoding import sha256

PLACES = 8192
_SCHEME = "handseal-table"


class Rates(Struct, frozen=True):
    """Questions a minute from one address, or from one IPv6 network of 64 bits, which is one household."""

    questions: int = 1200  # of any kind but parts of the pages
    uploads: int = 300  # files and credentials, each of which is parsed
    bulks: int = 20
    unknown: int = 60  # numbers that are not there, before any number is looked up again

    @classmethod
    def of(cls, questions: int) -> Rates:
        """In the usual proportions; ValueError below 20."""
        if questions < 20:
            raise ValueError("fewer than 20 questions a minute leave nothing to ask")
        return cls(questions, max(1, questions // 4), max(1, questions // 60), max(1, questions // 20))

    def among(self, workers: int) -> Rates:
        """What each of several processes lets pass: its share, and one where there are more of them than a limit."""
        shares = (max(1, number // workers) for number in (self.questions, self.uploads, self.bulks, self.unknown))
        return Rates(*shares)


class RateLimit:
    """The limits of one verifier: `watch` an app, then no view is reached beyond them."""

    def __init__(self, rates: Rates) -> None:
        self._salt = secrets.token_bytes(16)
        self._unknown = RateLimitItemPerMinute(rates.unknown)
        self._limiter = Limiter(
            self.place,
            storage_uri=f"{_SCHEME}://",
            strategy="fixed-window",
            application_limits=[
                ApplicationLimit(f"{rates.questions}/minute", scope="questions", exempt_when=_is_part),
                ApplicationLimit(f"{rates.uploads}/minute", scope="uploads", exempt_when=_is_no_upload),
                ApplicationLimit(f"{rates.bulks}/minute", scope="bulks", exempt_when=_is_no_bulk),
                ApplicationLimit(
                    f"{rates.unknown}/minute", scope="unknown", exempt_when=_is_no_number, deduct_when=_was_unknown
                ),
            ],
        )

    def watch(self, app: Flask) -> None:
        app.after_request(self._tell)
        self._limiter.init_app(app)

    def place(self) -> str:
        """Where the client of this request is counted."""
        return str(int.from_bytes(sha256(self._salt + _household(request.remote_addr or "").encode())[:4]) % PLACES)

    def may_look_up(self, place: str) -> bool:
        """Whether a request with many numbers may ask for another one."""
        return self._limiter.limiter.test(self._unknown, place, "bulk")

    def looked_up_in_vain(self, place: str) -> None:
        self._limiter.limiter.hit(self._unknown, place, "bulk")

    def sparing(self, find: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
        """`find` for numbers in files and texts; 429 for a client who asked for too many that are not there (Q03)."""

        def sought(lookup: str) -> bytes | None:
            place = self.place()
            if not self.may_look_up(place):
                abort(429)
            token = find(lookup)
            if token is None:
                self.looked_up_in_vain(place)
            return token

        return sought

    def _tell(self, response: Response) -> Response:
        """Programs are told what is left, and everybody who has to wait how long."""
        limits = self._limiter.current_limits
        if limits and (response.status_code == 429 or request.path.startswith("/api/")):
            limit = min(limits, key=lambda limit: (not limit.breached, limit.remaining))
            seconds = str(max(1, round(limit.reset_at - time.time())))
            response.headers["RateLimit-Limit"] = str(limit.limit.amount)
            response.headers["RateLimit-Remaining"] = str(limit.remaining)
            response.headers["RateLimit-Reset"] = seconds
            if response.status_code == 429:
                response.headers["Retry-After"] = seconds
        return response


class _Table(Storage):
    """Counters that need no thread: one that is over is written over, and there are only so many keys."""

    STORAGE_SCHEME = [_SCHEME]  # noqa: RUF012  # read by the library, which wants a list

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._counters: dict[str, tuple[int, float]] = {}  # how many, and until when
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, until = self._counters.get(key, (0, 0.0))
            if not now < until <= now + expiry:  # over, or the clock went back
                count, until = 0, now + expiry
            self._counters[key] = (count + amount, until)
            return count + amount

    def get(self, key: str) -> int:
        count, until = self._counters.get(key, (0, 0.0))
        return count if time.time() < until else 0

    def get_expiry(self, key: str) -> float:
        return self._counters.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def clear(self, key: str) -> None:
        self._counters.pop(key, None)

    def reset(self) -> int:
        count = len(self._counters)
        self._counters.clear()
        return count


def _household(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:  # what a trusted proxy wrote
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return address


def _is_part() -> bool:
    return request.path.startswith("/static/")


def _is_no_upload() -> bool:
    return request.method != "POST" and "/receipt." not in request.path  # a receipt takes as long


def _is_no_bulk() -> bool:
    return request.method != "POST" or request.path not in ("/api/verify/bulk", "/bulk")


def _is_no_number() -> bool:
    return not (request.path[:3].lower() == "/c/" or (request.path == "/" and request.method == "POST"))


def _was_unknown(response: Response) -> bool:
    return response.status_code == 404
