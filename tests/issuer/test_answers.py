"""Answers are marked as a fair examiner would: partly right has part of the points, and guessing does not pay."""

from fractions import Fraction
from typing import Any

import pytest

from issuer.answers import marker
from issuer.grading import Item


def share(given: str, **item: Any) -> Fraction:
    """The part of the points that an answer has."""
    made = Item(**({"id": "q", "points": 3} | item))
    return Fraction(marker(made)(given)) / made.points


@pytest.mark.parametrize(
    ("item", "right", "wrong"),
    [
        ({"kind": "single", "answer": "B"}, ["B", "b", "Ｂ", " b "], ["", "A", "B C", "BB"]),
        ({"kind": "single", "answer": "B", "accept": ("beta",)}, ["Beta"], ["alpha"]),
        ({"kind": "text", "answer": "lower  back"}, ["Lower Back", "lower\u00a0back"], ["lowerback", "back"]),
        ({"kind": "text", "answer": "แรงกด"}, ["แรงกด"], ["แรง กด"]),
        ({"kind": "text", "answer": "café"}, ["CAFÉ", "cafe\u0301"], ["cafe"]),
        ({"kind": "text", "answer": "café", "accents": False}, ["cafe", "Cáfé"], ["caf"]),
        ({"kind": "text", "answer": "Straße"}, ["STRASSE"], ["Strase"]),
        ({"kind": "multiple", "answer": ("A", "C")}, ["C,A", "a; c", "A|C", "A;C;A"], ["A", "A;B;C", ";"]),
        ({"kind": "multiple", "answer": ("red, hot", "B"), "separator": ";"}, ["B; Red,  hot"], ["B, red, hot"]),
        ({"kind": "order", "answer": ("A", "B")}, ["A>B", "a, b"], ["B>A", "A", "A>B>A"]),
        ({"kind": "number", "answer": 45}, ["45", "45.0", "45,0", "๔๕"], ["44.999", "4 5", "1e1", "45 min", "NaN"]),
        ({"kind": "number", "answer": 0.3, "tolerance": 0.1}, ["0.2", "0.4", "0,35"], ["0.41", "0.19", "9" * 50]),
        ({"kind": "number", "answer": -5, "unit": "°C"}, ["\u22125", "\u22125 °c", "\u22125°C"], ["5", "5 °C"]),
        ({"kind": "number", "answer": 45, "unit": "min"}, ["45 min", "45MIN", "45"], ["45 h", "min"]),
        (
            {"kind": "number", "answer": 90, "unit": "min", "units": {"h": 60, "s": 0.0166666}, "tolerance": 0.01},
            ["90", "1.5 h", "1,5h", "5400 s"],
            ["1.5", "2 h", "90 h"],
        ),
        ({"kind": "number", "answer": 90, "unit": "min", "unit_required": True}, ["90 min"], ["90"]),
    ],
)  # fmt: skip
def test_answers(item: dict[str, Any], right: list[str], wrong: list[str]) -> None:
    assert [given for given in right if share(given, **item) != 1] == []
    assert [given for given in wrong if share(given, **item) != 0] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [("A;B;C", 1), ("A;B", Fraction(2, 3)), ("A", Fraction(1, 3)), ("A;D", 0), ("A;B;D", Fraction(1, 3)), ("D;E", 0),
     ("A;B;C;D;E", Fraction(1, 3)), ("A;A;A", Fraction(1, 3))],
)  # fmt: skip
def test_part_of_the_options_have_part_of_the_points_and_wrong_ones_cost(given: str, expected: Fraction | int) -> None:
    assert share(given, kind="multiple", answer=("A", "B", "C"), credit="per-option") == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("A>B>C>D", 1), ("B>C>D>A", Fraction(2, 3)), ("A>B", Fraction(1, 3)), ("D>C>B>A", 0), ("A>C>B>D", 0),
     ("A>B>A>B>C>D", 0), ("A>B>X>C>D", 0)],
)  # fmt: skip
def test_neighbours_in_order_have_part_of_the_points(given: str, expected: Fraction | int) -> None:
    assert share(given, kind="order", answer=("A", "B", "C", "D"), credit="adjacent-pairs") == expected
    assert share(given, kind="order", answer=("A", "B", "C", "D")) == (expected == 1)


def test_an_order_of_one_is_right_or_wrong() -> None:
    assert share("A", kind="order", answer=("A",), credit="adjacent-pairs") == 1
    assert share("B", kind="order", answer=("A",), credit="adjacent-pairs") == 0
