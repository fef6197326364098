"""`handseal-ceremony`: keys, review and signatures of partner bodies, on a machine without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from keys import keyfile
from keys.algorithms import Algorithm
from keys.console import escape, new_passphrase, print_json, run, talk
from keys.encoding import digest_words, format_time, sri
from keys.files import SECRET, read_bounded, require_absent, write_new
from keys.names import parse_organisation_id
from keys.offline_cli import (
    ceremony_transcript,
    file,
    folder,
    home_option,
    now,
    online_option,
    open_home,
    passphrase_option,
    require_offline,
)
from keys.possession import KeyUse, PublicKeyFile
from keys.review_cli import show_review
from keys.review_text import export_rows, review_json
from keys.sign_cli import cosign, input_file, read_review, status, withdraw
from keys.transcript import verify_transcript
from keys.trust_cli import trust

_MAX_TRANSCRIPT = 64 * 1024 * 1024


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
@click.option("--org", required=True, help="Id of the organisation: https://HOST/orgs/SLUG.")
@click.option("--use", required=True, type=click.Choice([use.value for use in KeyUse]), help="What it may sign.")
@click.option("--out", type=file, required=True, help="New key file; KEY.pub.json is written beside it.")
@click.option("--algorithm", type=click.Choice([a.value for a in Algorithm]), default="ES256", show_default=True)
@click.option("--unattended", is_flag=True, help="A status key that lies unencrypted, mode 0600.")
@passphrase_option
@home_option
@online_option
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def keygen(org: str, use: str, out: Path, algorithm: str, as_json: bool, **options: Any) -> None:
    """Make a key, encrypted, and its public half, which shows that you hold the key.

    \b
    handseal-ceremony keygen --org https://verify.riverclinic.example/orgs/ttma --use cosign --out ttma.key
    """
    parse_organisation_id(org, "--org")
    if options["unattended"] and use != KeyUse.STATUS.value:
        raise click.UsageError("--unattended: is for --use status alone")
    network = require_offline(online=options["online"])
    require_absent(out)
    require_absent(keyfile.public_path(out))
    passphrase = None if options["unattended"] else new_passphrase("new passphrase", options["passphrase_file"])
    with open_home(options["home"]) as home, ceremony_transcript(home, "keygen", network=network) as written:
        made = keyfile.create_key(
            out,
            organisation=org,
            use=KeyUse(use),
            passphrase=passphrase,
            created=now(),
            algorithm=Algorithm(algorithm),
        )
        written.add("made", key=made.kid, use=use, file=out.name, encrypted="no" if passphrase is None else "yes")
        written.close(made, _reopen(out, passphrase, made))
    _show_key(made, out, as_json=as_json)


@cli.command()
@click.argument("request", type=input_file)
@click.option("--roster", type=input_file, help="CSV of who attended.")
@click.option("--export", type=file, help="New CSV file with every row.")
@click.option("--json", "as_json", is_flag=True, help="Print the review as JSON.")
def review(request: Path, roster: Path | None, export: Path | None, as_json: bool) -> None:
    """Show REQUEST: syllabus, totals, every row, differences from the roster, and its twelve words.

    \b
    handseal-ceremony review request.jsonl --roster roster.csv --export rows.csv
    """
    if export is not None:
        require_absent(export)
    found = read_review(request, roster)
    if export is not None:
        write_new(export, export_rows(found), SECRET)
    if as_json:
        print_json(review_json(found))
    else:
        show_review(found)


@cli.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def history(home: Path | None, as_json: bool) -> None:
    """List the requests this body answered, and every certificate it co-signed or withdrew.

    \b
    handseal-ceremony history --json
    """
    with open_home(home) as held:
        requests, signed = held.requests(), list(held.signed())
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


@cli.group()
def transcript() -> None:
    """What a ceremony wrote down."""


@transcript.command()
@click.argument("written", type=input_file, metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print its lines as JSON.")
def verify(written: Path, as_json: bool) -> None:
    """Check the chain of FILE and the signature that closes it.

    \b
    handseal-ceremony transcript verify 20261120T090000Z-cosign-5f21aa.jsonl
    """
    closed = verify_transcript(read_bounded(written, _MAX_TRANSCRIPT).splitlines(keepends=True), str(written))
    if as_json:
        print_json({"key": closed.key.kid, "lines": msgspec.to_builtins(closed.lines)})
        return
    for line in closed.lines[:-1]:
        details = ", ".join(f"{name}: {text}" for name, text in line.details.items())
        click.echo(f"{format_time(line.at)}\t{line.event}\t{escape(details)}")
    click.echo(f"closed by {closed.key.kid}")
    talk(f"words of this key: {' '.join(digest_words(closed.key.digest))}")


def _reopen(path: Path, passphrase: str | None, made: PublicKeyFile) -> Callable[[bytes], bytes]:
    """What signs with the key just written, read back from its file: a key that does not open is no key."""
    if passphrase is not None and made.use is KeyUse.TRUST:
        return keyfile.open_trust_key(path, passphrase).sign
    return keyfile.open_key_file(path, passphrase, base=parse_organisation_id(made.organisation, "--org").base).sign


def _show_key(made: PublicKeyFile, path: Path, *, as_json: bool) -> None:
    shown = {
        "kid": made.kid,
        "fingerprint": made.digest.hex(),
        "words": " ".join(digest_words(made.digest)),
        "key": str(path),
        "public": str(keyfile.public_path(path)),
    }
    if as_json:
        print_json(shown)
        return
    for name, text in shown.items():
        click.echo(f"{name}: {escape(text)}")


cli.add_command(cosign)
cli.add_command(withdraw)
cli.add_command(status)
cli.add_command(trust)


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    return run("handseal-ceremony", cli, arguments)
