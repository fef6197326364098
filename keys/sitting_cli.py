"""One use of a body's key: everything that could be wrong is looked at before the key is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from keys.aloud import ungrouped
from keys.body import Body, require_body
from keys.errors import ConfigurationError
from keys.guide_cli import Guide
from keys.home import Home
from keys.keyfile import public_path, read_public_key
from keys.network_cli import require_offline
from keys.offline_cli import ceremony_transcript, now, open_home
from keys.phase import Phase
from keys.possession import PublicKeyFile
from keys.signer import Signer
from keys.transcript import Transcript
from keys.trust import Trust
from keys.unlock_cli import unlocked

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
    open_key: Callable[[], Signer]
    guide: Guide

    def open_signer(self) -> Signer:
        """The key, asked for what opens it; open until the sitting ends."""
        self.guide.reach(Phase.KEY)
        return self.open_key()


@contextmanager
def hold_sitting(
    home: Home,
    command: str,
    key_path: Path,
    passphrase_files: Sequence[Path],
    *,
    network: str,
    trust: Callable[[], Trust],
    guide: Guide,
) -> Iterator[Sitting]:
    """Checks clock, trust list, the key's standing and the state folder before any key is opened."""
    public = read_public_key(public_path(key_path))
    with (
        ceremony_transcript(home, command, guide=guide, key=public.kid, network=network) as transcript,
        ExitStack() as opened,
    ):
        known = trust()
        transcript.add("trust-list", version=str(known.list.version), digest=known.digest)
        body = require_body(known, public.kid, now())
        home.require_owner(body.organisation)

        def open_key() -> Signer:
            return opened.enter_context(unlocked(key_path, public, passphrase_files, note=transcript.add))

        yield Sitting(body, public, home, transcript, open_key, guide)


@contextmanager
def sitting(command: str, key_path: Path, options: Mapping[str, Any], guide: Guide | None = None) -> Iterator[Sitting]:
    """`hold_sitting` with what stands on the command line."""
    network = require_offline(online=options["online"])
    with (
        open_home(options["home"]) as home,
        hold_sitting(
            home,
            command,
            key_path,
            options["passphrase_files"],
            network=network,
            trust=lambda: known_trust(home, options["trust_folder"], options["root"]),
            guide=guide or Guide(),
        ) as held,
    ):
        yield held


def known_trust(home: Home, trust_folder: Path | None, root: str | None) -> Trust:
    """The trust list that was brought, or the newest one kept."""
    if trust_folder is not None:
        return home.take_trust(trust_folder, None if root is None else ungrouped(root))
    if root is not None:
        raise ConfigurationError("--root: goes with --trust DIR")
    return home.last_trust()
