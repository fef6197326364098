"""Every command that releases something begins alike: an honest clock, a trust list in force, keys opened late."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from issuer import upkeep
from issuer.certificate import Design
from issuer.config import Workspace
from issuer.database import open_database
from issuer.fonts import prepare_fonts
from keys.console import read_passphrase
from keys.files import read_bounded
from keys.keyfile import is_encrypted, open_key_file, require_encrypted
from keys.signer import Signer
from keys.trust import Trust

_MAX_LOGO = 4 * 1024 * 1024


def start(workspace: Workspace, now: datetime) -> tuple[Engine, Trust]:
    """The database, and the trust list, which is not out of date; the clock is not behind what was recorded."""
    engine = open_database(workspace.database_url)
    upkeep.require_clock(engine, now)
    trust = upkeep.current_trust(workspace)
    upkeep.require_current(trust, now)
    return engine, trust


def cache(workspace: Workspace) -> Path:
    """Where fonts are unpacked; may be removed at any time."""
    return workspace.folder / ".cache"


def look(workspace: Workspace, design: str | None = None) -> Design:
    """How what the clinic prints looks, by clinic.toml; `design` is another one than is named there."""
    settings = workspace.config.certificate
    return Design(
        fonts=prepare_fonts(cache(workspace), workspace.fonts),
        name=design or settings.design,
        han=settings.han,
        logo=read_bounded(workspace.logo, _MAX_LOGO) if workspace.logo else None,
    )


def issue_key(workspace: Workspace, passphrase_file: Path | None) -> Signer:
    """The key that signs certificates; asks for its passphrase on a terminal where no file is given."""
    path = workspace.issue_key
    require_encrypted(path)
    return open_key_file(path, read_passphrase("Passphrase of the issue key", passphrase_file), base=workspace.site)


def status_key(workspace: Workspace) -> Signer:
    """The unattended key that signs status lists."""
    path = workspace.status_key
    passphrase = read_passphrase("Passphrase of the status key", None) if is_encrypted(path) else None
    return open_key_file(path, passphrase, base=workspace.site)
