"""What other sites show of a link to a page: nothing that the page itself does not show to everybody.

Tags of the Open Graph protocol, with those that some networks want instead. A certificate's page has them only where
its card is published, which the clinic does with the learner's consent alone (formats.md section 8).
"""

from __future__ import annotations

import unicodedata

from markupsafe import Markup
from msgspec import Struct

from keys.names import parse_programme_id
from keys.syllabus import Syllabus
from verifier.language import Words
from verifier.published import programme_card
from verifier.report import VerifiedCredential

CARD_SIZE = (1920, 1080)
MAX_DESCRIPTION = 300
_CUT_BACK = 40  # so many characters are given up for a whole word


class OpenGraph(Struct, frozen=True):
    """Title, description and picture of a link; `image` is empty where there is no card."""

    title: str
    description: str
    language: str
    url: str
    site_name: str
    image: str
    image_alt: str


def of_programme(
    syllabus: Syllabus, clinic: str, base_url: str, *, has_card: bool, language: str | None = None
) -> OpenGraph:
    """Of the page on a published syllabus in `language` (its main one for None); the card is in the main language."""
    slug = parse_programme_id(syllabus.programme, "syllabus")[1]
    language = language or syllabus.language
    title = syllabus.title.get(language) or syllabus.text(syllabus.title)
    address = f"{base_url}/programmes/{slug}/{syllabus.version}"
    return OpenGraph(
        title=title,
        description=shortened(syllabus.summary.get(language) or syllabus.text(syllabus.summary)),
        language=language,
        url=address if language == syllabus.language else f"{address}?lang={language}",
        site_name=clinic,
        image=f"{base_url}/{programme_card(slug, syllabus.version)}" if has_card else "",
        image_alt=f"{title}, {clinic}",
    )


def of_certificate(verified: VerifiedCredential, lookup: str, base_url: str, words: Words) -> OpenGraph:
    """Of the page on a valid certificate whose card is published."""
    certificate, clinic = verified.certificate, verified.issuer.name
    title = words.say("graph.title", name=certificate.printed_name, course=certificate.name)
    partners = words.listed(partner.name for partner in verified.partners)
    date = words.day(certificate.awarded_date)
    return OpenGraph(
        title=title,
        description=words.say("graph.description", clinic=clinic, date=date, partners=partners),
        language=words.language,
        url=f"{base_url}/c/{lookup}",
        site_name=clinic,
        image=f"{base_url}/c/{lookup}.png",
        image_alt=f"{title}, {clinic}",
    )


def tags(graph: OpenGraph) -> Markup:
    """The tags for a page's head, a line each."""
    properties = {
        "og:type": "website",
        "og:title": graph.title,
        "og:description": graph.description,
        "og:url": graph.url,
        "og:site_name": graph.site_name,
    }
    if graph.image:
        width, height = CARD_SIZE
        properties |= {
            "og:image": graph.image,
            "og:image:type": "image/png",
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": graph.image_alt,
        }
    named = {"twitter:card": "summary_large_image" if graph.image else "summary", "description": graph.description}
    lines = [_tag("property", name, text, graph.language) for name, text in properties.items()]
    lines += [_tag("name", name, text, graph.language) for name, text in named.items()]
    return Markup("\n").join(lines)


def shortened(text: str, limit: int = MAX_DESCRIPTION) -> str:
    """At most `limit` characters on one line; a longer text ends with a whole word where one is near, and `…`."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = limit - 1
    space = line.rfind(" ", cut - _CUT_BACK, cut + 1)
    if space > 0:
        cut = space
    while cut > 0 and unicodedata.category(line[cut]) in ("Mn", "Mc", "Me"):  # a mark stays with its letter
        cut -= 1
    return f"{line[:cut].rstrip(' ,;:.')}…"


def _tag(kind: str, name: str, text: str, language: str) -> Markup:
    return Markup('<meta {} lang="{}" content="{}">').format(Markup(f'{kind}="{name}"'), language, text)  # noqa: S704  # both from the tables above
