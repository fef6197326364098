"""`split` and `recover`: several people keep a key together, and some of them make it again, or prove that they can."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click

from keys.aloud import fingerprint_lines
from keys.console import escape, new_passphrases, talk
from keys.encoding import canonical
from keys.errors import ConfigurationError, HandsealError
from keys.files import new_folder, write_new
from keys.guide_cli import Guide
from keys.keyfile import (
    open_key_file,
    public_path,
    read_public_key,
    write_key_file,
)
from keys.network_cli import require_offline
from keys.offline_cli import (
    TRIES,
    ceremony_transcript,
    file,
    folder,
    home_option,
    key_option,
    now,
    online_option,
    open_home,
    passphrase_option,
)
from keys.phase import Phase
from keys.possession import PublicKeyFile
from keys.private_key import AnyPrivateKey, sign_with
from keys.secret_files import read_secret, require_secret_place, write_secret
from keys.share_file import ShareFile, parse_share_file, write_share_file
from keys.shares import SHARE_WORDS, SharesError, complete_word, read_share, recover_key, split_key
from keys.sitting_cli import input_file
from keys.transcript import Transcript
from keys.unlock_cli import Note, open_private_key


@click.command()
@key_option
@click.option("--threshold", type=int, required=True, help="How many shares make the key again.")
@click.option("--shares", type=int, required=True, help="How many shares there are, each for another keeper.")
@click.option("--out", type=folder, required=True, help="New folder with one file for each share.")
@passphrase_option
@home_option
@online_option
def split(key_path: Path, threshold: int, shares: int, out: Path, **options: Any) -> None:
    """Split a key into SLIP-39 shares of 33 words; the key stays as it is.

    \b
    handseal-ceremony split --key cosign.key --threshold 2 --shares 3 --out shares
    """
    split_into(out, key_path, threshold=threshold, shares=shares, options=options, guide=Guide())


def split_into(
    out: Path, key_path: Path, *, threshold: int, shares: int, options: Mapping[str, Any], guide: Guide
) -> None:
    """The shares of a key in the new folder `out`."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    require_secret_place(out)
    with (
        open_home(options["home"]) as home,
        ceremony_transcript(home, "split", guide=guide, key=public.kid, network=network) as written,
    ):
        home.require_owner(public.organisation)
        guide.reach(Phase.KEY)
        key = open_private_key(key_path, public, options["passphrase_files"], note=written.add)
        made = split_key(key, threshold=threshold, shares=shares, place=str(key_path))
        with new_folder(out) as beside:
            write_shares(beside, made, public, threshold)
            written.add("split", key=public.kid, threshold=str(threshold), shares=str(shares))
            written.close(public, partial(sign_with, key))
    talk(f"{shares} shares in {escape(str(out))}: one for each keeper, none stays here, none beside the key")
    talk("then prove that they work: handseal-ceremony recover --drill --public KEY.pub.json --share FILE …")


def write_shares(out: Path, words: Sequence[str], public: PublicKeyFile, threshold: int) -> None:
    """A file of mode 0600 for each share, read back."""
    for number, share in enumerate(words, start=1):
        path = out / f"share-{number}-of-{len(words)}.toml"
        said = ShareFile(
            type="handseal-share",
            key=public.kid,
            share=number,
            shares=len(words),
            threshold=threshold,
            split=now(),
            words=share,
        )
        write_secret(path, write_share_file(said))
        if read_share_file(path) != share:
            raise HandsealError(f"{path}: does not read back as it was written")


@click.command()
@click.option("--public", "public_file", type=input_file, required=True, help="KEY.pub.json of the key that was split.")
@click.option("--share", "share_files", type=file, multiple=True, help="A share's file; without, its words are typed.")
@click.option("--out", type=file, help="New key file, with new passphrases.")
@click.option("--drill", is_flag=True, help="Write no key: prove that these shares make it.")
@passphrase_option
@home_option
@online_option
def recover(public_file: Path, share_files: tuple[Path, ...], out: Path | None, drill: bool, **options: Any) -> None:
    """Make a key again from its shares, or prove with --drill that they would.

    \b
    handseal-ceremony recover --public cosign.key.pub.json --share share-1-of-3.toml --share share-3-of-3.toml --drill
    handseal-ceremony recover --public cosign.key.pub.json --out cosign.key
    """
    if drill == (out is not None):
        raise click.UsageError("name --out KEY, or --drill")
    recover_into(out, public_file, share_files, options=options, guide=Guide())


def recover_into(
    out: Path | None, public_file: Path, share_files: Sequence[Path], *, options: Mapping[str, Any], guide: Guide
) -> None:
    """The key of `public_file` at `out`, or, with None, only the proof that its shares make it."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_file)
    if out is not None:
        _require_place(out, public)
    command = "drill" if out is None else "recover"
    with (
        open_home(options["home"]) as home,
        ceremony_transcript(home, command, guide=guide, key=public.kid, network=network) as written,
    ):
        home.require_owner(public.organisation)
        guide.reach(Phase.KEY)
        key = gather_key(public, share_files, written.add)
        if out is not None:
            put_back(written, out, key, public, options["passphrase_files"])
        written.close(public, partial(sign_with, key))
    click.echo(f"kid: {public.kid}")
    for line in fingerprint_lines(public.digest):
        click.echo(line)
    talk("the shares make this key" if out is None else f"the key is in {escape(str(out))}")


def gather_key(public: PublicKeyFile, share_files: Sequence[Path], note: Note) -> AnyPrivateKey:
    """The key of `public` from its shares, read from files or typed; what fails is taken down."""
    if not share_files and not sys.stdin.isatty():
        raise ConfigurationError("shares: there is no terminal to type them on", hint="use --share FILE")
    try:
        shares = [read_share_file(path) for path in share_files] or type_shares(_ask_hidden, note)
        key = recover_key(shares, public)
    except SharesError:
        note("shares-refused", given=str(len(share_files)) if share_files else "typed")
        raise
    note("recovered", key=public.kid, shares=", ".join(str(read_share(words).number) for words in shares))
    return key


def read_share_file(path: Path) -> str:
    """The words of the share at `path`; HandsealError for a file that others may read (K04)."""
    return parse_share_file(read_secret(path), str(path))


def type_shares(ask: Callable[[str], str], note: Note) -> list[str]:
    """As many shares as the first says are needed, each from its keeper; SharesError after three bad ones."""
    shares: list[str] = []
    needed, bad = 1, 0
    while len(shares) < needed:
        talk(f"share {len(shares) + 1}: its keeper alone at screen and keyboard; four letters of each word do")
        words = _type_words(len(shares) + 1, ask)
        try:
            needed = read_share(words).threshold
        except SharesError as fault:
            bad += 1
            note("share-refused", attempt=str(bad))
            if bad == TRIES:
                raise
            talk(f"{fault}; once more")
        else:
            shares.append(words)
    return shares


def put_back(
    written: Transcript, out: Path, key: AnyPrivateKey, public: PublicKeyFile, passphrase_files: Sequence[Path]
) -> None:
    """`key` at `out` under new passphrases, read back, with its public file beside it; both or none."""
    passphrase = new_passphrases("new passphrase", passphrase_files, custodians=public.custodian_count)
    with ExitStack() as undo:
        write_key_file(out, key, passphrase)
        undo.callback(out.unlink)
        if not public_path(out).exists():
            write_new(public_path(out), canonical(public))
            undo.callback(public_path(out).unlink)
        if open_key_file(out, passphrase).public_key() != key.public_key():
            raise HandsealError(f"{out}: does not read back as it was written")
        written.add("written", file=out.name, custodians=str(public.custodian_count))
        undo.pop_all()


def _require_place(out: Path, public: PublicKeyFile) -> None:
    require_secret_place(out)
    beside = public_path(out)
    if beside.exists() and read_public_key(beside) != public:
        raise HandsealError(f"{beside}: is of another key", hint="choose another name for --out")


def _type_words(number: int, ask: Callable[[str], str]) -> str:
    words: list[str] = []
    while len(words) < SHARE_WORDS:
        for typed in ask(f"share {number}, word {len(words) + 1} of {SHARE_WORDS}").split():
            word = complete_word(typed)
            if word is None:
                talk(f"word {len(words) + 1} is not in the list")
                break
            words.append(word)
    return " ".join(words)


def _ask_hidden(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True))
