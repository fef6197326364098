"""`handseal-ceremony trust`: partner bodies found, change, sign and read their trust list, on sticks and by words."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from msgspec.structs import replace

from keys import trust_changes, trust_edit
from keys.aloud import ungrouped
from keys.console import escape, print_json, talk
from keys.deadlines import Deadline, trust_deadlines
from keys.encoding import digest_words, format_time, parse_time
from keys.errors import HandsealError
from keys.files import read_bounded
from keys.keyfile import read_public_key
from keys.offline_cli import (
    file,
    folder,
    now,
)
from keys.possession import PublicKeyFile
from keys.settings import require_toml
from keys.trust import Trust, TrustList
from keys.trust_chain import (
    MAX_LIST_BYTES,
    Chain,
    load_chain,
    load_trust,
)
from keys.trust_folder_cli import folder_reader, read_folder, show_draft, write_folder
from keys.trust_sign_cli import review, sign
from keys.trust_words import describe_root, fingerprint, show_list

_MAX_TOML = 256 * 1024
_EXAMPLES = "compare it with what `handseal-ceremony trust init --help` and `… trust propose --help` show"

_HASTE = timedelta(minutes=1)
"""Lists made one after the other may run ahead of the clock by so much."""

T = TypeVar("T")

_PROPOSE = """Write a draft that applies CHANGES to the trust folder CURRENT, and say what it changes.

Without CHANGES, or with an empty file, the list only expires later.

In an emergency two people and four commands do: one holder proposes and signs, a second one signs, the clinic
receives the folder. KEY is the key's id or its last part, as `trust show` prints it:

\b
handseal-ceremony trust propose site/trust --root 3f5a... --compromised KEY 2026-11-01T00:00:00Z --out draft
handseal-ceremony trust sign draft --key trust.key
handseal receive draft

Everything else is written down:

\b
handseal-ceremony trust propose site/trust changes.toml --root 3f5a... --out draft

\b
[[key]]
organisation = "ttma"
file = "ttma-2027.key.pub.json"
valid-from = 2027-01-01T00:00:00Z
[[end-key]]
kid = "https://verify.riverclinic.example/keys/..."
until = 2027-02-01T00:00:00Z
[[compromised]]
kid = "https://verify.riverclinic.example/keys/..."
since = 2026-11-01T00:00:00Z
[[organisation]]                # as in `init`; likewise [[programme]], which may have `from`
[[end-programme]]
slug = "deep-tissue-foundations"
until = 2027-03-01T00:00:00Z
[[leave]]                       # all its keys end; no programme may rest on it any more
organisation = "north-college"
[[rename]]
organisation = "north-college"
name.en = "North College of Health"
[[address]]
organisation = "river-clinic"
contact = "+66 53 111 111"
[[freeze]]                      # its last list, for ever; a clinic's three at once
id = "https://verify.riverclinic.example/status/north-college/revocation/1"
file = "1.jwt"
[root]                          # a new root: all holders, also those that stay
holders = ["clinic.trust.pub.json", "ttma.trust.pub.json", "harbour.trust.pub.json"]
root-threshold = 2
"""
root_told = click.option(
    "--root", required=True, type=ungrouped, metavar="HEX", help="SHA-256 of 1.root.json, 64 hex digits."
)


@click.group()
def trust() -> None:
    """Found, change, review, sign and show the trust list.

    \b
    handseal-ceremony trust init founding.toml --out draft
    handseal-ceremony trust sign draft --key trust.key
    """


@trust.command()
@click.argument("description", type=file)
@click.option("--out", type=folder, required=True, help="New folder for the draft.")
def init(description: Path, out: Path) -> None:
    """Write the draft of a first trust list, unsigned, from DESCRIPTION.

    \b
    handseal-ceremony trust init founding.toml --out draft

    \b
    site = "https://verify.riverclinic.example"
    holders = ["clinic.trust.pub.json", "ttma.trust.pub.json", "college.trust.pub.json"]
    root-threshold = 2
    targets-threshold = 2
    expiry-days = 400
    [[organisation]]
    slug = "river-clinic"
    name.en = "River Clinic"
    contact = "+66 53 000 000"
    website = "https://riverclinic.example"
    keys = ["issue.key.pub.json", "status.key.pub.json"]
    [[programme]]
    slug = "deep-tissue-foundations"
    issuers = ["river-clinic"]
    threshold = 2
    cosigners = ["ttma", "harbour-hospital", "north-college"]
    """
    found_draft(description, out)


def found_draft(description: Path, out: Path) -> None:
    """The unsigned draft of what `description` says, as the new folder `out`, shown."""
    founding = read_toml(description, trust_changes.Founding)
    read_key = _keys_beside(description)
    first = trust_changes.first_list(founding, read_key, issued=now())
    holders = trust_changes.holders_of(founding.holders, read_key, first)
    trust_edit.require_founders(holders, founding.root_threshold, founding.targets_threshold)
    files = trust_edit.found(
        first,
        holders,
        root_threshold=founding.root_threshold,
        targets_threshold=founding.targets_threshold,
        life=timedelta(days=founding.expiry_days),
    )
    write_folder(out, files)
    show_draft(files)
    talk(f"{out}: pass this folder to each holder: handseal-ceremony trust sign {out} --key KEY")


@trust.command(help=_PROPOSE)
@click.argument("current", type=folder)
@click.argument("changes", type=file, required=False)
@root_told
@click.option(
    "--compromised", type=(str, str), multiple=True, metavar="KEY TIME", help="A key that fell, and since when."
)
@click.option("--out", type=folder, required=True, help="New folder for the draft.")
def propose(
    current: Path, changes: Path | None, root: str, compromised: tuple[tuple[str, str], ...], out: Path
) -> None:
    """A draft in the new folder `out`; what it changes is printed. HandsealError where it changes what it may not."""
    issued = _after(load_trust(folder_reader(current), root_digest=root).list, now())
    written = trust_changes.Changes() if changes is None else read_toml(changes, trust_changes.Changes)
    fallen = tuple(trust_changes.Compromise(key, parse_time(since, "--compromised")) for key, since in compromised)
    beside = changes or current  # what a file mentions lies beside it
    files = trust_changes.propose_changes(
        read_folder(current),
        replace(written, compromised=(*written.compromised, *fallen)),
        _keys_beside(beside),
        lambda name: read_bounded(beside.parent / name, MAX_LIST_BYTES),
        issued=issued,
    )
    write_folder(out, files)
    show_draft(files)
    talk(f"{out}: pass this folder to each holder: handseal-ceremony trust sign {out} --key KEY")


def _after(newest: TrustList, moment: datetime) -> datetime:
    """When the list after `newest` is issued: what starts with it starts later, even where both are made at once.

    HandsealError where the clock stands before the newest list.
    """
    if newest.issued > moment + _HASTE:
        raise HandsealError(
            f"clock: shows {format_time(moment)}, but list {newest.version} was issued {format_time(newest.issued)}",
            hint="set the clock of this computer",
        )
    return max(moment, newest.issued + timedelta(seconds=1))


@trust.command()
@click.argument("trust_folder", metavar="DIR", type=folder)
@root_told
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(trust_folder: Path, root: str, as_json: bool) -> None:
    """Verify the trust folder DIR and print its organisations, keys, policies and expiry.

    What a draft changes, `trust review` prints.

    \b
    handseal-ceremony trust show site/trust --root 3f5a...
    """
    chain, moment = load_chain(folder_reader(trust_folder), root_digest=root), now()
    held = chain.trust(root)
    deadlines = trust_deadlines(held, moment)
    if as_json:
        print_json(_document(chain, held, deadlines, expired=held.expires < moment))
        return
    for line in (*describe_root(chain.roots[-1], None), *show_list(held.list)):
        click.echo(escape(line))
    for deadline in deadlines:
        click.echo(escape(f"{deadline.level.word.upper()}: {deadline.text}" if deadline.level else deadline.text))


def read_toml(path: Path, form: type[T]) -> T:
    """A strict TOML file; ConfigurationError for an unknown or missing key, or one of another kind."""
    return require_toml(read_bounded(path, _MAX_TOML), form, str(path), hint=_EXAMPLES)


def _document(chain: Chain, held: Trust, deadlines: tuple[Deadline, ...], *, expired: bool) -> dict[str, Any]:
    signed = chain.roots[-1].signed
    return {
        "root": held.root_digest,
        "rootVersion": held.root_version,
        "expires": format_time(held.expires),
        "expired": expired,
        "deadlines": [deadline.as_json() for deadline in deadlines],
        "holders": sorted("" if key.holder is msgspec.UNSET else key.holder for key in signed.keys.values()),
        "holderKeys": [
            {"fingerprint": fingerprint(key).hex(), "words": " ".join(digest_words(fingerprint(key)))}
            | ({} if key.holder is msgspec.UNSET else {"holder": key.holder})
            for key in signed.keys.values()
        ],
        "thresholds": {"root": signed.roles.root.threshold, "targets": signed.roles.targets.threshold},
        "list": msgspec.to_builtins(held.list),
    }


def _keys_beside(written: Path) -> trust_changes.ReadKey:
    def read_key(name: str) -> PublicKeyFile:
        return read_public_key(written.parent / name)

    return read_key


trust.add_command(review)
trust.add_command(sign)
