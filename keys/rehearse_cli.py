"""`handseal-ceremony rehearse`: what is done in earnest seldom, played with throw-away keys as often as you like."""

from __future__ import annotations

import secrets
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from keys.console import escape, talk
from keys.files import PUBLIC, SECRET, new_folder, require_absent, write_new
from keys.offline_cli import folder, now
from keys.rehearsal import closing as closing_play, compromise as compromise_play
from keys.rehearsal.ceremony_cli import rehearse_ceremony
from keys.rehearsal.closing import Closed
from keys.rehearsal.company import CLINIC, TTMA, Company, short_name
from keys.rehearsal.compromise import Compromised, Fate
from keys.rehearsal.practice_cli import Practice
from keys.tables import table_csv

MARK = "REHEARSAL.txt"
_MARKED = b"Everything in this folder is a rehearsal: invented people, throw-away keys. It proves nothing. Delete it.\n"
_WIDTH = 90
_INFORM = "learners-to-inform.csv"


class Plays(click.Group):
    """`rehearse DIR` plays the whole ceremony."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["ceremony", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Plays, subcommand_metavar="DIR | COMMAND [DIR]")
def rehearse() -> None:
    """Rehearse with throw-away keys and invented people, on this machine, online or not.

    \b
    handseal-ceremony rehearse practice
    handseal-ceremony rehearse compromise
    handseal-ceremony rehearse closing
    """


@rehearse.command()
@click.argument("out", metavar="DIR", type=folder)
@click.option("--yes", is_flag=True, help="Answer every question itself, as it does where there is no terminal.")
@click.pass_context
def ceremony(context: click.Context, out: Path, yes: bool) -> None:
    """Walk through a first ceremony: keys, a trust list signed by two, a cohort co-signed. Takes ten minutes.

    \b
    handseal-ceremony rehearse practice
    """
    require_absent(out)
    alone = yes or not sys.stdin.isatty()
    if alone and not yes:
        talk("there is no terminal: the rehearsal answers every question itself")
    out.mkdir(mode=0o700)
    write_new(out / MARK, _MARKED)
    write_new(out / ".gitignore", b"*\n")  # key files in a work tree that would take them are refused
    rehearse_ceremony(Practice(out, context.find_root().command, alone=alone))


@rehearse.command()
@click.argument("out", metavar="[DIR]", required=False, type=folder)
def compromise(out: Path | None) -> None:
    """Show what falls, and what does not, when a key was in other hands; DIR keeps the files.

    \b
    handseal-ceremony rehearse compromise stolen-key
    """
    if out is not None:
        require_absent(out)
    moment = now()
    plays = {
        "partner": compromise_play.play(TTMA, moment, secrets.token_bytes),
        "clinic": compromise_play.play(CLINIC, moment, secrets.token_bytes),
    }
    talk("A rehearsal: invented people, throw-away keys, and the counting of the employer's verifier.")
    for played in plays.values():
        for line in _told_compromise(played):
            click.echo(escape(line))
    if out is None:
        talk("with a folder's name behind it, the files of this rehearsal are kept there")
        return
    files: dict[str, bytes] = {}
    for name, played in plays.items():
        table = table_csv(("learner", "case", "why"), map(_cells, played.to_inform))
        kept = {"changes.toml": played.changes.encode(), _INFORM: table} | _published(played.company)
        files |= {f"{name}/{path}": data for path, data in kept.items()}
    _keep(out, files)
    for name, played in plays.items():
        _say_verify(out / name, played.company)


@rehearse.command()
@click.argument("out", metavar="[DIR]", required=False, type=folder)
def closing(out: Path | None) -> None:
    """Show how certificates outlive a clinic that closes; DIR keeps the files.

    \b
    handseal-ceremony rehearse closing closed-clinic
    """
    if out is not None:
        require_absent(out)
    played = closing_play.play(now(), secrets.token_bytes)
    talk("A rehearsal: invented people, throw-away keys, a thousand days that end today.")
    for line in _told_closing(played):
        click.echo(escape(line))
    if out is None:
        talk("with a folder's name behind it, the files of this rehearsal are kept there")
        return
    frozen = {f"frozen/{name}": data for name, data in played.frozen.items()}
    _keep(out, {"changes.toml": played.changes.encode()} | frozen | _published(played.company))
    _say_verify(out, played.company)


def _told_compromise(played: Compromised) -> Iterator[str]:
    what = "co-signs" if played.owner != CLINIC else "signs certificates"
    yield ""
    yield f"== The key with which {short_name(played.owner)} {what} was stolen on {played.since:%Y-%m-%d} =="
    yield "Today it is declared compromised since then, and replaced. The change that two holders sign:"
    yield from _indented(played.changes)
    for case in compromise_play.CASES:
        fates = [fate for fate in played.fates if fate.case is case]
        yield ""
        yield f"{case.title[0].upper()}{case.title[1:]}"
        yield from _wrapped(", ".join(_days(fates[0])), 4)
        for fate in fates:
            yield f"    {'holds' if fate.holds else 'FALLS'}  {fate.issued.name}"
        for line in fates[0].why:
            yield from _wrapped(line, 11)
    yield ""
    yield f"To inform: {', '.join(fate.issued.name for fate in played.to_inform)}"


def _days(fate: Fate) -> Iterator[str]:
    yield f"proposed {fate.issued.core.valid_from:%d %b}"
    for body, moment in fate.issued.cosigned.items():
        yield f"{short_name(body)} {moment:%d %b}"


def _told_closing(played: Closed) -> Iterator[str]:
    for number, act in enumerate(played.acts, start=1):
        yield ""
        yield f"{number}. {act.day:%Y-%m-%d}: {act.title}"
        for line in act.lines:
            yield from _wrapped(line, 4)
    yield ""
    yield "The change that two holders signed on the day of closing:"
    yield from _indented(played.changes)


def _wrapped(text: str, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=margin,
        subsequent_indent=f"{margin}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _indented(toml: str) -> Iterator[str]:
    return (f"    {line}".rstrip() for line in toml.splitlines())


def _cells(fate: Fate) -> tuple[str, ...]:
    return fate.issued.name, fate.case.title, "; ".join(fate.why)


def _published(company: Company) -> dict[str, bytes]:
    site = {f"site/{path}": data for path, data in company.site().items()}
    held = {f"certificates/{number:02}.jwt": one.token.encode() for number, one in enumerate(company.issued, start=1)}
    return site | held | {"root.txt": f"{company.root}\n".encode()}


def _keep(out: Path, files: Mapping[str, bytes]) -> None:
    with new_folder(out) as beside:
        for name, data in {MARK: _MARKED, **files}.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_new(path, data, SECRET if name.endswith(_INFORM) else PUBLIC)


def _say_verify(out: Path, company: Company) -> None:
    talk(f"{escape(str(out))}: an employer's verifier finds the same:")
    talk(
        f"  handseal-verify {escape(str(out))}/certificates/*.jwt --site {escape(str(out))}/site --root {company.root}"
    )
