"""A TOML file that a person wrote: every fault with its place, and what helps."""

from __future__ import annotations

import pytest
from msgspec import UNSET, UnsetType

from keys.errors import ConfigurationError
from keys.settings import Settings, require_toml, shape_toml


class Part(Settings, frozen=True):
    slug: str
    valid_until: str | UnsetType = UNSET


class Whole(Settings, frozen=True):
    expiry_days: int = 400
    part: tuple[Part, ...] = ()


def refused(text: str | bytes) -> ConfigurationError:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigurationError) as fault:
        require_toml(data, Whole, "x.toml", hint="look at the example")
    return fault.value


def test_what_is_right_is_read_with_or_without_a_byte_order_mark() -> None:
    for start in (b"", b"\xef\xbb\xbf"):
        read = require_toml(start + b"expiry-days = 30\n[[part]]\nslug = 'a'\n", Whole, "x.toml", hint="")
        assert read == Whole(30, (Part("a"),))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("expiry-day = 30", "x.toml: unknown key 'expiry-day'", "did you mean 'expiry-days'?"),
        ("[[part]]\nslug = 'a'\n[[part]]\nslg = 'b'", "x.toml: part[1]: unknown key 'slg'", "did you mean 'slug'?"),
        ("colour = 'blue'", "x.toml: unknown key 'colour'", "take it out: nothing reads it"),
        ("expiry-days = 'thirty'", "x.toml: expiry-days: expected `int`, got `str`", "look at the example"),
        ("[[part]]", "x.toml: part[0]: slug is missing", "look at the example"),
        ("expiry-days = ", "x.toml: is not TOML: Invalid value", "look at that line"),
        (
            "expiry-days = 3\nexpiry-days = 4",
            "x.toml: is not TOML: Cannot overwrite a value",
            "look at that line",
        ),
        (b'site = "\xff"', "x.toml: is not UTF-8", "save it as UTF-8"),
        ("expiry-days = " + "9" * 5_000, "x.toml: is not TOML: Exceeds the limit", "look at that line"),
        ("a." * 20_000 + "b = 1", "x.toml: is not TOML for a person: a key has too many parts", "write a table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str | bytes, message: str, hint: str) -> None:
    error = refused(text)
    assert str(error).startswith(message)
    assert error.hint.startswith(hint)


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert str(refused("expiry-days = 'x'\nmore = 1")).count("x.toml: ") == 2


def test_what_of_it_can_be_read_is_there_beside_the_faults() -> None:
    shaped = shape_toml(b"expiry-days = 30\nmore = 1", Whole, "x.toml", hint="")
    assert (shaped.value, [fault.place for fault in shaped.faults], shaped.lost) == (Whole(30), [""], False)
