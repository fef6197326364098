"""Figures as drawings: one ink, one gold, every number written beside its mark, so that no colour says anything alone.

A drawing is 340 units wide, a phone's page; its texts are elements built here, so nothing in a name becomes markup. It
has a title and a description for those who do not see it; the numbers themselves stand in a table beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from math import sqrt
from xml.etree.ElementTree import Element, SubElement, tostring

from msgspec import Struct

WIDTH = 340
INK, GOLD, PALE, LINE, TEXT = "#134e5e", "#b8893b", "#4c6670", "#d8e1e3", "#12303a"
TONES = {"ink": INK, "gold": GOLD, "line": LINE}
_FONT = '"Handseal Sans", "Noto Sans", system-ui, sans-serif'
_SIZE = 13
_LABEL, _BAR, _GAP = 18, 14, 12  # heights
_RADIUS = 13
_MAX_COLUMNS, _FEW_COLUMNS = 62, 3


class Part(Struct, frozen=True):
    """A piece of a bar."""

    value: int
    tone: str = "ink"  # one of TONES


class Bar(Struct, frozen=True):
    """A bar of parts side by side, the words after it, and its label above; several bars may share a label."""

    label: str  # empty: stands under the bar before
    parts: tuple[Part, ...]
    note: str


class Dots(Struct, frozen=True):
    """One row of a dot plot."""

    label: str
    values: tuple[int, ...]


class Range(Struct, frozen=True):
    """A middle half and its median on an axis from zero."""

    label: str
    lower: int
    median: int
    upper: int


class Column(Struct, frozen=True):
    label: str
    parts: tuple[Part, ...]


def bars(title: str, description: str, rows: Sequence[Bar], *, whole: int = 0, joined: bool = False) -> str:
    """Bars to one scale, whose end is `whole` or the longest one; `joined`: a funnel, each step joined to the next."""
    words = max((measured(row.note) for row in rows), default=0) + 7
    unit = max(WIDTH - words, WIDTH / 4) / max(whole, *(_total(row.parts) for row in rows), 1)
    drawing, y = _Drawing(title, description), 0.0
    below: list[tuple[float, float]] = []
    for row in rows:
        if row.label:
            y += (_GAP if y else 0) + _LABEL
            drawing.text(0, y - 6, fit(row.label, WIDTH), TEXT)
        end = x = 0.0
        length = unit * _total(row.parts)
        if joined and below:
            (above, top), *_ = below
            drawing.add("path", d=f"M0 {top:g}H{above:.1f}L{length:.1f} {y:g}H0Z", fill=INK, opacity="0.07")
        for part in row.parts:
            end = x + unit * part.value
            if end > x:
                drawing.box(x, y, max(end - x, 1), _BAR, TONES[part.tone])
            x = end
        drawing.text(x + 7 if x else 0, y + 11.5, row.note, PALE)
        y += _BAR
        below = [(length, y)]
        y += 3
    return drawing.closed(y)


def dots(title: str, description: str, heads: Sequence[str], rows: Sequence[Dots]) -> str:
    """A dot for each number, its area as large as the number, the number under it."""
    most = max((value for row in rows for value in row.values), default=0) or 1
    drawing, step = _Drawing(title, description), WIDTH / max(len(heads), 1)
    for place, head in enumerate(heads):
        drawing.text(step * (place + 0.5), 13, head, PALE, anchor="middle")
    y = 22.0
    for row in rows:
        drawing.add("path", d=f"M0 {y:g}H{WIDTH}", stroke=LINE)
        drawing.text(0, y + _LABEL, fit(row.label, WIDTH), TEXT)
        y += _LABEL + 10
        for place, value in enumerate(row.values):
            x = step * (place + 0.5)
            if value:
                radius = max(_RADIUS * sqrt(value / most), 1.5)
                drawing.add("circle", cx=f"{x:g}", cy=f"{y + _RADIUS:g}", r=f"{radius:.1f}", fill=INK)
            drawing.text(x, y + 2 * _RADIUS + 15, f"{value:,}", PALE, anchor="middle")
        y += 2 * _RADIUS + 26
    return drawing.closed(y)


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def ranges(title: str, description: str, rows: Sequence[Range], unit: str) -> str:
    """The middle half as a line, the median as a dot in gold, from zero to the largest quartile."""
    end = max((row.upper for row in rows), default=0) or 1
    drawing, y, wide = _Drawing(title, description), 0.0, WIDTH - 20
    for row in rows:
        low, middle, high = (10 + wide * max(value, 0) / end for value in (row.lower, row.median, row.upper))
        drawing.text(0, y + 13, fit(row.label, WIDTH), TEXT)
        y += 34
        drawing.add("path", d=f"M10 {y:g}H{10 + wide}", stroke=LINE)
        attributes = {"stroke": INK, "stroke-width": "7", "stroke-linecap": "round"}
        drawing.add("path", d=f"M{low:.1f} {y:g}H{max(high, low + 0.1):.1f}", **attributes)
        drawing.add("circle", cx=f"{middle:.1f}", cy=f"{y:g}", r="7", fill=GOLD, stroke="#fff", **{"stroke-width": "2"})
        words = f"half take {row.lower} to {counted(row.upper, unit)}, the median is {row.median}"
        if row.lower == row.upper:
            words = f"most take {counted(row.median, unit)}"
        drawing.text(0, y + 25, words, PALE)
        y += 44
    return drawing.closed(y)


def columns(title: str, description: str, rows: Sequence[Column]) -> str:
    """A column for each day or month, the newest _MAX_COLUMNS; few are all named, of many the first and the last."""
    rows = rows[-_MAX_COLUMNS:]
    most = max((_total(row.parts) for row in rows), default=0) or 1
    drawing, step, base = _Drawing(title, description), WIDTH / max(len(rows), 1), 126
    width, few = min(step * 0.8, 40), len(rows) <= _FEW_COLUMNS
    for place, row in enumerate(rows):
        middle, y = step * (place + 0.5), float(base)
        for part in row.parts:
            height = 100 * part.value / most
            y -= height
            if height:
                drawing.box(middle - width / 2, y, width, height, TONES[part.tone])
        if few or _total(row.parts) == most:
            drawing.text(min(max(middle, 20), WIDTH - 20), y - 6, f"{_total(row.parts):,}", PALE, anchor="middle")
        if few:
            drawing.text(middle, base + 17, fit(row.label, step), PALE, anchor="middle")
    drawing.add("path", d=f"M0 {base}H{WIDTH}", stroke=LINE)
    if rows and not few:
        drawing.text(0, base + 17, rows[0].label, PALE)
        drawing.text(WIDTH, base + 17, rows[-1].label, PALE, anchor="end")
    return drawing.closed(base + 22)


def fit(text: str, width: float) -> str:
    """As much of `text` as has room in so many units, whole characters with their marks, then an ellipsis."""
    if measured(text) <= width:
        return text
    room, kept = width - _SIZE, 0
    for place, character in enumerate(text):
        room -= _advance(character)
        if room < 0:
            break
        if not unicodedata.combining(character):
            kept = place
    return text[:kept].rstrip() + "…"


def measured(text: str) -> float:
    """About how wide a text is set; rather too much than too little."""
    return sum(_advance(character) for character in text)


def _advance(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _SIZE
    if character.isupper():
        return 0.68 * _SIZE
    return (0.53 if character < "\u0300" else 0.6) * _SIZE


def _total(parts: Sequence[Part]) -> int:
    return sum(part.value for part in parts)


class _Drawing:
    """An SVG that grows downwards; its height is known at its end."""

    def __init__(self, title: str, description: str) -> None:
        self._root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})
        SubElement(self._root, "title").text = title
        SubElement(self._root, "desc").text = description
        self._group = SubElement(self._root, "g", {"font-family": _FONT, "font-size": str(_SIZE), "direction": "ltr"})

    def add(self, tag: str, **attributes: str) -> None:
        SubElement(self._group, tag, attributes)

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        self.add("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{width:.1f}", height=f"{height:.1f}", fill=fill)

    def text(self, x: float, y: float, text: str, fill: str, anchor: str = "start") -> None:
        """Isolated, so that a name in a script from right to left turns neither its neighbours nor its own anchor."""
        attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": fill, "text-anchor": anchor}
        SubElement(self._group, "text", attributes).text = f"\u2068{text}\u2069"

    def closed(self, height: float) -> str:
        self._root.set("viewBox", f"0 0 {WIDTH} {height:g}")
        return tostring(self._root, encoding="unicode")
