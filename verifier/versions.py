"""Which version of a programme came after one that is known: a chain in which each names the digest of the one before.

A certificate vouches for the syllabus it was earned against, nobody for a later one: what is found here moves no
verdict and is shown as what the clinic's site says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from keys.encoding import sha256, sri
from keys.errors import FormatError
from keys.names import version_id
from keys.syllabus import Syllabus, parse_syllabus


def newest_version(syllabus: Syllabus, syllabuses: Mapping[str, bytes]) -> Syllabus | None:
    """The newest published version that goes back to `syllabus` without a gap; None where it is the newest itself."""
    known = syllabuses.get(syllabus.id)
    if known is None:
        return None
    current, digest = syllabus, sri(sha256(known))
    while (data := syllabuses.get(version_id(syllabus.programme, current.version + 1))) is not None:
        following, following_digest = _opened(data)
        if following is None or (following.previous, following.issuer) != (digest, syllabus.issuer):
            break
        if (following.programme, following.version) != (syllabus.programme, current.version + 1):
            break
        current, digest = following, following_digest
    return current if current is not syllabus else None


def previous_version(syllabus: Syllabus, syllabuses: Mapping[str, bytes]) -> Syllabus | None:
    """The version that `syllabus` names as the one before; None where the site has other bytes or none."""
    data = syllabuses.get(version_id(syllabus.programme, syllabus.version - 1))
    if data is None:
        return None
    before, digest = _opened(data)
    return before if digest == syllabus.previous else None


@lru_cache(maxsize=256)
def _opened(data: bytes) -> tuple[Syllabus | None, str]:
    try:
        return parse_syllabus(data), sri(sha256(data))
    except FormatError:
        return None, ""
