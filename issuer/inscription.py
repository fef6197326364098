"""Every word on a printed certificate comes from what was verified, or from the table of labels.

An Inscription is the input of a design (`templates/certificate/*.typ`): the design decides where things stand and how
large they are, never what they say.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable

from msgspec import UNSET, Struct

from issuer.labels import LABELS, Labels, printed_date
from issuer.qr import MAX_MODULES, qr_svg
from keys.errors import ConfigurationError, HandsealError
from keys.qr import QUIET_MODULES
from verifier.fonts import Typefaces, families_for, require_glyphs, stacked_marks
from verifier.language import is_rtl
from verifier.report import VerifiedCredential
from verifier.seal import seal_svg

MAX_MARKS = 3  # combining marks on one letter: two in Thai, three in pointed Hebrew
MAX_MARKS_IN_NAME = 6  # a name gets room for them
MAX_LOGO_BYTES = 500_000

_LANGUAGES = {"THAI": "th", "HEBREW": "he", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja"}
_HAN_LANGUAGES = {"sc": "zh", "tc": "zh", "jp": "ja", "kr": "ko"}
_PNG = b"\x89PNG\r\n\x1a\n"
_ID_GROUPS = (5, 4, 4)
# A certificate within these lengths fits at full size with any letters, so that nothing needs measuring.
_SHORT = {"name": 40, "latin": 60, "title": 32, "outcomes": 4, "outcome": 80, "signatures": 4, "organisation": 60}


class PublishedAddress(Struct, frozen=True):
    """Where a certificate is checked: the site's base URL, and its lookup id where the learner agreed to a page."""

    site: str
    lookup_id: str | None


class Design(Struct, frozen=True):
    """How certificates look; small enough to travel to other processes.

    `han` chooses the forms of Han characters: sc, tc, jp or kr. `logo` is the bytes of a PNG or SVG.
    """

    fonts: Typefaces
    name: str = "classic"
    han: str = "sc"
    logo: bytes | None = None


class PersonName(Struct, frozen=True):
    text: str
    families: tuple[str, ...]
    language: str | None  # None where its script serves many languages
    rtl: bool
    marks: int  # the most combining marks on one letter


class Signature(Struct, frozen=True):
    role: str
    name: str
    date: str | None


class Inscription(Struct, frozen=True, rename="camel"):
    labels: Labels
    language: str
    rtl: bool
    families: tuple[str, ...]
    document_title: str
    document_description: str
    clinic: str
    logo: str | None
    logo_alt: str
    name: PersonName
    latin_name: PersonName | None
    met: str
    title: str
    facts: str
    outcomes: tuple[str, ...]
    signatures: tuple[Signature, ...]
    seal: str
    seal_caption: tuple[str, ...]
    host: str
    id: tuple[str, ...] | None
    qr: str | None
    qr_alt: str
    qr_quiet: float  # the quiet zone on each side as a fraction of the picture
    short: bool
    credential: str


def inscribe(verified: VerifiedCredential, address: PublishedAddress, design: Design) -> Inscription:
    """All that the design needs; HandsealError for a text that no font covers or that could not be read in print."""
    labels = LABELS["en"]
    syllabus, certificate, clinic = verified.syllabus, verified.certificate, verified.issuer.name
    title = syllabus.text(syllabus.title)
    outcomes = tuple(syllabus.text(outcome.text) for outcome in syllabus.outcomes)
    signatures = (Signature(labels.issued, clinic, None), *_cosignatures(verified, labels))
    name = _person(certificate.printed_name, "name", design)
    latin = certificate.latin_name if certificate.latin_name != certificate.printed_name else None
    latin_name = _person(latin, "transliteration", design) if latin else None
    _require_all_printable(title, outcomes, signatures, design.fonts)
    url = f"{address.site}/c/{address.lookup_id}" if address.lookup_id else None
    return Inscription(
        labels=labels,
        language=syllabus.language,
        rtl=is_rtl(title),
        families=families_for(" ".join((title, *outcomes, clinic)), design.fonts, design.han),
        document_title=f"{title} – {name.text}",
        document_description=labels.description.format(clinic),
        clinic=clinic,
        logo=None if design.logo is None else logo_svg(design.logo),
        logo_alt=labels.logo_alt.format(clinic),
        name=name,
        latin_name=latin_name,
        met=labels.met.format(_pillars(verified, labels)),
        title=title,
        facts=_facts(verified, labels),
        outcomes=outcomes,
        signatures=signatures,
        seal=seal_svg(verified.digest),
        seal_caption=labels.seal_page if url else labels.seal_file,
        host=address.site.partition("://")[2],
        id=_grouped(address.lookup_id) if address.lookup_id else None,
        qr=qr_svg(url) if url else None,
        qr_alt=labels.qr_alt.format(url),
        qr_quiet=QUIET_MODULES / (MAX_MODULES + 2 * QUIET_MODULES),
        short=_is_short(name, latin_name, title, outcomes, signatures),
        credential=verified.token,
    )


def logo_svg(logo: bytes) -> str:
    """A logo as SVG; a PNG is wrapped. Raises ConfigurationError for anything else."""
    if len(logo) > MAX_LOGO_BYTES:
        raise ConfigurationError(f"logo: is larger than {MAX_LOGO_BYTES} bytes", hint="make the picture smaller")
    if logo.startswith(_PNG) and len(logo) > 24:
        width, height = (int.from_bytes(logo[start : start + 4], "big") for start in (16, 20))
        data = base64.b64encode(logo).decode("ascii")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
        )
    try:
        text = logo.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("logo: is neither PNG nor SVG", hint="save it as one of these") from error
    if not re.search(r"<svg[\s>]", text):
        raise ConfigurationError("logo: is neither PNG nor SVG", hint="save it as one of these")
    return text


def _cosignatures(verified: VerifiedCredential, labels: Labels) -> Iterable[Signature]:
    for partner in verified.partners:
        yield Signature(labels.cosigned, partner.name, printed_date(partner.signed, labels) if partner.signed else None)


def _person(text: str, place: str, design: Design) -> PersonName:
    _require_printable(text, place, design.fonts, MAX_MARKS_IN_NAME)
    scripts = {unicodedata.name(character, "").split(" ", 1)[0] for character in text}
    languages = [_LANGUAGES[script] for script in sorted(scripts) if script in _LANGUAGES]
    if not languages and "CJK" in scripts:
        languages = [_HAN_LANGUAGES[design.han]]
    return PersonName(
        text=text,
        families=families_for(text, design.fonts, design.han),
        language=languages[0] if languages else None,
        rtl=is_rtl(text),
        marks=stacked_marks(text),
    )


def _require_all_printable(
    title: str, outcomes: Iterable[str], signatures: Iterable[Signature], fonts: Typefaces
) -> None:
    _require_printable(title, "programme title", fonts)
    for outcome in outcomes:
        _require_printable(outcome, "outcome", fonts)
    for signature in signatures:
        _require_printable(signature.name, "organisation", fonts)


def _require_printable(text: str, place: str, fonts: Typefaces, max_marks: int = MAX_MARKS) -> None:
    require_glyphs(text, fonts, place)
    if stacked_marks(text) > max_marks:
        raise HandsealError(
            f'{place} "{text}": more than {max_marks} marks on one letter cannot be read in print',
            hint="remove the superfluous marks",
        )


def _pillars(verified: VerifiedCredential, labels: Labels) -> str:
    present = {criterion.pillar for criterion in verified.syllabus.criteria}
    words = [word for pillar, word in labels.pillars.items() if pillar in present]
    return words[0] if len(words) == 1 else labels.join[0].join(words[:-1]) + labels.join[1] + words[-1]


def _facts(verified: VerifiedCredential, labels: Labels) -> str:
    """`6 weeks · 36 hours · …`, each fact held together by no-break spaces."""
    syllabus, certificate, words = verified.syllabus, verified.certificate, labels.facts

    def count(number: int, unit: str) -> str:
        return words[unit] if number == 1 else words[f"{unit}s"].format(number)

    hours, minutes = divmod(syllabus.minutes.total, 60)
    time = [count(hours, "hour")] * (hours > 0) + [count(minutes, "minute")] * (minutes > 0)
    parts = [
        count(syllabus.weeks, "week"),
        " ".join(time),
        words["version"].format(syllabus.version),
        words["awarded"].format(printed_date(certificate.awarded_date, labels)),
    ]
    if certificate.valid_until is not UNSET:
        parts.append(words["until"].format(printed_date(certificate.valid_until, labels)))
    return " · ".join(part.replace(" ", "\u00a0") for part in parts if part)


def _grouped(lookup_id: str) -> tuple[str, ...]:
    """Two lines of three groups: people copy short groups without losing their place."""
    lines = []
    for start in range(0, len(lookup_id), sum(_ID_GROUPS)):
        groups, at = [], start
        for length in _ID_GROUPS:
            groups.append(lookup_id[at : at + length])
            at += length
        lines.append(" ".join(groups))
    return tuple(lines)


def _is_short(
    name: PersonName,
    latin: PersonName | None,
    title: str,
    outcomes: tuple[str, ...],
    signatures: tuple[Signature, ...],
) -> bool:
    return (
        name.marks < MAX_MARKS
        and _width(name.text) <= _SHORT["name"]
        and (latin is None or (_width(latin.text) <= _SHORT["latin"] and latin.marks < MAX_MARKS))
        and _width(title) <= _SHORT["title"]
        and len(outcomes) <= _SHORT["outcomes"]
        and all(_width(text) <= _SHORT["outcome"] for text in outcomes)
        and len(signatures) <= _SHORT["signatures"]
        and all(_width(signature.name) <= _SHORT["organisation"] for signature in signatures)
    )


def _width(text: str) -> float:
    """The width in average letters, rather too large than too small."""
    return sum(_letter_width(character) for character in text)


def _letter_width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or character in "MWmw@%":
        return 2.0
    return 1.0 if character.isascii() and not character.isupper() else 1.3
