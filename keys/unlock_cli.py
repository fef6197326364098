"""A key is opened in one way: by all its custodians, for as long as a command signs, and it belongs to its public file.

The file says where the key is: in itself as an age file, in a token, or open, where only a status key may lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from keys.console import ask_passphrases, escape, forbid_core_dumps, talk
from keys.driver_files import require_driver
from keys.errors import HandsealError
from keys.keyfile import (
    KeyForm,
    UnreadableKeyError,
    key_form,
    open_key_file,
    public_path,
    read_token_uri,
    require_encrypted,
)
from keys.names import parse_organisation_id
from keys.possession import KeyUse, PublicKeyFile
from keys.private_key import AnyPrivateKey
from keys.signer import MemorySigner, Signer
from keys.token_signer import WrongPinError, open_token_key
from keys.token_uri import TokenUri

PASSPHRASE_TRIES = 3


class Note(Protocol):
    """Takes down what happened, as `Transcript.add` does."""

    def __call__(self, event: str, **details: str) -> None: ...


@contextmanager
def unlocked(
    path: Path,
    public: PublicKeyFile,
    passphrase_files: Sequence[Path] = (),
    *,
    note: Note | None = None,
    called: str = "passphrase",
) -> Iterator[Signer]:
    """The key at `path` as a signer, until the block ends; asks for what opens it, called so at the prompt.

    HandsealError where it is not the key of `public`, or lies open although it signs certificates or trust lists (K08),
    and as `open_key_file`. Slow by design: once per command.
    """
    if key_form(path) is KeyForm.HARDWARE:
        with _in_token(path, public, passphrase_files, note or _unnoted) as signer:
            yield signer
    else:
        yield _signer(open_private_key(path, public, passphrase_files, note=note, called=called), public)


def open_private_key(
    path: Path,
    public: PublicKeyFile,
    passphrase_files: Sequence[Path] = (),
    *,
    note: Note | None = None,
    called: str = "passphrase",
) -> AnyPrivateKey:
    """As `unlocked`, for what needs the key itself."""
    forbid_core_dumps()
    if public.use is not KeyUse.STATUS:
        require_encrypted(path)
    if key_form(path) is KeyForm.OPEN:
        return _belonging(path, public, open_key_file(path, None))

    def attempt() -> AnyPrivateKey:
        return open_key_file(path, ask_passphrases(called, passphrase_files, custodians=public.custodian_count))

    return _belonging(path, public, _tried(attempt, 1 if passphrase_files else PASSPHRASE_TRIES, note or _unnoted))


def pin_prompt(uri: TokenUri) -> str:
    """What a token asks for instead of a passphrase."""
    return f"PIN of token {escape(uri.token)}"


@contextmanager
def _in_token(path: Path, public: PublicKeyFile, pin_files: Sequence[Path], note: Note) -> Iterator[Signer]:
    forbid_core_dumps()
    uri = read_token_uri(path)
    require_driver(uri.module, str(path))
    pin = ask_passphrases(pin_prompt(uri), pin_files)
    with ExitStack() as session:
        try:
            signer = session.enter_context(open_token_key(uri, pin, public, str(path)))
        except WrongPinError:
            note("key-not-opened", attempt="1")
            raise
        yield signer


def _tried(attempt: Callable[[], AnyPrivateKey], tries: int, note: Note) -> AnyPrivateKey:
    """Asks again after a failure, which is taken down, as often as `tries` allows."""
    number = 1
    while True:
        try:
            return attempt()
        except UnreadableKeyError as fault:
            note("key-not-opened", attempt=str(number))
            if number == tries:
                raise
            number += 1
            talk(f"{escape(str(fault))}; try {number} of {tries}")


def _belonging(path: Path, public: PublicKeyFile, key: AnyPrivateKey) -> AnyPrivateKey:
    if _signer(key, public).kid != public.kid:
        raise HandsealError(f"{path}: does not belong to {public_path(path)}")
    return key


def _signer(key: AnyPrivateKey, public: PublicKeyFile) -> MemorySigner:
    return MemorySigner(key, parse_organisation_id(public.organisation, "organisation").base)


def _unnoted(event: str, **details: str) -> None:
    """For commands that write no transcript."""
