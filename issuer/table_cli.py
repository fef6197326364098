"""`handseal template`: an empty table to fill in, with a note at each column."""

from __future__ import annotations

from pathlib import Path

import click

from issuer import table_templates
from issuer.config import Workspace
from issuer.database import open_database, reading
from issuer.grading import Key, read_key
from issuer.records_cli import FILE, in_workspace
from issuer.syllabuses import open_syllabus, require_version
from issuer.table_templates import csv_template, xlsx_template
from keys import names
from keys.console import talk
from keys.errors import ConfigurationError
from keys.files import SECRET, new_file
from keys.syllabus import Syllabus

_WRITERS = {".csv": csv_template, ".xlsx": xlsx_template}


@click.command()
@click.argument("kind", type=click.Choice(table_templates.KINDS))
@click.option("--programme", "slug", metavar="SLUG", help="Offer its criteria and levels, or the items of its key.")
@click.option("--out", type=FILE, metavar="FILE.csv|.xlsx", help="New file (default: CSV on standard output).")
@in_workspace
def template(workspace: Workspace, kind: str, slug: str | None, out: Path | None) -> None:
    """Write an empty table to fill in: of a cohort, of results, of answers to a test, of assessors.

    \b
    handseal template cohort --out cohorts/2026-autumn.xlsx
    handseal template answers --programme deep-tissue-foundations --out results/quiz.csv
    """
    ending = out.suffix.lower() if out else ".csv"
    if ending not in _WRITERS:
        raise ConfigurationError(f"--out: {out}: is neither .csv nor .xlsx")
    if kind == "answers" and slug is None:
        raise ConfigurationError("--programme: is needed: its key says which columns there are")
    syllabus, key = _programme(workspace, kind, slug)
    data = _WRITERS[ending](table_templates.columns(kind, syllabus, key))
    if out is None:
        click.echo(data.decode("utf-8-sig"), nl=False)
        return
    with new_file(out, SECRET) as stream:  # names and results go in
        stream.write(data)
    talk(f"{out}: fill it in below its header")


def _programme(workspace: Workspace, kind: str, slug: str | None) -> tuple[Syllabus | None, Key | None]:
    """What the table is about: the published syllabus for results, the key for answers."""
    if slug is None:
        return None, None
    names.require_slug(slug, "--programme")
    if kind == "answers":
        return None, read_key(workspace.programmes / f"{slug}.key.toml")
    with reading(open_database(workspace.database_url)) as session:
        return open_syllabus(require_version(session, slug)), None


COMMANDS: tuple[click.Command, ...] = (template,)
"""What `issuer.cli` adds to its group."""
