"""Which site a command asks, under which root, with what memory: on the command line or in verify.toml."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from keys.console import escape, talk
from keys.errors import ConfigurationError, HandsealError, UndecidedError
from verifier.config import Settled, configuration_path, settle
from verifier.sources import Site


def site_options(command: click.decorators.FC) -> click.decorators.FC:
    """--site, --root and --state."""
    folder = click.Path(path_type=Path)
    for option in (
        click.option("--state", type=folder, metavar="DIR", help="Remembers what was seen, so that nothing goes back."),
        click.option("--root", metavar="HEX", help="SHA-256 of 1.root.json, as told; never taken from the site."),
        click.option("--site", type=folder, metavar="DIR", help="The published site, or a copy of it."),
    ):
        command = option(command)
    return command


def settled_by(site: Path | None, root: str | None, state: Path | None, receipt_key: Path | None = None) -> Settled:
    return settle(configuration_path(os.environ), site=site, root=root, state=state, receipt_key=receipt_key)


@contextmanager
def certificates_alone_are_refused() -> Iterator[None]:
    """Exit code 1 says that a certificate is not valid: what else is refused in here ends with 3, or 2 for usage."""
    try:
        yield
    except ConfigurationError:
        raise
    except HandsealError as fault:
        raise UndecidedError(str(fault), hint=fault.hint) from fault


def tell_alarms(opened: Site, now: datetime) -> None:
    for alarm in opened.alarms(now):
        talk(f"handseal-verify: alarm: {escape(alarm)}")
