"""A QR code says exactly its URL to an independent reader, also in print, askew and at the longest host."""

from __future__ import annotations

import pytest
import zxingcpp
from hypothesis import given, settings, strategies as st
from PIL import Image
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode

from issuer.qr import MAX_MODULES, qr_svg
from keys.errors import ConfigurationError
from keys.qr import QUIET_MODULES

ID = "7F3K92MXQQ4D11AB7F3K92MXQQ"
LONGEST = f"https://{'a' * 26}.org/c/{ID}"


def picture(svg: str, scale: int) -> Image.Image:
    """The code drawn from its path, `scale` pixels a module."""
    size = MAX_MODULES + 2 * QUIET_MODULES
    image = Image.new("L", (size, size), 255)
    for run in svg.rsplit('d="', 1)[1].split('"')[0].split("z")[:-1]:
        corner, width = run.removeprefix("M").split("h")[:2]
        x, y = map(int, corner.split())
        image.paste(0, (x, y, x + int(width.split("v")[0]), y + 1))
    return image.resize((size * scale, size * scale), Image.Resampling.NEAREST)


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("url", [LONGEST, f"https://a.bc/c/{ID}", f"http://127.0.0.1:8000/c/{ID}"])
def test_says_the_url_in_capitals(url: str) -> None:
    assert read(picture(qr_svg(url), 4)) == [url.upper()]


def test_is_alphanumeric_with_error_correction_q_in_version_4() -> None:
    (found,) = zxingcpp.read_barcodes(picture(qr_svg(LONGEST), 4))
    assert (found.ec_level, found.content_type) == ("Q", zxingcpp.ContentType.Text)
    assert f'viewBox="0 0 {MAX_MODULES + 2 * QUIET_MODULES} ' in qr_svg(LONGEST)


@pytest.mark.parametrize("degrees", [8, -8, 90, 180])
def test_Q09_is_read_askew(degrees: float) -> None:
    askew = picture(qr_svg(LONGEST), 5).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert read(askew) == [LONGEST.upper()]


@pytest.mark.parametrize("corner", [(60, 90), (120, 60), (100, 130)])
def test_Q09_is_read_with_a_stain_on_a_tenth(corner: tuple[int, int]) -> None:
    stained = picture(qr_svg(LONGEST), 5)
    side = int((0.1 * (33 * 5) ** 2) ** 0.5)
    stained.paste(110, (*corner, corner[0] + side, corner[1] + side))
    assert read(stained) == [LONGEST.upper()]


@pytest.mark.parametrize(
    "url", [LONGEST.replace("aaa", "aaaa", 1), "https://clinic.example/c/ä", "https://[::1]/c/1", ""]
)
def test_refuses_what_would_not_fit(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^QR code: "):
        qr_svg(url)


@settings(max_examples=60)
@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=66))
def test_is_the_code_that_the_library_draws(text: str) -> None:
    code = QRCode(4, ERROR_CORRECT_Q, border=0, mask_pattern=3)
    code.add_data(f"/{text}", optimize=0)
    code.make(fit=False)
    expected = Image.new("L", (MAX_MODULES + 2 * QUIET_MODULES,) * 2, 255)
    for y, row in enumerate(code.modules):
        for x, dark in enumerate(row):
            expected.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0 if dark else 255)
    assert picture(qr_svg(f"/{text}"), 1).tobytes() == expected.tobytes()


def test_equal_urls_give_equal_bytes() -> None:
    assert qr_svg(LONGEST) == qr_svg(LONGEST.upper())
