"""`handseal affected`: what a compromised key costs, before or after the trust list declares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from issuer.affected import HEADINGS, Affected, Damage, Fate, Supposition, assess_damage, suppose
from issuer.config import Workspace
from issuer.database import open_database, reading
from issuer.records_cli import as_json_option, clock, in_workspace
from issuer.statuses import grouped
from issuer.upkeep import current_trust
from keys.console import escape, print_json, talk
from keys.encoding import format_time, parse_time
from keys.files import SECRET, require_absent, write_new
from keys.tables import table_csv
from keys.trust import Use
from verifier.sources import Site

FILE = click.Path(path_type=Path, dir_okay=False)
_USES = {Use.ISSUE: "signs certificates", Use.STATUS: "signs status lists", Use.COSIGN: "co-signs"}


@click.command("affected")
@click.argument("kid", metavar="KID")
@click.option("--since", metavar="TIME", help="Since when the key was in other hands, as 2026-11-01T00:00:00Z.")
@click.option("--csv", "table", type=FILE, help="New file with the learners to inform, mode 0600.")
@as_json_option
@in_workspace
def affected_command(workspace: Workspace, kid: str, since: str | None, table: Path | None, as_json: bool) -> None:
    """List the certificates that fall with a compromised key, and the learners to inform; changes nothing.

    KID is the key's address in the trust list. Without --since: the time that the trust list declares.

    \b
    handseal affected https://verify.riverclinic.example/keys/… --since 2026-11-01T00:00:00Z --csv inform.csv
    """
    moment = None if since is None else parse_time(since, "--since")
    if table is not None:
        require_absent(table)
    now = clock()
    supposition = suppose(current_trust(workspace), kid, moment, now=now)
    materials = Site(workspace.site_folder, workspace.root_digest, None).materials(now)
    with reading(open_database(workspace.database_url)) as session:
        damage = assess_damage(session, supposition, materials, now=now)
    if table is not None:
        write_new(table, table_csv(HEADINGS, (one.cells() for one in damage.affected)), SECRET)
    if as_json:
        print_json(_document(supposition, damage))
        return
    _show(supposition, damage)
    if table is not None:
        talk(f"{escape(str(table))}: the learners to inform; it holds names: delete it when they know")


def _show(supposition: Supposition, damage: Damage) -> None:
    key, owner = supposition.known.key, supposition.known.organisation
    since = format_time(supposition.since)
    click.echo(f"{escape(owner.name_at(supposition.since))}: a key that {_USES[key.use]}, compromised since {since}")
    for one in damage.affected:
        person = f"{escape(one.cohort)}  {escape(one.learner_id)}  {escape(one.name)}"
        click.echo(f"{grouped(one.lookup_id)}  {one.fate.value}  {person}")
        click.echo(f"  {escape(one.why)}")
    counts = ", ".join(f"{_count(damage, fate)} {_WORDS[fate]}" for fate in Fate if _count(damage, fate))
    click.echo(f"{damage.untouched} certificates are not touched" + (f", {counts}" if counts else ""))
    people = {one.learner_id: one for one in damage.affected}
    silent = sum(one.email is None for one in people.values())
    if people:
        click.echo(f"{len(people)} learners to inform, {silent} of them without an e-mail address")
        talk("with clean keys a lost certificate is made anew: handseal correct ID --unchanged --reason …")
    if key.use is Use.STATUS:
        talk("a key for status lists: certificates stand, but none is valid until a new key has signed the lists")
    if key.compromised_since != supposition.since:
        talk("the trust list does not declare this yet; the holders do, with `handseal-ceremony trust propose`:")
        talk(f'[[compromised]]\nkid = "{escape(key.kid)}"\nsince = {since}')


_WORDS = {Fate.LOST: "no longer hold", Fate.OPEN: "cannot be decided yet"}


def _count(damage: Damage, fate: Fate) -> int:
    return sum(one.fate is fate for one in damage.affected)


def _document(supposition: Supposition, damage: Damage) -> dict[str, Any]:
    key = supposition.known.key
    return {
        "key": key.kid,
        "organisation": supposition.known.organisation.id,
        "use": key.use.value,
        "since": format_time(supposition.since),
        "declared": key.compromised_since == supposition.since,
        "untouched": damage.untouched,
        "affected": [_entry(one) for one in damage.affected],
    }


def _entry(one: Affected) -> dict[str, Any]:
    return {
        "lookupId": one.lookup_id,
        "learnerId": one.learner_id,
        "name": one.name,
        "latinName": one.latin_name,
        "email": one.email,
        "cohort": one.cohort,
        "awarded": one.awarded.isoformat(),
        "holds": False if one.fate is Fate.LOST else None,
        "why": one.why,
    }


COMMANDS: tuple[click.Command, ...] = (affected_command,)
"""What `issuer.cli` adds to its group."""
