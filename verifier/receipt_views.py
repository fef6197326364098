"""Routes of receipts: each is a check of its own, made when it is asked for, and nothing of it is kept."""

from __future__ import annotations

from flask import Flask, Response, abort, request
from werkzeug.exceptions import NotFound

from keys.encoding import canonical
from keys.errors import FormatError
from keys.names import parse_lookup_id
from verifier.answers import Answers
from verifier.fonts import lent_fonts
from verifier.headers import spoken
from verifier.published import JSON
from verifier.reader import reader_of
from verifier.receipt import Answered, Operator, signed_receipt
from verifier.receipt_page import receipt_pdf

PDF, JWS = "pdf", "jws"
_TYPES = {PDF: "application/pdf", JWS: "application/jose"}


class NobodySignsError(NotFound):
    """A signed receipt is asked of a verifier without a key: there is none, whatever the number."""


class ReceiptViews:
    """Receipts of one verifier."""

    def __init__(self, answers: Answers, operator: Operator) -> None:
        self._answers = answers
        self._operator = operator

    def register(self, app: Flask) -> None:
        kinds = f"<any({', '.join(_TYPES)}):ending>"
        for folder in ("c", "C"):
            app.add_url_rule(f"/{folder}/<text>/receipt.{kinds}", f"receipt-{folder}", self.of_certificate)
        app.add_url_rule(f"/receipt.{kinds}", "receipt", self.of_upload, methods=["POST"])
        app.add_url_rule("/receipt-key.json", "receipt-key", self.key)

    def of_certificate(self, text: str, ending: str) -> Response:
        """An unknown number is told at once: the page says the same, after the same search."""
        self._require(ending)
        try:
            token = self._answers.token(parse_lookup_id(text))
        except FormatError:
            abort(404)
        if token is None:
            abort(404)
        return self._receipt(self._answers.answered(token), ending)

    def of_upload(self, ending: str) -> Response:
        """A form's `file`, or the credential as its `text`."""
        self._require(ending)
        upload = request.files.get("file")
        data = upload.read() if upload else request.form.get("text", "").encode("utf-8", "replace")
        if not data:
            abort(400)
        return self._receipt(self._answers.answered(data), ending)

    def key(self) -> Response:
        """What a signed receipt is checked with."""
        if self._operator.signer is None:
            abort(404)
        return Response(canonical(self._operator.signer.public), mimetype=JSON)

    def _require(self, ending: str) -> None:
        if ending == JWS and self._operator.signer is None:
            raise NobodySignsError

    def _receipt(self, answered: Answered, ending: str) -> Response:
        words = reader_of(request).words
        data = (
            receipt_pdf(answered, self._operator, words, lent_fonts())
            if ending == PDF
            else signed_receipt(answered, self._operator)
        )
        response = spoken(Response(data, mimetype=_TYPES[ending]), words.language)
        response.headers["Handseal-Verdict"] = answered.report.verdict.word
        name = f"receipt-{answered.report.checked:%Y%m%dT%H%M%SZ}.{ending}"
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
        return response
