"""Every command that releases something begins alike: an honest clock, a trust list in force, keys opened late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from issuer import upkeep
from issuer.certificate import Design
from issuer.config import Workspace
from issuer.database import open_database
from keys.files import read_bounded
from keys.keyfile import public_path, read_public_key
from keys.signer import Signer
from keys.trust import Trust
from keys.unlock_cli import unlocked
from verifier.fonts import prepare_fonts

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


def issue_key(workspace: Workspace, passphrase_files: Sequence[Path]) -> AbstractContextManager[Signer]:
    """The key that signs certificates; asks for its passphrase on a terminal where no file is given."""
    return _opened(workspace.issue_key, passphrase_files, "Passphrase of the issue key")


def status_key(workspace: Workspace) -> AbstractContextManager[Signer]:
    """The unattended key that signs status lists."""
    return _opened(workspace.status_key, (), "Passphrase of the status key")


def sign_lists(engine: Engine, workspace: Workspace, trust: Trust, now: datetime, *, always: bool = True) -> None:
    """`upkeep.refresh_lists` with the status key."""
    with status_key(workspace) as signer:
        upkeep.refresh_lists(engine, workspace, trust=trust, signer=signer, now=now, always=always)


@contextmanager
def _opened(path: Path, passphrase_files: Sequence[Path], called: str) -> Iterator[Signer]:
    with unlocked(path, read_public_key(public_path(path)), passphrase_files, called=called) as signer:
        yield signer
