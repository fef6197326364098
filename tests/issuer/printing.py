"""What the tests of the printed certificate share: verified credentials with other words, and eyes for a PDF."""

from __future__ import annotations

import atexit
import io
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import zxingcpp
from msgspec.structs import replace
from PIL import Image

from issuer.certificate import Design, PublishedAddress
from tests.world import World, identities
from verifier.fonts import prepare_fonts
from verifier.report import Partner, PartnerOutcome, VerifiedCredential

LOOKUP_ID = "7F3K92MXQQ4D11AB7F3K92MXQQ"
ADDRESS = PublishedAddress("https://verify.riverclinic.example", LOOKUP_ID)
POINTS_PER_MM = 72 / 25.4
ORGANISATIONS = (
    "Thai Traditional Massage Association",
    "Harbour Hospital Rehabilitation",
    "Department of Skill Development",
    "Northern Physiotherapy Council",
    "Union of Spa and Wellness Employers of the Upper North",
    "Chiang Mai University, Faculty of Associated Medical Sciences",
    "Ministry of Public Health",
    "International Federation of Manual Therapists",
)


class Word(NamedTuple):
    text: str
    left: float  # mm
    top: float
    right: float
    bottom: float


@cache
def classic() -> Design:
    """The design with the packaged fonts, which are written once for all tests of this process."""
    folder = tempfile.mkdtemp(prefix="handseal-fonts-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Design(prepare_fonts(Path(folder)))


def verified(name: str = "สมชาย ปิ่นทอง", latin: str | None = "Somchai Pinthong") -> VerifiedCredential:
    """What verification made of a certificate of the test world."""
    world = World()
    return world.verify(world.issue(core=world.core(name, latin))).verified()


def reworded(
    base: VerifiedCredential,
    *,
    name: str | None = None,
    latin: str | None = None,
    title: str | None = None,
    outcomes: Sequence[str] = (),
    organisations: Sequence[str] = (),
    clinic: str | None = None,
) -> VerifiedCredential:
    """The same with other words, which may be longer than any syllabus allows."""
    certificate, syllabus, partners, issuer = base.certificate, base.syllabus, base.partners, base.issuer
    if name is not None:
        subject = replace(certificate.credential_subject, identifier=identities(name, latin))
        certificate = replace(certificate, credential_subject=subject)
    if title is not None:
        syllabus = replace(syllabus, title={"en": title})
    if outcomes:
        first = syllabus.outcomes[0]
        syllabus = replace(syllabus, outcomes=tuple(replace(first, text={"en": text}) for text in outcomes))
    if organisations:
        signed = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
        partners = tuple(Partner(text, text, PartnerOutcome.SIGNED, signed, "") for text in organisations)
    if clinic is not None:
        issuer = replace(issuer, name=clinic)
    return replace(base, certificate=certificate, syllabus=syllabus, partners=partners, issuer=issuer)


def run(program: str, *arguments: str | Path) -> bytes:
    """The output of one of the PDF tools; skips where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([path, *map(str, arguments)], check=True, capture_output=True).stdout


def words_of(pdf: bytes, folder: Path) -> list[Word]:
    """The words of the first page and where they stand, as pdftotext sees them."""
    path = folder / "words.pdf"
    path.write_bytes(pdf)
    root = ET.fromstring(run("pdftotext", "-bbox", path, "-"))  # noqa: S314 - of our own PDF
    return [
        Word(node.text or "", *(float(node.attrib[key]) / POINTS_PER_MM for key in ("xMin", "yMin", "xMax", "yMax")))
        for node in root.iter("{http://www.w3.org/1999/xhtml}word")
    ]


def text_of(pdf: bytes, folder: Path) -> str:
    """The text in the order of the page's content, spaces and joins evened out."""
    path = folder / "text.pdf"
    path.write_bytes(pdf)
    text = run("pdftotext", "-raw", path, "-").decode("utf-8")
    return " ".join(text.replace("\u200b", "").replace("\u00a0", " ").split())


def overlapping(words: Sequence[Word]) -> list[tuple[str, str]]:
    """Pairs of words whose middles overlap: the upper and lower fifth of a line's box is mostly empty."""
    found = []
    boxes = [(w, w.top + 0.2 * (w.bottom - w.top), w.bottom - 0.2 * (w.bottom - w.top)) for w in words]
    for n, (one, top, bottom) in enumerate(boxes):
        for other, other_top, other_bottom in boxes[n + 1 :]:
            beside = one.right <= other.left + 0.1 or other.right <= one.left + 0.1
            if not beside and min(bottom, other_bottom) - max(top, other_top) > 0.05:
                found.append((one.text, other.text))
    return found


def picture_of(pdf: bytes, folder: Path, dpi: int) -> Image.Image:
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    return Image.open(io.BytesIO(run("pdftoppm", "-r", str(dpi), "-png", "-singlefile", path)))


def read_codes(pdf: bytes, folder: Path, turn: float = 0) -> list[str]:
    page = picture_of(pdf, folder, 150).convert("L").rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return [code.text for code in zxingcpp.read_barcodes(page)]
