"""A drawing says in words and numbers what it shows, keeps within its frame, and takes no markup from a name."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from issuer.charts import INK, WIDTH, Bar, Column, Dots, Part, Range, bars, columns, dots, fit, measured, ranges

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert("1")</script>&amp;'
LONG = "Written examination on contraindications, red flags and referral pathways " * 3
ARABIC = "فحص المهارات العملية المباشر أمام مُقيّم مؤهل ومعتمد"

Draw = Callable[[str], str]
DRAWINGS: dict[str, Draw] = {
    "bars": lambda name: bars(name, "told", [Bar(name, (Part(3), Part(2, "gold")), "5 of 7")], joined=True),
    "dots": lambda name: dots(name, "told", ("1", "2"), [Dots(name, (4, 0))]),
    "ranges": lambda name: ranges(name, "told", [Range(name, 1, 2, 5)], "day"),
    "columns": lambda name: columns(name, "told", [Column(name, (Part(3),)), Column("b", (Part(0),))]),
}
EMPTY: dict[str, Callable[[], str]] = {
    "bars": lambda: bars("t", "d", []),
    "zeros": lambda: bars("t", "d", [Bar("a", (Part(0),), "0")]),
    "dots": lambda: dots("t", "d", (), []),
    "ranges": lambda: ranges("t", "d", [Range("a", 0, 0, 0)], "day"),
    "columns": lambda: columns("t", "d", []),
    "no checks": lambda: columns("t", "d", [Column("a", (Part(0),))]),
}


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # drawn a line above


def texts(svg: str) -> list[str]:
    return [(node.text or "").strip("\u2068\u2069") for node in read(svg).iter(f"{SVG}text")]


def boxes(svg: str) -> list[dict[str, str]]:
    return [dict(node.attrib) for node in read(svg).iter(f"{SVG}rect")]


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_has_title_and_description(draw: Draw) -> None:
    root = read(draw("Theory quiz"))
    assert root.get("role") == "img"
    assert [(node.tag, node.text) for node in root][:2] == [(f"{SVG}title", "Theory quiz"), (f"{SVG}desc", "told")]


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
@pytest.mark.parametrize("name", [HOSTILE, LONG, ARABIC, "\x7f]]>", "深层" * 40, "แบบทดสอบภาคทฤษฎี" * 6])
def test_a_name_is_text_and_nothing_else(draw: Draw, name: str) -> None:
    svg = draw(name)
    assert {node.tag.removeprefix(SVG) for node in read(svg).iter()} <= set(
        "svg title desc g path rect circle text".split()
    )
    assert "<script" not in svg
    assert all(measured(text) <= WIDTH for text in texts(svg))


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_name_from_right_to_left_turns_nothing_else(draw: Draw) -> None:
    for node in read(draw(ARABIC)).iter(f"{SVG}text"):
        assert node.text is not None
        assert (node.text[0], node.text[-1]) == ("\u2068", "\u2069")


@pytest.mark.parametrize("draw", EMPTY.values(), ids=EMPTY)
def test_nothing_to_draw_is_no_fault(draw: Callable[[], str]) -> None:
    svg = draw()
    assert "nan" not in svg.lower()
    assert "inf" not in svg.lower()
    assert not [box for box in boxes(svg) if float(box["height"]) <= 0]


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = bars(
        "t", "d", [Bar("a", (Part(10),), "10"), Bar("b", (Part(4), Part(1, "gold")), "5"), Bar("", (), "0 of 3")]
    )
    first, second, third = (float(box["width"]) for box in boxes(svg))
    assert second == pytest.approx(first * 0.4, abs=0.1)
    assert third == pytest.approx(first * 0.1, abs=0.1)
    assert texts(svg) == ["a", "10", "b", "5", "0 of 3"]


def test_bars_to_a_whole_end_with_it() -> None:
    half, full = boxes(bars("t", "d", [Bar("a", (Part(50),), "50 %"), Bar("b", (Part(100),), "100 %")], whole=100))
    assert float(half["width"]) == pytest.approx(float(full["width"]) / 2, abs=0.1)
    alone = boxes(bars("t", "d", [Bar("a", (Part(50),), "100 %")], whole=100))
    assert alone[0]["width"] == half["width"]


@pytest.mark.parametrize("note", ["5", "1,234,567 tried, 1,234,567 did not"])
def test_the_longest_bar_leaves_room_for_its_words(note: str) -> None:
    svg = bars("t", "d", [Bar("a", (Part(7),), note)])
    assert float(boxes(svg)[0]["width"]) + 7 + measured(note) <= WIDTH + 0.1


def test_dots_have_areas_as_large_as_their_numbers() -> None:
    svg = dots("t", "d", ("1", "2", "3"), [Dots("a", (400, 100, 0))])
    large, small = (float(node.attrib["r"]) for node in read(svg).iter(f"{SVG}circle"))
    assert large == pytest.approx(2 * small, abs=0.1)
    assert texts(svg) == ["1", "2", "3", "a", "400", "100", "0"]


def test_ranges_say_their_quartiles() -> None:
    assert texts(ranges("t", "d", [Range("a", 3, 5, 9)], "day")) == ["a", "half take 3 to 9 days, the median is 5"]
    assert texts(ranges("t", "d", [Range("a", 1, 1, 1)], "day")) == ["a", "most take 1 day"]
    assert texts(ranges("t", "d", [Range("a", 2, 2, 2)], "day")) == ["a", "most take 2 days"]


def test_a_range_may_begin_before_zero() -> None:
    low = next(iter(read(ranges("t", "d", [Range("a", -3, 1, 2)], "day")).iter(f"{SVG}circle")))
    assert 10 <= float(low.attrib["cx"]) <= WIDTH - 10


def test_columns_name_all_of_few_and_the_ends_of_many() -> None:
    few = columns("t", "d", [Column("May", (Part(3), Part(1, "gold"))), Column("June", (Part(2),))])
    assert texts(few) == ["4", "May", "2", "June"]
    assert [box["fill"] == INK for box in boxes(few)] == [True, False, True]
    many = columns("t", "d", [Column(str(n), (Part(n),)) for n in range(1, 31)])
    assert texts(many) == ["30", "1", "30"]


def test_at_most_so_many_columns_are_drawn() -> None:
    svg = columns("t", "d", [Column(str(n), (Part(1),)) for n in range(5000)])
    assert len(boxes(svg)) == 62
    assert len(svg) < 20_000


def test_a_text_is_cut_between_characters_and_not_within_one() -> None:
    assert fit("short", WIDTH) == "short"
    assert fit("a" * 100, 70).endswith("…")
    assert measured(fit("W" * 100, 70)) <= 70
    cut = fit("é".replace("é", "e\u0301") * 50, 70)
    assert cut[:-1] == "e\u0301" * (len(cut[:-1]) // 2)
