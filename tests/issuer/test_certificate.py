"""A printed certificate says what was verified, carries it, and keeps within one page whatever the words are."""

from __future__ import annotations

import io
import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pikepdf
import pytest
from msgspec import UNSET
from msgspec.structs import replace
from PIL import Image

from issuer import certificate as module
from issuer.certificate import Design, PublishedAddress, render
from issuer.inscription import inscribe, logo_svg
from issuer.labels import LABELS, printed_date
from keys.errors import ConfigurationError, HandsealError
from tests.issuer.printing import (
    ADDRESS,
    LOOKUP_ID,
    ORGANISATIONS,
    classic,
    overlapping,
    picture_of,
    read_codes,
    reworded,
    text_of,
    verified,
    words_of,
)
from verifier.report import VerifiedCredential

LONG = "Explain to a client, before the session begins, which pressure, positions and pauses are planned"
NO_PAGE = PublishedAddress(ADDRESS.site, None)


@pytest.fixture(scope="module")
def design() -> Design:
    return classic()


@pytest.fixture(scope="module")
def base() -> VerifiedCredential:
    return verified()


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def test_carries_the_exact_credential_as_associated_data(base: VerifiedCredential, design: Design) -> None:
    with opened(render(base, ADDRESS, design)) as pdf:
        assert list(pdf.attachments) == ["credential.jwt"]
        attached = pdf.attachments["credential.jwt"]
        assert attached.get_file().read_bytes() == base.token.encode()
        assert attached.get_file().mime_type == "application/vc+jwt"
        assert pdf.Root.AF[0].AFRelationship == "/Data"


def test_claims_its_standards_and_says_its_language_and_title(base: VerifiedCredential, design: Design) -> None:
    with opened(render(base, ADDRESS, design)) as pdf:
        assert len(pdf.pages) == 1
        assert [round(float(side) / 72 * 25.4) for side in pdf.pages[0].MediaBox] == [0, 0, 297, 210]
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "3"
            assert metadata["pdfaid:conformance"] == "A"
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == "Deep Tissue Foundations – สมชาย ปิ่นทอง"
            assert metadata["xmp:CreateDate"].startswith("2026-11-20T08:00:00")


def test_pictures_have_words_and_fonts_are_embedded_in_part(base: VerifiedCredential, design: Design) -> None:
    pdf = render(base, ADDRESS, design)
    assert len(pdf) < 80_000
    with opened(pdf) as document:
        texts = [str(node.Alt) for node in document.objects if isinstance(node, pikepdf.Dictionary) and "/Alt" in node]
        fonts = [
            str(node.FontName)
            for node in document.objects
            if isinstance(node, pikepdf.Dictionary) and node.get("/Type") == "/FontDescriptor"
        ]
    assert any(text.startswith("Seal of this certificate") for text in texts)
    assert any(text == f"QR code that opens {ADDRESS.site}/c/{LOOKUP_ID}" for text in texts)
    assert fonts
    assert all(re.match(r"/[A-Z]{6}\+HandsealSans", font) for font in fonts)


def test_says_everything_once_in_reading_order(base: VerifiedCredential, design: Design, tmp_path: Path) -> None:
    named = reworded(base, name="สมชาย ภูผา", latin="Somchai Phupha")
    assert text_of(render(named, ADDRESS, design), tmp_path) == (
        "River Clinic THIS CERTIFIES THAT สมชาย ภูผา Somchai Phupha "
        "has met every pass criterion, in theory, demonstration and live practice, of Deep Tissue Foundations "
        "6 weeks · 36 hours · syllabus version 1 · awarded 19 November 2026 · valid until 19 November 2029 "
        "CAN NOW Screen a client for contraindications and refer where needed "
        "Apply four deep-tissue strokes at a pressure agreed with the client "
        "Plan and record a 45-minute session for lower- back tension "
        "SEAL OF THIS CERTIFICATE The same picture appears on the page that the code opens. "
        "ISSUED BY River Clinic "
        "CO-SIGNED BY Harbour Hospital Rehabilitation 21 November 2026 "
        "CO-SIGNED BY Thai Traditional Massage Association 21 November 2026 "
        "Check it Scan, or type at verify.riverclinic.example 7F3K9 2MXQ Q4D1 1AB7F 3K92 MXQQ"
    )


@pytest.mark.parametrize(
    "name",
    [
        "สมชาย ภูผา",
        "Nguyễn Thị Ánh Tuyết",
        "प्रियंका श्रीवास्तव",
        "欧阳小明",
        "髙橋 さくら",
        "김민준",
        "Щербаков Ёжик",
        "Αλέξανδρος Παπάς",
    ],
)
def test_names_come_out_again_as_text(base: VerifiedCredential, design: Design, tmp_path: Path, name: str) -> None:
    """But for a letter with two raised marks (ปิ่), which Typst writes twice: typst issue 7610, krilla issue 411."""
    assert name in text_of(render(reworded(base, name=name), ADDRESS, design), tmp_path)


def test_without_a_page_there_is_no_code_and_the_file_itself_is_what_is_checked(
    base: VerifiedCredential, design: Design, tmp_path: Path
) -> None:
    pdf = render(base, NO_PAGE, design)
    text = text_of(pdf, tmp_path)
    assert "Upload this file at verify.riverclinic.example" in text
    assert "The same picture appears when this file is checked." in text
    assert "7F3K9" not in text
    assert read_codes(pdf, tmp_path) == []


def test_a_certificate_without_end_names_none(base: VerifiedCredential, design: Design) -> None:
    endless = replace(base, certificate=replace(base.certificate, valid_until=UNSET, exp=UNSET))
    assert "valid until" not in inscribe(endless, ADDRESS, design).facts


def test_hours_weeks_and_pillars_come_from_the_syllabus(base: VerifiedCredential, design: Design) -> None:
    syllabus = base.syllabus
    minutes = replace(syllabus.minutes, theory=45, demonstration=0, practice=60)
    short = replace(base, syllabus=replace(syllabus, weeks=1, minutes=minutes, criteria=syllabus.criteria[:1]))
    inscription = inscribe(short, ADDRESS, design)
    assert inscription.facts.replace("\u00a0", " ").startswith("1 week · 1 hour 45 minutes · ")
    assert inscription.met == "has met every pass criterion, in theory, of"


@pytest.mark.parametrize(
    ("moment", "printed"),
    [
        (datetime(2026, 11, 20, tzinfo=UTC), "20 November 2026"),
        (datetime(2029, 2, 28, 23, 59, 59, tzinfo=UTC), "28 February 2029"),
    ],
)
def test_dates_are_calendar_dates_in_no_other_time_zone(moment: datetime, printed: str) -> None:
    assert printed_date(moment, LABELS["en"]) == printed


WORDINGS: dict[str, Callable[[VerifiedCredential], VerifiedCredential]] = {
    "plain": lambda base: base,
    "name of 300": lambda base: reworded(base, name=("Maximiliana Konstantina " * 13)[:300].strip(), latin="M K"),
    "unbroken name": lambda base: reworded(base, name="W" * 40 + " " + "x" * 100),
    "arabic and latin": lambda base: reworded(base, name="عبد الرحمن بن محمد " * 8 + "Ali", latin="Abd ar-Rahman Ali"),
    "long thai": lambda base: reworded(base, name="ปิ่นทองสมชายวัฒนาศิริพงษ์" * 6, latin="Pinthong"),
    "five long outcomes": lambda base: reworded(base, outcomes=[(LONG * 3)[: 280 - 30 * n] for n in range(5)]),
    "unbroken words": lambda base: reworded(
        base, outcomes=["A" * 40 + " end", "bcd" * 14], organisations=["D" * 40, "Gesellschaft" * 6], clinic="Q" * 60
    ),
    "eight partner bodies": lambda base: reworded(base, organisations=ORGANISATIONS),
    "all of it": lambda base: reworded(
        base,
        name=("Maximiliana Konstantina " * 13)[:300].strip(),
        latin=("Maximiliana Konstantine " * 13)[:300].strip(),
        title="Deep Tissue Foundations for Practising Therapists in Hospitals and Hotels",
        outcomes=[LONG] * 5,
        organisations=[name[:80] for name in ORGANISATIONS],
    ),
}


@pytest.mark.parametrize("wording", WORDINGS)
def test_P11_nothing_overlaps_and_all_stays_within_the_frame(
    base: VerifiedCredential, design: Design, tmp_path: Path, wording: str
) -> None:
    pdf = render(WORDINGS[wording](base), ADDRESS, design)
    with opened(pdf) as document:
        assert len(document.pages) == 1
    words = words_of(pdf, tmp_path)
    assert min(word.left for word in words) > 21
    assert max(word.right for word in words) < 276
    assert min(word.top for word in words) > 12
    assert max(word.bottom for word in words) < 198
    assert overlapping(words) == []


@pytest.mark.parametrize("bodies", [1, 2, 4, 6])
def test_P11_no_line_waits_for_one_more_signature(
    base: VerifiedCredential, design: Design, tmp_path: Path, bodies: int
) -> None:
    pdf = render(reworded(base, organisations=ORGANISATIONS[:bodies]), ADDRESS, design)
    inside = (220, 300, 2050, 1980)  # of the frame and left of the code; ten pixels are a millimetre
    page = picture_of(pdf, tmp_path, 254).convert("L").crop(inside).point(lambda level: 255 * (level > 160))
    rows = [page.crop((0, y, page.width, y + 1)).tobytes() for y in range(page.height)]
    lines = [
        line
        for above, row in pairwise(rows)
        for line in re.finditer(rb"\x00{200,}", row)
        if above[sum(line.span()) // 2]  # else the same line, a row of pixels lower
    ]
    assert len(lines) == 1 + bodies


def test_P11_text_that_no_page_holds_is_refused(base: VerifiedCredential, design: Design) -> None:
    with pytest.raises(HandsealError, match="more text than one page holds") as refused:
        render(reworded(base, outcomes=[LONG * 8] * 9), ADDRESS, design)
    assert "shorten" in refused.value.hint


@pytest.mark.parametrize(
    "letter", ["a", "M", "ก", "字", "Ж"], ids=["narrow", "wide", "thai", "han", "cyrillic"]
)  # the widest texts that count as short
def test_what_counts_as_short_fits_without_measuring(
    base: VerifiedCredential, design: Design, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    def words(limit: int) -> str:
        """As many words of five letters as still count as `limit` average letters."""
        width = {"a": 1.0, "M": 2.0, "字": 2.0}.get(letter, 1.3)
        count = int((limit + 1) / (5 * width + 1))
        return " ".join([letter * 5] * count)

    short = reworded(
        base,
        name=words(40),
        latin=words(60) + "-",
        title=words(32),
        outcomes=[words(80)] * 4,
        organisations=[words(60)] * 3,
    )
    inscription = inscribe(short, ADDRESS, design)
    assert inscription.short
    monkeypatch.setattr(module, "inscribe", lambda *_: replace(inscription, short=False))
    assert render(short, ADDRESS, design) == measured(inscription, short, design, monkeypatch)


def measured(inscription: object, short: VerifiedCredential, design: Design, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(module, "inscribe", lambda *_: inscription)
    return render(short, ADDRESS, design)


def test_hostile_texts_print_as_they_are(base: VerifiedCredential, design: Design, tmp_path: Path) -> None:
    hostile = '#let x = 1; *b* _i_ $x^2$ \\n "q" `r` <a> @b //c'
    code = '#panic("x") [ ] { } \\u{41} ~ --- ...'
    pdf = render(
        reworded(base, name=hostile, latin="x", title=code, outcomes=["- item", "= h", '#image("/etc/passwd")']),
        ADDRESS,
        design,
    )
    text = text_of(pdf, tmp_path)
    for literal in (hostile, code, "- item", "= h", '#image("/etc/passwd")'):
        assert literal in text


@pytest.mark.parametrize("wording", ["plain", "name of 300", "five long outcomes", "all of it"])
def test_the_name_is_the_largest_text(base: VerifiedCredential, design: Design, tmp_path: Path, wording: str) -> None:
    changed = WORDINGS[wording](base)
    words = words_of(render(changed, ADDRESS, design), tmp_path)
    first = changed.certificate.printed_name.split()[0]
    title = next(word for word in words if word.text == "Deep")
    name = next(word for word in words if word.text == first)
    assert name.bottom - name.top > title.bottom - title.top


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 20), "#134e5e").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "logo", [png(), b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><path d="M0 0h9v3z"/></svg>']
)
def test_a_logo_stands_beside_the_clinic_with_its_words(
    base: VerifiedCredential, design: Design, tmp_path: Path, logo: bytes
) -> None:
    pdf = render(base, ADDRESS, replace(design, logo=logo))
    clinic = words_of(pdf, tmp_path)[0]
    assert clinic.left > 22 + 30
    with opened(pdf) as document:
        assert any(
            str(node.Alt) == "Logo of River Clinic"
            for node in document.objects
            if isinstance(node, pikepdf.Dictionary) and "/Alt" in node
        )


@pytest.mark.parametrize("logo", [b"", b"\xff\xd8\xff\xe0", b"<html></html>", b"\x89PNG\r\n\x1a\n", bytes(600_000)])
def test_a_logo_of_another_kind_is_refused(logo: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^logo: "):
        logo_svg(logo)


def test_a_broken_logo_and_an_unknown_design_are_refused_without_a_traceback(
    base: VerifiedCredential, design: Design
) -> None:
    with pytest.raises(HandsealError, match=r"^certificate of "):
        render(base, ADDRESS, replace(design, logo=b"<svg <<<"))
    with pytest.raises(ConfigurationError, match="design 'baroque': does not exist"):
        render(base, ADDRESS, replace(design, name="baroque"))


def test_another_process_makes_the_same_bytes(base: VerifiedCredential, design: Design) -> None:
    here = render(base, ADDRESS, design)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert executor.submit(render, base, ADDRESS, design).result(timeout=120) == here


def test_the_input_of_a_design_is_complete_json(base: VerifiedCredential, design: Design) -> None:
    document = msgspec.json.decode(msgspec.json.encode(inscribe(base, ADDRESS, design)))
    assert document["id"] == ["7F3K9 2MXQ Q4D1", "1AB7F 3K92 MXQQ"]
    assert [signature["date"] for signature in document["signatures"]] == [None, "21 November 2026", "21 November 2026"]
