"""Which addresses of the published site the web answers, and as what; no other path ever reaches a folder."""

from __future__ import annotations

import re

from msgspec import Struct

JSON = "application/json"
JWT = "application/vc+jwt"
FOLDERS = ("orgs", "keys", "status", "trust")

_SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_NUMBER = r"[1-9][0-9]{0,8}"
_FORMS = (
    (re.compile(rf"(orgs/{_SLUG})(?:\.json)?"), ".json", JSON),
    (re.compile(r"(keys/[A-Za-z0-9_-]{43})(?:\.json)?"), ".json", JSON),
    (re.compile(rf"(status/{_SLUG}/(?:revocation|suspension|refresh)/{_NUMBER})(?:\.jwt)?"), ".jwt", JWT),
    (re.compile(rf"(trust/(?:targets|{_NUMBER}\.(?:root|list)))(?:\.json)?"), ".json", JSON),
    (re.compile(r"(ns|index)(?:\.json)?"), ".json", JSON),
)
_LONGEST = 200


class Published(Struct, frozen=True):
    """A file of the site (formats.md section 8) and its media type."""

    path: str
    media_type: str


def published(address: str) -> Published | None:
    """The file behind an address without its leading slash, with or without its ending; None for any other."""
    if len(address) > _LONGEST:
        return None
    for form, ending, media_type in _FORMS:
        if match := form.fullmatch(address):
            return Published(match[1] + ending, media_type)
    return None
