"""Which files a published site has (formats.md section 8): what the web answers, as what, and what a mirror copies.

No other path ever reaches a folder.
"""

from __future__ import annotations

import re

from msgspec import Struct

from keys.names import MAX_SLUG

JSON = "application/json"
JWT = "application/vc+jwt"
PNG = "image/png"
FOLDERS = ("orgs", "keys", "status", "trust", "programmes")
MAX_PICTURE_BYTES = 2 * 1024 * 1024
CARD = "card-16x9.png"

_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_NUMBER = r"[1-9][0-9]{0,8}"
_FORMS = (
    (re.compile(rf"(orgs/{_SLUG})(?:\.json)?"), ".json", JSON),
    (re.compile(r"(keys/[A-Za-z0-9_-]{43})(?:\.json)?"), ".json", JSON),
    (re.compile(rf"(status/{_SLUG}/(?:revocation|suspension|refresh)/{_NUMBER})(?:\.jwt)?"), ".jwt", JWT),
    (re.compile(rf"(trust/(?:targets|{_NUMBER}\.(?:root|list)))(?:\.json)?"), ".json", JSON),
    (re.compile(r"(ns|index)(?:\.json)?"), ".json", JSON),
    (re.compile(rf"(programmes/{_SLUG}/{_NUMBER}/card-16x9)\.png"), ".png", PNG),
)
_SYLLABUS = re.compile(rf"programmes/({_SLUG})/{_NUMBER}\.json")
_LONGEST = 200


class Published(Struct, frozen=True):
    """A file of the site (formats.md section 8) and its media type."""

    path: str
    media_type: str


def programme_card(slug: str, version: int) -> str:
    """Where the site keeps the picture that stands for a version of a programme."""
    return f"programmes/{slug}/{version}/{CARD}"


def certificate_card(lookup: str) -> str:
    """Where the site keeps a certificate's card; there only while the learner agrees to page and sharing."""
    return f"c/{lookup[:2]}/{lookup}.png"


def is_syllabus(path: str) -> bool:
    """Whether the site keeps a syllabus at `path`: its address is answered as a page too, so `published` has it not."""
    match = _SYLLABUS.fullmatch(path)
    return match is not None and len(match[1]) <= MAX_SLUG


def is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n")


def published(address: str) -> Published | None:
    """The file behind an address without its leading slash, with or without its ending; None for any other."""
    if len(address) > _LONGEST:
        return None
    for form, ending, media_type in _FORMS:
        if match := form.fullmatch(address):
            return Published(match[1] + ending, media_type)
    return None
