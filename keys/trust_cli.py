"""`handseal-ceremony trust`: partner bodies found, change, sign and read their trust list, on sticks and by words."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import trust_changes, trust_edit
from keys.console import escape, print_json, read_passphrase, talk
from keys.encoding import Digest, digest_words, format_time, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded, replace_file, require_absent, write_new
from keys.home import Home
from keys.keyfile import open_trust_key, public_path, read_public_key
from keys.offline_cli import (
    ceremony_transcript,
    confirm_words,
    file,
    folder,
    home_option,
    key_option,
    now,
    online_option,
    open_home,
    passphrase_option,
    require_offline,
)
from keys.possession import PublicKeyFile
from keys.settings import require_toml
from keys.sign_cli import known_trust, root_option, trust_option
from keys.trust import Trust
from keys.trust_chain import (
    MAX_LIST_BYTES,
    TARGETS,
    Chain,
    ReadTrustFile,
    in_writing_order,
    is_trust_file,
    list_name,
    load_chain,
    load_trust,
)
from keys.trust_words import describe_files, describe_list, describe_root, fingerprint

_MAX_TOML = 256 * 1024
_MAX_FILES = 5_000
_EXAMPLES = "compare it with what `handseal-ceremony trust init --help` and `… trust propose --help` show"

T = TypeVar("T")


@click.group()
def trust() -> None:
    """Found, change, sign and show the trust list.

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
    require_absent(out)
    founding = read_toml(description, trust_changes.Founding)
    read_key = _keys_beside(description)
    first = trust_changes.first_list(founding, read_key, issued=now())
    files = trust_edit.found(
        first,
        trust_changes.holders_of(founding.holders, read_key, first),
        root_threshold=founding.root_threshold,
        targets_threshold=founding.targets_threshold,
        life=timedelta(days=founding.expiry_days),
    )
    write_folder(out, files)
    _show_draft(files)
    talk(f"{out}: pass this folder to each holder: handseal-ceremony trust sign {out} --key KEY")


@trust.command()
@click.argument("current", type=folder)
@click.argument("changes", type=file)
@click.option("--root", required=True, help="SHA-256 of 1.root.json, 64 hex digits.")
@click.option("--out", type=folder, required=True, help="New folder for the draft.")
def propose(current: Path, changes: Path, root: str, out: Path) -> None:
    """Write a draft that applies CHANGES to the trust folder CURRENT, and say what it changes.

    An empty CHANGES file only lets the list expire later.

    \b
    handseal-ceremony trust propose site/trust changes.toml --root 3f5a... --out draft

    \b
    [[key]]
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
    [[rename]]
    organisation = "north-college"
    name.en = "North College of Health"
    [[address]]
    organisation = "river-clinic"
    contact = "+66 53 111 111"
    [[freeze]]
    id = "https://verify.riverclinic.example/status/north-college/revocation/1"
    file = "1.jwt"
    [root]                          # a new root: all holders, also those that stay
    holders = ["clinic.trust.pub.json", "ttma.trust.pub.json", "harbour.trust.pub.json"]
    root-threshold = 2
    """
    require_absent(out)
    newest = load_trust(folder_reader(current), root_digest=root).list
    moment = now()
    # What starts with this list starts after what started with the one before, even within one second.
    issued = moment + timedelta(seconds=1) if moment == newest.issued else moment
    files = trust_changes.propose_changes(
        read_folder(current),
        read_toml(changes, trust_changes.Changes),
        _keys_beside(changes),
        lambda name: read_bounded(changes.parent / name, MAX_LIST_BYTES),
        issued=issued,
    )
    write_folder(out, files)
    _show_draft(files)
    talk(f"{out}: pass this folder to each holder: handseal-ceremony trust sign {out} --key KEY")


@trust.command()
@click.argument("draft", type=folder)
@key_option
@click.option("--confirm", metavar="WORDS", help="The twelve words of the draft, instead of being asked.")
@trust_option
@root_option
@passphrase_option
@home_option
@online_option
def sign(draft: Path, key_path: Path, confirm: str | None, **options: Any) -> None:
    """Read what DRAFT changes, confirm its words, and add your signature to it.

    The draft has to go on from the newest trust list this body knows; after a founding in which it did not sign, show
    it that list once with --trust and --root.

    \b
    handseal-ceremony trust sign draft --key trust.key
    handseal-ceremony trust sign draft --key trust.key --trust site/trust --root 3f5a...
    """
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with open_home(options["home"]) as home:
        home.require_owner(public.organisation)
        home.require_clock(now())
        with ceremony_transcript(home, "trust-sign", key=public.kid, network=network) as transcript:
            files = read_folder(draft)
            held = _held_trust(home, files, options)
            if held is not None:
                trust_edit.require_continues(files, held)
            digest = _show_draft(files)
            transcript.add("reviewed", draft=sri(digest), list=str(trust_edit.open_draft(files).list.version))
            confirm_words(digest_words(digest), confirm, transcript)
            private = _open_key(key_path, public, options["passphrase_file"])
            signed = trust_edit.sign(files, private, held=held)
            changed = replace_changed(draft, files, signed)
            transcript.add("signed", files=", ".join(changed) or "none")
            transcript.close(public, private.sign)
        if trust_edit.is_complete(signed):
            home.take_trust(draft, trust_edit.root_digest(signed))
    if not changed:
        talk("nothing to sign: your signature is there, or the threshold was reached without it")
    _show_progress(signed)


@trust.command()
@click.argument("trust_folder", metavar="DIR", type=folder)
@click.option("--root", required=True, help="SHA-256 of 1.root.json, 64 hex digits.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show(trust_folder: Path, root: str, as_json: bool) -> None:
    """Verify the trust folder DIR and print its organisations, keys, policies and expiry.

    \b
    handseal-ceremony trust show site/trust --root 3f5a...
    """
    chain = load_chain(folder_reader(trust_folder), root_digest=root)
    expired = chain.expires < now()
    if as_json:
        print_json(_document(chain, root, expired=expired))
        return
    for line in (*describe_root(chain.roots[-1], None), *describe_list(None, chain.lists[-1])):
        click.echo(escape(line))
    click.echo(f"Root and list hold {'no longer: they EXPIRED' if expired else 'until'} {format_time(chain.expires)}.")


def folder_reader(trust_folder: Path) -> ReadTrustFile:
    """`ReadTrustFile` for a folder; a link or a missing file is no file."""

    def read(name: str) -> bytes | None:
        path = trust_folder / name
        return read_bounded(path, MAX_LIST_BYTES) if path.is_file() and not path.is_symlink() else None

    return read


def read_folder(trust_folder: Path) -> dict[str, bytes]:
    """All trust files of a folder; anything else in it is left alone."""
    if not trust_folder.is_dir():
        raise ConfigurationError(f"{trust_folder}: is not a folder")
    names = [path.name for path in trust_folder.iterdir() if is_trust_file(path.name)]
    if len(names) > _MAX_FILES:
        raise HandsealError(f"{trust_folder}: holds more than {_MAX_FILES} files")
    return {name: read_bounded(trust_folder / name, MAX_LIST_BYTES) for name in names}


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """`files` as the new folder `out`, whole or not at all."""
    require_absent(out)
    beside = out.with_name(f".{out.name}.{secrets.token_hex(6)}.part")
    try:
        beside.mkdir()
        try:
            for name in in_writing_order(files):
                write_new(beside / name, files[name])
            beside.rename(out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as fault:
        raise HandsealError(f"{out}: {fault.strerror or 'cannot be written'}") from fault


def read_toml(path: Path, form: type[T]) -> T:
    """A strict TOML file; ConfigurationError for an unknown or missing key, or one of another kind."""
    return require_toml(read_bounded(path, _MAX_TOML), form, str(path), hint=_EXAMPLES)


def replace_changed(draft: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """Writes what changed and returns the names."""
    changed = tuple(name for name in in_writing_order(after) if after[name] != before[name])
    for name in changed:
        replace_file(draft / name, after[name])
    return changed


def _held_trust(home: Home, files: Mapping[str, bytes], options: Mapping[str, Any]) -> Trust | None:
    """The newest trust list this body knows; None at a founding."""
    if options["trust_folder"] is not None or options["root"] is not None or home.note("trust") is not None:
        return known_trust(home, options["trust_folder"], options["root"])
    draft = trust_edit.open_draft(files)
    if draft.list.version == draft.root.signed.version == 1:
        return None
    raise ConfigurationError(
        "trust list: none is known yet, so this draft cannot be compared with it", hint="add --trust DIR --root HEX"
    )


def _open_key(path: Path, public: PublicKeyFile, passphrase_file: Path | None) -> Ed25519PrivateKey:
    private = open_trust_key(path, read_passphrase("passphrase", passphrase_file))
    if private.public_key() != public.ed25519:
        raise HandsealError(f"{path}: does not belong to {public_path(path)}")
    return private


def _show_draft(files: Mapping[str, bytes]) -> Digest:
    for line in describe_files(files):
        click.echo(escape(line))
    digest = trust_edit.open_draft(files).digest
    click.echo(f"Draft: {digest.hex()}")
    click.echo(f"Words: {' '.join(digest_words(digest))}")
    return digest


def _show_progress(files: Mapping[str, bytes]) -> None:
    for part in trust_edit.progress(files):
        state = "complete" if part.complete else f"{part.threshold} needed"
        click.echo(f"{part.file}: signed by {', '.join(part.signed) or 'nobody'} ({state})")
    if not trust_edit.is_complete(files):
        talk("pass the folder on to the next holder")
        return
    digest = trust_edit.root_digest(files)
    click.echo(f"Root: {digest}")
    click.echo(f"Words: {' '.join(digest_words(bytes.fromhex(digest)))}")
    newest = list_name(trust_edit.open_draft(files).list.version)
    talk("complete: the clinic takes the folder in with `handseal receive FOLDER`; verifiers are told the root")
    talk(f"a copy of the site takes it in its trust/, {newest} before {TARGETS}")


def _document(chain: Chain, root: str, *, expired: bool) -> dict[str, Any]:
    newest, signed = chain.lists[-1], chain.roots[-1].signed
    return {
        "root": root,
        "rootVersion": signed.version,
        "expires": format_time(chain.expires),
        "expired": expired,
        "holders": sorted("" if key.holder is msgspec.UNSET else key.holder for key in signed.keys.values()),
        "holderKeys": [
            {"fingerprint": fingerprint(key).hex(), "words": " ".join(digest_words(fingerprint(key)))}
            | ({} if key.holder is msgspec.UNSET else {"holder": key.holder})
            for key in signed.keys.values()
        ],
        "thresholds": {"root": signed.roles.root.threshold, "targets": signed.roles.targets.threshold},
        "list": msgspec.to_builtins(newest),
    }


def _keys_beside(written: Path) -> trust_changes.ReadKey:
    def read_key(name: str) -> PublicKeyFile:
        return read_public_key(written.parent / name)

    return read_key
