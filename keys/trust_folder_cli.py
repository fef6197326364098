"""A trust folder on a disk: read whole, written whole or not at all, and shown before it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from keys import trust_edit
from keys.aloud import word_lines
from keys.console import escape
from keys.encoding import Digest, digest_words
from keys.errors import ConfigurationError, HandsealError
from keys.files import new_folder, read_bounded, write_new
from keys.trust import Trust
from keys.trust_chain import MAX_LIST_BYTES, ReadTrustFile, in_writing_order, is_trust_file
from keys.trust_words import describe_files

_MAX_FILES = 5_000


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
    with new_folder(out) as beside:
        for name in in_writing_order(files):
            write_new(beside / name, files[name])


def show_draft(files: Mapping[str, bytes], held: Trust | None = None) -> Digest:
    """Prints what a draft holds or changes since `held`, its digest and its words; returns the digest."""
    for line in describe_files(files, None if held is None else held.list):
        click.echo(escape(line))
    digest = trust_edit.open_draft(files).digest
    click.echo(f"Draft: {digest.hex()}")
    for line in word_lines("Words:", digest_words(digest)):
        click.echo(line)
    return digest
