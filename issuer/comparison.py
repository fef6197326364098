"""Two versions of a programme are compared as syllabuses, whether published or still a file."""

from __future__ import annotations

import re

from msgspec import UNSET, Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.freezing import freeze
from issuer.models import SyllabusVersion
from issuer.programme import Programme
from issuer.syllabuses import latest_version, open_syllabus
from keys import names
from keys.encoding import canonical, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.syllabus import Recognition, Syllabus
from verifier.comparison import Change, compare

_NAMED = re.compile(r"(?:(?P<slug>[a-z0-9-]+)/)?(?P<version>[1-9][0-9]{0,8})")


class Comparison(Struct, frozen=True):
    before: str  # what was compared, as a person calls it: `deep-tissue-foundations/1`
    after: str
    changes: tuple[Change, ...]


def between(session: Session, before: str, after: str | None, *, programme: str | None) -> Comparison:
    """Two published versions, named `slug/1` or by number with `programme`; `after` None is the newest one."""
    first = published(session, before, programme)
    slug = names.parse_programme_id(first.programme, before)[1]
    second = published(session, after, programme or slug) if after else _newest(session, slug)
    if second.programme != first.programme:
        raise ConfigurationError(f"{before} and {after}: are different programmes", hint="name versions of one")
    return Comparison(f"{slug}/{first.version}", f"{slug}/{second.version}", compare(first, second))


def with_file(session: Session, described: Programme, before: str | None, *, file: str) -> Comparison:
    """What publishing a file would change, from `before` on or from the last published version."""
    newest = _newest(session, described.slug)
    first = published(session, before, described.slug) if before else newest
    if names.parse_programme_id(first.programme, "programme")[1] != described.slug:
        raise ConfigurationError(f"{before} and {file}: are different programmes", hint="name versions of one")
    return Comparison(f"{described.slug}/{first.version}", file, compare(first, draft(described, newest)))


def published(session: Session, name: str, programme: str | None) -> Syllabus:
    """The version called `slug/1`, or `1` of `programme`; ConfigurationError where the name is none."""
    match = _NAMED.fullmatch(name)
    slug = (match["slug"] or programme) if match else None
    if match is None or slug is None:
        raise ConfigurationError(
            f"{name}: is no version of a programme",
            hint="write SLUG/1, a number with --programme SLUG, or a programme's .toml file",
        )
    wanted = select(SyllabusVersion).where(SyllabusVersion.programme == slug)
    record = session.scalar(wanted.where(SyllabusVersion.version == int(match["version"])))
    if record is None:
        newest = latest_version(session, slug)
        hint = f"versions 1 to {newest.version} are" if newest else f"handseal programme publish programmes/{slug}.toml"
        raise HandsealError(f"{slug}/{match['version']}: is not published", hint=hint)
    return open_syllabus(record)


def draft(programme: Programme, newest: Syllabus) -> Syllabus:
    """What would be published after `newest`, with the partner bodies that the file names."""
    known = {names.parse_organisation_id(one, "partner body").slug: one for one in newest.recognition.cosigners}
    base = names.parse_organisation_id(newest.issuer, "clinic").base
    cosigners = sorted(known.get(slug) or names.organisation_id(base, slug) for slug in programme.cosigners)
    frozen = freeze(
        programme,
        newest.programme,
        organisation=newest.issuer,
        recognition=Recognition(threshold=programme.threshold, cosigners=tuple(cosigners)),
        published=newest.published,
    )
    version = newest.version + 1
    identity = names.version_id(newest.programme, version)
    return replace(frozen, id=identity, version=version, previous=sri(sha256(canonical(newest))))


def since_last(session: Session, syllabus: Syllabus) -> tuple[Change, ...]:
    """What a published version changed; nothing for the first one."""
    if syllabus.previous is UNSET:
        return ()
    slug = names.parse_programme_id(syllabus.programme, "programme")[1]
    return compare(published(session, str(syllabus.version - 1), slug), syllabus)


def _newest(session: Session, slug: str) -> Syllabus:
    record = latest_version(session, slug)
    if record is None:
        hint = f"nothing to compare with; handseal programme publish programmes/{slug}.toml"
        raise HandsealError(f"programme {slug}: is not published", hint=hint)
    return open_syllabus(record)
