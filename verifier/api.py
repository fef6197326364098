"""What programs ask: a report for one credential or for each of many; refusals are problem details (RFC 9457)."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

import msgspec
from flask import Flask, Response, abort, current_app, request, stream_with_context
from msgspec import UNSET, Struct, UnsetType
from werkzeug.exceptions import TooManyRequests

from keys.errors import FormatError
from keys.names import parse_lookup_id
from verifier.answers import Answers
from verifier.headers import spoken
from verifier.language import Words
from verifier.published import JSON, JWT
from verifier.rates import RateLimit
from verifier.reader import reader_of
from verifier.report import Report

BULK = "/api/verify/bulk"
PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
BULK_TYPES = frozenset((NDJSON, "application/jsonl", "application/jsonlines"))
PLAIN_TYPES = frozenset((JWT, "application/jwt", "text/plain"))
MAX_LINES = 1000
MAX_SECONDS = 20  # for one request with many lines; what is not answered by then may be sent again
BODY_TYPES = "Its Content-Type is application/json, application/vc+jwt, text/plain or multipart/form-data."
LINE_FORM = 'A line is {"credential": "<jwt>"} or {"id": "<number>"}.'
LINES_TYPE = f"The Content-Type of them all is {NDJSON}."


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON body of `POST /api/verify`."""

    credential: str


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `POST /api/verify/bulk`: a credential or the number of one, not both."""

    credential: str | UnsetType = UNSET
    id: str | UnsetType = UNSET


# Made here: msgspec crashes where two threads first meet a struct at once.
_ASKED = msgspec.json.Decoder(_Asked)
_LINE = msgspec.json.Decoder(_Line)


class Api:
    """The routes below /api, and their description; made and registered by `verifier.web.create_app`."""

    def __init__(
        self,
        answers: Answers,
        base_url: str,
        limit: RateLimit,
        seconds: Callable[[], float],
        count: Callable[[Report], None] | None = None,
    ) -> None:
        self._answers = answers
        self._limit = limit
        self._seconds = seconds  # of a clock that never goes back
        self._count = count or (lambda report: None)
        self._described = description(base_url)

    def register(self, app: Flask) -> None:
        app.add_url_rule("/api/verify", view_func=self.verify, methods=["POST"])
        app.add_url_rule(BULK, view_func=self.bulk, methods=["POST"])
        app.add_url_rule("/openapi.json", view_func=self.describe)

    def verify(self) -> Response:
        """JSON `{"credential"}`, the credential alone, or a form's `file`; the report, whatever the verdict."""
        data, source = _uploaded()
        report = self._answers.by_bytes(data)
        self._count(report)
        return report_response(report, source)

    def bulk(self) -> Response:
        """A report or a problem for each line, in order, sent while the rest is being checked."""
        if request.mimetype not in BULK_TYPES:
            abort(415)
        # Not split: ten million bytes would become as many lines before the first one too many is seen.
        lines = list(islice((line for line in BytesIO(request.get_data()) if line.strip()), MAX_LINES + 1))
        if not lines:
            abort(400)
        if len(lines) > MAX_LINES:
            abort(413)
        words = reader_of(request).words
        answered = stream_with_context(self._each(lines, words, self._limit.place()))
        return spoken(Response(answered, mimetype=NDJSON), words.language)

    def describe(self) -> Response:
        response = Response(self._described, mimetype=JSON)
        response.headers["Cache-Control"] = "public, max-age=300"
        response.add_etag()
        response.make_conditional(request)
        return response

    def _each(self, lines: list[bytes], words: Words, place: str) -> Iterator[bytes]:
        until = self._seconds() + MAX_SECONDS
        for number, line in enumerate(lines, 1):
            source = f"line {number}"
            if self._seconds() > until:
                text = f"Time is up: {source} and all after it were not checked. Send them again."
                yield problem(words, 503, text, source=source) + b"\n"
                return
            try:
                yield self._line(line, source, words, place) + b"\n"
            except Exception:  # noqa: BLE001  # logged as any failure here; the server would log its text
                current_app.log_exception(sys.exc_info())
                yield problem(words, 500, source=source) + b"\n"

    def _line(self, line: bytes, source: str, words: Words, place: str) -> bytes:
        try:
            asked = _LINE.decode(line)
            credential, lookup = _told(asked.credential), _told(asked.id)
        except (msgspec.DecodeError, UnicodeError):
            return problem(words, 400, LINE_FORM, source=source)
        if (credential is None) == (lookup is None):
            return problem(words, 400, LINE_FORM, source=source)
        if lookup is not None and not self._limit.may_look_up(place):
            return problem(words, 429, source=source)
        try:
            report = self._answers.by_bytes(credential) if credential is not None else self._looked_up(lookup or b"")
        except TooManyRequests:  # the credential is a number or a link
            return problem(words, 429, source=source)
        if report is None:
            self._limit.looked_up_in_vain(place)
            return problem(words, 404, case="no-certificate", source=source)
        self._count(report)
        return msgspec.json.encode(report.as_json(source, words.language))

    def _looked_up(self, number: bytes) -> Report | None:
        try:
            answer = self._answers.by_lookup(parse_lookup_id(number.decode()))
        except FormatError:
            return None
        return answer.report if answer.found else None


def report_response(report: Report, source: str, **more: str) -> Response:
    """One report as JSON, its sentences in the reader's language."""
    language = reader_of(request).words.language
    document: dict[str, Any] = report.as_json(source, language) | more
    return decided(spoken(Response(msgspec.json.encode(document), mimetype=JSON), language), report)


def decided(response: Response, report: Report) -> Response:
    """The verdict also stands in a header, the same for a page, JSON and HEAD (W12)."""
    response.headers["Handseal-Verdict"] = report.verdict.word
    return response


def error_case(words: Words, code: int) -> str:
    """Which sentences (`error` in the messages) go with an HTTP status."""
    shown = 400 if code == 415 else code
    return str(shown) if f"error.{shown}.title" in words.texts else "other"


def misread(words: Words, code: int, path: str) -> str:
    """How to ask, where 400 or 415 says that it was not asked like that; a client of HTTP often names a wrong type."""
    if code not in (400, 415):
        return ""
    many = path == BULK
    form = LINE_FORM if many else words.say("error.api.text")
    return form if code == 400 else f"{form} {LINES_TYPE if many else BODY_TYPES}"


def problem(words: Words, code: int, detail: str = "", *, case: str = "", **more: str) -> bytes:
    """Problem details; without a `detail` the sentence that people are told."""
    case = case or error_case(words, code)
    document: dict[str, str | int] = {
        "type": "about:blank",
        "title": words.say(f"error.{case}.title"),
        "status": code,
        "detail": detail or words.say(f"error.{case}.text"),
    }
    return msgspec.json.encode(document | more)


def description(base_url: str) -> bytes:
    """The OpenAPI document of a verifier that is reached at `base_url`."""
    document = msgspec.json.decode(pkgutil.get_data("templates", "api/openapi.json") or b"")
    document["servers"] = [{"url": base_url}]
    return msgspec.json.encode(document)


def _uploaded() -> tuple[bytes, str]:
    """What was sent to be verified, and which form it came in."""
    kind = request.mimetype
    if kind == JSON:
        try:
            return _ASKED.decode(request.get_data()).credential.encode(), "credential"
        except (msgspec.DecodeError, UnicodeError):
            abort(400)
    if kind in PLAIN_TYPES:
        return request.get_data(), "credential"
    if kind != "multipart/form-data":
        abort(415)
    upload = request.files.get("file")
    if upload is None:
        abort(400)
    return upload.read(), "file"


def _told(text: str | UnsetType) -> bytes | None:
    return None if isinstance(text, UnsetType) else text.encode()
