"""What search engines and registers read of a programme: schema.org, from the published syllabus and the trust list.

It stands in the page as a data block, which no browser runs, and which no text in it can leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from markupsafe import Markup

from keys.encoding import parse_sri
from keys.syllabus import CallToAction, Captions, Documentary, Price, Story, Syllabus
from keys.trust import Trust

# Within a data block, these end it or begin something else; as escapes they are the same JSON.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def data_block(data: dict[str, Any]) -> Markup:
    """JSON as it may stand between `<script type="application/ld+json">` and its end."""
    text = msgspec.json.encode(data).decode().translate(_ESCAPES)
    return Markup(text)  # noqa: S704  # every character that could end the block is escaped above


def course_data(syllabus: Syllabus, trust: Trust | None, now: datetime) -> dict[str, Any]:
    """The `Course` and the `EducationalOccupationalCredential` of a version, as JSON-LD."""
    credential = f"{syllabus.id}#credential"
    outcomes = [syllabus.text(outcome.text) for outcome in syllabus.outcomes]
    workload = _duration(syllabus.minutes.total)
    course = {
        "@type": "Course",
        "@id": f"{syllabus.id}#course",
        **_description(syllabus),
        "inLanguage": list(syllabus.taught_in) if isinstance(syllabus.taught_in, tuple) else syllabus.language,
        "version": str(syllabus.version),
        "datePublished": syllabus.published.isoformat(),
        "provider": _organisation(syllabus.issuer, trust, now),
        "teaches": outcomes,
        "timeRequired": workload,
        "hasCourseInstance": {
            "@type": "CourseInstance",
            "courseWorkload": workload,
            "duration": f"P{syllabus.weeks}W",
        },
        "educationalCredentialAwarded": {"@id": credential},
        **dict(_offer(syllabus)),
        **dict(_film(syllabus)),
    }
    awarded = {
        "@type": "EducationalOccupationalCredential",
        "@id": credential,
        **_description(syllabus),
        "inLanguage": syllabus.language,
        "credentialCategory": "MicroCredential",
        "competencyRequired": outcomes,
        "recognizedBy": [_organisation(partner, trust, now) for partner in syllabus.recognition.cosigners],
    }
    if isinstance(syllabus.validity_months, int):
        awarded["validFor"] = f"P{syllabus.validity_months}M"
    return {"@context": "https://schema.org", "@graph": [course, awarded]}


def _description(syllabus: Syllabus) -> dict[str, Any]:
    described: dict[str, Any] = {
        "url": syllabus.id,
        "name": syllabus.text(syllabus.title),
        "description": syllabus.text(syllabus.summary),
    }
    others = [
        {"@value": title, "@language": language}
        for language, title in sorted(syllabus.title.items())
        if language != syllabus.language
    ]
    return described | ({"alternateName": others} if others else {})


def _organisation(identity: str, trust: Trust | None, now: datetime) -> dict[str, str]:
    organisation = {"@type": "Organization", "@id": identity}
    known = trust.organisation(identity) if trust else None
    if trust and known:
        organisation["name"] = trust.name(identity, now)
        if isinstance(known.website, str):
            organisation["url"] = known.website
    return organisation


def _offer(syllabus: Syllabus) -> Iterator[tuple[str, Any]]:
    price, action = syllabus.price, syllabus.call_to_action
    if not isinstance(price, Price):
        return
    free = not price.amount.strip("0.")
    offer = {"@type": "Offer", "price": price.amount, "priceCurrency": price.currency}
    offer["category"] = "Free" if free else "Paid"
    if isinstance(action, CallToAction):
        offer["url"] = action.url
    yield "offers", offer


def _film(syllabus: Syllabus) -> Iterator[tuple[str, Any]]:
    film = syllabus.story.documentary if isinstance(syllabus.story, Story) else None
    if isinstance(syllabus.story, Story) and isinstance(film, Documentary):
        yield (
            "video",
            {
                "@type": "VideoObject",
                "name": syllabus.text(syllabus.title),
                "description": syllabus.text(syllabus.story.situation),
                "contentUrl": film.url,
                "duration": f"PT{film.seconds}S",
                "sha256": parse_sri(film.digest_sri).hex(),
                "caption": [_captions(captions) for captions in film.captions],
            },
        )


def _captions(captions: Captions) -> dict[str, str]:
    region = f"-{captions.region}" if isinstance(captions.region, str) else ""
    return {
        "@type": "MediaObject",
        "contentUrl": captions.url,
        "inLanguage": f"{captions.language}{region}",
        "sha256": parse_sri(captions.digest_sri).hex(),
    }


def _duration(minutes: int) -> str:
    """ISO 8601, as `PT36H30M`."""
    hours, rest = divmod(minutes, 60)
    return "PT" + ("".join((f"{hours}H" if hours else "", f"{rest}M" if rest else "")) or "0M")
