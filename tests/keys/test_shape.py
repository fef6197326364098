"""Every fault of a written table is named by its place in the file, however many there are."""

from typing import Any

import pytest
from msgspec import field

from keys.settings import Settings
from keys.shape import shape


class Part(Settings, frozen=True):
    id: str
    size: int = 0
    names: dict[str, str] = field(default_factory=dict)


class Whole(Settings, frozen=True):
    slug: str
    weeks: int = 1
    parts: tuple[Part, ...] = ()
    one: Part | None = None


def faults(**table: Any) -> list[tuple[str, str]]:
    return [(fault.place, fault.text) for fault in shape(table, Whole, "f", hint="look").faults]


def test_what_fits_is_read_beside_what_does_not() -> None:
    shaped = shape(
        {"slug": "a", "weeks": "six", "week": 6, "parts": [{"id": "p", "size": "big"}]}, Whole, "f", hint="look"
    )
    assert {fault.text: fault.about for fault in shaped.faults} == {
        "f: unknown key 'week'": "weeks",
        "f: weeks: expected `int`, got `str`": "weeks",
        "f: parts[0].size: expected `int`, got `str`": "parts",
    }
    assert shaped.value == Whole(slug="a", parts=(Part(id="p"),))
    assert not shaped.lost


def test_places_keep_the_numbers_of_the_file() -> None:
    parts = [{"size": 1}, {"id": "b"}, {"id": 3}, {"id": "d", "size": "big"}, {"id": "e", "more": 1}]
    shaped = shape({"slug": "a", "parts": parts}, Whole, "f", hint="look")
    assert sorted(fault.place for fault in shaped.faults) == ["parts[0]", "parts[2].id", "parts[3].size", "parts[4]"]
    assert shaped.lost
    assert shaped.value is not None
    assert [part.id for part in shaped.value.parts] == ["b", "d", "e"]


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ({}, ""),
        ({"slug": 1}, "slug"),
        ({"slug": "a", "one": {"id": "x", "names": {"en": 1}}}, "one.names"),
        ({"slug": "a", "parts": 3}, "parts"),
        ({"slug": "a", "one": {}}, "one"),
    ],
)
def test_each_fault_is_said_once(table: dict[str, Any], place: str) -> None:
    assert [found for found, _ in faults(**table)] == [place]


def test_nothing_is_read_where_a_needed_key_is_missing() -> None:
    assert shape({"weeks": 3}, Whole, "f", hint="look").value is None


def test_every_fault_has_a_hint() -> None:
    shaped = shape({"slug": 1, "zzz": 2, "weeks": None}, Whole, "f", hint="look")
    assert len(shaped.faults) == 3
    assert all(fault.hint for fault in shaped.faults)
