"""`handseal-ceremony runbook`: the human script, on a machine that has neither a network nor a browser."""

from __future__ import annotations

import re
import sys
import textwrap
from importlib.resources import files
from pathlib import Path

import click

from keys.console import escape, talk
from keys.files import new_folder, write_new
from keys.offline_cli import folder

_FRAME = re.compile(r"^ *```toml\n *# (\S+\.toml) of [a-z ]+\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@click.command()
@click.option("--out", type=folder, help="New folder for the runbook, its forms and commented examples of ceremonies.")
def runbook(out: Path | None) -> None:
    """Print the runbook: who does, says and writes what at each ceremony.

    \b
    handseal-ceremony runbook --out papers
    """
    papers = {path.name: path.read_bytes() for path in files("templates").joinpath("ceremony").iterdir()}
    text = papers["RUNBOOK.md"].decode("utf-8")
    if out is None:
        if sys.stdout.isatty():
            click.echo_via_pager(text)
        else:
            click.echo(text, nl=False)
        return
    pages = {name: data for name, data in papers.items() if name.endswith(".md")}
    examples = {f"examples/{name}": data for name, data in papers.items() if name.endswith(".toml")}
    forms = {f"forms/{name}": form.encode() for name, form in runbook_forms(text).items()}
    with new_folder(out) as beside:
        for name, data in (pages | examples | forms).items():
            (beside / name).parent.mkdir(exist_ok=True)
            write_new(beside / name, data)
    talk(f"{escape(str(out))}: begin with RUNBOOK.md; what stands in its frames lies in forms/")


def runbook_forms(text: str) -> dict[str, str]:
    """The files that stand in frames of the runbook, by name, to be copied and filled in."""
    return {name: textwrap.dedent(body) for name, body in _FRAME.findall(text)}
