"""`trust review` and `sign`: a holder reads what a draft changes, confirms its words and adds one signature."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from keys import trust_edit
from keys.aloud import digest_lines, word_lines
from keys.console import talk
from keys.encoding import Digest, digest_words, sri
from keys.errors import ConfigurationError
from keys.files import replace_file
from keys.guide_cli import Guide
from keys.home import Home
from keys.keyfile import public_path, read_public_key
from keys.network_cli import require_offline
from keys.offline_cli import (
    ceremony_transcript,
    confirm_words,
    folder,
    home_option,
    key_option,
    online_option,
    open_home,
    passphrase_option,
)
from keys.phase import Phase
from keys.signer import TrustSigner
from keys.sitting_cli import known_trust, root_option, trust_option
from keys.transcript import Transcript
from keys.trust import Trust
from keys.trust_chain import TARGETS, in_writing_order, list_name
from keys.trust_folder_cli import read_folder, show_draft
from keys.unlock_cli import unlocked


@click.command()
@click.argument("draft", type=folder)
@trust_option
@root_option
@home_option
def review(draft: Path, **options: Any) -> None:
    """Print all that DRAFT changes since the newest trust list this body knows, as `sign` shows it; needs no key.

    Who knows none yet shows it one with --trust and --root. A founding is printed whole.

    \b
    handseal-ceremony trust review draft
    handseal-ceremony trust review draft --trust site/trust --root 3f5a...
    """
    with open_home(options["home"]) as home:
        files, held = _read_draft(home, draft, options)
    show_draft(files, held)
    _show_signatures(files)


@click.command()
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
    show_progress(sign_draft(draft, key_path, confirm=confirm, options=options, guide=Guide()))


def sign_draft(
    draft: Path, key_path: Path, *, confirm: str | None, options: Mapping[str, Any], guide: Guide
) -> dict[str, bytes]:
    """Shows the draft, has its words confirmed, and adds one signature; returns the files as they are then."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with open_home(options["home"]) as home:
        home.require_owner(public.organisation)
        with ceremony_transcript(home, "trust-sign", guide=guide, key=public.kid, network=network) as transcript:
            files, held = _read_draft(home, draft, options)
            guide.reach(Phase.REVIEW)
            digest = show_draft(files, held)
            transcript.add("reviewed", draft=sri(digest), list=str(trust_edit.open_draft(files).list.version))
            signing = _warn_of_another(home, files, digest, transcript)
            guide.reach(Phase.WORDS)
            confirm_words(digest_words(digest), confirm, transcript)
            guide.reach(Phase.KEY)
            with unlocked(key_path, public, options["passphrase_files"], note=transcript.add) as signer:
                signed = trust_edit.sign(files, TrustSigner(public.ed25519, signer), held=held)
                changed = _replace_changed(draft, files, signed)
                transcript.add("signed", files=", ".join(changed) or "none")
                transcript.close(public, signer.sign)
            home.remember("trust-signed", signing)
        if trust_edit.is_complete(signed):
            home.take_trust(draft, trust_edit.root_digest(signed))
    if not changed:
        talk("nothing to sign: your signature is there, or the threshold was reached without it")
    return signed


def _warn_of_another(home: Home, files: Mapping[str, bytes], digest: Digest, transcript: Transcript) -> str:
    """What is remembered of this draft; warns where another one with its numbers was signed here before.

    Of two lists with one number only one may ever be published: verifiers refuse the other with an alarm.
    """
    draft = trust_edit.open_draft(files)
    numbers, before = f"{draft.list.version} {draft.root.signed.version}", home.note("trust-signed") or ""
    signing = f"{numbers} {sri(digest)}"
    if before.startswith(f"{numbers} ") and before != signing:
        warning = f"another draft of list {draft.list.version} was signed here: go on only if it was thrown away"
        transcript.add("warned", of=warning)
        talk(f"warning: {warning}")
    return signing


def _replace_changed(draft: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """Writes what changed and returns the names."""
    changed = tuple(name for name in in_writing_order(after) if after[name] != before[name])
    for name in changed:
        replace_file(draft / name, after[name])
    return changed


def _read_draft(home: Home, draft: Path, options: Mapping[str, Any]) -> tuple[dict[str, bytes], Trust | None]:
    """The draft, and the newest trust list this body knows, from which it goes on; None at a founding."""
    files = read_folder(draft)
    held = _held_trust(home, files, options)
    if held is not None:
        trust_edit.require_continues(files, held)
    return files, held


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


def show_progress(files: Mapping[str, bytes]) -> None:
    """Prints who has signed, and the root once all have who must."""
    _show_signatures(files)
    if not trust_edit.is_complete(files):
        talk("pass the folder on to the next holder")
        return
    digest = trust_edit.root_digest(files)
    for line in (*digest_lines("Root:", digest), *word_lines("Words:", digest_words(bytes.fromhex(digest)))):
        click.echo(line)
    newest = list_name(trust_edit.open_draft(files).list.version)
    talk("complete: the clinic takes the folder in with `handseal receive FOLDER`; verifiers are told the root")
    talk(f"a copy of the site takes it in its trust/, {newest} before {TARGETS}")


def _show_signatures(files: Mapping[str, bytes]) -> None:
    for part in trust_edit.progress(files):
        state = "complete" if part.complete else f"{part.threshold} needed"
        click.echo(f"{part.file}: signed by {', '.join(part.signed) or 'nobody'} ({state})")
