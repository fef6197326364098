"""`handseal-verify bulk`: hundreds of certificates at once, a table to sort and a chart, and receipts if wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from keys.console import escape, talk
from keys.errors import ConfigurationError
from keys.files import new_folder, require_absent, write_new
from verifier.bulk import Given, Keep, Line, check_all, counts, csv_report
from verifier.bulk_files import Batch, batches_of
from verifier.bulk_report import xlsx_report
from verifier.carrier import pages_of, verify_carried
from verifier.language import DEFAULT_LANGUAGE, LANGUAGES, Words, words_in
from verifier.materials import Materials
from verifier.messages import headline
from verifier.receipt import PROGRAM, Answered, Operator
from verifier.report import Report, worst_exit_code
from verifier.site_cli import certificates_alone_are_refused, settled_by, site_options, tell_alarms

_path = click.Path(path_type=Path)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", type=_path, required=True, metavar="REPORT", help="The report: REPORT.xlsx or REPORT.csv.")
@click.option("--receipts", type=_path, metavar="DIR", help="A new folder with a receipt of each check.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True)
@site_options
@click.pass_context
@certificates_alone_are_refused()
def bulk(
    ctx: click.Context,
    inputs: tuple[str, ...],
    out: Path,
    receipts: Path | None,
    language: str,
    site: Path | None,
    root: str | None,
    state: Path | None,
) -> None:
    """Checks many certificates and writes one report, a row for each.

    INPUT is a file as for a single check, a folder, a ZIP, or a table (CSV, XLSX) with a number or a link in each row.
    A table that lies in a folder is none of these: name it.
    Exit code: that of the worst row, 0 where all are valid.

    Example: handseal-verify bulk ./applicants more.zip --out report.xlsx --site ./site --root 5f0c…
    """
    words, now = words_in(language), datetime.now(UTC)
    _require_out(out, receipts)
    opened = settled_by(site, root, state).open()
    batches, materials = batches_of(inputs), opened.materials(now)
    tell_alarms(opened, now)
    pages = pages_of(materials, opened.certificate)
    with ExitStack() as stack:
        keep = _keeping(stack.enter_context(new_folder(receipts)), materials, words, now) if receipts else None
        check = partial(verify_carried, materials=materials, at=now, now=now, pages=pages)
        lines = tuple(check_all(_shown(batches), check, words, now, keep))
        as_csv = out.suffix.lower() == ".csv"
        write_new(out, csv_report(lines, words) if as_csv else xlsx_report(lines, words, now))
    _tell(lines, words, out)
    ctx.exit(worst_exit_code(line.verdict.exit_code for line in lines))


def _require_out(out: Path, receipts: Path | None) -> None:
    """ConfigurationError or HandsealError before anything is read, where the report could not be written."""
    if out.suffix.lower() not in (".xlsx", ".csv"):
        raise ConfigurationError(f"--out: {out}: is named neither .xlsx nor .csv")
    for path in (out, receipts):
        if path is not None:
            require_absent(path)
            if not path.absolute().parent.is_dir():
                raise ConfigurationError(f"{path}: its folder is not there")


def _keeping(folder: Path, materials: Materials, words: Words, now: datetime) -> Keep:
    """Writes each receipt as it is made, named by its row: no name of an input becomes one of a file."""
    from verifier.fonts import lent_fonts  # fonts and Typst take longer to load than a file to check
    from verifier.receipt_page import receipt_pdf

    def keep(number: int, given: Given, report: Report) -> None:
        answered = Answered(report, materials, given.data, now)
        if not given.case:  # nothing was read: there is nothing that a receipt could be about
            pdf = receipt_pdf(answered, Operator("", PROGRAM), words, lent_fonts())
            write_new(folder / f"{number:05}-{report.verdict.word}.pdf", pdf)

    return keep


def _shown(batches: Sequence[Batch]) -> Iterator[Given]:
    """Each input; a bar on a terminal says how far it is."""
    total = sum(batch.length for batch in batches)
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=total, label="Checking", file=sys.stderr, hidden=hidden) as bar:
        for batch in batches:
            for given in batch.read():
                yield given
                bar.update(1)


def _tell(lines: Sequence[Line], words: Words, out: Path) -> None:
    for verdict, count in counts(lines).items():
        click.echo(f"{headline(verdict, words)}: {count}")
    twice = sum(1 for line in lines if line.same_as)
    if twice:
        click.echo(f"{words.say('bulk.twice')}: {twice}")
    talk(f"handseal-verify: {escape(str(out))}: {len(lines)} rows")
