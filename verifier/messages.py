"""Each verdict has one title, one meaning and one action, the same on the page and at a terminal.

Names and contacts in them come from the trust list alone.
"""

from __future__ import annotations

from msgspec import Struct

from verifier.language import Words
from verifier.report import PartnerOutcome, Report, Verdict


class Message(Struct, frozen=True):
    """What a manager reads first. Plain text: whoever shows it escapes it."""

    title: str  # a few words
    meaning: str  # what is known
    action: str  # what to do now


def message(verdict: Verdict, words: Words) -> Message:
    return _message(f"verdict.{verdict.word}", words)


def message_for(report: Report, words: Words) -> Message:
    """That of its verdict, or where no trust list could be used one that sends people to the site and the root."""
    return _message("no-trust-list", words) if report.lacks_trust_list else message(report.verdict, words)


def headline(verdict: Verdict, words: Words) -> str:
    """The verdict in words."""
    return message(verdict, words).title


def meaning(report: Report, words: Words) -> str:
    """What was found: for a valid certificate by whom it was issued and co-signed, else the verdict's meaning."""
    if report.verdict is Verdict.VALID and report.issuer is not None and report.threshold is not None:
        signed = len(report.counted())
        sentence = "valid" if signed <= report.threshold else "more-than-required"
        return words.say(f"sentence.{sentence}", name=report.issuer.name, signed=signed, threshold=report.threshold)
    return message_for(report, words).meaning


def advice(report: Report, words: Words) -> str:
    """What to do now, with whom to ask where the trust list says so."""
    action = message_for(report, words).action
    how = contact(report, words)
    return f"{action} {how}" if how and report.verdict is not Verdict.VALID else action


def contact(report: Report, words: Words) -> str:
    """`River Clinic: +66 53 000 000, https://…` from the trust list; empty where nothing is known."""
    issuer = report.issuer
    if issuer is None or report.verdict is Verdict.INVALID:
        return ""
    ways = ", ".join(way for way in (issuer.contact, issuer.website) if way)
    return words.say("sentence.contact", name=issuer.name, how=ways) if ways else ""


def partner_words(outcome: PartnerOutcome, words: Words) -> str:
    """What a partner body did, as the end of a sentence that begins with its name."""
    return words.say(f"partner.{outcome.value}")


def _message(key: str, words: Words) -> Message:
    return Message(*(words.say(f"{key}.{part}") for part in ("title", "meaning", "action")))
