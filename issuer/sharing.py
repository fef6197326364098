"""A share kit holds what may be shown of a programme or a learner, and nothing else; equal input gives equal files.

A learner's kit is made from the proof of verification and with the recorded consent to share. Only with the consent
to a page as well does anything in it lead to the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from msgspec import Struct

from issuer.captions import Caption, caption_file, certificate_caption, programme_caption
from issuer.cards import Card, Shape, certificate_card, languages_of, picture, programme_card
from issuer.certificate import Design, PublishedAddress
from issuer.share_plan import certificate_plan, programme_plan
from keys import names
from keys.errors import HandsealError
from keys.syllabus import Syllabus
from verifier import published
from verifier.language import DEFAULT_LANGUAGE, words_in
from verifier.open_graph import of_certificate, of_programme, tags
from verifier.report import VerifiedCredential

ADD_TO_PROFILE = "https://www.linkedin.com/profile/add"

_ABOUT = {
    "cards": "pictures: `card-1x1.png` for feeds, `card-9x16.png` for stories, `card-16x9.png` for links and slides",
    "captions": "texts to post with a card, with their lengths and the networks that take them, and the card in words",
    "plan.md": "what to post when, for whom, and which figures to watch",
    "open-graph.html": "tags for the head of your own page about it; Handseal's page has them already",
    "add-to-profile.txt": "a link by which the learner adds the certificate to a LinkedIn profile",
}


class Subject(Struct, frozen=True):
    """A published version of a programme, and how organisations are called in a language."""

    syllabus: Syllabus
    body: bytes  # exactly as published
    name: Callable[[str, str], str]  # from organisation and language
    site: str

    @property
    def slug(self) -> str:
        return names.parse_programme_id(self.syllabus.programme, "syllabus")[1]

    def card(self, language: str, design: Design) -> Card:
        syllabus = self.syllabus
        return programme_card(
            syllabus,
            self.body,
            language,
            clinic=self.name(syllabus.issuer, language),
            partners=tuple(self.name(partner, language) for partner in syllabus.recognition.cosigners),
            site=self.site,
            design=design,
        )


class Consent(Struct, frozen=True):
    """What a learner agreed to, as enrolment recorded it."""

    page: bool
    share: bool

    def require_sharing(self) -> None:
        if not self.share:
            raise HandsealError(
                "the learner did not agree to sharing",
                hint="consent is the column consent_share of the cohort's table: handseal enrol --update",
            )


class Learner(Struct, frozen=True):
    """A certificate that verification found valid, where it is published, and what its learner agreed to."""

    verified: VerifiedCredential
    lookup_id: str
    site: str
    consent: Consent

    @property
    def address(self) -> PublishedAddress:
        return PublishedAddress(self.site, self.lookup_id if self.consent.page else None)

    @property
    def page(self) -> str | None:
        return f"{self.site}/c/{self.lookup_id}" if self.consent.page else None

    def card(self, language: str, design: Design) -> Card:
        self.consent.require_sharing()
        return certificate_card(self.verified, language, self.address, design, consent_share=self.consent.share)


def programme_kit(
    subject: Subject, design: Design, chosen: Sequence[str] | None = None, *, has_card: bool
) -> dict[str, bytes]:
    """Every file of the kit by its path; `chosen` languages or all, `has_card` where its card is on the site."""
    syllabus = subject.syllabus
    cards = [subject.card(language, design) for language in chosen or languages_of(syllabus)]
    captions = [programme_caption(syllabus, card) for card in cards]
    clinic = subject.name(syllabus.issuer, syllabus.language)
    graph = of_programme(syllabus, clinic, subject.site, has_card=has_card)
    files = _pictures(cards, design) | _captions(captions)
    files["plan.md"] = programme_plan(syllabus, subject.slug, chosen).encode()
    files["open-graph.html"] = f"{tags(graph)}\n".encode()
    about = f"{syllabus.text(syllabus.title)}, version {syllabus.version}"
    files["README.md"] = _readme(about, files, ("Made from the published syllabus alone: " + syllabus.id,))
    return files


def certificate_kit(
    learner: Learner, design: Design, chosen: Sequence[str] | None = None, *, has_card: bool
) -> dict[str, bytes]:
    """As `programme_kit`; HandsealError unless the learner agreed to sharing."""
    learner.consent.require_sharing()
    verified, syllabus = learner.verified, learner.verified.syllabus
    cards = [learner.card(language, design) for language in chosen or languages_of(syllabus)]
    captions = [certificate_caption(verified, card, learner.page) for card in cards]
    slug = names.parse_programme_id(syllabus.programme, "syllabus")[1]
    files = _pictures(cards, design) | _captions(captions)
    plan = certificate_plan(cards[0].language, syllabus.id, slug, has_page=learner.page is not None)
    files["plan.md"] = plan.encode()
    if learner.page is not None:
        files["add-to-profile.txt"] = f"{add_to_profile(verified, learner.page)}\n".encode()
        if has_card:
            graph = of_certificate(verified, learner.lookup_id, learner.site, words_in(DEFAULT_LANGUAGE))
            files["open-graph.html"] = f"{tags(graph)}\n".encode()
    note = "The learner agreed to be shown" + (" and to a page." if learner.page else "; nothing here leads to a page.")
    last = "If the learner changes their mind, delete this folder and what was posted from it."
    about = f"{verified.certificate.printed_name}, {verified.certificate.name}"
    files["README.md"] = _readme(about, files, (note, last))
    return files


def site_card(subject: Subject, design: Design) -> tuple[str, bytes]:
    """The path on the site and the bytes of a programme's own picture, in its main language."""
    card = subject.card(subject.syllabus.language, design)
    return published.programme_card(subject.slug, subject.syllabus.version), _for_site(card, design)


def site_certificate_card(learner: Learner, design: Design) -> tuple[str, bytes]:
    """The same for a learner; HandsealError unless the learner agreed to a page and to sharing."""
    learner.consent.require_sharing()
    if not learner.consent.page:
        raise HandsealError("the learner did not agree to a page", hint="without --publish the kit is for the learner")
    card = learner.card(learner.verified.syllabus.language, design)
    return published.certificate_card(learner.lookup_id), _for_site(card, design)


def add_to_profile(verified: VerifiedCredential, page: str) -> str:
    """The link by which LinkedIn offers to add the certificate: public facts of it, and its page."""
    certificate = verified.certificate
    facts: dict[str, str | int] = {
        "startTask": "CERTIFICATION_NAME",
        "name": certificate.name,
        "organizationName": verified.issuer.name,
        "issueYear": certificate.awarded_date.year,
        "issueMonth": certificate.awarded_date.month,
    }
    if isinstance(certificate.valid_until, datetime):
        facts |= {"expirationYear": certificate.valid_until.year, "expirationMonth": certificate.valid_until.month}
    return f"{ADD_TO_PROFILE}?{urlencode(facts | {'certUrl': page}, quote_via=quote)}"


def _for_site(card: Card, design: Design) -> bytes:
    png = picture(card, Shape.WIDE, design)
    if len(png) > published.MAX_PICTURE_BYTES:
        limit = published.MAX_PICTURE_BYTES
        raise HandsealError(f"card: is larger than {limit} bytes", hint="use a smaller logo")
    return png


def _pictures(cards: Sequence[Card], design: Design) -> dict[str, bytes]:
    return {f"cards/{card.language}/{shape.file}": picture(card, shape, design) for card in cards for shape in Shape}


def _captions(captions: Sequence[Caption]) -> dict[str, bytes]:
    return {f"captions/{caption.language}.txt": caption_file(caption).encode() for caption in captions}


def _readme(about: str, files: dict[str, bytes], notes: Sequence[str]) -> bytes:
    present = {path.partition("/")[0] for path in files}
    languages = sorted({path.split("/")[1] for path in files if path.startswith("cards/")})
    lines = [f"# To share: {' '.join(about.split())}", "", *notes, f"Languages: {', '.join(languages)}.", ""]
    lines += [f"- `{name}`: {text}" for name, text in _ABOUT.items() if name in present]
    lines += ["", "Give each picture its words (in `captions`) where a network asks for a description."]
    lines += ["Change no card: a changed one says something that nobody signed. Make the kit again instead."]
    return ("\n".join(lines) + "\n").encode()
