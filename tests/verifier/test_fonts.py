"""Fonts come from packages and the clinic's folder alone, and a name they do not cover is refused by its character."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from keys.errors import ConfigurationError, HandsealError
from verifier.fonts import Typefaces, families_for, prepare_fonts, require_glyphs, uncovered

CUNEIFORM_A = "\U00012000"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(scope="module")
def typefaces(cache: Path) -> Typefaces:
    return prepare_fonts(cache)


def make_font(path: Path, family: str, characters: str) -> None:
    """A font of square glyphs."""
    pen = TTGlyphPen(None)
    for n, point in enumerate([(0, 0), (0, 500), (500, 500), (500, 0)]):
        (pen.lineTo if n else pen.moveTo)(point)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(character): "square" for character in characters})
    builder.setupGlyf({".notdef": square, "square": square})
    builder.setupHorizontalMetrics({".notdef": (600, 0), "square": (600, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "psName": f"{family}-Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)


@pytest.mark.parametrize(
    "name",
    [
        "Somchai Pinthong",
        "สมชาย ปิ่นทอง",
        "Nguyễn Thị Ánh Tuyết",
        "प्रियंका श्रीवास्तव",
        "محمد عبد الرحمن",
        "שָׂרָה כֹּהֵן",
        "Щербаков Ёжик",
        "Αλέξανδρος",
        "欧阳小明",
        "歐陽小明",
        "髙橋 さくら",
        "김민준",
        "Ọláolúwa Ḥasan ʻAlī",
        "क्\u200dष",
    ],
)
def test_names_of_many_scripts_are_covered(typefaces: Typefaces, name: str) -> None:
    assert uncovered(name, typefaces) == ()
    assert require_glyphs(name, typefaces, "name") == name


def test_P11_a_character_without_a_glyph_is_named(typefaces: Typefaces) -> None:
    with pytest.raises(HandsealError) as refused:
        require_glyphs(f"Enki {CUNEIFORM_A}", typefaces, "name")
    message = f'name "Enki {CUNEIFORM_A}": no font has the character U+12000 (CUNEIFORM SIGN A)'
    assert str(refused.value) == message
    assert "folder `fonts`" in refused.value.hint
    assert uncovered(f"{CUNEIFORM_A}a{CUNEIFORM_A}\U00012001", typefaces) == (CUNEIFORM_A, "\U00012001")


def test_without_the_extra_a_han_name_is_told_to_install_it(typefaces: Typefaces) -> None:
    latin_only = Typefaces(
        typefaces.folders[:1], tuple(font for font in typefaces.fonts if font.family == "Handseal Sans")
    )
    with pytest.raises(HandsealError, match=r"U\+5C0F") as refused:
        require_glyphs("小明", latin_only, "name")
    assert "handseal[cjk]" in refused.value.hint
    assert "handseal[cjk]" not in _hint(CUNEIFORM_A, latin_only)


def _hint(text: str, typefaces: Typefaces) -> str:
    with pytest.raises(HandsealError) as refused:
        require_glyphs(text, typefaces, "name")
    return refused.value.hint


@pytest.mark.parametrize(
    ("text", "han", "first"),
    [
        ("王小明", "sc", "Noto Sans SC"),
        ("王小明", "tc", "Noto Sans TC"),
        ("王小明", "jp", "Noto Sans JP"),
        ("王小明", "kr", "Noto Sans KR"),
        ("髙橋 さくら", "sc", "Noto Sans JP"),
        ("山田 タロウ", "tc", "Noto Sans JP"),
        ("金 민준", "sc", "Noto Sans KR"),
    ],
)
def test_han_forms_follow_the_option_but_kana_and_hangul_decide(
    typefaces: Typefaces, text: str, han: str, first: str
) -> None:
    families = families_for(text, typefaces, han)
    assert families[:3] == ("Handseal Sans", "Noto Sans", first)
    assert len(set(families)) == len(families) == 6


def test_unknown_han_forms_are_refused(typefaces: Typefaces) -> None:
    with pytest.raises(ConfigurationError, match=r"^han: 'vn' is unknown"):
        families_for("Somchai", typefaces, "vn")


def test_the_clinics_own_font_covers_more_and_comes_last(cache: Path, tmp_path: Path) -> None:
    make_font(tmp_path / "sumer.ttf", "Sumer", CUNEIFORM_A + "A")
    own = prepare_fonts(cache, tmp_path)
    assert uncovered(CUNEIFORM_A, own) == ()
    assert families_for("Enki", own)[-1] == "Sumer"
    assert str(tmp_path) in own.folders


@pytest.mark.parametrize("name", ["broken.ttf", "broken.OTF"])
def test_a_file_that_is_no_font_is_refused_by_name(cache: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no font at all")
    with pytest.raises(ConfigurationError, match=rf"^fonts: .*{name}: is not a font"):
        prepare_fonts(cache, tmp_path)


def test_a_missing_folder_is_refused(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder"):
        prepare_fonts(cache, tmp_path / "none")


def test_the_cache_is_written_once_and_mended(cache: Path, typefaces: Typefaces, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(cache, copy)
    first = prepare_fonts(copy)
    files = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    assert prepare_fonts(copy) == first
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == files
    damaged = Path(first.fonts[1].path)
    good = damaged.read_bytes()
    damaged.write_bytes(good[:1000])
    assert prepare_fonts(copy) == first
    assert damaged.read_bytes() == good


def test_many_at_once_leave_one_good_set(tmp_path: Path) -> None:
    found: list[Typefaces] = []
    workers = [threading.Thread(target=lambda: found.append(prepare_fonts(tmp_path))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert not list(tmp_path.rglob("*.part"))
    assert len(list(tmp_path.rglob("*.ttf"))) == 4
