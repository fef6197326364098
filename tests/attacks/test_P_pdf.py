"""Attacks on the printed certificate: names that cannot be printed, and bytes that change without a reason."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from issuer.certificate import Design, render
from keys.errors import HandsealError
from tests.issuer.printing import ADDRESS, classic, overlapping, reworded, run, verified, words_of
from verifier.report import VerifiedCredential

CUNEIFORM = "Enki \U00012000"


@pytest.fixture(scope="module")
def design() -> Design:
    return classic()


@pytest.fixture(scope="module")
def base() -> VerifiedCredential:
    return verified()


def test_P11_a_name_without_glyphs_is_refused_and_named(base: VerifiedCredential, design: Design) -> None:
    with pytest.raises(
        HandsealError, match=r'^name "Enki .": no font has the character U\+12000 \(CUNEIFORM SIGN A\)$'
    ):
        render(reworded(base, name=CUNEIFORM), ADDRESS, design)


@pytest.mark.parametrize("place", ["transliteration", "programme title", "outcome", "organisation"])
def test_P11_so_is_any_other_text(base: VerifiedCredential, design: Design, place: str) -> None:
    changed = {
        "transliteration": reworded(base, name="Enki", latin=CUNEIFORM),
        "programme title": reworded(base, title=CUNEIFORM),
        "outcome": reworded(base, outcomes=["Reads", CUNEIFORM]),
        "organisation": reworded(base, organisations=["House", CUNEIFORM]),
    }[place]
    with pytest.raises(HandsealError, match=rf'^{place} "Enki .": no font has the character U\+12000'):
        render(changed, ADDRESS, design)


@pytest.mark.parametrize("marks", [6, 7])
def test_P11_a_stack_of_thai_marks_fits_or_is_refused(
    base: VerifiedCredential, design: Design, tmp_path: Path, marks: int
) -> None:
    stacked = reworded(base, name="ก" + "\u0e48" * marks, latin="Ko")
    if marks > 6:
        with pytest.raises(HandsealError, match="more than 6 marks on one letter"):
            render(stacked, ADDRESS, design)
        return
    words = words_of(render(stacked, ADDRESS, design), tmp_path)
    (label,) = [word for word in words if word.text == "CERTIFIES"]
    (latin,) = [word for word in words if word.text == "Ko"]
    assert latin.top - label.bottom > 32  # mm: the letter, and its marks above
    assert overlapping([word for word in words if not word.text.startswith("ก")]) == []


def test_P11_marks_in_other_texts_are_limited(base: VerifiedCredential, design: Design) -> None:
    assert render(reworded(base, outcomes=["a" + "\u0e48" * 3]), ADDRESS, design)
    with pytest.raises(HandsealError, match=r"^outcome .*more than 3 marks"):
        render(reworded(base, outcomes=["a" + "\u0e48" * 4]), ADDRESS, design)


@pytest.mark.parametrize("name", ["محمد Ali الفارسي", "Ali محمد bin שרה", "שָׂרָה כֹּהֵן-לוי", "W" * 300, "ปิ่" * 100])
def test_P11_every_direction_and_length_stays_on_one_page(
    base: VerifiedCredential, design: Design, tmp_path: Path, name: str
) -> None:
    pdf = render(reworded(base, name=name, latin="Name"), ADDRESS, design)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) == 1
    words = words_of(pdf, tmp_path)
    assert max(word.right for word in words if word.top < 120 and word.left < 200) <= 22 + 178.5
    assert min(word.left for word in words) > 21


def test_P12_the_same_input_gives_the_same_bytes(base: VerifiedCredential, design: Design) -> None:
    first = render(base, ADDRESS, design)
    other = render(reworded(base, name="Somebody Else"), ADDRESS, design)
    assert render(base, ADDRESS, design) == first
    assert other != first


def test_P12_the_file_is_clean(base: VerifiedCredential, design: Design, tmp_path: Path) -> None:
    pdf = render(base, ADDRESS, design)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    assert b"No syntax or stream encoding errors found" in run("qpdf", "--check", path)
    run("pdfdetach", "-savefile", "credential.jwt", "-o", tmp_path / "out.jwt", path)
    assert (tmp_path / "out.jwt").read_bytes() == base.token.encode()
