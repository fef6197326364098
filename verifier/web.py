"""The employer's page and API: each answer is verified anew, remembers nobody, and tells no third party."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, render_template, request
from jinja2 import StrictUndefined
from msgspec import Struct
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import templates
from keys.errors import ConfigurationError, FormatError
from keys.names import require_base_url
from keys.receipt_signer import ReceiptSigner
from verifier.answers import Answers
from verifier.api import PROBLEM, Api, error_case, misread, problem
from verifier.bulk_views import BulkViews
from verifier.files import static_files
from verifier.headers import protect, spoken
from verifier.language import LANGUAGES, words_in
from verifier.parts import CAMERA, MANY, SCRIPT, STYLE, VERIFIER, Part, Scanner, page_parts, words_name
from verifier.published import JSON
from verifier.rates import RateLimit, Rates
from verifier.reader import reader_of
from verifier.receipt import PROGRAM, Operator
from verifier.receipt_views import NobodySignsError, ReceiptViews
from verifier.sources import Site
from verifier.tally import Tally
from verifier.views import HTML, Views, small_seal

MAX_UPLOAD = 10_000_000  # bytes of a whole request body, where the settings say nothing else
MAX_PARTS = 8  # of a form
MAX_FIELDS = 256 * 1024  # bytes of a form's fields without its file
_FOLDER = Path(templates.__file__).parent


class Settings(Struct, frozen=True):
    """How the verifier is reached, and how much one question may hold."""

    base_url: str  # see keys.names.require_base_url
    max_upload: int = MAX_UPLOAD
    signer: ReceiptSigner | None = None  # of receipts; without one they are not signed
    proxies: int = 0  # how many stand before it, each of which adds whom it heard to X-Forwarded-For
    rates: Rates = Rates()


class _Request(Request):
    """A request that is kept in memory: nothing of an upload touches the disk (W13)."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


class _Verifier(Flask):
    """Flask, but a failure is logged without anything that was asked or answered (W07)."""

    request_class = _Request

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        kind, _, trace = exc_info
        place = traceback.extract_tb(trace)[-1] if trace else None
        where = f"{Path(place.filename).name}:{place.lineno} in {place.name}" if place else "nowhere"
        self.logger.error("a request failed: %s at %s", kind.__name__ if kind else "nothing", where)


def create_app(*, site: Site, clock: Callable[[], datetime], settings: Settings, tally: Tally | None = None) -> Flask:
    """The verifier of one published site; `clock` gives aware UTC. ConfigurationError for a bad base URL (Q10).

    Checks are counted in `tally`; without one nothing is counted.
    """
    try:
        base_url = require_base_url(settings.base_url, "base URL")
    except FormatError as fault:
        raise ConfigurationError(str(fault), hint=fault.hint) from fault
    app = _Verifier(
        "verifier",
        static_folder=None,
        template_folder=str(_FOLDER / "web"),
    )
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload,
        MAX_FORM_PARTS=MAX_PARTS,
        MAX_FORM_MEMORY_SIZE=MAX_FIELDS,
        PROXIES=settings.proxies,
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # else `//host` would be answered with a redirect (Q07)
    for language in LANGUAGES:  # read now, so that no answer waits for a file
        words_in(language)
    parts = page_parts(static_files())
    _prepare_templates(app, base_url, parts, site.root_digest)
    limit = RateLimit(settings.rates)
    answers = Answers(site, clock, base_url, limit.sparing(site.certificate))
    app.context_processor(lambda: {"printed": site.address or base_url})
    count = tally.count if tally else None
    Views(answers, base_url, parts, count).register(app)
    app.jinja_env.globals["signs_receipts"] = settings.signer is not None
    BulkViews(answers, parts[MANY].address, time.monotonic, count).register(app)
    ReceiptViews(answers, Operator(base_url, PROGRAM, settings.signer)).register(app)
    Api(answers, base_url, limit, time.monotonic, count).register(app)
    app.register_error_handler(HTTPException, _failed)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask documents it
            app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0
        )
    limit.watch(app)
    https = base_url.startswith("https://")
    app.after_request(lambda response: protect(response, https=https))
    return app


def _prepare_templates(app: Flask, base_url: str, parts: dict[str, Part], root: str) -> None:
    """Each template is compiled now, once; `style`, `script`, `verifier` and `spoken` are addresses of parts."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.auto_reload = False
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        host=urlsplit(base_url).netloc,
        base_url=base_url,
        root=root,
        style=parts[STYLE].address,
        script=parts[SCRIPT].address,
        verifier=parts[VERIFIER].address,
        camera=parts[CAMERA].address,
        scanner=Scanner.among(parts),
        spoken={language: parts[words_name(language)].address for language in LANGUAGES},
        seal=small_seal,
    )
    for name in environment.list_templates():
        environment.get_template(name)
    app.context_processor(_words_for_templates)


def _words_for_templates() -> dict[str, Any]:
    """`say` and what else a page needs to be in its reader's language."""
    reader = reader_of(request)
    words = reader.words
    return {"say": words.markup, "language": words.language, "direction": words.direction} | {
        "link": reader.link,
        "languages": reader.choices,
    }


def _failed(fault: HTTPException) -> Response:
    """Errors as problem details for programs (RFC 9457), as a page for people; never with what was asked."""
    code = fault.code or 500
    words = reader_of(request).words
    unknown = code == 404 and request.path[:3].lower() == "/c/" and not isinstance(fault, NobodySignsError)
    case = "no-certificate" if unknown else error_case(words, code)
    asks_json = request.accept_mimetypes.best_match((HTML, JSON, PROBLEM)) in (JSON, PROBLEM)
    if request.path.startswith("/api/") or asks_json:
        response = Response(problem(words, code, misread(words, code, request.path), case=case), code, mimetype=PROBLEM)
    else:
        title, text = (words.say(f"error.{case}.{part}") for part in ("title", "text"))
        response = Response(render_template("error.html", title=title, text=text), code)
    spoken(response, words.language)
    for name, value in fault.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response
