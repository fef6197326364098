"""`handseal-ceremony`: keys, review and signatures of partner bodies, on a machine without a network."""

from __future__ import annotations

from pathlib import Path

import click

from keys import console
from keys.clock_cli import clock
from keys.console import escape, print_json
from keys.cosign_cli import cosign
from keys.encoding import format_time, sri
from keys.files import SECRET, new_file, opened, require_absent
from keys.keygen_cli import keygen
from keys.offline_cli import (
    existing_home,
    file,
    folder,
    home_option,
    open_home,
)
from keys.plan_cli import plan
from keys.rehearse_cli import rehearse
from keys.review import row_contents
from keys.review_cli import read_review, show_review
from keys.review_text import export_rows, review_json
from keys.run_cli import run
from keys.runbook_cli import runbook
from keys.shares_cli import recover, split
from keys.sitting_cli import input_file
from keys.status_cli import status, withdraw
from keys.transcript_cli import transcript
from keys.trust_cli import trust


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=folder, help="State folder, for all commands.")
@click.version_option(package_name="handseal", prog_name="handseal-ceremony")
@click.pass_context
def cli(context: click.Context, home: Path | None) -> None:
    """Review and co-sign certificates for a partner body, offline.

    \b
    handseal-ceremony review request.jsonl --roster roster.csv
    """
    context.obj = home


@cli.command()
@click.argument("request", type=input_file)
@click.option("--roster", type=input_file, help="CSV of who attended.")
@click.option("--export", type=file, help="New CSV file with every row.")
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print the review as JSON.")
def review(request: Path, roster: Path | None, export: Path | None, home: Path | None, as_json: bool) -> None:
    """Show REQUEST: syllabus, totals, every row, what differs from the roster and from the last request, and its words.

    \b
    handseal-ceremony review request.jsonl --roster roster.csv --export rows.csv
    """
    if export is not None:
        require_absent(export)
    with existing_home(home) as held:
        found = read_review(request, roster, held)
    if export is not None:
        with opened(request) as source, new_file(export, SECRET) as table:
            table.writelines(export_rows(found, row_contents(found, source)))
    if as_json:
        with opened(request) as source:
            print_json(review_json(found, row_contents(found, source)))
    else:
        show_review(found, request)


@cli.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def history(home: Path | None, as_json: bool) -> None:
    """List the requests this body answered, and every certificate it co-signed or withdrew.

    \b
    handseal-ceremony history --json
    """
    with open_home(home) as held:
        requests, signed = held.answered.requests(), list(held.signed())
    if as_json:
        print_json(
            {
                "requests": [
                    {
                        "request": sri(entry.digest),
                        "signed": format_time(entry.signed),
                        "issuer": entry.issuer,
                        "title": entry.title,
                        "count": entry.count,
                        "key": entry.kid,
                    }
                    for entry in requests
                ],
                "certificates": [
                    {
                        "id": entry.certificate,
                        "request": sri(entry.request),
                        "digest": sri(entry.digest),
                        "key": entry.kid,
                        "signed": format_time(entry.signed),
                        "withdrawn": None if entry.withdrawn is None else format_time(entry.withdrawn),
                    }
                    for entry in signed
                ],
            }
        )
        return
    for entry in requests:
        click.echo(f"{format_time(entry.signed)}\t{sri(entry.digest)}\t{entry.count}\t{escape(entry.title)}")
    for made in signed:
        state = "signed" if made.withdrawn is None else f"withdrawn {format_time(made.withdrawn)}"
        click.echo(f"{format_time(made.signed)}\t{made.certificate}\t{state}")


cli.add_command(keygen)
cli.add_command(plan)
cli.add_command(run)
cli.add_command(split)
cli.add_command(recover)
cli.add_command(cosign)
cli.add_command(withdraw)
cli.add_command(status)
cli.add_command(trust)
cli.add_command(transcript)
cli.add_command(clock)
cli.add_command(rehearse)
cli.add_command(runbook)


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    return console.run("handseal-ceremony", cli, arguments)
