"""`transcript`: what a ceremony wrote down is checked by whoever asks."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from keys.aloud import word_rows
from keys.console import escape, print_json, talk
from keys.encoding import digest_words, format_time, sri
from keys.keyfile import read_public_key
from keys.offline_cli import file
from keys.paper_cli import read_transcript, write_record
from keys.sitting_cli import input_file
from keys.transcript import require_closed_by


@click.group()
def transcript() -> None:
    """What a ceremony wrote down."""


@transcript.command()
@click.argument("written", type=input_file, metavar="FILE")
@click.option("--key", "key_path", type=file, help="KEY.pub.json of the key that must have closed it.")
@click.option("--words", help="The twelve words of that key, as on its record.")
@click.option("--json", "as_json", is_flag=True, help="Print its lines as JSON.")
def verify(written: Path, key_path: Path | None, words: str | None, as_json: bool) -> None:
    """Check the chain of FILE and the signature that closes it.

    Without --key or --words, compare the words that are printed with those of the key you expect: anybody's key can
    close a transcript of theirs.

    \b
    handseal-ceremony transcript verify 20261120T090000Z-cosign-5f21aa.jsonl --key cosign.key.pub.json
    """
    closed = read_transcript(written)
    expected = None if key_path is None else read_public_key(key_path)
    require_closed_by(closed, str(written), key=expected, words=words)
    if as_json:
        print_json(
            {
                "key": closed.key.kid,
                "organisation": closed.key.organisation,
                "words": " ".join(digest_words(closed.key.digest)),
                "digest": sri(closed.digest),
                "lines": msgspec.to_builtins(closed.lines),
            }
        )
        return
    for line in closed.lines[:-1]:
        details = ", ".join(f"{name}: {text}" for name, text in line.details.items())
        click.echo(f"{format_time(line.at)}\t{line.event}\t{escape(details)}")
    click.echo(f"closed by {closed.key.kid}")
    click.echo("words of the last line:")
    for row in word_rows(digest_words(closed.digest)):
        click.echo(row)
    if expected is None and words is None:
        talk("is this the key you expect? its words:")
        for row in word_rows(digest_words(closed.key.digest)):
            talk(row)


@transcript.command()
@click.argument("written", type=input_file, metavar="FILE")
@click.option("--out", type=file, required=True, help="New HTML file.")
def record(written: Path, out: Path) -> None:
    """Print FILE as a page to sign: what happened, the key, and who was there.

    \b
    handseal-ceremony transcript record 20261120T090000Z-cosign-5f21aa.jsonl --out record.html
    """
    write_record(written, out)
