"""`plan`: a ceremony as numbered steps, to be read, printed and agreed days before."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from keys.ceremony_file import MAX_CEREMONY_FILE
from keys.console import escape, print_json, talk
from keys.files import read_bounded
from keys.offline_cli import file
from keys.paper_cli import write_plan
from keys.plan import read_plan
from keys.plan_text import plan_lines
from keys.sitting_cli import input_file


@click.command()
@click.argument("description", type=input_file, metavar="CEREMONY.toml")
@click.option("--out", type=file, help="New HTML file, to be printed.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(description: Path, out: Path | None, as_json: bool) -> None:
    """Show what CEREMONY.toml asks of whom, step by step. Needs no key, and any machine will do.

    \b
    handseal-ceremony plan cosign.toml --out plan.html

    \b
    kind = "cosign"
    organisation = "https://verify.riverclinic.example/orgs/ttma"
    [[person]]
    name = "Somchai Pinthong"
    role = "custodian"
    [[person]]
    name = "Ada Okafor"
    role = "witness"
    [inputs]
    key = "cosign.key"
    request = "request.jsonl"
    roster = "roster.csv"
    [outputs]
    response = "response.jsonl"
    record = "record.html"
    """
    _, made = read_plan(read_bounded(description, MAX_CEREMONY_FILE), str(description))
    if out is not None:
        write_plan(made, out)
    if as_json:
        shown = msgspec.to_builtins(made) | {"digest": made.digest.hex(), "words": " ".join(made.words)}
        print_json(shown)
        return
    for line in plan_lines(made):
        click.echo(escape(line))
    if out is not None:
        talk(f"plan to print: {escape(str(out))}")
