"""A card says only what a published syllabus or a verified certificate says; equal input gives equal bytes.

Cards are PNG pictures for networks, set by Typst in the certificate's typefaces, colours and seal. A certificate's
card is made from the proof of its verification and with the learner's recorded consent alone.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock

import msgspec
import typst
from msgspec import Struct

from issuer.certificate import Design, PublishedAddress
from issuer.inscription import PersonName, inscribe, logo_svg
from issuer.share_words import ShareWords, words_of
from keys.encoding import sha256
from keys.errors import FormatError, HandsealError
from keys.syllabus import CallToAction, Story, Syllabus, Texts
from verifier.fonts import families_for, require_glyphs
from verifier.language import is_rtl
from verifier.report import VerifiedCredential
from verifier.seal import seal_svg

_TOO_MUCH = "more text than the card holds"  # as the design says it
_COMPILING = Lock()
_HAN = {"ja": "jp", "ko": "kr", "zh-Hant": "tc", "zh-TW": "tc", "zh-HK": "tc", "zh-Hans": "sc"}


class Shape(Enum):
    """Width and height in pixels; the value names the file: `card-16x9.png`."""

    SQUARE = "1x1"
    TALL = "9x16"
    WIDE = "16x9"

    @property
    def size(self) -> tuple[int, int]:
        return {"1x1": (1080, 1080), "9x16": (1080, 1920), "16x9": (1920, 1080)}[self.value]

    @property
    def safe(self) -> tuple[int, int, int]:
        """Pixels to stay clear of: each side, top, bottom. Phones lay their own buttons over tall pictures."""
        return {"1x1": (90, 90, 90), "9x16": (90, 250, 330), "16x9": (120, 100, 100)}[self.value]

    @property
    def file(self) -> str:
        return f"card-{self.value}.png"


class Card(Struct, frozen=True, rename="camel"):
    """The input of the design: every word on a card, in one language."""

    language: str
    words_language: str
    rtl: bool
    families: tuple[str, ...]
    clinic: str
    logo: str | None
    seal: str
    kicker: str
    name: PersonName | None  # of the learner; None on a programme's card
    latin_name: PersonName | None
    earned: str
    title: str
    facts: str
    outcomes_label: str
    outcomes: tuple[str, ...]
    bodies_label: str
    bodies: tuple[str, ...]
    action: str | None
    host: str
    id: tuple[str, ...] | None
    qr: str | None
    qr_quiet: float

    @property
    def alternative(self) -> str:
        """The same in one line, for those who do not see the picture."""
        who = f"{self.name.text}: " if self.name else ""
        return f"{who}{self.title}. {self.clinic}. {self.facts}".replace("\u00a0", " ")


def languages_of(syllabus: Syllabus) -> tuple[str, ...]:
    """The languages that a programme speaks, the main one first: those of both its title and its summary."""
    others = sorted(set(syllabus.title) & set(syllabus.summary) - {syllabus.language})
    return (syllabus.language, *others)


def call_to_action(syllabus: Syllabus) -> CallToAction | None:
    """The programme's own, else the story's."""
    if isinstance(syllabus.call_to_action, CallToAction):
        return syllabus.call_to_action
    story = syllabus.story
    action = story.call_to_action if isinstance(story, Story) else None
    return action if isinstance(action, CallToAction) else None


def in_language(texts: Texts, language: str) -> str | None:
    """The text in exactly this language: a picture in two languages serves no reader."""
    return texts.get(language)


def programme_card(
    syllabus: Syllabus, body: bytes, language: str, *, clinic: str, partners: tuple[str, ...], site: str, design: Design
) -> Card:
    """The card of a published syllabus, `body` being its exact bytes; organisations by their names in force.

    Raises HandsealError for a text that no font covers.
    """
    words = words_of(language)
    title = syllabus.title[language]
    outcomes = tuple(text for outcome in syllabus.outcomes if (text := in_language(outcome.text, language)))
    action = call_to_action(syllabus)
    action_text = in_language(action.text, language) if action else None
    places = {"programme title": (title,), "outcome": outcomes, "organisation": (clinic, *partners)}
    places["call to action"] = (action_text,) if action_text else ()
    _require_glyphs(places, design)
    return Card(
        language=language,
        words_language=words.language,
        rtl=is_rtl(title),
        families=_families(places, words, language, design),
        clinic=clinic,
        logo=None if design.logo is None else logo_svg(design.logo),
        seal=seal_svg(sha256(body)),
        kicker=words.course,
        name=None,
        latin_name=None,
        earned="",
        title=title,
        facts=words.duration(syllabus.weeks, syllabus.minutes.total),
        outcomes_label=words.afterwards,
        outcomes=outcomes,
        bodies_label=words.bodies.format(syllabus.recognition.threshold),
        bodies=partners,
        action=action_text,
        host=site.partition("://")[2],
        id=None,
        qr=None,
        qr_quiet=0.0,
    )


def certificate_card(
    verified: VerifiedCredential, language: str, address: PublishedAddress, design: Design, *, consent_share: bool
) -> Card:
    """The card of a certificate that verification found valid; id and code only where `address` has a page.

    HandsealError unless the learner agreed to sharing, and for a text that no font covers.
    """
    if not consent_share:
        raise HandsealError(
            "share: the learner did not agree to sharing", hint="consent is the column consent_share of handseal enrol"
        )
    inscription = inscribe(verified, address, design)
    words, syllabus = words_of(language), verified.syllabus
    title = syllabus.title[language]
    partners = tuple(partner.name for partner in verified.partners)
    places = {"programme title": (title,), "organisation": (inscription.clinic, *partners)}
    _require_glyphs(places, design)
    return Card(
        language=language,
        words_language=words.language,
        rtl=is_rtl(title),
        families=_families(places, words, language, design),
        clinic=inscription.clinic,
        logo=inscription.logo,
        seal=inscription.seal,
        kicker=words.certificate,
        name=inscription.name,
        latin_name=inscription.latin_name,
        earned=words.earned,
        title=title,
        facts=words.awarded.format(words.day(verified.certificate.awarded_date)).replace(" ", "\u00a0"),
        outcomes_label="",
        outcomes=(),
        bodies_label=words.cosigned,
        bodies=partners,
        action=None,
        host=inscription.host,
        id=inscription.id,
        qr=inscription.qr,
        qr_quiet=inscription.qr_quiet,
    )


def picture(card: Card, shape: Shape, design: Design) -> bytes:
    """The PNG, exactly as large as `shape` says; HandsealError for more text than it holds at a readable size."""
    return _compiled(card, shape, design, "png")


def _compiled(card: Card, shape: Shape, design: Design, form: typst.OutputFormat) -> bytes:
    width, height = shape.size
    side, top, bottom = shape.safe
    layout = {"width": width, "height": height, "side": side, "top": top, "bottom": bottom}
    inputs = {"card": msgspec.json.encode(card).decode("utf-8"), "layout": msgspec.json.encode(layout).decode("utf-8")}
    try:
        with _COMPILING:
            made = _compiler(design.fonts.folders).compile(format=form, ppi=72, sys_inputs=inputs, timestamp=0)
    except typst.TypstError as error:
        place = f'card "{card.title}" ({card.language}, {shape.value})'
        if _TOO_MUCH in error.message:
            hint = "shorten the title, the call to action or the names of the partner bodies"
            raise HandsealError(f"{place}: {_TOO_MUCH}", hint=hint) from error
        raise HandsealError(f"{place}: {error.message}", hint="; ".join(error.hints)) from error
    if not isinstance(made, bytes):  # a list of pages
        raise HandsealError(f"card {shape.value}: is more than one page")
    return made


def _require_glyphs(places: dict[str, tuple[str, ...]], design: Design) -> None:
    for place, texts in places.items():
        for text in texts:
            require_glyphs(text, design.fonts, place)


def _families(places: dict[str, tuple[str, ...]], words: ShareWords, language: str, design: Design) -> tuple[str, ...]:
    text = " ".join(text for texts in places.values() for text in texts) + words.earned + words.afterwards
    han = _HAN.get(language) or _HAN.get(language.partition("-")[0]) or design.han
    return families_for(text, design.fonts, han)


def require_language(syllabus: Syllabus, language: str) -> str:
    """`language` itself; HandsealError names those that the programme speaks."""
    known = languages_of(syllabus)
    if language not in known:
        raise FormatError(f"--language {language}: the programme has no such texts", hint=f"it has {', '.join(known)}")
    return language


@cache
def _compiler(font_folders: tuple[str, ...]) -> typst.Compiler:
    path = Path(str(files("templates"))) / "share" / "card.typ"
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(font_folders))
    return typst.Compiler(path, root=path.parent, font_paths=fonts, ignore_system_fonts=True)
