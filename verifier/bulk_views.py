"""Many files in one form, answered by a table: on the page, or as CSV to keep; nothing of them is kept here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice

import msgspec
from flask import Flask, Response, render_template, request
from msgspec import Struct
from werkzeug.datastructures import FileStorage

from verifier.answers import Answers
from verifier.bulk import COLUMNS, Given, Line, csv_report, headings
from verifier.bulk_files import archived
from verifier.carrier import MAX_CARRIER_BYTES
from verifier.headers import spoken
from verifier.language import Words
from verifier.messages import headline
from verifier.reader import reader_of
from verifier.report import Report, Verdict
from verifier.zip_files import TOO_MUCH, ZIP_STARTS, Archive

MAX_CHECKED = 100
"""Of one form; whoever has more runs the command, or sends them one by one as the page's script does."""
MAX_UNPACKED = 50_000_000
MAX_SECONDS = 20  # for one form: a picture takes up to two, and what is not checked by then may be sent again
NO_TIME = "no-time"  # a case of `token.form` in the messages
_SHOWN = ("number", "source", "answer", "name", "programme", "until", "found", "same-as")
_TONES = {Verdict.VALID: "good", Verdict.UNKNOWN: "open", Verdict.REVOKED: "bad", Verdict.INVALID: "bad"}


class Cells(Struct, frozen=True):
    """A row of the page's table."""

    tone: str
    texts: tuple[str, ...]


class BulkViews:
    """`/bulk`, with and without its script."""

    def __init__(
        self, answers: Answers, script: str, seconds: Callable[[], float], count: Callable[[Report], None] | None
    ) -> None:
        self._answers = answers
        self._seconds = seconds  # of a clock that never goes back
        self._script = script  # its address
        self._count = count

    def register(self, app: Flask) -> None:
        app.add_url_rule("/bulk", "many", self.form, methods=["GET"])
        app.add_url_rule("/bulk", "many-check", self.check, methods=["POST"])

    def form(self) -> Response:
        return self._page(())

    def check(self) -> Response:
        request.max_form_parts = MAX_CHECKED + 2  # the files, and the button that was pressed
        uploads = [upload for upload in request.files.getlist("file") if upload.filename]
        if not uploads:
            return self._page((), reader_of(request).words.say("bulk.page.nothing"))
        words = reader_of(request).words
        lines = self._answers.many(self._bounded(_given(uploads)), words, self._count)
        return _table(lines, words) if request.form.get("as") == "csv" else self._page(lines)

    def _bounded(self, given: Iterator[Given]) -> Iterator[Given]:
        """The first ones, as many as there is time for, and a line that says that there are more."""
        until = self._seconds() + MAX_SECONDS
        for one in islice(given, MAX_CHECKED):
            yield one if self._seconds() <= until else Given(one.source, case=NO_TIME)
        more = next(given, None)
        if more is not None:
            yield Given(more.source, case=TOO_MUCH)

    def _page(self, lines: tuple[Line, ...], fault: str = "") -> Response:
        words = reader_of(request).words
        chosen = [COLUMNS.index(column) for column in _SHOWN]
        titles = {verdict.word: headline(verdict, words) for verdict in Verdict}
        page = render_template(
            "bulk.html",
            fault=fault,
            headings=[headings(words)[place] for place in chosen],
            rows=[
                Cells(_TONES.get(line.verdict, "wait"), tuple(line.cells[place] for place in chosen)) for line in lines
            ],
            titles=msgspec.json.encode(titles).decode("utf-8"),
            tones=msgspec.json.encode({v.word: _TONES.get(v, "wait") for v in Verdict}).decode("utf-8"),
            bulk_script=self._script,
        )
        return spoken(Response(page, 400 if fault else 200), words.language)


def _table(lines: tuple[Line, ...], words: Words) -> Response:
    response = spoken(Response(csv_report(lines, words), mimetype="text/csv"), words.language)
    response.headers["Content-Disposition"] = "attachment; filename=certificates.csv"
    return response


def _given(uploads: list[FileStorage]) -> Iterator[Given]:
    for upload in uploads:
        name, data = upload.filename or "", upload.read()
        if data.startswith(ZIP_STARTS):
            yield from archived(Archive(BytesIO(data), limit=MAX_UNPACKED, entry_limit=MAX_CARRIER_BYTES), name)
        else:
            yield Given(name, data)
