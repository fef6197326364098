"""`transcript`: what a ceremony wrote down is checked by whoever asks."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from keys.console import escape, print_json, talk
from keys.encoding import digest_words, format_time
from keys.offline_cli import file
from keys.paper_cli import read_transcript, write_record
from keys.sitting_cli import input_file


@click.group()
def transcript() -> None:
    """What a ceremony wrote down."""


@transcript.command()
@click.argument("written", type=input_file, metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print its lines as JSON.")
def verify(written: Path, as_json: bool) -> None:
    """Check the chain of FILE and the signature that closes it.

    \b
    handseal-ceremony transcript verify 20261120T090000Z-cosign-5f21aa.jsonl
    """
    closed = read_transcript(written)
    if as_json:
        print_json({"key": closed.key.kid, "lines": msgspec.to_builtins(closed.lines)})
        return
    for line in closed.lines[:-1]:
        details = ", ".join(f"{name}: {text}" for name, text in line.details.items())
        click.echo(f"{format_time(line.at)}\t{line.event}\t{escape(details)}")
    click.echo(f"closed by {closed.key.kid}")
    talk(f"words of this key: {' '.join(digest_words(closed.key.digest))}")


@transcript.command()
@click.argument("written", type=input_file, metavar="FILE")
@click.option("--out", type=file, required=True, help="New HTML file.")
def record(written: Path, out: Path) -> None:
    """Print FILE as a page to sign: what happened, the key, and who was there.

    \b
    handseal-ceremony transcript record 20261120T090000Z-cosign-5f21aa.jsonl --out record.html
    """
    write_record(written, out)
