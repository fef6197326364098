"""A printed receipt is one page A4, readable in black and white; equal input gives equal bytes."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock

import msgspec
import typst

import templates
from keys.errors import HandsealError
from verifier.fonts import Typefaces
from verifier.language import Words
from verifier.receipt import Answered, Operator
from verifier.receipt_sheet import Sheet, sheet_of

_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
_TEMPLATE = Path(templates.__file__).parent / "receipt" / "receipt.typ"
_COMPILING = Lock()


def receipt_pdf(answered: Answered, operator: Operator, words: Words, fonts: Typefaces) -> bytes:
    """The PDF of a receipt."""
    return _compiled(sheet_of(answered, operator, words, fonts), answered.report.checked, fonts.folders)


def _compiled(sheet: Sheet, made: datetime, folders: tuple[str, ...]) -> bytes:
    with _COMPILING:  # as in certificates: threads take turns
        try:
            pdf = _compiler(folders).compile(
                format="pdf",
                sys_inputs={"receipt": msgspec.json.encode(sheet).decode("utf-8")},
                pdf_standards=_STANDARDS,
                timestamp=made.replace(microsecond=0),
            )
        except typst.TypstError as fault:
            raise HandsealError(f"receipt: {fault.message}", hint="; ".join(fault.hints)) from fault
    if not isinstance(pdf, bytes):  # a list of pages is for pictures
        raise HandsealError("receipt: gave no PDF")
    return pdf


@cache
def _compiler(folders: tuple[str, ...]) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))
    return typst.Compiler(_TEMPLATE, root=_TEMPLATE.parent, font_paths=fonts, ignore_system_fonts=True)
