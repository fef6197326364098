"""Q09: the code on the printed page is read by phones, also from a poor copy."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from issuer.certificate import Design, PublishedAddress, render
from tests.issuer.printing import ADDRESS, LOOKUP_ID, classic, picture_of, read_codes, run, verified
from verifier.report import VerifiedCredential


@pytest.fixture(scope="module")
def design() -> Design:
    return classic()


@pytest.fixture(scope="module")
def base() -> VerifiedCredential:
    return verified()


@pytest.mark.parametrize("site", [ADDRESS.site, f"https://{'w' * 26}.org", "http://127.0.0.1:8000"])
@pytest.mark.parametrize("turn", [0, 8, -8])
def test_Q09_the_code_is_read_from_the_printed_page(
    base: VerifiedCredential, design: Design, tmp_path: Path, site: str, turn: float
) -> None:
    pdf = render(base, PublishedAddress(site, LOOKUP_ID), design)
    assert read_codes(pdf, tmp_path, turn) == [f"{site}/C/{LOOKUP_ID}".upper()]


@pytest.mark.parametrize("turn", [0, 8, -8])
def test_Q09_two_decoders_read_a_tilted_blurred_and_stained_copy(
    base: VerifiedCredential, design: Design, tmp_path: Path, turn: float
) -> None:
    page = picture_of(render(base, ADDRESS, design), tmp_path, 150).convert("L")
    (code,) = zxingcpp.read_barcodes(page)
    left, top = code.position.top_left.x, code.position.top_left.y
    side = code.position.top_right.x - left
    stain = (left + side * 0.6, top + side * 0.6, left + side * 0.85, top + side * 0.85)  # a twentieth of the code
    ImageDraw.Draw(page).ellipse(stain, fill=150)
    copied = page.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1))
    copied.save(tmp_path / "copy.png")
    link = f"{ADDRESS.site}/C/{LOOKUP_ID}".upper()
    assert [code.text for code in zxingcpp.read_barcodes(copied)] == [link]
    assert run("zbarimg", "--quiet", "--raw", tmp_path / "copy.png").decode().strip() == link


def test_modules_of_the_code_are_large_enough_to_scan(base: VerifiedCredential, design: Design, tmp_path: Path) -> None:
    page = picture_of(render(base, ADDRESS, design), tmp_path, 300).convert("L")
    (code,) = zxingcpp.read_barcodes(page)
    width = (code.position.top_right.x - code.position.top_left.x) / 300 * 25.4
    assert width / 33 >= 0.8
