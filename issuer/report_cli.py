"""`handseal report`: how a programme or a cohort goes, as text, JSON or one page; it changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click
from msgspec import UNSET

import templates
from issuer import report_page, report_text
from issuer.config import Workspace, read_shape
from issuer.database import open_database, reading
from issuer.figures import Figures, figures, find_scope
from issuer.programme import Programme
from issuer.records_cli import as_json_option, clock, in_workspace
from keys.console import escape, print_json, talk
from keys.errors import ConfigurationError
from keys.files import require_absent, write_new
from verifier.tally import read_tally

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_TEMPLATES = Path(templates.__file__).parent


@click.command()
@click.argument("name", metavar="PROGRAMME|COHORT")
@click.option("--html", "page", type=_FILE, metavar="FILE", help="Write one page with charts, to read or to print.")
@click.option("--from", "since", type=_DAY, metavar="DATE", help="Only courses begun, and checks made, from this day.")
@click.option("--until", type=_DAY, metavar="DATE", help="Only courses begun, and checks made, until this day.")
@click.option("--tally", type=_FOLDER, metavar="DIR", help="The folder of `handseal-verify serve --tally`.")
@as_json_option
@in_workspace
def report(
    workspace: Workspace,
    name: str,
    page: Path | None,
    since: datetime | None,
    until: datetime | None,
    tally: Path | None,
    as_json: bool,
) -> None:
    """Count who enrolled, completed and stopped where, how long it took, and how certificates stand.

    \b
    handseal report deep-tissue-foundations --html report.html
    """
    if since and until and since > until:
        raise ConfigurationError("--until: is before --from")
    if page is not None:
        require_absent(page)
    found = _count(workspace, name, since.date() if since else None, until.date() if until else None, tally)
    if page is not None:
        write_new(page, _page(found, workspace).encode("utf-8"))
        talk(f"{escape(str(page))}: written")
    if as_json:
        print_json(found.as_json())
    elif page is None:
        for line in report_text.plain_lines(found):
            click.echo(line)


def _count(workspace: Workspace, name: str, since: date | None, until: date | None, tally: Path | None) -> Figures:
    folder = tally or workspace.tally
    with reading(open_database(workspace.database_url)) as session:
        scope = find_scope(session, name, since=since, until=until)
        return figures(
            session,
            scope,
            today=workspace.today(clock()),
            day_of=workspace.today,
            target=_target(workspace, scope.programme),
            tally=read_tally(folder) if folder else None,
        )


def _target(workspace: Workspace, slug: str) -> int | None:
    """The completion, in per cent, that the programme's file aims at; None also where there is no file any more."""
    path = workspace.programmes / f"{slug}.toml"
    programme = read_shape(path, Programme).value if path.is_file() else None
    return None if programme is None or programme.completion_target is UNSET else programme.completion_target


def _page(found: Figures, workspace: Workspace) -> str:
    static = _TEMPLATES / "static"
    return report_page.render(
        found,
        clinic=workspace.config.clinic.name,
        template=(_TEMPLATES / "report" / "report.html").read_text("utf-8"),
        style=(static / "page.css").read_text("utf-8"),
        read_font=lambda name: (static / name).read_bytes(),
    )


COMMANDS: tuple[click.Command, ...] = (report,)
"""What `issuer.cli` adds to its group."""
