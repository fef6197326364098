"""What the page shows of a report: texts alone, chosen before a template sees them.

Names, contacts and co-signers come from the trust list, dates and results from the verified certificate. Where the
verdict is `invalid` the report holds no certificate, so that nothing of it can be shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from keys.credential import Certificate, Evidence, Result, ResultDescription
from keys.syllabus import Syllabus
from verifier.language import Words
from verifier.messages import contact, meaning, message_for, partner_words
from verifier.report import Check, ListDate, Outcome, Partner, PartnerOutcome, Report, Verdict

# Colour and sign repeat the words; neither says anything alone (W15).
_TONES = {
    Verdict.VALID: ("good", "✓"),
    Verdict.UNKNOWN: ("open", "?"),
    Verdict.INCOMPLETE: ("wait", "!"),
    Verdict.EXPIRED: ("wait", "!"),
    Verdict.SUSPENDED: ("wait", "!"),
    Verdict.WITHDRAWN: ("wait", "!"),
    Verdict.SUPERSEDED: ("wait", "→"),
    Verdict.REVOKED: ("bad", "✗"),
    Verdict.INVALID: ("bad", "✗"),
}
_PARTNER_TONES = {
    PartnerOutcome.SIGNED: ("good", "✓"),
    PartnerOutcome.WITHDRAWN: ("wait", "!"),
    PartnerOutcome.NOT_SIGNED: ("open", "–"),
    PartnerOutcome.NOT_COUNTED: ("wait", "!"),
    PartnerOutcome.UNKNOWN: ("open", "?"),
}
_CHECK_TONES = {Outcome.PASS: "good", Outcome.FAIL: "bad", Outcome.UNKNOWN: "open", Outcome.NOT_RUN: "open"}
# Scripts in which one language is written; for any other a reader's voice must not guess.
_SCRIPT_LANGUAGES = {
    "THAI": "th", "LAO": "lo", "KHMER": "km", "MYANMAR": "my", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja",
    "HEBREW": "he", "GEORGIAN": "ka", "ARMENIAN": "hy", "GREEK": "el", "TAMIL": "ta", "TELUGU": "te", "SINHALA": "si",
}  # fmt: skip
_LONG, _LONGER = 22, 48
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,30}")


class Row(Struct, frozen=True):
    """One line of a list: what, how it ended, and what there is to say about it."""

    text: str
    outcome: str = ""
    note: str = ""
    detail: str = ""  # technical and English
    tone: str = ""
    mark: str = ""
    link: str = ""  # to evidence, https only
    narrative: str = ""  # as the certificate words it, whatever the reader's language


class CertificatePage(Struct, frozen=True):
    """The answer about one certificate in the order in which an employer needs it."""

    verdict: str
    tone: str
    mark: str
    title: str
    action: str
    meaning: str
    reason: str  # the check that decided, where the verdict is not `valid`
    reason_detail: str  # technical and English
    checked: str
    clinic: str
    contact: str
    telephone: str
    phone: str  # the same as a link may hold it
    website: str
    details: Details | None
    checks: tuple[Row, ...]
    summary: str
    lists: tuple[Row, ...]
    lookup: str  # empty for an upload
    token: str  # of an answer without an address, so that it can be asked for again in another language

    @property
    def number(self) -> str:
        """What is shown of the lookup id."""
        return self.lookup[-4:]

    @property
    def valid(self) -> bool:
        return self.tone == "good"


class Details(Struct, frozen=True):
    """What the certificate says of the person; shown subordinate unless it is valid."""

    name: str
    name_language: str
    name_size: str
    latin_name: str
    digest: bytes  # for the seal
    title: str
    language: str
    awarded: str
    until: str
    facts: tuple[str, ...]
    outcomes: tuple[str, ...]
    syllabus_path: str
    policy: str
    signers: tuple[Row, ...]
    assessed: tuple[Row, ...]


def certificate_page(report: Report, words: Words, *, lookup: str = "", has_address: bool = False) -> CertificatePage:
    """The page on `report`; `lookup` is the stored spelling of the id it was asked for by."""
    message = message_for(report, words)
    tone, mark = _TONES[report.verdict]
    deciding = _deciding(report)
    party = report.issuer if report.certificate else None
    return CertificatePage(
        verdict=report.verdict.word,
        tone=tone,
        mark=mark,
        title=message.title,
        action=message.action,
        meaning=meaning(report, words),
        reason=_sentence(deciding.sentence(words)) if deciding else "",
        reason_detail=deciding.detail if deciding else "",
        checked=words.minute(report.as_of) if report.as_of else "",
        clinic=party.name if party else "",
        contact=contact(report, words),
        telephone=(party.contact or "") if party else "",
        phone=_phone(party.contact) if party else "",
        website=_https(party.website) if party else "",
        details=_details(report, words),
        checks=tuple(_check_row(check, words) for check in report.checks),
        summary=_summary(report, words),
        lists=tuple(_list_row(entry, words) for entry in report.lists),
        lookup=lookup,
        token="" if has_address else report.token,
    )


def name_language(name: str) -> str:
    """The language tag of a name where its script tells; else empty, which says that it is not known."""
    for character in name:
        script = unicodedata.name(character, "").partition(" ")[0]
        if script in _SCRIPT_LANGUAGES:
            return _SCRIPT_LANGUAGES[script]
    return ""


def _details(report: Report, words: Words) -> Details | None:
    certificate = report.certificate
    if certificate is None or report.digest is None:
        return None
    subject = certificate.credential_subject
    name = certificate.printed_name
    until = certificate.valid_until
    policy = certificate.terms_of_use[0]
    return Details(
        name=name,
        name_language=name_language(name),
        name_size="longer" if len(name) > _LONGER else "long" if len(name) > _LONG else "",
        latin_name=certificate.latin_name or "",
        digest=report.digest,
        title=certificate.name,
        language=subject.achievement.in_language,
        awarded=words.day(certificate.awarded_date),
        until=words.day(until) if isinstance(until, datetime) else "",
        facts=_facts(report.syllabus, words),
        outcomes=_outcomes(certificate, report.syllabus),
        syllabus_path=urlsplit(subject.achievement.id).path if report.syllabus else "",
        policy=words.say("certificate.policy", threshold=policy.threshold, partners=len(policy.cosigner)),
        signers=tuple(_signers(report, words)),
        assessed=tuple(_assessed(certificate, report.syllabus, words, links=report.verdict is Verdict.VALID)),
    )


def _deciding(report: Report) -> Check | None:
    """The check that decided, where it says more than the verdict's own words."""
    return {
        Verdict.EXPIRED: report.check("time.valid"),
        Verdict.INCOMPLETE: report.check("cosignature.quorum"),
        Verdict.WITHDRAWN: report.check("cosignature.quorum"),
        Verdict.UNKNOWN: report.worst,
        Verdict.INVALID: report.worst,
    }.get(report.verdict)


def _summary(report: Report, words: Words) -> str:
    """`Checks: 18 passed, 1 not made`."""
    counts = Counter(check.outcome for check in report.checks)
    if counts[Outcome.PASS] == len(report.checks):
        return words.say("certificate.all-passed", number=len(report.checks))
    counted = (words.say(f"certificate.count-{o.value}", number=counts[o]) for o in Outcome if counts[o])
    return words.say("certificate.checks", counts=words.say("sentence.comma").join(counted))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(syllabus: Syllabus | None, words: Words) -> tuple[str, ...]:
    if syllabus is None:
        return ()
    return words.counted("count.weeks", syllabus.weeks), words.hours(syllabus.minutes.total)


def _outcomes(certificate: Certificate, syllabus: Syllabus | None) -> tuple[str, ...]:
    """Those of the syllabus; without it the same sentences from the signed certificate."""
    if syllabus:
        return tuple(syllabus.text(outcome.text) for outcome in syllabus.outcomes)
    narrative = certificate.credential_subject.achievement.criteria.narrative
    return tuple(line.removeprefix("- ") for line in narrative.splitlines() if line.strip())


def _signers(report: Report, words: Words) -> Iterator[Row]:
    if report.issuer:
        signed, issued = words.say("certificate.signed"), words.say("certificate.issued")
        yield Row(report.issuer.name, signed, issued, tone="good", mark="✓")
    for partner in report.partners:
        yield _partner_row(partner, report, words)


def _partner_row(partner: Partner, report: Report, words: Words) -> Row:
    tone, mark = _PARTNER_TONES[partner.outcome]
    dated = words.say("certificate.dated", date=partner.signed) if partner.signed else ""
    spare = partner.outcome is PartnerOutcome.NOT_SIGNED and report.verdict is Verdict.VALID
    unconfirmed = partner.outcome is PartnerOutcome.UNKNOWN  # its words say so, the detail says why
    reason = words.say(f"partner-note.{partner.reason}") if partner.reason and not unconfirmed else ""
    note = _joined(words, dated, _sentence(reason), words.say("certificate.spare") if spare else "")
    return Row(partner.name, partner_words(partner.outcome, words), note, partner.detail, tone, mark)


def _joined(words: Words, *parts: str) -> str:
    """Phrases behind each other as sentences, the last one without its stop."""
    return words.say("sentence.next").join(filter(None, parts))


def _assessed(certificate: Certificate, syllabus: Syllabus | None, words: Words, *, links: bool) -> Iterator[Row]:
    """One line a criterion with its result, pass mark and evidence, then evidence that belongs to none."""
    subject = certificate.credential_subject
    kinds = {f"{syllabus.id}#{c.id}": words.say(f"course.{c.kind}") for c in syllabus.criteria} if syllabus else {}
    evidence = list(certificate.evidence or ())
    for description, result in zip(subject.achievement.result_description, subject.result, strict=True):
        found = [entry for entry in evidence if entry.name == description.name]
        evidence = [entry for entry in evidence if entry not in found]
        note = _mark_words(description, kinds.get(description.id, ""), words)
        narrative = "\n".join(entry.narrative for entry in found if isinstance(entry.narrative, str))
        link = next((_https(entry.id) for entry in found if isinstance(entry.id, str)), "") if links else ""
        yield Row(description.name, _result_words(result, description, words), note, link=link, narrative=narrative)
    for entry in evidence:
        yield _evidence_row(entry, links)


def _evidence_row(entry: Evidence, links: bool) -> Row:
    narrative = entry.narrative if isinstance(entry.narrative, str) else ""
    return Row(entry.name, narrative=narrative, link=_https(entry.id) if links and isinstance(entry.id, str) else "")


def _mark_words(description: ResultDescription, kind: str, words: Words) -> str:
    if isinstance(description.required_value, str):
        needed = words.say("certificate.pass-mark", mark=words.percent(description.required_value))
    elif isinstance(description.required_level, str):
        level = words.say("sentence.quoted", text=_level(description, description.required_level))
        needed = words.say("certificate.passing-level", level=level)
    else:
        needed = words.say("certificate.to-be-completed")
    return f"{kind}{words.say('sentence.comma')}{needed}" if kind else _sentence(needed)


def _result_words(result: Result, description: ResultDescription, words: Words) -> str:
    if isinstance(result.value, str):
        return words.percent(result.value)
    if isinstance(result.achieved_level, str):
        return _level(description, result.achieved_level)
    return words.say("certificate.completed")


def _level(description: ResultDescription, identity: str) -> str:
    levels = description.rubric_criterion_level or ()
    return next((level.name for level in levels if level.id == identity), "")


def _check_row(check: Check, words: Words) -> Row:
    outcome = words.say(f"outcome.{check.outcome.value}")
    return Row(check.sentence(words), outcome, check.code, check.detail, _CHECK_TONES[check.outcome])


def _list_row(entry: ListDate, words: Words) -> Row:
    return Row(
        words.say("list.named", name=entry.owner, list=words.say(f"list.{entry.purpose}")), words.minute(entry.dated)
    )


def _phone(number: str | None) -> str:
    """What a `tel:` link may hold of a contact; empty where it is no telephone number."""
    return "".join(c for c in number if c in "+0123456789") if number and _PHONE.fullmatch(number) else ""


def _https(address: str | None) -> str:
    return address if address and address.startswith("https://") else ""
