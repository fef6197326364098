"""A seal depends on the digest alone, differs visibly between digests, and may stand inline on a strict page."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from verifier.seal import GOLD, INK, seal_svg

SVG = "{http://www.w3.org/2000/svg}"
DIGESTS = [hashlib.sha256(bytes([n])).digest() for n in range(60)]


def paths(digest: bytes, *, small: bool = False) -> list[ET.Element]:
    return ET.fromstring(seal_svg(digest, small=small)).findall(f".//{SVG}path")  # noqa: S314 - our own XML


def rims(digest: bytes) -> list[tuple[int, int, str]]:
    """For each band the largest and smallest distance of its turning points from the centre, and its colour."""
    found = []
    for path in paths(digest):
        numbers = [int(number) for number in re.findall(r"\d+", path.attrib["d"])]
        points = list(zip(numbers[0::2], numbers[1::2], strict=True))[0::3]
        distances = [round(((x - 1000) ** 2 + (y - 1000) ** 2) ** 0.5) for x, y in points]
        found.append((max(distances), min(distances), path.attrib["stroke"]))
    return found


def reach(path: ET.Element) -> float:
    """The largest distance of a band's curve from the centre."""
    numbers = [int(number) - 1000 for number in re.findall(r"-?\d+", path.attrib["d"])]
    points = [complex(x, y) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]
    return max(
        abs((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
        for a, b, c, d in zip(points[0::3], points[1::3], points[2::3], points[3::3], strict=False)
        for t in (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)
    )


@settings(max_examples=40)
@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_is_a_pure_function_of_the_digest_and_stays_inside_its_frame(digest: bytes, small: bool) -> None:
    svg = seal_svg(digest, small=small)
    assert svg == seal_svg(digest, small=small)
    assert len(svg) <= 15_000
    assert 850 <= max(map(reach, paths(digest, small=small))) <= 1000


def test_two_digests_never_share_their_shape() -> None:
    assert len({tuple(rims(digest)) for digest in DIGESTS}) == len(DIGESTS)


@pytest.mark.parametrize("byte", range(32))
def test_any_bit_changes_the_picture(byte: int) -> None:
    digest = DIGESTS[0]
    other = digest[:byte] + bytes([digest[byte] ^ 1]) + digest[byte + 1 :]
    assert seal_svg(digest) != seal_svg(other)
    assert seal_svg(digest, small=True) != seal_svg(other, small=True)


@pytest.mark.parametrize("digest", DIGESTS[:20])
def test_the_small_seal_is_the_same_picture_in_stronger_lines(digest: bytes) -> None:
    for large, small in zip(paths(digest), paths(digest, small=True), strict=True):
        assert (large.attrib["d"], large.attrib["stroke"]) == (small.attrib["d"], small.attrib["stroke"])
        assert float(small.attrib["stroke-width"]) >= 2 * float(large.attrib["stroke-width"])


def test_has_one_ink_and_one_gold_and_always_both() -> None:
    def percent(colour: str) -> str:
        return "rgb({}%,{}%,{}%)".format(*(int(int(colour[n : n + 2], 16) / 255 * 100) for n in (1, 3, 5)))

    for digest in DIGESTS:
        assert {colour for _, _, colour in rims(digest)} == {percent(INK), percent(GOLD)}


def test_may_stand_inline_twice_on_a_page_with_a_strict_policy() -> None:
    svg = seal_svg(DIGESTS[0])
    assert re.search(r"\b(id|style|class|href)=|<style|<script|<!", svg) is None
    root = ET.fromstring(svg)  # noqa: S314 - our own XML
    assert root.attrib["role"] == "img"
    assert {element.tag for element in root.iter()} == {f"{SVG}svg", f"{SVG}g", f"{SVG}path"}


@pytest.mark.parametrize("length", [0, 20, 31, 33])
def test_is_drawn_from_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_svg(bytes(length))
