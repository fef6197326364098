"""`handseal-verify mirror`: a partner body or an employer keeps a copy of a published site that answers alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from keys.console import escape, print_json, talk
from keys.errors import UndecidedError
from verifier.config import configuration_path, require_root
from verifier.mirror import Mirrored, mirror
from verifier.origin import open_origin
from verifier.state import State

PATIENCE = 3600.0
"""Seconds of one run; the next one of a day finds the copy as the last good one left it."""


@click.command("mirror")
@click.argument("site")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--root", metavar="HEX", help="SHA-256 of 1.root.json, as told; never taken from the site.")
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Remembers what was seen, so that nothing goes back.",
)
@click.option("--json", "as_json", is_flag=True, help="What was done as one JSON document.")
@click.pass_context
def mirror_site(
    ctx: click.Context, site: str, folder: Path, root: str | None, state: Path | None, as_json: bool
) -> None:
    """Copies SITE, a web address or a folder, to DIR after checking it; again, it copies what is new.

    Certificates come along from a folder only: a web site never lists them. Run it daily from cron.

    Example: handseal-verify mirror https://verify.riverclinic.example ./mirror --root 5f0c…
    """
    believed = require_root(configuration_path(os.environ), root)
    with _until_patience_ends(site):
        done = mirror(open_origin(site), folder, root=believed, state=State(state), now=datetime.now(UTC))
    for alarm in done.alarms:
        talk(f"handseal-verify: alarm: {escape(alarm)}")
    for name, reason in sorted(done.refused.items()):
        talk(f"handseal-verify: {name}: not copied: {escape(reason)}")
    if as_json:
        print_json(_document(done))
    else:
        for line in _lines(done, folder):
            click.echo(line)
    ctx.exit(1 if done.refused else 0)


@contextmanager
def _until_patience_ends(site: str) -> Iterator[None]:
    """UndecidedError after `PATIENCE`: a host that answers a byte at a time would hold the copy's lock for ever."""

    def give_up(*_: object) -> None:
        raise UndecidedError(f"{site}: took longer than {PATIENCE:.0f} seconds", hint="try again later")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _lines(done: Mirrored, folder: Path) -> list[str]:
    lines = [f"{escape(str(folder))}: {len(done.copied)} files copied"]
    if done.certificates is None:
        lines.append("certificates: not copied: only a folder lists them; a PDF or .jwt file is checked all the same")
    else:
        lines.append(f"certificates: {done.certificates} files copied, {done.removed} removed")
    return lines


def _document(done: Mirrored) -> dict[str, object]:
    return {
        "copied": list(done.copied),
        "refused": dict(done.refused),
        "alarms": list(done.alarms),
        "certificates": done.certificates,
        "removed": done.removed,
    }
