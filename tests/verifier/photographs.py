"""Pictures as phones, scanners and badge programs make them, and one that is too large to unpack."""

from __future__ import annotations

import io
import struct
import zlib

import qrcode
from PIL import Image

LINK = "HTTPS://VERIFY.RIVER.EXAMPLE/C/0123456789ABCDEFGHJKMNPQRS"
HEAD = b"\x89PNG\r\n\x1a\n"


def saved(picture: Image.Image, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


def code(text: str = LINK, side: int = 400) -> Image.Image:
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4)
    made.add_data(text)
    return made.make_image().get_image().convert("RGB").resize((side, side))


def sheet(*codes: Image.Image, size: tuple[int, int] = (1200, 1600)) -> Image.Image:
    """A page with these codes, one below the other."""
    page = Image.new("RGB", size, "white")
    for number, picture in enumerate(codes):
        page.paste(picture, (100, 50 + 420 * number))
    return page


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def baked_png(*bodies: bytes) -> bytes:
    plain = saved(Image.new("L", (4, 4)))
    return plain[:33] + b"".join(chunk(b"iTXt", b"openbadgecredential\0" + body) for body in bodies) + plain[33:]


def baked_svg(token: str, namespace: str = "https://purl.imsglobal.org/ob/v3p0") -> bytes:
    return (
        f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:o="{namespace}">'
        f'<o:credential verify="{token}"/></svg>'
    ).encode()


def huge_png() -> bytes:
    """The head of a picture of 20,000 by 20,000 pixels."""
    head = HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
    return head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


def jpeg_scanned_again(times: int, side: int = 4_000, behind: bytes = b"") -> bytes:
    """An empty page as a progressive JPEG whose last scan, 31 bytes, comes so many times more."""
    stream = io.BytesIO()
    Image.new("L", (side, side), 255).save(stream, "JPEG", progressive=True, optimize=True)
    data = stream.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * times + data[-2:] + behind
