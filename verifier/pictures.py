"""A picture is looked at for a QR code and for a credential baked into it, within bounds of size and time.

Open Badges 3.0 section 5.3 (baking) and formats.md section 9. What it shows to the eye is not looked at: anybody can
draw a certificate.
"""

from __future__ import annotations

import logging
import re
import struct
import warnings
import xml.parsers.expat
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image, ImageChops

from keys.encoding import MAX_BYTES

_SHOWN = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))  # of a PNG
JPEG = b"\xff\xd8\xff"
"""How a photograph begins, also inside a PDF."""
MAX_UNPACKED_BYTES = 64_000_000
"""Of a picture before it is grey: 16 million pixels with colours and transparency, four times as many without."""
JPEG_SIDE = 3_000  # a JPEG is unpacked at a half or less of its size, but no smaller than this
MAX_SCANS = 24
"""Of a JPEG: each goes over the whole picture again, in thirty bytes; programs make a dozen."""
MAX_SIDE = 4_000  # of what the code is looked for in
MAX_CODES = 16
MAX_EDGES = 1_000_000
"""Between neighbours in a row: a page full of print has half as many, a grid of tiny code corners takes minutes."""
_EDGE = bytes(value >= 12 for value in range(256))  # what the search for codes can tell apart
MAX_SVG_BYTES = 4 * 1024 * 1024
MAX_PARTS = 50_000
"""Chunks, markers and blocks that a picture is read in: a library takes a minute for millions of empty ones."""

_PNG = b"\x89PNG\r\n\x1a\n"
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # of a segment with a length, or of an end
_START_OF_SCAN, _END_OF_JPEG = b"\xda", b"\xd9"
_HEADS = (_PNG, JPEG, b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"BM")
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")
_SLOW = "bmp_rle"  # which the library unpacks byte by byte in Python; no telephone or scanner saves so
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_KEYWORD = b"openbadgecredential"
_NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_FAULTS = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, struct.error, zlib.error)
# The limit is ours, from the header and before anything is unpacked; Pillow's own only warns.
Image.MAX_IMAGE_PIXELS = None
# What Pillow remarks of a stranger's file is nothing for the log of whoever runs a verifier.
logging.getLogger("PIL").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"PIL\.")


class TooLarge(Exception):
    """More pixels than are unpacked."""


class Unreadable(Exception):
    """Not a picture, or not a whole one."""


class _Reading(BytesIO):
    """The bytes of a picture, handed out in at most `MAX_PARTS` pieces."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = MAX_PARTS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Unreadable
        return super().read(size)


def is_picture(data: bytes) -> bool:
    """A photograph, a screenshot or a drawing, by how it begins."""
    return data.startswith(_HEADS) or is_svg(data) or is_heic(data)


def is_heic(data: bytes) -> bool:
    """A telephone's own kind of photograph, which no free library reads."""
    return data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")


def is_svg(data: bytes) -> bool:
    return b"<svg" in data[:4096]


def baked(data: bytes) -> tuple[bytes, ...]:
    """The credentials baked into a PNG or an SVG, at most `MAX_CODES`, none of them believed yet."""
    found = _in_svg(data) if is_svg(data) else _in_png(data) if data.startswith(_PNG) else iter(())
    return tuple(dict.fromkeys(token for token, _ in zip(found, range(MAX_CODES), strict=False)))


def codes_in(data: bytes) -> tuple[str, ...]:
    """The texts of the QR codes in a photograph or screenshot, each once; TooLarge or Unreadable where it is none."""
    picture = _calmed(_unpacked(data))
    found = zxingcpp.read_barcodes(picture, formats=_QR)
    return tuple(dict.fromkeys(code.text for code in found[:MAX_CODES]))


def _unpacked(data: bytes) -> Image.Image:
    """The picture in grey, no longer than `MAX_SIDE`."""
    try:
        with Image.open(_Reading(_bare_png(data) if data.startswith(_PNG) else data), formats=_FORMATS) as opened:
            if data.startswith(JPEG):
                if _scans(data) > MAX_SCANS:
                    raise TooLarge
                opened.draft("L", (JPEG_SIDE, JPEG_SIDE))
            if any(tile.codec_name == _SLOW for tile in opened.tile):
                raise Unreadable
            bands = 4 if opened.has_transparency_data else len(opened.getbands())  # a palette's, too, is unfolded
            if opened.width * opened.height * bands > MAX_UNPACKED_BYTES:
                raise TooLarge
            picture = _on_white(opened)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            return picture
    except _FAULTS as fault:
        raise Unreadable from fault


def _scans(data: bytes) -> int:
    """How often a JPEG goes over its picture, as far as it matters; what lies behind its end is no part of it."""
    place, scans = len(JPEG) - 1, 0
    for _ in range(MAX_PARTS):
        marker = _MARKER.search(data, place)
        if marker is None or marker[1] == _END_OF_JPEG or scans > MAX_SCANS:
            return scans
        scans += marker[1] == _START_OF_SCAN
        place = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    raise TooLarge


def _calmed(picture: Image.Image) -> Image.Image:
    """The picture, made smaller until it has few enough edges: the search pairs all that look like a code's corners."""
    while picture.width > 1:
        beside = ImageChops.offset(picture, 1, 0)
        if ImageChops.difference(picture, beside).point(_EDGE).histogram()[1] <= MAX_EDGES:
            break
        picture = picture.reduce(2)
    return picture


def _on_white(opened: Image.Image) -> Image.Image:
    """In grey; what is transparent is paper."""
    if not opened.has_transparency_data:
        return opened.convert("L")
    seen = opened.convert("LA")
    paper = Image.new("L", seen.size, 255)
    paper.paste(seen.getchannel("L"), mask=seen.getchannel("A"))
    return paper


def _in_png(data: bytes) -> Iterator[bytes]:
    """The text of each iTXt chunk with the keyword."""
    for kind, start, end in _chunks(data):
        body = data[start + 8 : end - 4]
        if kind == b"iTXt" and body.startswith(_KEYWORD + b"\0"):
            yield from _international_text(body[len(_KEYWORD) + 1 :])


def _bare_png(data: bytes) -> bytes:
    """A PNG without what does not show: a profile of colours is unpacked anew each time that it comes again."""
    return _PNG + b"".join(data[start:end] for kind, start, end in _chunks(data) if kind in _SHOWN)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each chunk of a PNG: a length, a type, its bytes and a checksum."""
    place = len(_PNG)
    for _ in range(MAX_PARTS):
        if place + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place, place + 12 + length
        place += 12 + length


def _international_text(body: bytes) -> Iterator[bytes]:
    """Flag, method, language, translated keyword, text (PNG 11.3.3.4)."""
    packed, rest = body[:1] == b"\1", body[2:].split(b"\0", 2)
    if len(rest) != 3:
        return
    text = rest[2]
    if packed:
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(text, MAX_BYTES + 1)
        except zlib.error:
            return
        if not inflater.eof and len(text) <= MAX_BYTES:
            return  # it was cut
    yield text[: MAX_BYTES + 1].strip()


def _in_svg(data: bytes) -> Iterator[bytes]:
    """`verify` of each `credential` element of the Open Badges namespace.

    A drawing with entities or attributes of its own kinds is not read.
    """
    found: list[bytes] = []

    def element(name: str, attributes: dict[str, str]) -> None:
        if name == f"{_NAMESPACE} credential":
            found.append(attributes.get("verify", "").strip().encode("utf-8"))

    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = element
    parser.EntityDeclHandler = parser.AttlistDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(data[:MAX_SVG_BYTES], True)
    except (xml.parsers.expat.ExpatError, Unreadable, ValueError, LookupError):  # the last: an unknown encoding
        return
    yield from found


def _refuse(*_: Any) -> int:
    """How a small file becomes a large one or another file, or each of its elements gets thousands of attributes."""
    raise Unreadable
