"""The QR code on a certificate is small enough to print and simple enough for an old phone (formats.md section 9).

The library draws the frame once and shows where each bit stands in it. What it would do afresh for each code, bit by
bit, is then a division by table and one choice of modules: a tenth of the time, and the same picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import cast

from msgspec import Struct
from qrcode.base import Polynomial, rs_blocks
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.LUT import rsPoly_LUT
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, PAD0, PAD1, BitBuffer, QRData

from keys.errors import ConfigurationError
from keys.qr import draw

MAX_MODULES = 33  # version 4

_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_VERSION = 4
_CAPACITY = 67  # alphanumeric characters of version 4 with error correction Q
_LENGTH = 9  # bits that say how many characters follow
_MASK = 3  # fixed: any mask is readable, and searching for the best one costs seven times the rest
_BLOCKS = rs_blocks(_VERSION, ERROR_CORRECT_Q)
_DATA = _BLOCKS[0].data_count  # bytes of each of the blocks, which are alike
_CORRECTION = _BLOCKS[0].total_count - _DATA
_BITS = 8 * sum(block.total_count for block in _BLOCKS)


class _Frame(Struct, frozen=True):
    """How a code is put together from its bits."""

    mask: int  # of all bits, the first one highest
    modules: Callable[[str], tuple[str, ...]]  # each module, row by row, from the masked bits and "01"


class _Bits(BitBuffer):
    """The library's, which spends most of its time on each bit, as one number."""

    def __init__(self) -> None:
        self.number = self.length = 0

    def put(self, num: int, length: int) -> None:
        self.number = self.number << length | num
        self.length += length


def qr_svg(url: str) -> str:
    """`url` in capitals as SVG, one unit a module, quiet zone included; raises ConfigurationError when it is too long.

    Always version 4 (33 modules), so that every certificate of every clinic keeps the same layout.
    """
    text = url.upper()
    if not _ALPHANUMERIC.fullmatch(text) or len(text) > _CAPACITY:
        raise ConfigurationError(
            f"QR code: {url!r} does not fit: at most {_CAPACITY} letters, digits and - . / :",
            hint="choose a shorter host for the published site",
        )
    frame = _frame()
    bits = int.from_bytes(_codewords(_data(text)), "big") ^ frame.mask
    return draw("".join(frame.modules(f"{bits:0{_BITS}b}01")), MAX_MODULES)


def _data(text: str) -> bytes:
    """ISO/IEC 18004 section 7.4: mode, length, characters, the end mark, and padding."""
    bits, capacity = _Bits(), _DATA * len(_BLOCKS)
    bits.put(MODE_ALPHA_NUM, 4)
    bits.put(len(text), _LENGTH)
    QRData(text).write(bits)
    bits.put(0, min(4, 8 * capacity - bits.length))
    bits.put(0, -bits.length % 8)
    data = bits.number.to_bytes(bits.length // 8, "big")
    return (data + bytes((PAD0, PAD1)) * capacity)[:capacity]


def _codewords(data: bytes) -> bytes:
    """Section 7.5 and 7.6: each block with its error correction, interleaved."""
    blocks = [data[start : start + _DATA] for start in range(0, len(data), _DATA)]
    corrections = [_correction(block) for block in blocks]
    return bytes(chain(*zip(*blocks, strict=True), *zip(*corrections, strict=True)))


def _correction(block: bytes) -> bytes:
    """The remainder of the block, a polynomial, divided by the generator: one byte at a time."""
    remainders, rest, low = _remainders(), 0, 8 * (_CORRECTION - 1)
    for byte in block:
        rest = (rest & (1 << low) - 1) << 8 ^ remainders[rest >> low ^ byte]
    return rest.to_bytes(_CORRECTION, "big")


@cache
def _remainders() -> tuple[int, ...]:
    """The remainder that each byte leaves behind, as the library divides."""
    generator = Polynomial(rsPoly_LUT[_CORRECTION], 0)
    divided = (Polynomial([byte], _CORRECTION) % generator for byte in range(1, 256))
    return (0, *(int.from_bytes(bytes(polynomial), "big") for polynomial in divided))


@cache
def _frame() -> _Frame:
    """What the library draws around the bits, and where it puts each of them.

    Bit n of a picture of codewords whose bit n is the k-th binary digit of n tells that digit at n's place.
    """
    blank, full = _drawn([0] * _BITS), _drawn([1] * _BITS)
    digits = [_drawn([n >> k & 1 for n in range(_BITS)]) for k in range(_BITS.bit_length())]
    places = [_BITS + dark for dark in blank]  # of what is fixed: the "01" behind the bits
    mask = 0
    for place, dark in enumerate(blank):
        if full[place] != dark:
            places[place] = sum((digit[place] ^ dark) << k for k, digit in enumerate(digits))
            mask |= dark << _BITS - 1 - places[place]
    return _Frame(mask, cast(Callable[[str], tuple[str, ...]], itemgetter(*places)))


def _drawn(bits: Iterable[int]) -> list[int]:
    """The modules, row by row, of a code with these bits."""
    number = int("".join(map(str, bits)), 2)
    code = QRCode(_VERSION, ERROR_CORRECT_Q, border=0, mask_pattern=_MASK)
    code.data_cache = list(number.to_bytes(_BITS // 8, "big"))
    code.make(fit=False)
    return [int(bool(module)) for row in code.modules for module in row]
