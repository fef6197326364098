"""A clinic that is worked through its program alone: real clock, key files and command lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from issuer.cli import main
from keys.keyfile import write_key_file
from tests.issuer.clinic import Clinic, found_clinic
from tests.world import World

PASSPHRASE = "correct horse battery staple"


def open_desk(folder: Path, *, issue_key: bool = False) -> Clinic:
    """A clinic whose trust list was issued yesterday; the issue key costs a second and is made where asked for."""
    now = datetime.now(UTC).replace(microsecond=0)
    world = World(now=now, change_list=lambda plain: replace(plain, issued=now - timedelta(days=1)))
    clinic = found_clinic(folder, world)
    keys = clinic.workspace.folder / "keys"
    keys.mkdir()
    write_key_file(clinic.workspace.status_key, world.status_key._key, None)
    if issue_key:
        write_key_file(clinic.workspace.issue_key, world.issue_key._key, PASSPHRASE)
        passphrase = keys / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n")
        passphrase.chmod(0o600)
    return clinic


def run(clinic: Clinic, *arguments: object) -> int:
    """The exit code of `handseal --workspace … ARGUMENTS`."""
    return main(["--workspace", str(clinic.workspace.folder), *map(str, arguments)])


def tick(clinic: Clinic) -> None:
    """Brings the partners' clock to the real one."""
    clinic.now = clinic.world.now = datetime.now(UTC).replace(microsecond=0)
