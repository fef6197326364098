"""A caption is made of a programme's own sentences in one language, and says how long it is and where it fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from issuer.cards import Card, call_to_action, in_language
from issuer.share_words import words_of
from keys.syllabus import Story, Syllabus, Texts
from verifier.report import VerifiedCredential

_LINK = re.compile(r"https?://\S+")
_LINK_IN_X = 23  # whatever its length
_SINGLE_IN_X = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


class Caption(Struct, frozen=True):
    """A short text for every network, a long one for those that take it, and the picture in words."""

    language: str
    short: str
    long: str
    picture: str


class Network(Struct, frozen=True):
    name: str
    limit: int
    count: Callable[[str], int]


def count_in_x(text: str) -> int:
    """As X counts: characters beyond Latin, Thai, Arabic and the like are two, a link is 23."""
    plain, links = _LINK.subn("", text)
    return links * _LINK_IN_X + sum(1 if _is_single(character) else 2 for character in plain)


NETWORKS = (
    Network("X", 280, count_in_x),
    Network("Bluesky", 300, len),
    Network("Mastodon", 500, len),
    Network("Threads", 500, len),
    Network("Instagram", 2_200, len),
    Network("LinkedIn", 3_000, len),
    Network("Facebook", 63_206, len),
)


def programme_caption(syllabus: Syllabus, card: Card) -> Caption:
    """In the language of `card`; a sentence that the programme lacks in it is left out."""
    language, words = card.language, words_of(card.language)
    title, summary = syllabus.title[language], in_language(syllabus.summary, language)
    situation, outcome = _story(syllabus, language)
    action = call_to_action(syllabus)
    invitation = f"{card.action}\n{action.url}" if action and card.action else syllabus.id
    learned = [f"– {text}" for text in card.outcomes]
    list_of_outcomes = "\n".join([f"{words.afterwards}{words.colon.rstrip()}", *learned]) if learned else None
    heading = f"{title} · {card.facts}".replace("\u00a0", " ")
    blocks = [situation, outcome, heading, summary, list_of_outcomes, invitation]
    if invitation != syllabus.id:
        blocks.append(syllabus.id)
    hooks = (*filter(None, (outcome, summary, situation, *card.outcomes)), None)
    return Caption(
        language=language,
        short=_short([_joined("\n\n", (title, hook, invitation)) for hook in hooks]),
        long=_joined("\n\n", blocks),
        picture=card.alternative,
    )


def certificate_caption(verified: VerifiedCredential, card: Card, page: str | None) -> Caption:
    """About a learner, in words that fit whoever posts them; `page` is the certificate's where there is one."""
    language, words, syllabus = card.language, words_of(card.language), verified.syllabus
    title, name = syllabus.title[language], verified.certificate.printed_name
    awarded = f"{card.clinic}, {card.facts}".replace("\u00a0", " ")
    cosigned = f"{words.cosigned}{words.colon}{', '.join(card.bodies)}"
    link = page or syllabus.id
    return Caption(
        language=language,
        short=_short([_joined("\n\n", (f"{name} – {title}", line, link)) for line in (awarded, None)]),
        long=_joined(
            "\n\n", (f"{name} – {title}", awarded, cosigned, in_language(syllabus.summary, language), page, syllabus.id)
        ),
        picture=card.alternative,
    )


def caption_file(caption: Caption) -> str:
    """All of it as a text file; lengths are counted in characters (code points)."""
    lines = [*_section("Short post", caption.short), *_section("Long post", caption.long)]
    lines += [f"== The picture in words: {len(caption.picture)} characters ==", "", caption.picture, ""]
    return "\n".join(lines)


def fitting(text: str) -> tuple[Network, ...]:
    """The networks that take `text` as one post."""
    return tuple(network for network in NETWORKS if network.count(text) <= network.limit)


def _section(heading: str, text: str) -> Iterator[str]:
    fits = fitting(text)
    yield f"== {heading}: {len(text)} characters =="
    yield f"Fits: {_listed(fits) or 'no network as one post'}"
    if too_long := [network for network in NETWORKS if network not in fits]:
        yield f"Too long for: {_listed(too_long)}"
    yield from ("", text, "")


def _listed(networks: Sequence[Network]) -> str:
    return ", ".join(f"{network.name} ({network.limit})" for network in networks)


def _short(candidates: Sequence[str]) -> str:
    """The first that fits everywhere, else the shortest."""
    everywhere = (text for text in candidates if len(fitting(text)) == len(NETWORKS))
    return next(everywhere, min(candidates, key=len))


def _joined(between: str, blocks: Sequence[str | None]) -> str:
    kept = dict.fromkeys(block for block in blocks if block)  # a sentence that stands in two places is said once
    return unicodedata.normalize("NFC", between.join(kept))


def _story(syllabus: Syllabus, language: str) -> tuple[str | None, str | None]:
    story = syllabus.story
    if not isinstance(story, Story):
        return None, None
    texts: tuple[Texts, Texts] = (story.situation, story.outcome)
    situation, outcome = (in_language(text, language) for text in texts)
    return situation, outcome


def _is_single(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _SINGLE_IN_X)
