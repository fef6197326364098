"""A programme's file has the form that a published syllabus needs; every fault of it is MC00."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from issuer.programme import (
    CaptionsTable,
    DocumentaryTable,
    Finding,
    PriceTable,
    Programme,
    RenewalTable,
    StoryTable,
    Texts,
    every_name,
    every_text,
)
from keys import names
from keys.encoding import Digest, parse_sri, sri
from keys.errors import FormatError, HandsealError
from keys.syllabus import Link, Price
from keys.text import require_text

FileDigest = Callable[[str], Digest]
"""SHA-256 of a file beside the programme's; HandsealError where it cannot be had."""
MAX_TEXT, MAX_NAME, MAX_CRITERIA, MAX_LANGUAGES, MAX_CAPTIONS = 4000, 300, 32, 16, 64
CODE = "MC00"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_REGION = re.compile(r"[A-Z]{2}")
_HEX = re.compile(r"[0-9a-f]{64}")


def form_faults(programme: Programme) -> tuple[Finding, ...]:
    """What no published syllabus may have, whatever the rules say."""
    checks = (_slugs, _texts, _languages, _ids, _criteria, _offer, _renewal, _captions)
    return tuple(Finding(CODE, *fault) for check in checks for fault in check(programme))


def with_digests(programme: Programme, digest_of: FileDigest) -> tuple[Programme, tuple[Finding, ...]]:
    """The programme with the digest of each file of its story, as `digestSRI`; and what is wrong with them."""
    story, film = programme.story, programme.documentary
    if not isinstance(story, StoryTable) or film is None:
        return programme, ()
    findings: list[Finding] = []
    captions = tuple(
        replace(one, digest=_digest(one, f"{place}: ", digest_of, findings), file=UNSET)
        for place, one in _placed_captions(film)
    )
    digest = _digest(film, "story.documentary.", digest_of, findings)
    film = replace(film, digest=digest, file=UNSET, captions=captions)
    return replace(programme, story=replace(story, documentary=film)), tuple(findings)


def _digest(
    table: DocumentaryTable | CaptionsTable, prefix: str, digest_of: FileDigest, findings: list[Finding]
) -> str | UnsetType:
    place, hint = f"{prefix}file", 'file = "film.mp4" beside the programme, or digest = what sha256sum prints'
    try:
        if isinstance(table.file, str) and isinstance(table.digest, str):
            raise FormatError(f"{place}: there are file and digest, expected one of them", hint=hint)
        if isinstance(table.file, str):
            require_text(table.file, place)
            return sri(digest_of(table.file))
        if isinstance(table.digest, str):
            place, hint = f"{prefix}digest", "64 hex digits, as sha256sum prints them, or sha256-…"
            text = table.digest
            return sri(bytes.fromhex(text)) if _HEX.fullmatch(text) else sri(parse_sri(text, place))
        raise FormatError(f"{place}: neither file nor digest is there", hint=hint)
    except HandsealError as fault:
        text = str(fault) if str(fault).startswith(place) else f"{place}: {fault}"
        findings.append(Finding(CODE, place, text, fault.hint or hint))
        return UNSET


Faults = Iterator[tuple[str, str, str]]
"""Place, text and hint of each."""


def _slugs(programme: Programme) -> Faults:
    for place, slug in _every_slug(programme):
        try:
            names.require_slug(slug, place)
        except FormatError as fault:
            yield place, str(fault), fault.hint


def _every_slug(programme: Programme) -> Iterator[tuple[str, str]]:
    yield "slug", programme.slug
    for slug in programme.cosigners:
        yield "cosigners", slug
    for outcome in programme.outcomes:
        yield f"outcome {outcome.id}: id", outcome.id
    for criterion in programme.criteria:
        yield f"criterion {criterion.id}: id", criterion.id
        for level in criterion.levels:
            yield f"criterion {criterion.id}: levels", level


def _texts(programme: Programme) -> Faults:
    named = {place for place, _ in every_name(programme)}
    for place, texts in every_text(programme):
        yield from _text_faults(place, texts, MAX_NAME if place in named else MAX_TEXT, programme.language)


def _text_faults(place: str, texts: Texts, limit: int, main: str) -> Faults:
    for language, text in texts.items():
        where = f"{place}.{language}"
        if not _LANGUAGE.fullmatch(language):
            yield place, f"{place}: {language!r} is not a language", 'write it as "en"'
        if len(text) > limit:
            yield where, f"{where}: is longer than {limit} characters", "say it shorter"
        if not text.strip() and language != main:  # in the main language, MC10 says it
            yield where, f"{where}: is empty", "leave the line out, or translate it"
        try:
            require_text(text, where)
        except FormatError as fault:
            yield where, str(fault), fault.hint or "type the text anew, without what cannot be seen"


def _languages(programme: Programme) -> Faults:
    if not _LANGUAGE.fullmatch(programme.language):
        yield "language", f"language: {programme.language!r} is not a language", 'write it as "en"'
    if isinstance(programme.taught_in, tuple):
        yield from _listed("taught-in", programme.taught_in, MAX_LANGUAGES, 'taught-in = ["en", "th"]')
        for language in programme.taught_in:
            if not _LANGUAGE.fullmatch(language):
                yield "taught-in", f"taught-in: {language!r} is not a language", 'write it as "en"'


def _listed(place: str, entries: Sequence[str], limit: int, example: str) -> Faults:
    """A list that is there says something, and nothing twice."""
    if not 1 <= len(entries) <= limit:
        yield place, f"{place}: names {len(entries)}, expected 1 to {limit}", example
    for entry, count in Counter(entries).items():
        if count > 1:
            yield place, f"{place}: names {entry!r} twice", "name it once"


def _ids(programme: Programme) -> Faults:
    for kind, entries in (("outcome", programme.outcomes), ("criterion", programme.criteria)):
        for identity, count in Counter(entry.id for entry in entries).items():
            if count > 1:
                yield f"{kind} {identity}", f"{kind} {identity}: is there twice", "give each an id of its own"


def _criteria(programme: Programme) -> Faults:
    if len(programme.criteria) > MAX_CRITERIA:
        text = f"criterion: there are {len(programme.criteria)}, expected at most {MAX_CRITERIA}"
        yield "criterion", text, "assess several outcomes with one criterion"
    for criterion in programme.criteria:
        place = f"criterion {criterion.id}"
        if len(set(criterion.outcomes)) < len(criterion.outcomes):
            yield f"{place}: outcomes", f"{place}: outcomes: names one twice", "name it once"
        if criterion.remote is not UNSET and criterion.kind != "live":
            text = f"{place}: remote: is for live checks, this is a {criterion.kind}"
            yield f"{place}: remote", text, "take the line out"


def _offer(programme: Programme) -> Faults:
    price = programme.price
    if isinstance(price, PriceTable):
        try:
            msgspec.convert({"amount": str(price.amount), "currency": price.currency}, Price)
        except msgspec.ValidationError:
            text = f"price: {price.amount!r} {price.currency!r} is no price"
            yield "price", text, 'amount = 4500, or "4500.50" in quotes, and currency = "THB"'
    for place, action in programme.actions():
        yield from _link(f"{place}.url", action.url)
    film = programme.documentary
    if film is not None:
        yield from _link("story.documentary.url", film.url)
        for place, captions in _placed_captions(film):
            yield from _link(f"{place}: url", captions.url)


def _link(place: str, url: str) -> Faults:
    try:
        msgspec.convert(url, Link)
    except msgspec.ValidationError:
        yield place, f"{place}: is not a link", "https://…, at most 500 characters, without spaces"


def _renewal(programme: Programme) -> Faults:
    renewal, validity = programme.renewal, programme.validity_months
    if not isinstance(renewal, RenewalTable):
        return
    yield from _listed("renewal.criteria", renewal.criteria, MAX_CRITERIA, 'criteria = ["live"]')
    known = [criterion.id for criterion in programme.criteria]
    for stray in sorted(set(renewal.criteria) - set(known)):
        text = f"renewal.criteria: there is no criterion {stray!r}"
        yield "renewal.criteria", text, f"criteria: {', '.join(known)}"
    if not isinstance(validity, int):
        yield "renewal", "renewal: nothing is renewed where certificates do not expire", "validity-months = 36"
    elif renewal.within_months > validity:
        place = "renewal.within-months"
        text = f"{place}: {renewal.within_months}, but certificates are valid for {validity} months"
        yield place, text, f"expected 1 to {validity}"


def _captions(programme: Programme) -> Faults:
    film = programme.documentary
    if film is None:
        return
    if len(film.captions) > MAX_CAPTIONS:
        place = "story.documentary.captions"
        yield place, f"{place}: there are {len(film.captions)}, expected at most {MAX_CAPTIONS}", "keep those in use"
    seen: set[tuple[str, str | UnsetType]] = set()
    for place, captions in _placed_captions(film):
        if not _LANGUAGE.fullmatch(captions.language):
            yield f"{place}: language", f"{place}: language: is not a language", 'write it as "th"'
        if isinstance(captions.region, str) and not _REGION.fullmatch(captions.region):
            yield f"{place}: region", f"{place}: region: {captions.region!r} is not a region", 'write it as "TH"'
        if (captions.language, captions.region) in seen:
            yield place, f"{place}: are there twice", "one for each language and region"
        seen.add((captions.language, captions.region))


def _placed_captions(film: DocumentaryTable) -> Iterator[tuple[str, CaptionsTable]]:
    for captions in film.captions:
        name = captions.language if captions.region is UNSET else f"{captions.language}-{captions.region}"
        yield f"captions {name}", captions
