"""The verifier's routes: a view parses what was asked, calls one function, renders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec
from flask import Flask, Response, abort, render_template, request
from markupsafe import Markup

from keys.errors import FormatError
from keys.names import parse_lookup_id, parse_version_id, syllabus_path
from verifier.answers import Answers
from verifier.api import decided, report_response
from verifier.asked import MisreadError, lookup_asked
from verifier.course_data import course_data, data_block
from verifier.headers import NEWEST, PUBLIC, STATIC, allow_camera, share, spoken
from verifier.open_graph import of_certificate, of_programme, tags
from verifier.pages import certificate_page
from verifier.parts import WORKER, Part, Scanner
from verifier.published import FOLDERS, JSON, JWT, PNG, certificate_card, programme_card, published
from verifier.reader import reader_of
from verifier.report import Report, Verdict
from verifier.seal import seal_svg
from verifier.syllabus_page import syllabus_page

HTML, TEXT = "text/html", "text/plain"


class Views:
    """All views of one verifier; made and registered by `verifier.web.create_app`."""

    def __init__(
        self,
        answers: Answers,
        base_url: str,
        parts: Mapping[str, Part],
        count: Callable[[Report], None] | None = None,
    ) -> None:
        self._answers = answers
        self._count = count
        self._base_url = base_url  # the only source of links
        self._parts = parts

    def register(self, app: Flask) -> None:
        app.add_url_rule("/", view_func=self.home, methods=["GET"])
        app.add_url_rule("/", view_func=self.check, methods=["POST"])
        for folder in ("c", "C"):  # the QR code is written in capitals
            app.add_url_rule(f"/{folder}/<text>", f"certificate-{folder}", self.certificate)
        app.add_url_rule("/programmes/<slug>/<version>", view_func=self.syllabus)
        for folder in FOLDERS:
            app.add_url_rule(f"/{folder}/<path:rest>", f"published-{folder}", self.published)
        for name in ("ns", "ns.json", "index.json"):
            app.add_url_rule(f"/{name}", f"published-{name}", self.published)
        app.add_url_rule("/static/<path:name>", view_func=self.static)
        app.add_url_rule("/worker.js", view_func=self.worker)  # here, so that it serves every page
        app.add_url_rule("/healthz", view_func=self.health)

    def home(self) -> Response:
        return self._home()

    def check(self) -> Response:
        """The form of the first page, answered in place: no redirect, nothing of it in an address."""
        upload = request.files.get("file")
        text = request.form.get("text", "")
        if upload is not None and upload.filename:
            return self._page(self._counted(self._answers.by_bytes(upload.read())))
        if not text.strip():
            return self._home(reader_of(request).words.say("home.nothing-given"))
        try:
            lookup = lookup_asked(text, *self._answers.addresses())
        except MisreadError as fault:
            words = reader_of(request).words
            said, hint = (words.say(f"asked.{fault.case}{part}", **fault.values) for part in ("", "-hint"))
            return self._home(said, hint)
        if lookup:
            return self._by_lookup(lookup, HTML)
        return self._page(self._counted(self._answers.by_bytes(text.encode("utf-8", "replace"))))

    def certificate(self, text: str) -> Response:
        ending = text[-4:].lower() in (".jwt", ".png")
        try:
            lookup = parse_lookup_id(text[:-4] if ending else text)
        except FormatError:
            abort(404)
        if ending:
            return self._token(lookup) if text[-1] in "tT" else self._card(lookup)
        return self._by_lookup(lookup, _wanted(HTML, JSON, JWT, TEXT))

    def syllabus(self, slug: str, version: str) -> Response:
        as_json = version.endswith(".json") or _wanted(HTML, JSON) == JSON
        try:
            programme, number = parse_version_id(
                f"{self._base_url}/programmes/{slug}/{version.removesuffix('.json')}", "syllabus"
            )
        except FormatError:
            abort(404)
        path = syllabus_path(programme.rpartition("/")[2], number)
        if as_json:
            return self._file(path, JSON)
        words = reader_of(request).words
        try:
            found = self._answers.syllabus(path, words)
        except FormatError:
            abort(500)
        if found is None:
            abort(404)
        asked = request.args.get("lang", "")
        language = asked if asked in found.syllabus.title else words.language
        page = syllabus_page(
            found.data, found.syllabus, found.trust, found.now, words, language=language, beside=found.beside
        )
        course = data_block(course_data(found.syllabus, found.trust, found.now))
        card = programme_card(programme.rpartition("/")[2], number)
        has_card = self._answers.picture(card) is not None
        shown = page.title.language
        graph = tags(of_programme(found.syllabus, page.clinic, self._base_url, has_card=has_card, language=shown))
        response = Response(render_template("syllabus.html", page=page, graph=graph, course=course))
        response.headers["Cache-Control"] = PUBLIC
        response.vary.add("Accept")
        return _conditional(spoken(response, words.language))

    def published(self, rest: str = "") -> Response:
        found = published(request.path.removeprefix("/"))
        if found is None:
            abort(404)
        return self._picture(found.path) if found.media_type == PNG else self._file(found.path, found.media_type)

    def static(self, name: str) -> Response:
        return self._part(name, STATIC)

    def worker(self) -> Response:
        return self._part(WORKER, NEWEST)

    def health(self) -> Response:
        good, document = self._answers.health()
        return Response(msgspec.json.encode(document), 200 if good else 503, mimetype=JSON)

    def _by_lookup(self, lookup: str, wanted: str) -> Response:
        answer = self._answers.by_lookup(lookup)
        if wanted == JSON:
            jwt = answer.token.decode("ascii", "replace")
            response = report_response(answer.report, f"{self._base_url}/c/{lookup}", jwt=jwt)
        elif wanted in (JWT, TEXT):
            response = decided(Response(answer.token, mimetype=wanted), answer.report)
        else:
            response = self._page(answer.report, lookup)
        if not answer.found:  # only now, after the same work as for a known one (Q03)
            abort(404)
        self._counted(answer.report)
        response.vary.add("Accept")
        return response

    def _counted(self, report: Report) -> Report:
        """Adds to the counts, where they are kept; asking for the head alone is no check."""
        if self._count and request.method != "HEAD":
            self._count(report)
        return report

    def _page(self, report: Report, lookup: str = "") -> Response:
        words = reader_of(request).words
        page = certificate_page(report, words, lookup=lookup, has_address=request.method != "POST")
        shared = bool(lookup) and self._answers.picture(certificate_card(lookup)) is not None
        held = report.verdict is Verdict.VALID and report.worst is None
        graph = tags(of_certificate(report.verified(), lookup, self._base_url, words)) if shared and held else Markup()
        since = self._answers.since(report, words)
        rendered = render_template("certificate.html", page=page, graph=graph, since=since)
        return decided(spoken(Response(rendered), words.language), report)

    def _home(self, fault: str = "", hint: str = "") -> Response:
        words = reader_of(request).words
        page = render_template(
            "home.html",
            fault=fault,
            hint=hint,
            notice=self._answers.notice(words),
            addresses=self._answers.addresses(),
        )
        response = spoken(Response(page, 400 if fault else 200), words.language)
        return allow_camera(response, wasm=Scanner.among(self._parts) is not None)

    def _token(self, lookup: str) -> Response:
        token = self._answers.token(lookup)
        if token is None:
            abort(404)
        response = Response(token, mimetype=_media_type(JWT))
        response.vary.add("Accept")
        return response

    def _card(self, lookup: str) -> Response:
        """The card of a certificate that is valid now; for an unknown one the same work is done (Q03)."""
        answer, data = self._answers.by_lookup(lookup), self._answers.picture(certificate_card(lookup))
        if data is None or not answer.found or answer.report.verdict is not Verdict.VALID:
            abort(404)
        return _conditional(Response(data, mimetype=PNG))

    def _picture(self, path: str) -> Response:
        data = self._answers.picture(path)
        if data is None:
            abort(404)
        response = Response(data, mimetype=PNG)
        share(response)
        return _conditional(response)

    def _part(self, name: str, caching: str) -> Response:
        part = self._parts.get(name)
        if part is None:
            abort(404)
        packed = bool(part.packed) and request.accept_encodings["gzip"] > 0
        response = Response(part.packed if packed else part.data, mimetype=part.media_type)
        if packed:
            response.content_encoding = "gzip"
        if part.packed:
            response.vary.add("Accept-Encoding")
        response.headers["Cache-Control"] = caching
        return _conditional(response)

    def _file(self, path: str, media_type: str) -> Response:
        data = self._answers.file(path)
        if data is None:
            abort(404)
        response = Response(data, mimetype=_media_type(media_type))
        share(response)
        response.vary.add("Accept")
        return _conditional(response)


@lru_cache(maxsize=512)
def small_seal(digest: bytes) -> Markup:
    """The seal for a page; it is drawn once and then kept, some 10 KB each."""
    return Markup(seal_svg(digest, small=True))  # noqa: S704  # drawn from numbers, holds nobody's text


def _wanted(*media_types: str) -> str:
    """Which of these the client likes best; the first where it does not say."""
    return request.accept_mimetypes.best_match(media_types) or media_types[0]


def _media_type(plain: str) -> str:
    """A JWT as text where that is asked for, so that a browser shows it."""
    return _wanted(JWT, TEXT) if plain == JWT else plain


def _conditional(response: Response) -> Response:
    response.add_etag()
    response.make_conditional(request)
    return response
