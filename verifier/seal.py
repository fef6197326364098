"""Equal content digests give equal seals, and different digests give seals that nobody confuses.

Like the guilloche of a banknote a seal is woven from closed curves that swing between two rims. The digest chooses the
symmetry, the rims, how the curves wind and which bands are gold. A seal proves nothing by itself: it lets two people
see that paper and page speak of the same certificate.
"""

from cmath import rect
from math import cos, gcd, pi
from typing import TypeVar

from msgspec import Struct
from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Drawing, Path
from reportlab.lib.colors import HexColor

INK = "#134e5e"
GOLD = "#b8893b"

_SIZE = 2000  # units across; printed at 60 mm one unit is 0.03 mm, so coordinates need no decimals
_CENTRE = complex(_SIZE / 2, _SIZE / 2)
_RADIUS = 970.0  # leaves room for the thickest line and for arcs that bulge over the rim
_MOVE_TO, _CURVE_TO, _CLOSE_PATH = 0, 2, 3  # operators of a ReportLab path

_SWINGS = (72, 50, 34)  # about so many, of the outer, middle and inner band
_LINE_ON_PAPER = 4.5  # the width of a line in units
_LINE_ON_SCREEN = 10.0  # at 96 pixels half of one: lines as fine as on paper would fade away

T = TypeVar("T")


class Band(Struct, frozen=True):
    """One closed curve that swings `swings` times between two rims while it winds `turns` times round the centre.

    Radii and waves are fractions of the seal's radius. The rims have `lobes` lobes of the depths `outer_wave` and
    `inner_wave`. `roundness` is the length of the Bezier handles: 0.37 is nearly a sine, more gives fuller loops.
    """

    outer: float
    inner: float
    outer_wave: float
    inner_wave: float
    lobes: int
    swings: int
    turns: int
    roundness: float
    turned: bool  # by half a lobe, so that its lobes stand in the gaps of its neighbour's
    gold: bool


class _Choices:
    """A digest read as a sequence of choices, each with its own number of alternatives."""

    def __init__(self, digest: bytes) -> None:
        self._rest = int.from_bytes(digest, "big")

    def of(self, *alternatives: T) -> T:
        self._rest, chosen = divmod(self._rest, len(alternatives))
        return alternatives[chosen]


class _Canvas(renderSVG.SVGCanvas):
    """Writes a closed curve in whole units and all at once."""

    def moveTo(self, x: float, y: float) -> None:
        self._numbers = [x, y]

    def curveTo(self, *handles_and_end: float) -> None:
        self._numbers += handles_and_end

    def closePath(self) -> None:
        arcs = len(self._numbers) // 6
        self.path = ("M %d %d" + " C %d %d %d %d %d %d" * arcs + " Z") % tuple(map(round, self._numbers))


def seal_svg(digest: bytes, *, small: bool = False) -> str:
    """The seal of a content digest (32 bytes) as SVG; `small` draws the same curves with lines for 60 to 160 pixels.

    It has no identifiers, styles or scripts, so that any page may hold it inline; the page adds the words.
    """
    drawing = Drawing(_SIZE, _SIZE)
    for band in _bands(digest):
        drawing.add(_curve(band, _LINE_ON_SCREEN if small else _LINE_ON_PAPER))
    canvas = _Canvas((_SIZE, _SIZE))
    renderSVG.draw(drawing, canvas)  # type: ignore[arg-type]  # the stub asks for the canvas of a PDF
    return _bare_svg(canvas)


def _bands(digest: bytes) -> list[Band]:
    """The three bands, from the outside in."""
    if len(digest) != 32:
        raise ValueError(f"a seal is drawn from 32 bytes, not {len(digest)}")
    choose = _Choices(digest)
    lobes = choose.of(5, 6, 7, 8, 9, 10, 12)
    gold = choose.of({1}, {2}, {1, 2}, {0, 2}, {0})
    waist = choose.of(0.50, 0.57, 0.64, 0.71)
    core = choose.of(0.10, 0.18, 0.26, 0.32)
    middle_outer = waist + choose.of(-0.05, 0.0, 0.06, 0.13)
    middle_inner = core + (waist - core) * choose.of(0.45, 0.57, 0.70)
    rims = (
        (1.0, waist),
        (middle_outer, min(middle_inner, middle_outer - 0.1)),
        (middle_inner + choose.of(-0.02, 0.05, 0.1), core),
    )
    outer_wave = choose.of(0.0, 0.05, 0.09, 0.13)
    return [_band(choose, rims[n], (outer_wave, None)[n > 0], lobes, _SWINGS[n], n in gold) for n in range(3)]


def _band(
    choose: _Choices,
    rims: tuple[float, float],
    wave: float | None,
    lobes: int,
    finest: int,
    gold: bool,
) -> Band:
    inner_wave = choose.of(0.0, 0.08, -0.08, 0.14)
    roundness = choose.of(0.37, 0.5, 0.65, 0.8)
    share = choose.of(0.15, 0.19, 0.24)
    turned = choose.of(False, True)
    swings = lobes * max(1, round(finest / lobes))  # a multiple, so that the whole seal keeps one symmetry
    turns = max(1, round(swings * share))
    while gcd(turns, swings) > 1:  # else the curve would close too early
        turns += 1
    return Band(
        outer=rims[0],
        inner=rims[1],
        outer_wave=choose.of(0.0, 0.06, 0.12) if wave is None else wave,
        inner_wave=inner_wave,
        lobes=lobes,
        swings=swings,
        turns=turns,
        roundness=roundness,
        turned=turned,
        gold=gold,
    )


def _curve(band: Band, line: float) -> Path:
    """The band as one path: a Bezier arc from each turning point on a rim to the next on the other rim."""
    step = pi * band.turns / band.swings
    half = pi if band.turned else 0.0
    lobes = [cos(band.lobes * n * step + half) for n in range(2 * band.swings)]
    radii = [
        band.inner * (1 + band.inner_wave * lobe) if n % 2 else band.outer * (1 + band.outer_wave * (lobe - 1))
        for n, lobe in enumerate(lobes)
    ]
    points = [rect(_RADIUS * radius, n * step + pi / 2) for n, radius in enumerate(radii)]
    handle = min(band.roundness * step, 0.58)  # longer ones would bulge out of the picture
    ahead, back = complex(1, handle), complex(1, -handle)  # along the rims
    start = points[-1]
    numbers = [_CENTRE.real + start.real, _CENTRE.imag + start.imag]
    for end in points:
        leave, arrive, stop = _CENTRE + start * ahead, _CENTRE + end * back, _CENTRE + end
        numbers += (leave.real, leave.imag, arrive.real, arrive.imag, stop.real, stop.imag)
        start = end
    path = Path(strokeColor=HexColor(GOLD if band.gold else INK), strokeWidth=line, fillColor=None)
    path.points.extend(numbers)  # not through the constructor, which would check each number in turn
    path.operators.extend([_MOVE_TO, *[_CURVE_TO] * len(points), _CLOSE_PATH])
    return path


def _bare_svg(canvas: renderSVG.SVGCanvas) -> str:
    """What was drawn, without ReportLab's frame of doctype, identifiers and clip path, which two seals on one page
    would share, and with attributes in place of inline styles, which a strict content security policy refuses.
    """
    paths = []
    for node in canvas.doc.getElementsByTagName("path"):
        style = dict(entry.split(": ") for entry in node.getAttribute("style").rstrip(";").split("; "))
        look = f'stroke="{style["stroke"]}" stroke-width="{style["stroke-width"]}"'
        paths.append(f'<path {look} d="{node.getAttribute("d").strip()}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" role="img" fill="none">'
        f'<g transform="matrix(1 0 0 -1 0 {_SIZE})" stroke-linejoin="round">{"".join(paths)}</g></svg>'
    )
