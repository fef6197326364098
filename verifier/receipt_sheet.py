"""What a printed receipt says: texts alone, in the reader's language, chosen before a template sees them.

Nothing fails for a letter that no font has: it is printed as its code, for an employer needs the receipt all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from keys.encoding import parse_sri
from verifier.fonts import Typefaces, families_for, stacked_marks, uncovered
from verifier.language import DEFAULT_LANGUAGE, Words, is_rtl, words_in
from verifier.messages import contact
from verifier.pages import CertificatePage, Details, Row, certificate_page, name_language
from verifier.receipt import Answered, Operator, Receipt, receipt_of
from verifier.report import Report
from verifier.seal import seal_svg


class Fact(Struct, frozen=True):
    label: str
    text: str


class Name(Struct, frozen=True):
    """A person's name in its own script; `marks` are the most above or below one letter."""

    text: str
    families: tuple[str, ...]
    language: str
    rtl: bool
    marks: int


class Line(Struct, frozen=True):
    """What, how it ended, and a note; the outcome is always a word, never a colour."""

    text: str
    outcome: str
    note: str = ""


class Section(Struct, frozen=True):
    title: str
    lines: tuple[Line, ...]


class Sheet(Struct, frozen=True, rename="camel"):
    """One page; the template decides where things stand and how large they are."""

    language: str
    rtl: bool
    families: tuple[str, ...]
    heading: str
    document_title: str
    when: tuple[Fact, ...]
    verdict: str
    meaning: str
    action: str
    contact: str
    reason: str
    names_label: str
    name: Name | None
    latin_name: Name | None
    facts: tuple[Fact, ...]
    nothing_shown: str
    seal: str | None
    seal_caption: str
    partners: Section
    digests: tuple[Fact, ...]
    digests_title: str
    lists: Section
    checks: Section
    limits: str
    signature: str


def sheet_of(answered: Answered, operator: Operator, words: Words, fonts: Typefaces) -> Sheet:
    """The receipt in `words`, or in the default language where no font has the letters of theirs."""
    if uncovered("".join(words.texts.values()), fonts):
        words = words_in(DEFAULT_LANGUAGE)
    report = answered.report
    page, receipt = certificate_page(report, words), receipt_of(answered, operator)
    details = page.details
    return Sheet(
        language=words.language.partition("-")[0],
        rtl=words.direction == "rtl",
        families=families_for("".join(words.texts.values()), fonts, _han(words)),
        heading=words.say("receipt.title"),
        document_title=f"{words.say('receipt.title')} – {page.title}",
        when=tuple(_when(answered, operator, words)),
        verdict=page.title,
        meaning=_printed(page.meaning, fonts),
        action=page.action,
        contact=_printed(contact(report, words), fonts),
        reason=_printed(words.say("certificate.reason", reason=page.reason), fonts) if page.reason else "",
        names_label=words.say("certificate.belongs" if page.valid else "certificate.names"),
        name=_name(details.name, fonts, words) if details else None,
        latin_name=_name(details.latin_name, fonts, words) if details and details.latin_name else None,
        facts=tuple(_facts(page, details, words, fonts)) if details else (),
        nothing_shown="" if details else words.say("receipt.nothing-shown"),
        seal=seal_svg(details.digest) if details else None,
        seal_caption=words.say("certificate.seal"),
        partners=Section(words.say("certificate.behind"), _lines(details.signers if details else (), fonts)),
        digests=tuple(_digests(receipt, words)),
        digests_title=words.say("receipt.bytes"),
        lists=Section(words.say("receipt.lists"), tuple(_lists(report, receipt, words, fonts))),
        checks=Section(page.summary, tuple(_checks(report, words, fonts))),
        limits=f"{words.say('page.limit')} {words.say('receipt.limit')}",
        signature=words.say("receipt.unsigned"),
    )


def _when(answered: Answered, operator: Operator, words: Words) -> Iterator[Fact]:
    checked = answered.report.checked
    yield Fact(words.say("receipt.checked"), words.say("sentence.minute", day=checked, time=f"{checked:%H:%M:%S}"))
    if answered.at != checked:
        yield Fact(words.say("receipt.at"), words.minute(answered.at))
    by = f"{operator.address} ({operator.program})" if operator.address else operator.program
    yield Fact(words.say("receipt.by"), by)


def _facts(page: CertificatePage, details: Details, words: Words, fonts: Typefaces) -> Iterator[Fact]:
    yield Fact(words.say("receipt.programme"), _printed(details.title, fonts))
    if page.clinic:
        yield Fact(words.say("receipt.clinic"), _printed(page.clinic, fonts))
    yield Fact(words.say("receipt.awarded"), details.awarded)
    yield Fact(words.say("receipt.until"), details.until or words.say("certificate.unlimited"))


def _digests(receipt: Receipt, words: Words) -> Iterator[Fact]:
    for key, digest in (("given", receipt.given), ("token", receipt.token), ("content", receipt.content)):
        if isinstance(digest, str) and (key != "token" or digest != receipt.given):
            yield Fact(words.say(f"receipt.{key}"), parse_sri(digest).hex())


def _lists(report: Report, receipt: Receipt, words: Words, fonts: Typefaces) -> Iterator[Line]:
    trust = receipt.trust_list
    if isinstance(trust, str) or not trust:
        yield Line(words.say("receipt.no-trust-list"), "")
        return
    digest = parse_sri(trust.digest_sri).hex()
    yield Line(words.say("receipt.trust-list", version=trust.version), "", words.say("receipt.digest", digest=digest))
    yield Line(words.say("receipt.root"), "", words.say("receipt.digest", digest=trust.root))
    digests = {entry.id: parse_sri(entry.digest_sri).hex() for entry in receipt.lists}
    for entry in report.lists:
        name = words.say("list.named", name=_printed(entry.owner, fonts), list=words.say(f"list.{entry.purpose}"))
        note = words.say("receipt.digest", digest=digests[entry.id]) if entry.id in digests else ""
        yield Line(name, words.minute(entry.dated), note)


def _checks(report: Report, words: Words, fonts: Typefaces) -> Iterator[Line]:
    for check in report.checks:
        yield Line(_printed(check.sentence(words), fonts), words.say(f"outcome.{check.outcome.value}"), check.code)


def _lines(rows: tuple[Row, ...], fonts: Typefaces) -> tuple[Line, ...]:
    return tuple(Line(_printed(row.text, fonts), row.outcome, row.note) for row in rows)


def _name(text: str, fonts: Typefaces, words: Words) -> Name:
    printed = _printed(text, fonts)
    return Name(printed, families_for(text, fonts, _han(words)), name_language(text), is_rtl(text), stacked_marks(text))


def _printed(text: str, fonts: Typefaces) -> str:
    """`text` with the code of each character that no font has in its place."""
    missing = uncovered(text, fonts)
    return "".join(f"[U+{ord(character):04X}]" if character in missing else character for character in text)


def _han(words: Words) -> str:
    return {"ja": "jp", "ko": "kr"}.get(words.language, "sc")
