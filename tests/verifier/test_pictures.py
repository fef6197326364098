"""Codes and baked credentials are found in pictures; a hostile one costs neither time nor memory."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw, ImageFilter

from tests.verifier.photographs import (
    HEAD,
    LINK,
    baked_png,
    baked_svg,
    chunk,
    code,
    huge_png,
    jpeg_scanned_again,
    saved,
    sheet,
)
from verifier.pictures import MAX_CODES, MAX_PARTS, MAX_SCANS, TooLarge, Unreadable, baked, codes_in, is_picture

MAX_SECONDS = 1.5
FORMS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")


def bounded(data: bytes) -> tuple[str, ...]:
    started = time.process_time()
    try:
        return codes_in(data)
    finally:
        assert time.process_time() - started < MAX_SECONDS


SMALL = {form: saved(code(side=90), form) for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
def test_a_code_is_found_in_what_a_phone_or_a_scanner_saves(form: str) -> None:
    data = saved(sheet(code()), form)
    assert is_picture(data)
    assert codes_in(data) == (LINK,)


def test_Q09_a_code_is_found_small_tilted_blurred_and_stained() -> None:
    page = sheet(code(side=160))
    ImageDraw.Draw(page).ellipse((180, 130, 205, 155), fill=(120, 90, 60))
    photo = page.rotate(8, expand=True, fillcolor="white").filter(ImageFilter.GaussianBlur(1))
    assert codes_in(saved(photo, "JPEG")) == (LINK,)


def test_a_transparent_picture_is_seen_on_paper() -> None:
    seen = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    seen.paste(code(), (50, 50))
    assert codes_in(saved(seen)) == (LINK,)


def test_the_same_code_twice_is_one_and_two_are_two() -> None:
    assert codes_in(saved(sheet(code(), code()))) == (LINK,)
    assert set(codes_in(saved(sheet(code(), code("another"))))) == {LINK, "another"}


def test_P04_twenty_thousand_by_twenty_thousand_pixels_are_not_unpacked() -> None:
    with pytest.raises(TooLarge):
        bounded(huge_png())


def test_P04_a_large_photograph_is_unpacked_small() -> None:
    photo = Image.new("L", (9_000, 9_000), 255)
    photo.paste(code(side=1_500).convert("L"), (4_000, 4_000))
    assert bounded(saved(photo, "JPEG")) == (LINK,)


@pytest.mark.parametrize("data", [b"", HEAD, HEAD + b"\0" * 40, b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP", b"<svg/>"])
def test_what_is_no_whole_picture_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        codes_in(data)


def test_half_a_photograph_is_unreadable() -> None:
    data = saved(sheet(code()), "JPEG")
    with pytest.raises(Unreadable):
        codes_in(data[: len(data) // 3])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of odd tags in a TIFF, which it reads all the same
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FORMS), st.integers(0, 2**32))
def test_no_broken_picture_raises_anything_else(form: str, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(SMALL[form])
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    with contextlib.suppress(TooLarge, Unreadable):
        codes_in(bytes(data[: chance.randint(8, len(data))]))
    baked(bytes(data))


def test_the_official_baked_pictures_hold_their_credential(shared_data: Path) -> None:
    for name in ("simple-jwt.png", "simple-jwt.svg"):
        (token,) = baked((shared_data / "open-badges" / name).read_bytes())
        assert token.count(b".") == 2
        assert token.startswith(b"eyJ")


@pytest.mark.parametrize("packed", [False, True])
def test_a_credential_in_a_png(packed: bool) -> None:
    text = zlib.compress(b"eyJ.a.b") if packed else b"eyJ.a.b"
    assert baked(baked_png((b"\1" if packed else b"\0") + b"\0en\0\0" + text)) == (b"eyJ.a.b",)


def test_P04_a_packed_credential_is_inflated_as_far_as_a_token_reaches() -> None:
    (token,) = baked(baked_png(b"\1\0\0\0" + zlib.compress(bytes(50_000_000), 9)))
    assert len(token) <= 64 * 1024 + 1


def test_P04_no_more_credentials_than_codes_are_taken() -> None:
    assert len(baked(baked_png(*(b"\0\0\0\0token %d" % number for number in range(100))))) == MAX_CODES


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\0\0", b"\1\0\0\0not deflated"])
def test_a_chunk_of_another_form_holds_nothing(body: bytes) -> None:
    assert baked(baked_png(body)) == ()


def test_a_credential_in_an_svg() -> None:
    assert baked(baked_svg(" eyJ.a.b ")) == (b"eyJ.a.b",)
    assert baked(baked_svg("eyJ.a.b", "https://other.example/ns")) == ()
    assert baked(baked_svg("eyJ.a.b")[:-8]) == ()


def test_P04_entities_are_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "eyJ.a.b">]>' + baked_svg("&a;").partition(b"?>")[2]
    assert baked(bomb) == ()


PARTS = 2_000_000
TINY = {form: saved(Image.new("P", (10, 10)).convert("L" if form == "JPEG" else "P"), form) for form in FORMS}
MANY_PARTS = {
    "png-chunks": HEAD + TINY["PNG"][8:33] + chunk(b"aaAa", b"") * PARTS,
    "gif-comments": TINY["GIF"][:-1].partition(b"\x2c")[0] + b"\x21\xfe\x01A\x00" * PARTS,
    "gif-nothing": TINY["GIF"][:-1].partition(b"\x2c")[0] + bytes(5 * PARTS),
    "jpeg-markers": TINY["JPEG"][:2] + b"\xff\xfe\x00\x02" * PARTS,
    "jpeg-fill": TINY["JPEG"][:2] + b"\xff" * 5 * PARTS,
}


@pytest.mark.parametrize("kind", MANY_PARTS)
def test_P04_a_picture_of_millions_of_empty_parts_takes_no_time(kind: str) -> None:
    assert baked(MANY_PARTS[kind]) == ()
    with pytest.raises(Unreadable):
        bounded(MANY_PARTS[kind])


@pytest.mark.parametrize("mode", ["P", "LA"])
def test_P04_transparency_counts_as_much_as_it_takes_when_unfolded(mode: str) -> None:
    """A palette of 64 million pixels took half a gigabyte."""
    picture = Image.new(mode, (4_100, 4_100))
    stream = io.BytesIO()
    picture.save(stream, "PNG", **({"transparency": 0} if mode == "P" else {}))
    with pytest.raises(TooLarge):
        bounded(stream.getvalue())


@pytest.mark.parametrize("encoding", ["x-none", "rot13", "utf-7", "punycode"])
def test_an_svg_in_an_encoding_that_nobody_reads_holds_nothing(encoding: str) -> None:
    assert baked(baked_svg("eyJ.a.b").replace(b'"1.0"', f'"1.0" encoding="{encoding}"'.encode(), 1)) == ()


@pytest.mark.parametrize(("dark", "module"), [(0, 1), (0, 2), (200, 1)], ids=["small", "larger", "pale"])
def test_P04_a_page_of_corners_of_codes_takes_no_time(dark: int, module: int) -> None:
    """Forty kilobytes of them took half a minute."""
    corner = Image.new("L", (10, 10), 255)
    drawn = ImageDraw.Draw(corner)
    for inset, shade in ((1, dark), (2, 255), (3, dark)):
        drawn.rectangle((inset, inset, 8 - inset, 8 - inset), fill=shade)
    corner = corner.resize((10 * module, 10 * module), Image.Resampling.NEAREST)
    row, page = Image.new("L", (4_000, corner.height)), Image.new("L", (4_000, 4_000))
    for place in range(0, 4_000, corner.width):
        row.paste(corner, (place, 0))
    for place in range(0, 4_000, corner.height):
        page.paste(row, (0, place))
    assert bounded(saved(page)) == ()


def test_P04_lines_of_a_bmp_that_are_left_empty_are_not_filled() -> None:
    """30 KB took six seconds, and everybody else's answers with them."""
    lines = b"\x01\xff\x00\x00" * 7_000 + b"\x00\x01"
    head = struct.pack("<IiiHHIIiiII", 40, 8_000, 7_000, 1, 8, 1, len(lines), 0, 0, 256, 0)
    with pytest.raises(Unreadable):
        bounded(b"BM" + struct.pack("<IHHI", 1078 + len(lines), 0, 0, 1078) + head + bytes(1024) + lines)


def test_P04_a_profile_of_colours_that_comes_again_and_again_is_not_unpacked() -> None:
    """2 MB took four seconds."""
    profile = chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))
    plain = saved(sheet(code()))
    assert bounded(plain[:33] + profile * 4_000 + plain[33:]) == (LINK,)


def test_P04_attributes_that_every_element_has_are_not_multiplied() -> None:
    """130 KB took three seconds, twice as much four times as long, and nothing else was answered meanwhile."""
    kinds = b"".join(b'<!ATTLIST b a%d CDATA "">' % number for number in range(5_000))
    data = b"<!--<svg--><!DOCTYPE a [" + kinds + b"]><a>" + b"<b/>" * 50_000 + b"</a>"
    assert is_picture(data)
    started = time.process_time()
    assert baked(data) == ()
    assert time.process_time() - started < MAX_SECONDS


def test_P04_a_jpeg_that_goes_over_its_picture_again_and_again_is_not_unpacked() -> None:
    """100 KB took six seconds, and as many MB as a form may hold more than an hour."""
    with pytest.raises(TooLarge):
        bounded(jpeg_scanned_again(3_000))
    with pytest.raises(TooLarge):
        bounded(jpeg_scanned_again(MAX_SCANS - 5, side=100))
    assert bounded(jpeg_scanned_again(MAX_SCANS - 6, side=100)) == ()
    remarks = b"\xff\xfe\x00\x02" * (MAX_PARTS + 1)
    with pytest.raises(TooLarge):
        bounded(jpeg_scanned_again(0, side=100)[:-2] + remarks)


def test_a_film_behind_a_photograph_is_no_scan_of_it() -> None:
    """Telephones put one there; by chance any two bytes stand in it."""
    assert codes_in(saved(sheet(code()), "JPEG") + b"\xff\xda\0\0" * 1_000) == (LINK,)
    assert codes_in(jpeg_scanned_again(0, side=100, behind=b"\xff\xda\0\0" * 1_000)) == ()


def test_a_code_on_a_page_full_of_grain_is_found() -> None:
    grain = Image.effect_noise((3_000, 4_000), 24)
    grain.paste(code(side=900).convert("L"), (900, 1_200))
    assert bounded(saved(grain)) == (LINK,)


def test_W07_what_the_library_remarks_of_a_file_stands_in_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(SMALL["TIFF"])
    place = data.find(struct.pack("<HHI", 277, 3, 1))  # samples a pixel
    data[place + 8 : place + 10] = b"\xff\x7f"
    with pytest.raises(Unreadable):
        codes_in(bytes(data))
    assert capfd.readouterr().err == ""
