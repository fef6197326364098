"""What is printed is set in fonts that Handseal brought along or the clinic chose, never in those of the machine.

So the same certificate looks the same everywhere, and a name that no font covers is refused before it is printed.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import unicodedata
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec
import pymupdf_fonts
import typst
from fontTools.ttLib import TTCollection, TTFont, TTLibError
from msgspec import Struct

from keys.errors import ConfigurationError, HandsealError
from keys.files import replace_file
from keys.text import describe_character
from verifier.firago import FAMILY, MENDING, mended

HAN_FAMILIES = {"sc": "Noto Sans SC", "tc": "Noto Sans TC", "jp": "Noto Sans JP", "kr": "Noto Sans KR"}

_FIRAGO = ("figo", "figbo")
_PACKED = (*_FIRAGO, "notos", "notosbo")  # Noto Sans for rare Latin, Greek and Cyrillic
_PACKED_FAMILIES = (FAMILY, "Noto Sans")
_DIGESTS = "digests.json"
_LENDING = Lock()
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_INVISIBLE = frozenset("\u200c\u200d")  # joiners shape their neighbours and need no glyph
_HAN_NAMES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")


class Font(Struct, frozen=True):
    """A font file, the family it belongs to, and where the list of its characters is kept."""

    path: str
    family: str
    coverage: str


class Typefaces(Struct, frozen=True):
    """All fonts for certificates; small, so that it may travel to other processes."""

    folders: tuple[str, ...]  # for Typst
    fonts: tuple[Font, ...]  # in order of preference


def prepare_fonts(cache_folder: Path, own_folder: Path | None = None) -> Typefaces:
    """The packaged fonts, those of the `cjk` extra if it is installed, and the clinic's own ones from `own_folder`.

    What must be written goes into `cache_folder` under the digest of its content, beside and then renamed, so that
    processes may do it at once. Raises ConfigurationError for a font that cannot be read or a folder not to be used.
    """
    try:
        folders = [_packed_folder(cache_folder), *_cjk_folders(), *_own_folders(own_folder)]
        fonts = [
            Font(str(path), family, str(_coverage_file(path, cache_folder)))
            for folder in folders
            for path, family in _families(folder)
        ]
        fonts.sort(key=lambda font: (_preference(font.family), font.path))
        return Typefaces(tuple(map(str, folders)), tuple(fonts))
    except OSError as error:
        raise ConfigurationError(
            f"fonts: {error.filename or cache_folder}: {error.strerror}", hint="the folder must be writable"
        ) from error


def lent_fonts() -> Typefaces:
    """Those that Handseal brought along, in a folder that goes when the process ends: a verifier keeps nothing."""
    with _LENDING:
        return _lent()


def uncovered(text: str, typefaces: Typefaces) -> tuple[str, ...]:
    """The characters of `text` for which no font has a glyph, each once, in their order."""
    missing = dict.fromkeys(character for character in text if character not in _INVISIBLE)
    for font in typefaces.fonts:
        if not missing:
            break
        covered = _characters(font.coverage)
        missing = dict.fromkeys(character for character in missing if ord(character) not in covered)
    return tuple(missing)


def require_glyphs(text: str, typefaces: Typefaces, place: str) -> str:
    """`text` itself, or HandsealError naming `place` and the first character that could not be printed."""
    missing = uncovered(text, typefaces)
    if not missing:
        return text
    hint = "put a font that has it into the folder `fonts` of clinic.toml"
    has_cjk = any(font.family in HAN_FAMILIES.values() for font in typefaces.fonts)
    if _is_east_asian(missing[0]) and not has_cjk:
        hint = "install handseal[cjk], or " + hint
    raise HandsealError(f'{place} "{text}": no font has the character {describe_character(missing[0])}', hint=hint)


def families_for(text: str, typefaces: Typefaces, han: str = "sc") -> tuple[str, ...]:
    """The families for `text`, the preferred first.

    Han characters take the forms that `han` (a key of HAN_FAMILIES) names; kana and hangul decide by themselves.
    Raises ConfigurationError for another `han`.
    """
    if han not in HAN_FAMILIES:
        raise ConfigurationError(f"han: {han!r} is unknown", hint=f"choose one of: {', '.join(HAN_FAMILIES)}")
    scripts = {unicodedata.name(character, "").split(" ", 1)[0] for character in text}
    if scripts & {"HIRAGANA", "KATAKANA"}:
        han = "jp"
    elif "HANGUL" in scripts:
        han = "kr"
    families = tuple(dict.fromkeys(font.family for font in typefaces.fonts))
    chosen = HAN_FAMILIES[han]
    others = tuple(family for family in families if family != chosen and family not in _PACKED_FAMILIES)
    return tuple(family for family in (*_PACKED_FAMILIES, chosen, *others) if family in families)


def stacked_marks(text: str) -> int:
    """The most marks above or below one letter: a line needs room for them."""
    most = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        most = max(most, run)
    return most


@cache
def _lent() -> Typefaces:
    try:
        folder = TemporaryDirectory(prefix="handseal-fonts-")
    except OSError as error:
        raise ConfigurationError(f"fonts: {error.strerror}", hint="a temporary folder must be writable") from error
    atexit.register(folder.cleanup)
    return prepare_fonts(Path(folder.name))


def _packed_folder(cache_folder: Path) -> Path:
    """A folder with the packaged fonts and nothing else, named after what they are made from."""
    sources = {name: pymupdf_fonts.myfont(name) for name in _PACKED}
    digest = hashlib.sha256(MENDING.encode())
    for source in sources.values():
        digest.update(hashlib.sha256(source).digest())
    folder = cache_folder / f"fonts-{digest.hexdigest()[:32]}"
    if not _is_intact(folder):
        folder.mkdir(parents=True, exist_ok=True)
        contents = {name: mended(source) if name in _FIRAGO else source for name, source in sources.items()}
        for name, content in contents.items():
            replace_file(folder / f"{name}.ttf", content)
        digests = {f"{name}.ttf": hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        replace_file(folder / _DIGESTS, msgspec.json.encode(digests))  # last: it says that all are there
    return folder


def _is_intact(folder: Path) -> bool:
    """Whether the fonts are there as they were written."""
    try:
        digests = msgspec.json.decode((folder / _DIGESTS).read_bytes(), type=dict[str, str])
        return all(_digest(folder / name) == digest for name, digest in digests.items())
    except (FileNotFoundError, msgspec.DecodeError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cjk_folders() -> list[Path]:
    """The folder of the optional package, used where it lies: 50 MB need no copy."""
    found = importlib.util.find_spec("justmytype_intl_cjk")
    if found is None or found.origin is None:
        return []
    return [Path(found.origin).parent / "fonts"]


def _own_folders(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise ConfigurationError(f"fonts: {folder}: is not a folder", hint="see `fonts` in clinic.toml")
    return [folder]


def _families(folder: Path) -> list[tuple[Path, str]]:
    """Each font file below the folder with its family, as Typst names it."""
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]).fonts()
    usable = {Path(font.path): font.family for font in found if font.path}
    for path in folder.rglob("*"):
        if path.suffix.lower() in _SUFFIXES and path not in usable:
            raise ConfigurationError(f"fonts: {path}: is not a font that can be used", hint="remove the file")
    return sorted(usable.items())


def _preference(family: str) -> tuple[int, str]:
    if family in _PACKED_FAMILIES:
        return _PACKED_FAMILIES.index(family), ""
    return (2, "") if family in HAN_FAMILIES.values() else (3, family)


def _coverage_file(font: Path, folder: Path) -> Path:
    """The list of the font's characters as ranges, made once for each content."""
    path = folder / f"coverage-{_digest(font)[:32]}.json"
    if not path.is_file():
        replace_file(path, msgspec.json.encode(_ranges(_read_characters(font))))
    return path


def _read_characters(path: Path) -> list[int]:
    try:
        if path.suffix.lower() in (".ttc", ".otc"):
            with TTCollection(path, lazy=True) as collection:
                return sorted(set().union(*(font.getBestCmap() or {} for font in collection.fonts)))
        with TTFont(path, lazy=True) as font:
            return sorted(font.getBestCmap() or {})
    except (TTLibError, KeyError) as error:
        raise ConfigurationError(f"fonts: {path}: is not a font that can be used: {error}") from error


def _ranges(points: list[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1] = (ranges[-1][0], point)
        else:
            ranges.append((point, point))
    return ranges


@cache
def _characters(coverage: str) -> frozenset[int]:
    ranges = msgspec.json.decode(Path(coverage).read_bytes(), type=list[tuple[int, int]])
    return frozenset(point for first, last in ranges for point in range(first, last + 1))


def _is_east_asian(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_HAN_NAMES)
