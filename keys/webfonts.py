"""A page that is kept for years brings along the letters it is written in, so that a name never prints as boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FACE = re.compile(r'@font-face\{[^}]*?src:url\(([^)]+)\) format\("woff2"\);unicode-range:([^}]+)\}')
_RANGE = re.compile(r"U\+([0-9A-Fa-f]+)(?:-([0-9A-Fa-f]+))?")


def faces_for(css: str, text: str) -> Iterator[tuple[str, str]]:
    """The `@font-face` rules of `css` with a character of `text`: the whole rule, and the file it names."""
    points = {ord(character) for character in text if character.isprintable()}
    for face in _FACE.finditer(css):
        ranges = ((int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(face[2]))
        if any(first <= point <= last for first, last in ranges for point in points):
            yield face[0], face[1]
