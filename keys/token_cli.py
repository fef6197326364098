"""A key is made in a token, shows possession from there, and a file says where it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from keys.console import ask_passphrases
from keys.driver_files import require_driver
from keys.encoding import canonical
from keys.files import write_new
from keys.keyfile import public_path, write_token_file
from keys.offline_cli import now
from keys.possession import KeyUse, PublicKeyFile, parse_public_key, state_possession
from keys.token_signer import new_token_key
from keys.token_uri import parse_token_uri
from keys.transcript import Transcript
from keys.unlock_cli import pin_prompt


def make_token_key(
    written: Transcript, path: Path, *, organisation: str, use: KeyUse, uri: str, pin_files: Sequence[Path]
) -> PublicKeyFile:
    """A key that cannot be taken out of the token at `uri`; `path` says where it is, with its public file beside it.

    The transcript is closed by the key. Where anything fails, no file is left, nor a key in the token.
    """
    named = parse_token_uri(uri, "--token")
    require_driver(named.module, "--token")
    pin = ask_passphrases(pin_prompt(named), pin_files)
    with new_token_key(named, pin, use, f"token {named.token}") as key, ExitStack() as undo:
        undo.callback(key.remove)
        shown = state_possession(key.jwk, key.sign, organisation=organisation, use=use, created=now())
        made = parse_public_key(canonical(shown), f"token {named.token}: its key")
        write_token_file(path, uri)
        undo.callback(path.unlink)
        write_new(public_path(path), canonical(made))
        undo.callback(public_path(path).unlink)
        written.add("made", key=made.kid, use=use.value, file=path.name, token=named.token)
        written.close(made, key.sign)
        undo.pop_all()
    return made
