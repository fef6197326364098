"""K15: nothing that a co-signature covers is kept from the officer who is about to make it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from keys.cli import main
from keys.credential import Certificate, Evidence, Identity, RelatedResource
from keys.encoding import canonical, sha256, sri
from keys.request import RequestReader
from keys.review import review_request, row_contents
from keys.review_cli import plain_lines
from keys.syllabus import (
    Attempts,
    CallToAction,
    Captions,
    Documentary,
    Level,
    Price,
    Renewal,
    Rubric,
    Story,
    Syllabus,
    parse_syllabus,
)
from tests.keys.partner import SYLLABUS, build_core, build_request

# Shown as the syllabus, the same in every certificate of the profile, or random and without meaning to a person.
FIXED = {"achievement", "@context", "type", "identityType", "statusPurpose", "mediaType", "genre", "hashed"}
HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
RANDOM = {"credentialStatus", "iss", "sub", "jti", "nbf", "exp"}


def build_full() -> Certificate:
    """A core with every optional member, and more resources than the syllabus."""
    core = build_core(1, "สมชาย ใจดี")
    latin = Identity("IdentityObject", "ext:latinName", False, "Somchai Jaidee")
    subject = replace(core.credential_subject, id=HOLDER, identifier=(*core.credential_subject.identifier, latin))
    evidence = Evidence(("Evidence",), "Live check", "https://files.example/1", "Assessed by Niran", "live")
    hidden = RelatedResource("https://elsewhere.example/doctor-of-medicine.pdf", sri(sha256(b"x")), "application/pdf")
    return replace(
        core,
        credential_subject=subject,
        sub=HOLDER,
        evidence=(evidence,),
        related_resource=(*core.related_resource, hidden),
    )


def shown_of(request: bytes) -> str:
    """All that an officer is shown of a request."""
    review = review_request(RequestReader(BytesIO(request)))
    return "\n".join(plain_lines(review, row_contents(review, BytesIO(request))))


def texts(value: object) -> Iterator[str]:
    """Every text in plain JSON values, but what says nothing of this person."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in FIXED | RANDOM:
                yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, str):
        yield value


def test_K15_whatever_is_signed_is_shown() -> None:
    core = build_full()
    shown = shown_of(build_request([core]))
    known = sri(sha256(SYLLABUS)), parse_syllabus(SYLLABUS).id  # shown as the syllabus itself
    for text in texts(msgspec.to_builtins(core)):
        plain = text.removesuffix("T00:00:00Z").removesuffix("T23:59:59Z")
        if not plain.startswith(known):
            assert plain in shown or plain.rpartition(".")[2].title() in shown, text


def build_rich_syllabus() -> Syllabus:
    """A syllabus with every optional member."""
    plain = parse_syllabus(SYLLABUS)
    quiz, live = plain.criteria
    levels = tuple(Level(name, {"en": name, "th": f"ระดับ {name}"}) for name in ("developing", "competent"))
    digest, action = sri(sha256(b"film")), CallToAction({"en": "Book a place"}, "https://book.example/now")
    film = Documentary("https://film.example/1", digest, 90, (Captions("th", "https://film.example/2", digest, "TH"),))
    return replace(
        plain,
        version=2,
        id=plain.id.replace("/1", "/2"),
        previous=sri(sha256(SYLLABUS)),
        criteria=(quiz, replace(live, evidence=True, remote=True, scale=Rubric(levels, "competent"))),
        assessor=replace(plain.assessor, shown="qualification"),
        mode="rolling",
        taught_in=("th", "lo"),
        attempts=Attempts("last", 3),
        renewal=Renewal(("live",), 6),
        price=Price("120.50", "THB"),
        call_to_action=action,
        story=Story({"en": "A sore back"}, {"en": "A calm hand"}, action, film),
    )


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from leaves(member)
    elif isinstance(value, str):
        yield value


def test_K15_whatever_the_syllabus_says_is_shown() -> None:
    syllabus = build_rich_syllabus()
    body = canonical(syllabus)
    assert parse_syllabus(body) == syllabus
    request = build_request([build_core(1, "Ada", syllabus=body)], syllabus=body)
    shown = shown_of(request)
    assert all(syllabus_member is not UNSET for syllabus_member in msgspec.structs.astuple(syllabus))
    for text in leaves(msgspec.to_builtins(syllabus)):
        assert text in shown or text in ("Percent", "Rubric"), text
    for said in ("evidence must be recorded", "may be moderated from afar"):
        assert said in shown


def test_K15_a_pipe_on_the_stick_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "request.jsonl")
    assert main(["review", str(tmp_path / "request.jsonl")]) == 2
