"""`handseal`: the clinic's program, from a programme's file to the certificate an employer believes."""

from __future__ import annotations

from pathlib import Path

import click

from issuer import (
    affected_cli,
    correction_cli,
    demo_cli,
    grading_cli,
    init_cli,
    overview_cli,
    programme_cli,
    receiving_cli,
    records_cli,
    release_cli,
    report_cli,
    share_cli,
    standing_cli,
    table_cli,
)
from issuer.config import find_workspace
from keys.console import run

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--workspace", type=FOLDER, help="Folder with clinic.toml (default: the nearest one).")
@click.version_option(package_name="handseal", prog_name="handseal")
@click.pass_context
def cli(context: click.Context, workspace: Path | None) -> None:
    """Issue short-course certificates that partner bodies co-sign and employers check by scanning a code.

    Without a command: each cohort with its next step.
    """
    if context.invoked_subcommand is None:
        overview_cli.show_next_steps(find_workspace(Path.cwd(), workspace))


cli.add_command(demo_cli.demo)
cli.add_command(init_cli.init)
cli.add_command(grading_cli.grade)
cli.add_command(receiving_cli.receive)
for command in (
    *programme_cli.COMMANDS,
    *records_cli.COMMANDS,
    *table_cli.COMMANDS,
    *release_cli.COMMANDS,
    *standing_cli.COMMANDS,
    *correction_cli.COMMANDS,
    *affected_cli.COMMANDS,
    *overview_cli.COMMANDS,
    *report_cli.COMMANDS,
    *share_cli.COMMANDS,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; its exit code."""
    return run("handseal", cli, arguments)
