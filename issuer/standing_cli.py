"""The commands of `handseal` that change how a certificate stands, and tell the site."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy import Engine

from issuer import statuses, upkeep
from issuer.config import Workspace
from issuer.database import writing
from issuer.opening_cli import sign_lists, start, status_key
from issuer.publishing import withdraw_certificate
from issuer.records_cli import clock, in_workspace
from issuer.statuses import Change
from keys.console import escape
from keys.errors import HandsealError
from keys.names import parse_lookup_id
from keys.trust import Trust
from verifier.folder import Folder

reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the certificate.")


@click.command()
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@reason_option
@in_workspace
def recall(workspace: Workspace, ids: tuple[str, ...], reason: str) -> None:
    """Take back proposed certificates before issue.

    \b
    handseal recall 7K3Q-9XAB-… --reason "name misspelt"
    """
    now = clock()
    engine, trust = start(workspace, now)
    with writing(engine) as session:
        done = {lookup: statuses.recall(session, lookup, reason=reason, now=now) for lookup in ids}
    for lookup in ids:  # of one that `issue` was about to release when it was cut short
        withdraw_certificate(Folder(workspace.site_folder), parse_lookup_id(lookup))
    _say_changes(done, "recalled")
    _refresh(engine, workspace, trust, now)


def _change(change: Change, doc: str) -> click.Command:
    """One command for each change of an issued certificate's standing."""

    @click.command(change.value, help=doc)
    @click.argument("ids", metavar="ID…", nargs=-1, required=True)
    @reason_option
    @in_workspace
    def command(workspace: Workspace, ids: tuple[str, ...], reason: str) -> None:
        now = clock()
        engine, trust = start(workspace, now)
        with writing(engine) as session:
            done = {lookup: statuses.change_status(session, lookup, change, reason=reason, now=now) for lookup in ids}
        _say_changes(done, {"revoke": "revoked", "suspend": "suspended", "reinstate": "reinstated"}[change.value])
        _refresh(engine, workspace, trust, now)

    return command


revoke = _change(
    Change.REVOKE,
    'Revoke issued certificates, for good.\n\n\b\nhandseal revoke 7K3Q-9XAB-… --reason "issued to the wrong person"',
)
suspend = _change(
    Change.SUSPEND,
    'Suspend issued certificates for a time.\n\n\b\nhandseal suspend 7K3Q-9XAB-… --reason "under review"',
)
reinstate = _change(
    Change.REINSTATE, 'End a suspension.\n\n\b\nhandseal reinstate 7K3Q-9XAB-… --reason "review is over"'
)


@click.command()
@in_workspace
def publish(workspace: Workspace) -> None:
    """Sign the status lists anew and bring the site up to date; for cron, once a day.

    \b
    handseal publish
    """
    now = clock()
    engine, trust = start(workspace, now)
    with status_key(workspace) as signer:
        done = upkeep.bring_up_to_date(engine, workspace, trust=trust, signer=signer, now=now)
    click.echo(f"{len(done.lists)} status lists signed")
    if done.certificates:
        click.echo(f"{done.certificates} certificates put back on the site")
    if done.withdrawn:
        click.echo(f"{done.withdrawn} taken off the site: their learners do not agree to a page")
    if done.cards:
        click.echo(f"{done.cards} cards taken off the site: not agreed to any more, or no longer valid")


def _say_changes(done: dict[str, bool], word: str) -> None:
    for lookup, changed in done.items():
        click.echo(f"{escape(lookup)}: {word if changed else f'was {word} already'}")


def _refresh(engine: Engine, workspace: Workspace, trust: Trust, now: datetime) -> None:
    try:
        sign_lists(engine, workspace, trust, now)
    except HandsealError as fault:
        hint = fault.hint or "handseal publish signs and publishes them"
        raise type(fault)(f"recorded, but the status lists are not on the site yet: {fault}", hint=hint) from fault


COMMANDS: tuple[click.Command, ...] = (recall, revoke, suspend, reinstate, publish)
"""What `issuer.cli` adds to its group."""
