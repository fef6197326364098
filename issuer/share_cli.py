"""`handseal share`: a share kit is a new folder, written whole or not at all; the site gets only what was agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Engine

from issuer.cards import require_language
from issuer.config import Workspace
from issuer.database import reading
from issuer.models import State
from issuer.opening_cli import look, start
from issuer.publishing import is_published
from issuer.records_cli import as_json_option, clock, in_workspace
from issuer.sharing import (
    Consent,
    Learner,
    Subject,
    certificate_kit,
    programme_kit,
    site_card,
    site_certificate_card,
)
from issuer.statuses import find_certificate, grouped
from issuer.syllabuses import latest_version, open_syllabus, require_version
from keys import names
from keys.console import escape, print_json, talk
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.files import PUBLIC, SECRET, make_folder, new_folder, require_absent
from keys.trust import Trust
from verifier.folder import Folder, publish_index
from verifier.published import certificate_card, programme_card
from verifier.sources import Site
from verifier.verify import verify

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("subject", metavar="ID|PROGRAMME")
@click.option("--out", type=FOLDER, metavar="DIR", help="New folder for the kit.")
@click.option("--language", "languages", multiple=True, metavar="L", help="Only this language (may be repeated).")
@click.option("--publish", "onto_site", is_flag=True, help="Put the wide card on the site, for links to its page.")
@as_json_option
@in_workspace
def share(
    workspace: Workspace, subject: str, out: Path | None, languages: tuple[str, ...], onto_site: bool, as_json: bool
) -> None:
    """Make cards, captions and a plan for a programme, or for a learner's certificate who agreed to sharing.

    \b
    handseal share deep-tissue-foundations --out to-share
    handseal share 7K3Q-9XAB-… --out for-somchai --language th
    """
    if out is None and not onto_site:
        raise ConfigurationError("share: where to?", hint="--out DIR for a kit, --publish for the site, or both")
    if out is not None:
        require_absent(out)
    now = clock()
    engine, trust = start(workspace, now)
    sharing = _Sharing(workspace, engine, trust, now, languages)
    published = sharing.publish(subject) if onto_site else None
    files = sharing.kit(subject) if out is not None else {}
    if out is not None:
        write_folder(out, files, private=sharing.is_personal)
    _say(out, files, published, as_json=as_json)


class _Sharing:
    """One programme, by its slug, or one certificate, by its id."""

    def __init__(
        self, workspace: Workspace, engine: Engine, trust: Trust, now: datetime, languages: tuple[str, ...]
    ) -> None:
        self._workspace = workspace
        self._engine = engine
        self._trust = trust
        self._now = now
        self._chosen = tuple(dict.fromkeys(languages)) or None
        self._site = Folder(workspace.site_folder)
        self._design = look(workspace)
        self.is_personal = False  # whether what was made shows a learner

    def kit(self, text: str) -> dict[str, bytes]:
        """The files of the kit; nothing is rendered for a learner who did not agree."""
        found = self._find(text)
        syllabus = found.syllabus if isinstance(found, Subject) else found.verified.syllabus
        chosen = tuple(require_language(syllabus, language) for language in self._chosen) if self._chosen else None
        if isinstance(found, Subject):
            path = programme_card(found.slug, syllabus.version)
            return programme_kit(found, self._design, chosen, has_card=is_published(self._site, path))
        path = certificate_card(found.lookup_id)
        return certificate_kit(found, self._design, chosen, has_card=is_published(self._site, path))

    def publish(self, text: str) -> str:
        """Puts the wide card in the main language on the site; its path there."""
        found = self._find(text)
        if isinstance(found, Subject):
            path, png = site_card(found, self._design)
        else:
            path, png = site_certificate_card(found, self._design)
        self._site.write(path, png)
        publish_index(self._site)
        return path

    def _find(self, text: str) -> Subject | Learner:
        with reading(self._engine) as session:
            known = latest_version(session, text) is not None
        lookup = None if known else _lookup(text)
        return self._certificate(lookup) if lookup else self._programme(text)

    def _programme(self, slug: str) -> Subject:
        with reading(self._engine) as session:
            record = require_version(session, slug)
            syllabus, body = open_syllabus(record), record.body
        return Subject(syllabus, body, self._name, self._workspace.site)

    def _name(self, organisation: str, language: str) -> str:
        return self._trust.name(organisation, self._now, language)

    def _certificate(self, lookup: str) -> Learner:
        place = grouped(lookup)
        with reading(self._engine) as session:
            record = find_certificate(session, lookup)
            learner = record.enrolment.learner
            consent = Consent(learner.consent_page, learner.consent_share)
            state, token = record.state, record.token
        if state is not State.ISSUED or token is None:
            raise HandsealError(f"{place}: is {state.value}, not issued")
        consent.require_sharing()
        self.is_personal = True
        materials = Site(self._workspace.site_folder, self._workspace.root_digest, None).materials(self._now)
        verified = verify(token, materials, at=self._now, now=self._now).verified()
        return Learner(verified, lookup, self._workspace.site, consent)


def write_folder(folder: Path, files: Mapping[str, bytes], *, private: bool = False) -> None:
    """`files` as a new folder: it appears when all of it is written; HandsealError where anything is there.

    What is `private` only its owner may read, who then gives it to the learner.
    """
    make_folder(folder.parent)
    with new_folder(folder) as beside:
        beside.chmod(0o700 if private else 0o755)
        for name, data in files.items():
            Folder(beside).write(name, data, mode=SECRET if private else PUBLIC, sync=False)


def _lookup(text: str) -> str | None:
    """The stored spelling of a certificate's id; None for the name of a programme."""
    try:
        return names.parse_lookup_id(text)
    except FormatError:
        return None


def _say(out: Path | None, files: Mapping[str, bytes], published: str | None, *, as_json: bool) -> None:
    languages = sorted({name.split("/")[1] for name in files if name.startswith("cards/")})
    if as_json:
        folder = str(out) if out else None
        print_json({"folder": folder, "files": sorted(files), "languages": languages, "published": published})
        return
    if out:
        click.echo(f"{escape(str(out))}: {len(files)} files in {', '.join(languages)}; begin with README.md")
    if published:
        click.echo(f"on the site: {published}")
        if published.startswith("c/"):
            talk("handseal publish takes it away when the learner does not agree any more")


COMMANDS: tuple[click.Command, ...] = (share,)
"""What `issuer.cli` adds to its group."""
