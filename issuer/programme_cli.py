"""The commands of `handseal` for programmes: held against the rules, frozen as a version, compared."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click
import msgspec

from issuer.comparison import between, since_last, with_file
from issuer.config import Workspace, find_workspace
from issuer.database import open_database, reading, writing
from issuer.models import Event
from issuer.publishing import publish_syllabus
from issuer.records_cli import FILE, as_json_option, clock, in_workspace
from issuer.rules import Findings, check_file, require_programme
from issuer.syllabuses import open_syllabus, publish_version
from issuer.upkeep import current_trust
from keys.console import escape, print_json
from keys.errors import ConfigurationError
from verifier.comparison import Change
from verifier.folder import Folder, publish_index


@click.command()
@click.argument("programme", type=FILE)
@as_json_option
@click.pass_context
def check(context: click.Context, programme: Path, as_json: bool) -> None:
    """Lint a programme against the rules of a micro-certification.

    \b
    handseal check programmes/deep-tissue-foundations.toml
    """
    _, findings = check_file(programme, clinic=_clinic(programme.parent, context.find_root().params.get("workspace")))
    if as_json:
        print_json(msgspec.to_builtins(findings))
    else:
        _say_findings(findings)
    if findings.errors:
        raise click.exceptions.Exit(1)


def _clinic(folder: Path, explicit: Path | None) -> str | None:
    """The clinic whose programme lies in `folder`, or which is here; None before there is one."""
    for start in (folder, Path.cwd()):
        with contextlib.suppress(ConfigurationError):
            return find_workspace(start, explicit).config.clinic.slug
    return None


def _say_findings(findings: Findings) -> None:
    for word, found in (("error", findings.errors), ("warning", findings.warnings)):
        for finding in found:
            click.echo(f"{word} {finding.code}: {escape(finding.text)}")
            if finding.hint:
                click.echo(f"  hint: {escape(finding.hint)}")
    if not findings.errors:
        click.echo("keeps every rule of a micro-certification")


@click.group()
def programme() -> None:
    """Publish programmes and compare their versions."""


@programme.command("publish")
@click.argument("file", metavar="PROGRAMME.toml", type=FILE)
@as_json_option
@in_workspace
def publish(workspace: Workspace, file: Path, as_json: bool) -> None:
    """Freeze a version of a programme and write its syllabus to the site.

    \b
    handseal programme publish programmes/deep-tissue-foundations.toml
    """
    described = require_programme(file, clinic=workspace.config.clinic.slug)
    trust, now = current_trust(workspace), clock()
    with writing(open_database(workspace.database_url)) as session:
        done = publish_version(
            session,
            described,
            organisation=workspace.organisation,
            trust=trust,
            moment=now,
            today=workspace.today(now),
        )
        if done.new:
            session.add(Event(moment=now, command="programme publish", subject=done.record.syllabus_id))
        changes = since_last(session, open_syllabus(done.record)) if done.new else ()
    site = Folder(workspace.site_folder)
    publish_syllabus(site, done.record.syllabus_id, done.record.body)
    publish_index(site)
    if as_json:
        print_json({"id": done.record.syllabus_id, "version": done.record.version, "new": done.new})
    elif done.new:
        click.echo(f"{described.slug}: version {done.record.version} is published: {done.record.syllabus_id}")
        _say_changes(changes)
    else:
        click.echo(f"{described.slug}: nothing changed since version {done.record.version}")


@programme.command("diff")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="[AFTER]", required=False)
@click.option("--programme", "slug", metavar="SLUG", help="The programme, where versions are given by number.")
@as_json_option
@in_workspace
def diff(workspace: Workspace, before: str, after: str | None, slug: str | None, as_json: bool) -> None:
    """Say in words what changed between two versions of a programme.

    A version is SLUG/1, a number with --programme, or last a TOML file; a file alone is compared with the last
    published version, a published version alone with the newest one.

    \b
    handseal programme diff deep-tissue-foundations/1 deep-tissue-foundations/2
    handseal programme diff 1 2 --programme deep-tissue-foundations
    handseal programme diff programmes/deep-tissue-foundations.toml
    """
    if after is not None and before.endswith(".toml"):
        raise ConfigurationError(f"{before}: a file comes last", hint=f"handseal programme diff {after} {before}")
    file = next((name for name in (after, before) if name is not None and name.endswith(".toml")), None)
    described = require_programme(Path(file), clinic=workspace.config.clinic.slug) if file else None
    with reading(open_database(workspace.database_url)) as session:
        if file and described:
            found = with_file(session, described, before if after else None, file=Path(file).name)
        else:
            found = between(session, before, after, programme=slug)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    click.echo(f"{escape(found.before)} → {escape(found.after)}")
    _say_changes(found.changes)
    if not found.changes:
        click.echo("  nothing changed")


def _say_changes(changes: tuple[Change, ...]) -> None:
    for change in changes:
        click.echo(f"  {escape(change.text)}")


COMMANDS: tuple[click.Command, ...] = (check, programme)
"""What `issuer.cli` adds to its group."""
