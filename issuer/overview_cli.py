"""The commands of `handseal` that only look: what exists, what comes next, what is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import click
import msgspec

from issuer import overview, standings
from issuer.config import Workspace
from issuer.database import Migrated, forget, migrate_database, open_database, reading
from issuer.doctor import Symptom, Weight, examine
from issuer.overview import Line, Step
from issuer.records_cli import as_json_option, clock, in_workspace
from issuer.statuses import grouped
from issuer.upkeep import current_trust
from keys.console import escape, print_json, talk
from keys.errors import HandsealError
from keys.trust import Trust
from verifier.materials import Materials
from verifier.sources import Site


def show_next_steps(workspace: Workspace) -> None:
    """Each cohort with its next step, as bare `handseal` prints it."""
    trust, fault = _trust(workspace)
    now = clock()
    if fault:
        click.echo(f"First: {fault}")
    with reading(open_database(workspace.database_url)) as session:
        steps = list(overview.next_steps(session, workspace, trust, now=now, today=workspace.today(now)))
        sentence, command = overview.beginning(session)
    if not steps:
        click.echo(f"{sentence}\n  {command}")
    for step in steps:
        click.echo(_step_line(step))
        if step.command:
            click.echo(f"  {escape(step.command)}")


def _step_line(step: Step) -> str:
    counts = (
        (step.learners, "learners"),
        (step.issued, "issued"),
        (step.proposed, "proposed"),
        (step.ready, "ready"),
        (step.not_ready, "not ready"),
    )
    numbers = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{escape(step.cohort)} ({numbers or 'empty'}): {escape(step.sentence)}"


def _trust(workspace: Workspace) -> tuple[Trust | None, str]:
    """The trust list, or what to do first."""
    try:
        return current_trust(workspace), ""
    except HandsealError as fault:
        return None, f"{escape(str(fault))}\n  {escape(fault.hint)}" if fault.hint else escape(str(fault))


def _materials(workspace: Workspace) -> Materials:
    """What an employer's verifier finds on the site now."""
    return Site(workspace.site_folder, workspace.root_digest, None).materials(clock())


@click.command("list")
@click.argument("search", required=False)
@click.option("--cohort", help="Only this cohort's.")
@as_json_option
@in_workspace
def list_command(workspace: Workspace, search: str | None, cohort: str | None, as_json: bool) -> None:
    """List certificates; SEARCH is part of a name, a learner's id or an id.

    \b
    handseal list --cohort 2026-autumn
    """
    now, materials = clock(), _materials(workspace)
    with reading(open_database(workspace.database_url)) as session:
        gone = standings.withdrawn(session, materials, now)
        lines = list(overview.certificates(session, cohort=cohort, search=search, withdrawn=gone))
    if as_json:
        print_json([line.as_json() for line in lines])
        return
    for line in lines:
        click.echo(_list_line(line))


def _list_line(line: Line) -> str:
    name, learner, cohort = (escape(text) for text in (line.name, line.learner_id, line.cohort))
    return f"{grouped(line.lookup_id)}  {line.standing:<10}  {cohort}  {learner}  {name}"


@click.command()
@click.argument("identifier", metavar="ID")
@as_json_option
@in_workspace
def show(workspace: Workspace, identifier: str, as_json: bool) -> None:
    """Show one certificate: what it says, how it stands, what was done with it.

    \b
    handseal show 7K3Q-9XAB-…
    """
    is_withdrawn = partial(standings.is_withdrawn, materials=_materials(workspace), now=clock())
    with reading(open_database(workspace.database_url)) as session:
        facts = overview.describe(session, workspace, identifier, is_withdrawn)
    if as_json:
        print_json(facts)
        return
    for label, value in _fact_lines(facts):
        click.echo(f"{label:<14}{escape(value)}")


def _fact_lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    signed = [entry["organisation"].rpartition("/")[2] for entry in facts["cosignatures"]]
    plain = (
        ("id", grouped(facts["lookupId"])),
        ("standing", facts["standing"]),
        ("reason", facts["reason"]),
        ("replaces", facts["supersedes"] and grouped(facts["supersedes"])),
        ("successor", facts["successor"] and f"{grouped(facts['successor'])} ({facts['successorStanding']})"),
        ("name", facts["name"]),
        ("latin name", facts["latinName"]),
        ("learner", facts["learnerId"]),
        ("cohort", facts["cohort"]),
        ("programme", f"{facts['programme']}, version {facts['version']}"),
        ("activity", " to ".join(facts["activity"])),
        ("awarded", facts["awarded"]),
        ("valid until", facts["validUntil"]),
        ("proposed", facts["proposed"]),
        ("issued", facts["issued"]),
        ("co-signed by", f"{', '.join(signed) or 'nobody yet'} ({facts['needed']} needed)"),
        ("page", facts["page"]),
        ("pdf", facts["pdf"]),
        ("to partners", facts["certificate"]),
    )
    lines = [(label, str(value)) for label, value in plain if value]
    for event in facts["events"]:
        reason = f": {event['reason']}" if event["reason"] else ""
        lines.append((event["command"], f"{event['moment']}{reason}"))
    return lines


@click.command()
@click.option("--migrate", is_flag=True, help="First bring an older database up to this version, after a copy of it.")
@click.option("--compact", is_flag=True, help="First leave nothing in the database's file of what was deleted.")
@as_json_option
@in_workspace
def doctor(workspace: Workspace, migrate: bool, compact: bool, as_json: bool) -> None:
    """Check that database, site, files and keys agree, and what expires soon; else changes nothing.

    \b
    handseal doctor
    """
    if migrate:
        _migrate(workspace)
    engine = open_database(workspace.database_url)
    if compact:
        forget(engine)
    trust, now = current_trust(workspace), clock()
    with reading(engine) as session:
        symptoms = list(examine(session, workspace, trust, now, _materials(workspace)))
    if as_json:
        print_json(msgspec.to_builtins(symptoms))
    else:
        for symptom in symptoms:
            click.echo(_symptom_line(symptom))
        if not symptoms:
            click.echo("all is well")
    if any(symptom.weight is Weight.FAULT for symptom in symptoms):
        raise click.exceptions.Exit(1)


def _migrate(workspace: Workspace) -> None:
    done = migrate_database(workspace.database_url, clock())
    if done is None:
        talk("the database is of this version already")
    else:
        talk(f"database: version {done.before} is version {done.after} now; {_kept(done)}")


def _kept(done: Migrated) -> str:
    return f"a copy of the old one: {escape(str(done.copy))}" if done.copy else "no copy was made"


def _symptom_line(symptom: Symptom) -> str:
    hint = f"\n  hint: {escape(symptom.hint)}" if symptom.hint else ""
    return f"{symptom.weight.value}: {escape(symptom.place)}: {escape(symptom.text)}{hint}"


COMMANDS: tuple[click.Command, ...] = (list_command, show, doctor)
"""What `issuer.cli` adds to its group."""
