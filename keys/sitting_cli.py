"""One use of a body's key: everything that could be wrong is looked at before the key is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from keys.body import Body, require_body
from keys.console import read_passphrase
from keys.encoding import format_time
from keys.errors import ConfigurationError
from keys.home import Home
from keys.keyfile import open_key_file, public_path, read_public_key, require_encrypted
from keys.names import parse_organisation_id
from keys.offline_cli import ceremony_transcript, now, open_home, require_offline
from keys.possession import PublicKeyFile
from keys.signer import MemorySigner
from keys.transcript import Transcript
from keys.trust import Trust

input_file = click.Path(path_type=Path, dir_okay=False, exists=True)
input_folder = click.Path(path_type=Path, file_okay=False, exists=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
trust_option = click.option(
    "--trust", "trust_folder", type=input_folder, help="Folder of the trust list; needed once, and for newer ones."
)
root_option = click.option("--root", help="SHA-256 of 1.root.json in hex, as it was read aloud; needed once.")


class Sitting(Struct, frozen=True):
    """One use of a body's key: who, where its state is, the transcript being written, and how the key is opened."""

    body: Body
    public: PublicKeyFile
    home: Home
    transcript: Transcript
    open_signer: Callable[[], MemorySigner]


@contextmanager
def hold_sitting(
    home: Home,
    command: str,
    public: PublicKeyFile,
    open_signer: Callable[[], MemorySigner],
    *,
    network: str,
    trust: Callable[[], Trust],
) -> Iterator[Sitting]:
    """Checks clock, trust list, the key's standing and the state folder before any key is opened.

    Begins a transcript; the clock is remembered once everything went well.
    """
    home.require_clock(now())
    with ceremony_transcript(home, command, key=public.kid, network=network) as transcript:
        known = trust()
        transcript.add("trust-list", version=str(known.list.version), digest=known.digest)
        body = require_body(known, public.kid, now())
        home.require_owner(body.organisation)
        yield Sitting(body, public, home, transcript, open_signer)
    home.remember("clock", format_time(now()))


@contextmanager
def sitting(command: str, key_path: Path, options: dict[str, Any]) -> Iterator[Sitting]:
    """`hold_sitting` with what stands on the command line."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with (
        open_home(options["home"]) as home,
        hold_sitting(
            home,
            command,
            public,
            lambda: open_signer(key_path, public, options["passphrase_file"]),
            network=network,
            trust=lambda: known_trust(home, options["trust_folder"], options["root"]),
        ) as held,
    ):
        yield held


def open_signer(key_path: Path, public: PublicKeyFile, passphrase_file: Path | None) -> MemorySigner:
    """Asks for the passphrase and opens the key; once per command, for that is slow by design."""
    require_encrypted(key_path)
    passphrase = read_passphrase("passphrase", passphrase_file)
    return open_key_file(key_path, passphrase, base=parse_organisation_id(public.organisation, "organisation").base)


def known_trust(home: Home, trust_folder: Path | None, root: str | None) -> Trust:
    """The trust list that was brought, or the newest one kept."""
    if trust_folder is not None:
        return home.take_trust(trust_folder, root)
    if root is not None:
        raise ConfigurationError("--root: goes with --trust DIR")
    return home.last_trust()
