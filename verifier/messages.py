"""Each verdict has one title, one meaning and one action, the same on the page and at a terminal.

The texts are `templates/messages/<language>.toml`; names and contacts in them come from the trust list alone.
"""

from __future__ import annotations

import pkgutil
from functools import lru_cache

import msgspec
from msgspec import Struct

from keys.errors import HandsealError
from verifier.report import PartnerOutcome, Report, Verdict

DEFAULT_LANGUAGE = "en"


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """What a manager reads first. Plain text: whoever shows it escapes it."""

    title: str  # a few words
    meaning: str  # what is known
    action: str  # what to do now


class _Sentences(Struct, frozen=True, forbid_unknown_fields=True):
    contact: str
    valid: str
    more_than_required: str


class _Texts(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    verdict: dict[str, Message]
    no_trust_list: Message
    partner: dict[str, str]
    sentence: _Sentences


def message(verdict: Verdict, language: str = DEFAULT_LANGUAGE) -> Message:
    """HandsealError for a language without messages."""
    return _texts(language).verdict[verdict.word]


def message_for(report: Report, language: str = DEFAULT_LANGUAGE) -> Message:
    """That of its verdict, or where no trust list could be used one that sends people to the site and the root."""
    return _texts(language).no_trust_list if report.lacks_trust_list else message(report.verdict, language)


def headline(verdict: Verdict, language: str = DEFAULT_LANGUAGE) -> str:
    """The verdict in words."""
    return message(verdict, language).title


def meaning(report: Report, language: str = DEFAULT_LANGUAGE) -> str:
    """What was found: for a valid certificate by whom it was issued and co-signed, else the verdict's meaning."""
    if report.verdict is Verdict.VALID and report.issuer is not None and report.threshold is not None:
        sentences, signed = _texts(language).sentence, len(report.counted())
        sentence = sentences.valid if signed <= report.threshold else sentences.more_than_required
        return sentence.format(name=report.issuer.name, signed=signed, threshold=report.threshold)
    return message_for(report, language).meaning


def advice(report: Report, language: str = DEFAULT_LANGUAGE) -> str:
    """What to do now, with whom to ask where the trust list says so."""
    action = message_for(report, language).action
    how = contact(report, language)
    return f"{action} {how}" if how and report.verdict is not Verdict.VALID else action


def contact(report: Report, language: str = DEFAULT_LANGUAGE) -> str:
    """`River Clinic: +66 53 000 000, https://…` from the trust list; empty where nothing is known."""
    issuer = report.issuer
    if issuer is None or report.verdict is Verdict.INVALID:
        return ""
    ways = ", ".join(way for way in (issuer.contact, issuer.website) if way)
    return _texts(language).sentence.contact.format(name=issuer.name, how=ways) if ways else ""


def partner_words(outcome: PartnerOutcome, language: str = DEFAULT_LANGUAGE) -> str:
    """What a partner body did, as the end of a sentence that begins with its name."""
    return _texts(language).partner[outcome.value]


@lru_cache(maxsize=16)
def _texts(language: str) -> _Texts:
    try:
        data = pkgutil.get_data("templates", f"messages/{language}.toml") if language.isalnum() else None
    except FileNotFoundError:
        data = None
    if data is None:
        raise HandsealError(f"messages: there are none in {language!r}")
    return msgspec.toml.decode(data, type=_Texts)
