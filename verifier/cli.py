"""`handseal-verify`: is this certificate to be believed? The exit code answers too (formats.md section 12)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from keys.console import complain, escape, print_json, run, talk
from keys.deadlines import due
from keys.encoding import parse_time
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded
from verifier.asked import is_address
from verifier.bulk_cli import bulk
from verifier.carrier import MAX_CARRIER_BYTES, TOO_LARGE, pages_of, undecided, verify_carried
from verifier.export_cli import export_site
from verifier.materials import Materials
from verifier.mirror_cli import mirror_site
from verifier.plain import plain_lines
from verifier.receipt import Answered
from verifier.receipt_cli import (
    check_receipt,
    make_receipt_key,
    receipt_key_option,
    receipt_options,
    require_receipt,
    write_receipt,
)
from verifier.report import Report, worst_exit_code
from verifier.site_cli import certificates_alone_are_refused, settled_by, site_options, tell_alarms
from verifier.sources import Site
from verifier.tally import Tally

_FILES = "check"  # the command that is meant where no other is named


class _FilesOrCommand(click.Group):
    """`handseal-verify FILE…` without the name of a command; a file named like one is given as ./serve."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names, "--version"):
            args = [_FILES, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FILE... --site DIR --root HEX [--at TIME] [--state DIR] [--json]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of checking files, then the other commands."""
        parameters = (*self.commands[_FILES].get_params(ctx), *self.params)
        records = (each.get_help_record(ctx) for each in parameters if isinstance(each, click.Option))
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
        self.format_commands(ctx, formatter)


@click.group(cls=_FilesOrCommand, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="handseal", prog_name="handseal-verify")
def cli() -> None:
    """Checks certificates against a published site.

    FILE is a PDF, a credential (.jwt), a picture of the code or with a credential baked in (PNG, SVG), or the number
    or link itself; `-` reads standard input. --site and --root may stand in
    ~/.config/handseal/verify.toml. Exit code: 0 valid, 1 not valid, 2 wrong usage, 3 could not be decided.

    Example: handseal-verify certificate.pdf --site ./site --root 5f0c…
    """


@cli.command(_FILES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@site_options
@click.option("--at", "at_text", metavar="TIME", help="The moment that is asked about, as 2026-11-20T08:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="An array with one report per file.")
@receipt_options
@click.pass_context
@certificates_alone_are_refused()
def check_files(
    ctx: click.Context,
    files: tuple[str, ...],
    site: Path | None,
    root: str | None,
    state: Path | None,
    at_text: str | None,
    as_json: bool,
    receipt: Path | None,
    receipt_key: Path | None,
    language: str,
) -> None:
    """Checks each FILE; the name of this command may be left out.

    Example: handseal-verify certificate.pdf --site ./site --root 5f0c…
    """
    settled = settled_by(site, root, state, receipt_key)
    if receipt is not None:
        if len(files) > 1:
            raise click.UsageError("--receipt: is of one FILE; bulk writes many")
        require_receipt(receipt, settled)
    now = datetime.now(UTC)
    at = _parse_at(at_text) if at_text else now
    opened = settled.open()
    materials = opened.materials(now)
    tell_alarms(opened, now)
    codes, reports = [0], []
    for name in files:
        try:
            data = _read_input(name)
        except ConfigurationError as fault:
            codes.append(complain("handseal-verify", fault))
            continue
        report = _check(data, opened, materials, at, now)
        if receipt is not None:
            if data is None:
                raise HandsealError(f"{name}: is too large for a receipt")
            write_receipt(Answered(report, materials, data, at), receipt, settled, language)
        reports.append((name, report))
        codes.append(report.verdict.exit_code)
    _show(reports, as_json=as_json)
    ctx.exit(worst_exit_code(codes))


@cli.command()
@site_options
@click.option("--base-url", metavar="URL", help="How the verifier is reached, as https://host; the source of links.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 is any free one.")
@click.option("--proxies", type=click.IntRange(0, 9), default=0, show_default=True, help="How many stand before it.")
@click.option("--rate", type=click.IntRange(20), metavar="N", help="Questions a minute from one address. [1200]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
@click.option("--tally", type=click.Path(path_type=Path), metavar="DIR", help="Counts checks, never who or which.")
@receipt_key_option
def serve(
    site: Path | None,
    root: str | None,
    state: Path | None,
    base_url: str | None,
    host: str,
    port: int,
    proxies: int,
    rate: int | None,
    workers: int,
    tally: Path | None,
    receipt_key: Path | None,
) -> None:
    """Serves the web page and the API until it is stopped.

    Behind a web server of your own say --proxies 1: the address that it adds to X-Forwarded-For is the one that is
    counted. Without it nobody is believed about who asks. A process keeps one core busy: --workers says how many there
    are, and what one address may ask is shared out among them.

    Example: handseal-verify serve --site ./site --root 5f0c… --base-url https://verify.clinic.example
    """
    from verifier import server, web  # Flask takes longer to load than a file to check
    from verifier.rates import Rates

    settled = settled_by(site, root, state, receipt_key)
    opened, signer = settled.open(), settled.signer()
    _tell_operator(opened, datetime.now(UTC))
    rates = (Rates.of(rate) if rate else Rates()).among(workers)
    reached = base_url or _local_url(host, port)
    settings = web.Settings(base_url=reached, proxies=proxies, rates=rates, signer=signer)
    counts = Tally(tally) if tally else None
    app = web.create_app(site=opened, clock=lambda: datetime.now(UTC), settings=settings, tally=counts)
    server.serve(
        app,
        host=host,
        port=port,
        workers=workers,
        ready=lambda taken: talk(f"Listening on http://{host}:{taken}"),
        ended=counts.write if counts else None,
    )


cli.add_command(export_site)
cli.add_command(bulk)
cli.add_command(mirror_site)
cli.add_command(check_receipt)
cli.add_command(make_receipt_key)


def _tell_operator(opened: Site, now: datetime) -> None:
    """What is wrong and what ends soon; while it serves, /healthz tells."""
    materials = opened.materials(now)
    for alarm in (materials.trust_fault, *opened.alarms(now)):
        if alarm:
            talk(f"handseal-verify: alarm: {escape(alarm)}")
    for deadline in due(materials.deadlines(now)):
        talk(f"handseal-verify: {deadline.level.word}: {escape(deadline.text)}")


def main(arguments: list[str] | None = None) -> int:
    return run("handseal-verify", cli, arguments)


def _local_url(host: str, port: int) -> str:
    name = "localhost" if host == "127.0.0.1" else host
    return f"http://{name}:{port}" if port else f"http://{name}"


def _parse_at(text: str) -> datetime:
    """A moment, or a day: its first second."""
    try:
        return parse_time(f"{text}T00:00:00Z" if len(text) == len("2026-11-20") else text, "--at")
    except HandsealError as fault:
        raise ConfigurationError(str(fault), hint=fault.hint) from fault


def _read_input(name: str) -> bytes | None:
    """None for a file that is too large; ConfigurationError where there is none, and it is no number or link either."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_CARRIER_BYTES + 1)
    if is_address(name) and not Path(name).exists():
        return name.encode("utf-8", "surrogateescape")
    try:
        return read_bounded(Path(name), MAX_CARRIER_BYTES)
    except ConfigurationError as fault:
        folder = "what is in a folder is checked by: handseal-verify bulk DIR --out report.xlsx"
        other = "a file, a link, or the number beside the code: 26 letters and digits"
        raise ConfigurationError(str(fault), hint=folder if Path(name).is_dir() else other) from fault
    except HandsealError:
        return None


def _check(data: bytes | None, site: Site, materials: Materials, at: datetime, now: datetime) -> Report:
    if data is None:
        return undecided(TOO_LARGE, now)
    return verify_carried(data, materials, at=at, now=now, pages=pages_of(materials, site.certificate))


def _show(reports: Sequence[tuple[str, Report]], *, as_json: bool) -> None:
    if as_json:
        print_json([report.as_json(name) for name, report in reports])
        return
    for number, (name, report) in enumerate(reports):
        if number:
            click.echo()
        for line in plain_lines(report, name):
            click.echo(line)
