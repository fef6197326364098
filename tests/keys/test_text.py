"""Each refused category from both sides, joiners by context, Unicode 14, NFC and mixed scripts."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given, strategies as st

from keys.errors import FormatError
from keys.text import ASSIGNED_AFTER_14, _joiner_fits, describe_character, mixed_script_words, require_text

REFUSED = {
    "Cc": "\0 \x07 \x08 \t \n \r \x1b \x1f \x7f \x80 \x85 \x9b \x9f",
    "Cf": "\u00ad \u0600 \u061c \u180e \u200b \u200e \u200f \u202a \u202e \u2060 \u2066 \u2069 \ufeff \U000e0041",
    "Zl": "\u2028",
    "Zp": "\u2029",
    "Co": "\ue000 \uf8ff \U000f0000 \U0010fffd",
    "Cs": "\ud800 \udbff \udc00 \udfff",
    "Cn": "\u0378 \ufdd0 \ufffe \uffff \U0001ffff \U0010ffff",
}
INVISIBLE = "\u034f\u115f\u1160\u3164\uffa0"
# Their neighbours in the code charts, and what people write.
FINE = [
    *("\u00ac", "\u00ae", "\u2027", "\u2030", "\u202f", "\u205f", "\u3000", "\u00a0", "\uff9f", "\uffa1", "\u3163"),
    *("\u0370", "\u115e", "\u1161", "\u3165", "\ufffc", "\ufffd", "\u0e3f", "~", " ", "!", "\u00a1", "\U0001f600"),
    *(
        "Ada Lovelace",
        "สมชาย ปิ่นทอง",
        "น้ำ",
        "Đặng Thị Ánh",
        "O’Connor-Ōé",
        "王小明",
        "ヤマダ タロウ",
        "김철수",
        "يوسف",
        "שרה",
    ),
    *("Іван Петренко", "\u0938\u0941\u0928\u0940\u0924\u093e", "\u1019\u1004\u103a\u1038", "ນາງ", "Æthelred ß"),
]


@pytest.mark.parametrize(("category", "characters"), REFUSED.items(), ids=REFUSED)
def test_refused_categories(category: str, characters: str) -> None:
    for character in characters.split(" "):
        assert unicodedata.category(character) == category
        for text in (character, f"Ada{character}", f"{character}Ada", f"Ada {character} Lovelace", f"ส{character}"):
            with pytest.raises(FormatError, match=r"^name: character \d+ is U\+"):
                require_text(text, "name")


@pytest.mark.parametrize("character", INVISIBLE, ids=[f"{ord(c):04x}" for c in INVISIBLE])
def test_invisible_characters_of_fine_categories(character: str) -> None:
    assert unicodedata.category(character) not in REFUSED
    with pytest.raises(FormatError, match="not allowed"):
        require_text(f"a{character}b", "name")


@pytest.mark.parametrize("text", FINE)
def test_what_people_write(text: str) -> None:
    assert require_text(text, "name") == text


def test_newlines_stand_in_narratives_only() -> None:
    assert require_text("one\ntwo\n\nthree ส\n", "text", narrative=True)
    for text in ("\t", "\r\n", "\x0b", "\u2028", "\u0085"):
        with pytest.raises(FormatError):
            require_text(f"one{text}two", "text", narrative=True)
    with pytest.raises(FormatError, match=r"U\+000A"):
        require_text("one\ntwo", "text")


def test_the_message_names_the_place_and_not_the_text() -> None:
    with pytest.raises(FormatError) as fault:
        require_text("Somchai\u202eevil", "row 7: name")
    expected = "row 7: name: character 8 is U+202E (RIGHT-TO-LEFT OVERRIDE), which is not allowed"
    assert str(fault.value) == expected
    assert fault.value.hint
    assert describe_character("\x07") == "U+0007 (no name)"


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301",
        "\u0041\u030a",
        "\u212b",
        "\u2126",
        "\u1100\u1161",
        "\u0e33\u0301\u0300"[:0] + "\uf900",
        "a\u0323\u0307".replace("a", "d"),
    ],
)
def test_unnormalized_text(text: str) -> None:
    assert not unicodedata.is_normalized("NFC", text)
    with pytest.raises(FormatError, match="NFC"):
        require_text(text, "name")
    require_text(unicodedata.normalize("NFC", text), "name")


# -- joiners: RFC 5892 A.1 and A.2 ----------------------------------------------------------------------------------

VIRAMA = "\u0915\u094d"  # Devanagari KA and virama
BEH = "\u0628"  # joins on both sides


@pytest.mark.parametrize(
    "text",
    [
        f"{VIRAMA}\u200d\u0937",
        f"{VIRAMA}\u200c\u0937",
        "\u0d23\u0d4d\u200d",  # Malayalam, as older texts write it
        f"{BEH}\u200c{BEH}",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        f"{BEH}\u064b\u200c\u064b{BEH}",  # transparent marks between
    ],
)
def test_joiners_where_they_change_the_shape(text: str) -> None:
    assert require_text(text, "name") == text
    assert require_text(f"Ada {text}", "name")


@pytest.mark.parametrize(
    "text",
    [
        *("a\u200db", "a\u200cb", "\u200d", "\u200c", "Ada\u200d", "\u200cAda", "ส\u200dม", "ส\u200cม"),
        *(f"{BEH}\u200d{BEH}", f"{BEH}\u200c", f"\u200c{BEH}", f"{BEH}\u200ca", f"a\u200c{BEH}", "\u0627\u200c\u0628"),
        *(f"{VIRAMA}\u200d\u200d", "\u0915\u200d\u0937", "\U0001f469\u200d\u2695\ufe0f", "\u0378\u200d"),
    ],
)
def test_joiners_elsewhere_hide(text: str) -> None:
    with pytest.raises(FormatError, match="not allowed"):
        require_text(text, "name")


def test_a_joiner_beside_what_has_no_name_hides() -> None:
    """No such neighbour is left where a name is read; whoever asks about a joiner alone is answered all the same."""
    assert not _joiner_fits("\u0378\u200d", 1)


def test_a_joiner_in_a_long_text() -> None:
    long = "ก" * 500 + f" {VIRAMA}\u200d\u0937 " + "ก" * 500
    assert require_text(long, "text") == long
    with pytest.raises(FormatError, match="character 502"):
        require_text("ก" * 500 + "a\u200db", "text")


# -- Unicode 14 -----------------------------------------------------------------------------------------------------


def test_after_unicode_14_nothing_is_assigned() -> None:
    for first, last in ASSIGNED_AFTER_14:
        assert first <= last
        for point in {first, last, (first + last) // 2}:
            with pytest.raises(FormatError, match="not allowed"):
                require_text(chr(point), "name")


def test_the_ranges_are_in_order_and_hold_nothing_of_unicode_14() -> None:
    """On a Python with Unicode 14 all of them are unassigned; a newer one knows some."""
    assert list(ASSIGNED_AFTER_14) == sorted(ASSIGNED_AFTER_14)
    pairs = itertools.pairwise(ASSIGNED_AFTER_14)
    assert all(last < first for (_, last), (first, _) in pairs)
    if unicodedata.unidata_version == "14.0.0":
        points = (point for first, last in ASSIGNED_AFTER_14 for point in range(first, last + 1))
        assert {unicodedata.category(chr(point)) for point in points} == {"Cn"}


@pytest.mark.parametrize("text", ["\U0001fae7", "\u061d", "\u20c0", "\U0001f7f0", "\u1ace", "\ua7c0"])
def test_the_last_of_unicode_14_are_fine(text: str) -> None:
    assert require_text(f"a{text}", "name")


@pytest.mark.parametrize("text", ["\U0001fae8", "\u0cf3", "\u20c1", "\U0001f7f1", "\u1acf", "\ua7cb", "\U00031350"])
def test_the_first_after_unicode_14_are_not(text: str) -> None:
    with pytest.raises(FormatError):
        require_text(f"a{text}", "name")


# -- mixed scripts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *(
            "สมาคม TTMA",
            "Ada Lovelace",
            "Иван Petrov",
            "山田はなこ",
            "カタカナ漢字ひらがな",
            "山田ー々",
            "漢字ㄅㄆ",
            "김金철수",
        ),
        *("e\u0301cole", "Niño-Ōé", "N° 5", "ª", "µm", "Ⅳ", "", "123 -- !", "ปิ่น123abc", "José's", "ʻOkina"),
    ],
)
def test_scripts_that_are_written_together(text: str) -> None:
    assert mixed_script_words(text) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sоmchai", ("Sоmchai",)),  # a Cyrillic o
        ("Ada Lоvelace and Ρaul", ("Lоvelace", "Ρaul")),
        ("ТTMA", ("ТTMA",)),
        ("Tシャツ", ("Tシャツ",)),
        ("ひらㄅ", ("ひらㄅ",)),
        ("김ひ", ("김ひ",)),
        ("ชาIย", ("ชาIย",)),
        ("5μm", ("μm",)),
        ("aً\u0628", ("aً\u0628",)),
    ],
)
def test_scripts_that_nobody_writes_in_one_word(text: str, words: tuple[str, ...]) -> None:
    assert mixed_script_words(text) == words


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    try:
        assert require_text(text, "name", narrative=True) == text
    except FormatError as fault:
        printable = str(fault)
    else:
        printable = text.replace("\n", "")
        assert unicodedata.is_normalized("NFC", text)
        assert not {unicodedata.category(c) for c in printable} & (set(REFUSED) - {"Cf"})
    assert isinstance(mixed_script_words(text), tuple)
    assert "\x1b" not in printable


@pytest.mark.parametrize("blank", ["\u2800", "\u17b4", "\u17b5", "\u180b", "\u180f", "\ufe0f", "\U000e0100"])
def test_what_cannot_be_seen_makes_no_second_name(blank: str) -> None:
    with pytest.raises(FormatError, match="not allowed"):
        require_text(f"Anna{blank} Lind", "name")


@pytest.mark.parametrize("name", ["葛\U000e0100城", "辻\ufe00 さくら"])
def test_a_han_character_may_name_its_form(name: str) -> None:
    assert require_text(name, "name") == name


@pytest.mark.parametrize("name", ["葛\U000e0100\U000e0101城", "\U000e0100葛", "さ\U000e0100くら"])
def test_a_form_is_named_once_and_of_a_han_character(name: str) -> None:
    with pytest.raises(FormatError, match="not allowed"):
        require_text(name, "name")
