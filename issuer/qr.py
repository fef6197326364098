"""The QR code on a certificate is small enough to print and simple enough for an old phone (formats.md section 9)."""

from __future__ import annotations

import re

from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode

from keys.errors import ConfigurationError

QUIET_MODULES = 4  # on each side, as ISO/IEC 18004 asks
MAX_MODULES = 33  # version 4

_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_VERSION = 4
_CAPACITY = 67  # alphanumeric characters of version 4 with error correction Q
_MASK = 3  # fixed: any mask is readable, and searching for the best one costs seven times the rest


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
    code = QRCode(_VERSION, ERROR_CORRECT_Q, border=0, mask_pattern=_MASK)
    code.add_data(text, optimize=0)  # whole, which makes it alphanumeric
    code.make(fit=False)
    return _svg(code.modules)


def _svg(modules: list[list[bool | None]]) -> str:
    """One path of horizontal runs: adjoining squares would show hairlines between them in some viewers."""
    runs = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            length = 1
            while x + length < len(row) and row[x + length] == row[x]:
                length += 1
            if row[x]:
                runs.append(f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h{length}v1h-{length}z")
            x += length
    size = len(modules) + 2 * QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{"".join(runs)}"/></svg>'
    )
