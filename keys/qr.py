"""A QR code as a picture that prints sharply, and the code of any bytes."""

from __future__ import annotations

import re
from functools import lru_cache

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_MODULES = 4  # on each side, as ISO/IEC 18004 asks
_RUN = re.compile("1+")


def bytes_svg(data: bytes) -> str:
    """`data` (at most 2,331 bytes) as an SVG picture of the smallest code that holds it."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(data, optimize=0)
    code.make()
    return draw("".join("01"[bool(module)] for row in code.modules for module in row), len(code.modules))


def draw(modules: str, size: int) -> str:
    """`size` rows of as many modules, `1` dark, as SVG: one unit a module, quiet zone included.

    One path of horizontal runs: adjoining squares would show hairlines between them in some viewers.
    """
    rows = "0".join(modules[start : start + size] for start in range(0, len(modules), size))
    runs = "".join([_run(*run.span(), size) for run in _RUN.finditer(rows)])
    whole = size + 2 * QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" role="img" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{whole}v{whole}H0z"/><path d="{runs}"/></svg>'
    )


@lru_cache(maxsize=16384)
def _run(start: int, end: int, size: int) -> str:
    """Dark modules as one bar; places count on over all rows, with one between two rows."""
    y, x = divmod(start, size + 1)
    return f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h{end - start}v1h{start - end}z"
