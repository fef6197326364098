"""A new workspace is there whole, or not at all: configuration, starter programme, database and keys."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

import click

from issuer.config import CLINIC_TOML, Workspace, open_workspace
from issuer.database import open_database
from keys import names
from keys.console import escape, new_passphrases, talk
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded, replace_file
from keys.keyfile import create_key
from keys.possession import KeyUse, PublicKeyFile
from keys.text import require_text

SLUG, NAME, SITE = "river-clinic", "River Clinic", "https://verify.riverclinic.example"
_MAX_TOML = 64 * 1024
_FOLDERS = ("keys", "certificates")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--slug", default=SLUG, show_default=True, help="The clinic's short name, part of every id.")
@click.option("--name", default=NAME, show_default=True, help="The clinic's name.")
@click.option("--site", default=SITE, show_default=True, help="Base URL of the published site, part of every id.")
@click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False), help="For the issue key.")
@click.option("--no-keys", is_flag=True, help="Make no keys: they exist already, or come later.")
def init(folder: Path, slug: str, name: str, site: str, passphrase_file: Path | None, no_keys: bool) -> None:
    """Make a workspace in DIR: clinic.toml, a programme, examples, the database and the clinic's keys.

    \b
    handseal init clinic --name "River Clinic" --slug river-clinic --site https://verify.riverclinic.example
    """
    _require_free(folder)
    _require_identity(slug, name, site)
    files = () if passphrase_file is None else (passphrase_file,)
    passphrase = None if no_keys else new_passphrases("Passphrase of the issue key", files)
    made = make_workspace(folder, slug=slug, name=name, site=site, passphrase=passphrase, created=datetime.now(UTC))
    click.echo(str(made.folder))
    talk(f"{escape(name)}: the workspace is ready; README.md in it says how to go on")
    if not no_keys:
        talk("keep a copy of keys/issue.key.age in a safe; the trust list takes the files keys/*.pub.json")


def make_workspace(
    folder: Path, *, slug: str, name: str, site: str, passphrase: str | None, created: datetime
) -> Workspace:
    """A workspace in `folder`, which does not exist or is empty; without keys where `passphrase` is None.

    HandsealError or ConfigurationError, with nothing left behind, where it cannot be made.
    """
    _require_identity(slug, name, site)
    _require_free(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            building.chmod(0o755)
            _fill(building, slug=slug, name=name, site=site, passphrase=passphrase, created=created)
            building.replace(folder)  # over an empty folder, never over a full one
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as fault:
        raise HandsealError(f"{folder}: {fault.strerror or 'cannot be made'}") from fault
    return open_workspace(folder)


def create_keys(workspace: Workspace, passphrase: str, *, created: datetime) -> tuple[PublicKeyFile, PublicKeyFile]:
    """The issue key, encrypted, and the status key, open; nothing is overwritten."""
    owner = workspace.organisation
    issue = create_key(
        workspace.issue_key, organisation=owner, use=KeyUse.ISSUE, passphrase=passphrase, created=created
    )
    status = create_key(workspace.status_key, organisation=owner, use=KeyUse.STATUS, passphrase=None, created=created)
    return issue, status


def write_root(workspace: Workspace, root_digest: str) -> Workspace:
    """The workspace with the digest (64 hex digits) of its trust list's root in `clinic.toml`."""
    path = workspace.folder / CLINIC_TOML
    before = read_bounded(path, _MAX_TOML).decode("utf-8")
    replace_file(path, before.replace('root = ""', f'root = "{root_digest}"', 1).encode())
    return open_workspace(workspace.folder)


def _require_identity(slug: str, name: str, site: str) -> None:
    """What becomes part of every id, judged before anything is asked or made."""
    if not name.strip():
        raise ConfigurationError("--name: is empty", hint="the clinic's name as certificates show it")
    require_text(name, "--name")
    names.require_slug(slug, "--slug")
    names.require_base_url(site, "--site")


def _require_free(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise HandsealError(f"{folder}: exists already", hint="nothing is overwritten: name a new or an empty folder")


def _fill(folder: Path, *, slug: str, name: str, site: str, passphrase: str | None, created: datetime) -> None:
    with as_file(files("templates").joinpath("clinic")) as starter:
        shutil.copytree(starter, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for part in _FOLDERS:
        (folder / part).mkdir(mode=0o700)
    path = folder / CLINIC_TOML
    text = read_bounded(path, _MAX_TOML).decode("utf-8")
    for found, wanted in ((SLUG, slug), (NAME, name), (SITE, site)):
        text = text.replace(_quoted(found), _quoted(wanted), 1)
    replace_file(path, text.encode())
    workspace = open_workspace(folder)
    open_database(workspace.database_url, create=True).dispose()
    if passphrase is not None:
        create_keys(workspace, passphrase, created=created.replace(microsecond=0))


def _quoted(text: str) -> str:
    """A TOML basic string; what `require_text` lets through is written the same in JSON."""
    return json.dumps(text, ensure_ascii=False)
