"""A clinic that is worked through its program alone: real clock, key files and command lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from issuer.cli import main
from keys.encoding import canonical
from keys.files import write_new
from keys.keyfile import public_path, write_key_file
from keys.possession import KeyUse, prove_possession
from keys.signer import MemorySigner
from tests.issuer.clinic import Clinic, found_clinic
from tests.world import CLINIC, FOUNDED, World

PASSPHRASE = "correct horse battery staple"


def open_desk(folder: Path, *, issue_key: bool = False) -> Clinic:
    """A clinic whose trust list was issued yesterday; the issue key costs a second and is made where asked for."""
    now = datetime.now(UTC).replace(microsecond=0)
    world = World(now=now, change_list=lambda plain: replace(plain, issued=now - timedelta(days=1)))
    clinic = found_clinic(folder, world)
    keys = clinic.workspace.folder / "keys"
    keys.mkdir()
    write_key_file(clinic.workspace.status_key, world.status_key._key, None)
    _publish(clinic.workspace.status_key, world.status_key, KeyUse.STATUS)
    _publish(clinic.workspace.issue_key, world.issue_key, KeyUse.ISSUE)
    if issue_key:
        write_key_file(clinic.workspace.issue_key, world.issue_key._key, PASSPHRASE)
        passphrase = keys / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n")
        passphrase.chmod(0o600)
    return clinic


def _publish(path: Path, signer: MemorySigner, use: KeyUse) -> None:
    shown = prove_possession(signer._key, organisation=CLINIC, use=use, created=FOUNDED)
    write_new(public_path(path), canonical(shown))


def run(clinic: Clinic, *arguments: object) -> int:
    """The exit code of `handseal --workspace … ARGUMENTS`."""
    return main(["--workspace", str(clinic.workspace.folder), *map(str, arguments)])


def tick(clinic: Clinic) -> None:
    """Brings the partners' clock to the real one."""
    clinic.now = clinic.world.now = datetime.now(UTC).replace(microsecond=0)
