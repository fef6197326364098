"""`handseal demo DIR`: the whole thing on one machine, then the verifier to look at it with."""

from __future__ import annotations

from pathlib import Path

import click

import verifier.cli
from issuer.demo import Demo, free_port, prepare
from keys.console import escape, talk

DEFAULT_PORT = 8000
_SHOWN = 40


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--learners", type=click.IntRange(1, 100_000), default=12, show_default=True, help="Size of the cohort.")
@click.option("--no-serve", is_flag=True, help="Build it and stop.")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, help="On this machine.")
@click.option("--base-url", metavar="URL", help="What the QR codes lead to (default: this machine and port).")
@click.pass_context
def demo(ctx: click.Context, folder: Path, learners: int, no_serve: bool, port: int, base_url: str | None) -> None:
    """Build a whole example in DIR and serve it: clinic, partner bodies, learners, certificates, verifier.

    \b
    handseal demo demo
    """
    port = free_port(port)
    here = f"http://127.0.0.1:{port}"
    made = prepare(
        folder.absolute(), learners=learners, base_url=base_url or here, say=lambda step: talk(f"demo: {step}")
    )
    _show(made, folder, here)
    if not no_serve:
        talk(f"demo: the verifier answers at {here} until Ctrl-C")
        site = ("--site", str(made.folder / "site"), "--root", made.root)
        kept = ("--state", str(made.folder / "state"), "--tally", str(made.folder / "tally"))
        ctx.exit(verifier.cli.main(["serve", *site, *kept, "--base-url", here, "--port", str(port)]))


def _show(made: Demo, folder: Path, here: str) -> None:
    for shown in made.certificates[:_SHOWN]:
        click.echo(f"{shown.verdict:<10} {here}/c/{shown.lookup_id}  {escape(shown.name)}")
    if len(made.certificates) > _SHOWN:
        click.echo(f"… and {len(made.certificates) - _SHOWN} more in {folder / 'demo.json'}")
    for name, missing in made.not_certified:
        click.echo(f"{'not passed':<10} {escape(name)}: {'; '.join(map(escape, missing))}")
    talk()
    for place, what in (
        ("clinic", "the clinic's workspace; certificates/ holds the PDFs"),
        ("partners", "the partner bodies: key, roster, response"),
        ("trust", "the trust list and its holders' keys"),
        ("site", "the published site"),
    ):
        talk(f"{folder / place!s:<24} {what}")
    talk("Each key's passphrase lies beside it, because this is a demonstration. Never do that with real keys.")
    if made.certificates:
        first = made.certificates[0]
        talk(f"handseal-verify {folder / first.pdf} --site {folder / 'site'} --root {made.root}")
    if made.site != here:
        talk(f"The QR codes lead to {made.site}; here the pages are at {here}.")
