"""The printed certificate shows what was verified and carries it; equal input gives equal bytes (formats.md section 9).

Compilers are kept per process and design. Render in other processes through a `spawn` context only: a process that
was forked after Typst has run hangs. Threads take turns.
"""

from __future__ import annotations

from functools import cache
from threading import Lock

import msgspec
import typst

from issuer.config import design_file
from issuer.inscription import Design, PublishedAddress, inscribe
from keys.errors import HandsealError
from verifier.report import VerifiedCredential

__all__ = ["Design", "PublishedAddress", "render"]

_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]
_TOO_MUCH = "more text than one page holds"  # as the designs say it
_COMPILING = Lock()


def render(certificate: VerifiedCredential, address: PublishedAddress, design: Design) -> bytes:
    """The PDF of a certificate that verification found valid: one page A4, the credential attached.

    Raises HandsealError for a text that no font covers or that does not fit on one page, ConfigurationError for a
    design, logo or site address that cannot be used.
    """
    inscription = inscribe(certificate, address, design)
    compiler = _compiler(design.name, design.fonts.folders)
    try:
        with _COMPILING:
            pdf = compiler.compile(
                format="pdf",
                sys_inputs={"certificate": msgspec.json.encode(inscription).decode("utf-8")},
                pdf_standards=_STANDARDS,
                timestamp=certificate.certificate.valid_from,
            )
    except typst.TypstError as error:
        place = f'certificate of "{inscription.name.text}"'
        if _TOO_MUCH in error.message:
            hint = "shorten the outcomes or the title in the syllabus' next version, or the name"
            raise HandsealError(f"{place}: {_TOO_MUCH}", hint=hint) from error
        raise HandsealError(f"{place}: {error.message}", hint="; ".join(error.hints)) from error
    if not isinstance(pdf, bytes):  # a list of pages is for pictures
        raise HandsealError(f"design {design.name}: gave no PDF")
    return pdf


@cache
def _compiler(design: str, font_folders: tuple[str, ...]) -> typst.Compiler:
    path = design_file(design)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(font_folders))
    return typst.Compiler(path, root=path.parent, font_paths=fonts, ignore_system_fonts=True)
