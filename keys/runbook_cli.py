"""`handseal-ceremony runbook`: the human script, on a machine that has neither a network nor a browser."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import click

from keys.console import escape, talk
from keys.files import new_folder, write_new
from keys.offline_cli import folder

_PAPERS = (".md", ".toml")


@click.command()
@click.option("--out", type=folder, help="New folder for the runbook, the page on lost keys and the example files.")
def runbook(out: Path | None) -> None:
    """Print the runbook: who does, says and writes what at each ceremony.

    \b
    handseal-ceremony runbook --out papers
    """
    papers = {path.name: path for path in files("templates").joinpath("ceremony").iterdir()}
    if out is None:
        text = papers["RUNBOOK.md"].read_text("utf-8")
        if sys.stdout.isatty():
            click.echo_via_pager(text)
        else:
            click.echo(text, nl=False)
        return
    with new_folder(out) as beside:
        for name, path in papers.items():
            if name.endswith(_PAPERS):
                write_new(beside / name, path.read_bytes())
    talk(f"{escape(str(out))}: begin with RUNBOOK.md")
