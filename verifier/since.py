"""What the certificate's page says of newer versions of its programme: news about the course, not about the person."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from keys.syllabus import Syllabus
from verifier.comparison import Change, NameOf, compare, concerning_certificates
from verifier.language import Words
from verifier.versions import newest_version

MAX_SHOWN = 6


class Since(Struct, frozen=True):
    """Earned against version `earned`; what is different in the newest one."""

    earned: int
    newest: int
    published: str
    path: str  # of the newest version's page
    changes: tuple[Change, ...]  # the first MAX_SHOWN that concern certificates
    more: int


def since(syllabus: Syllabus | None, syllabuses: Mapping[str, bytes], name: NameOf, words: Words) -> Since | None:
    """None where the certificate's version is the newest, or its syllabus is not known."""
    newest = newest_version(syllabus, syllabuses) if syllabus else None
    if syllabus is None or newest is None:
        return None
    changes = concerning_certificates(compare(syllabus, newest, name, words))
    return Since(
        earned=syllabus.version,
        newest=newest.version,
        published=words.day(newest.published),
        path=urlsplit(newest.id).path,
        changes=changes[:MAX_SHOWN],
        more=max(0, len(changes) - MAX_SHOWN),
    )
