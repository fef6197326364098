"""`withdraw` and `status`: a body's status list, the only thing that takes a co-signature back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from keys.body import WithdrawalPlan, fresh_list, plan_withdrawal, run_withdrawal
from keys.certificate_list import MAX_LIST_FILE, parse_certificate_list
from keys.console import escape, print_json, talk
from keys.encoding import Digest, format_time, sha256, sri
from keys.errors import HandsealError
from keys.files import opened, read_bounded, write_new
from keys.home import Home
from keys.offline_cli import (
    confirm_count,
    file,
    home_option,
    key_option,
    now,
    online_option,
    passphrase_option,
    require_free,
)
from keys.phase import Phase
from keys.request import RequestReader
from keys.review_cli import show_lines
from keys.roster import called
from keys.signer import Signer
from keys.sitting_cli import Sitting, input_file, json_option, root_option, sitting, trust_option
from keys.status import MAX_LIST_BYTES


@click.command()
@click.argument("certificates", nargs=-1, metavar="[CERTIFICATE-ID]...")
@key_option
@click.option("--request", type=input_file, help="Withdraw every certificate of this request that was co-signed.")
@click.option("--list", "listed", type=input_file, help="File of ids, one a line; or a table of `review --export`.")
@click.option("--confirm", metavar="NUMBER", help="How many are withdrawn, instead of being asked.")
@click.option("--out", type=file, required=True, help="New file for the fresh status list.")
@trust_option
@root_option
@passphrase_option
@home_option
@online_option
@json_option
def withdraw(
    certificates: tuple[str, ...], key_path: Path, request: Path | None, out: Path, as_json: bool, **options: Any
) -> None:
    """Withdraw co-signatures for good: it shows whom they are about, and asks.

    `history` and `review` show the ids; of a certificate that the clinic has, `handseal show ID --json` prints this id
    as "certificate".

    \b
    handseal-ceremony withdraw --key cosign.key urn:uuid:0b5c2a3e-… --out list.jwt
    """
    listed = options["listed"]
    if bool(certificates) + (request is not None) + (listed is not None) != 1:
        raise click.UsageError("name certificates, or --request FILE, or --list FILE")
    require_free(out)
    if listed is not None:
        certificates = parse_certificate_list(read_bounded(listed, MAX_LIST_FILE), str(listed))
    with sitting("withdraw", key_path, options) as held:
        named = withdraw_certificates(held, out, certificates=certificates, request=request, confirm=options["confirm"])
    if as_json:
        print_json({"withdrawn": named, "list": str(out)})


@click.command()
@key_option
@click.option("--out", type=file, required=True, help="New file for the fresh status list.")
@trust_option
@root_option
@passphrase_option
@home_option
@online_option
def status(key_path: Path, out: Path, **options: Any) -> None:
    """Write a fresh status list of this body, valid for 400 days.

    \b
    handseal-ceremony status --key cosign.key --out list.jwt
    """
    require_free(out)
    with sitting("status", key_path, options) as held:
        write_fresh_status(held, out)


def withdraw_certificates(
    held: Sitting,
    out: Path,
    *,
    certificates: Iterable[str] = (),
    request: Path | None = None,
    confirm: str | None = None,
) -> list[str]:
    """Withdraws them, or all that `request` holds, for good; returns their ids, in order. The list is at `out`.

    Shows whom they are about and has their number confirmed before the key is opened.
    """
    contents = [] if request is None else read_contents(request)
    plan = plan_withdrawal(held.body, held.home, certificates=certificates, contents=contents)
    named = sorted({entry.certificate for entry in plan.endorsements})
    held.guide.reach(Phase.REVIEW)
    show_lines(withdrawal_lines(plan, held.home), err=True)
    held.transcript.add("planned", certificates=str(len(named)), first=named[0])
    confirm_count(len(named), confirm, held.transcript)
    signer = held.open_signer()
    _publish_list(held, signer, out, run_withdrawal(plan, signer=signer, home=held.home, now=now()))
    talk(f"withdrawn: {len(named)}; bring {escape(str(out))} to the clinic: it counts once it is published")
    return named


def withdrawal_lines(plan: WithdrawalPlan, home: Home) -> Iterator[str]:
    """What would be withdrawn, one certificate a line, in the order of their ids; its name is the last of it."""
    names = {person.digest: called(person) for person in home.answered.called([e.digest for e in plan.endorsements])}
    yield "To be withdrawn for good:"
    for entry in {entry.certificate: entry for entry in plan.endorsements}.values():
        before = "" if entry.withdrawn is None else f", withdrawn already {format_time(entry.withdrawn)}"
        name = names.get(entry.digest, "signed by an older version, which kept no name")
        yield f"  {entry.certificate}, signed {format_time(entry.signed)}{before}: {escape(name)}"


def write_fresh_status(held: Sitting, out: Path) -> None:
    """The body's status list as of now, at `out`."""
    signer = held.open_signer()
    _publish_list(held, signer, out, fresh_list(held.body, signer=signer, home=held.home, now=now()))
    talk(f"fresh status list in {escape(str(out))}")


def read_contents(request: Path) -> list[Digest]:
    """The content digests of a request."""
    with opened(request) as stream:
        return [row.digest for row in RequestReader(stream)]


def _publish_list(held: Sitting, signer: Signer, out: Path, token: str) -> None:
    data = token.encode("ascii")
    write_new(out, data)
    if read_bounded(out, MAX_LIST_BYTES) != data:
        out.unlink()
        raise HandsealError(f"{out}: does not read back as it was written")
    held.transcript.add("list-written", file=out.name, digest=sri(sha256(data)))
    held.transcript.close(held.public, signer.sign)
