"""`cosign`, `withdraw` and `status`: what a partner body does with its key, each with a transcript."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from keys.body import Body, fresh_list, plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import Cosigned, CosignPlan, plan_cosign, run_cosign, verify_response
from keys.console import escape, print_json, read_passphrase, talk
from keys.encoding import Digest, format_time, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import file_digest, new_file, opened, read_bounded, require_absent, write_new
from keys.home import Home
from keys.keyfile import open_key_file, public_path, read_public_key, require_encrypted
from keys.names import parse_organisation_id
from keys.offline_cli import (
    ceremony_transcript,
    confirm_words,
    file,
    home_option,
    key_option,
    now,
    online_option,
    open_home,
    passphrase_option,
    require_offline,
)
from keys.possession import PublicKeyFile
from keys.request import RequestReader
from keys.review import Review, review_request
from keys.review_cli import show_review
from keys.roster import MAX_ROSTER_BYTES, parse_roster
from keys.signer import MemorySigner
from keys.status import MAX_LIST_BYTES
from keys.transcript import Transcript
from keys.trust import Trust

input_file = click.Path(path_type=Path, dir_okay=False, exists=True)
input_folder = click.Path(path_type=Path, file_okay=False, exists=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
trust_option = click.option(
    "--trust", "trust_folder", type=input_folder, help="Folder of the trust list; needed once, and for newer ones."
)
root_option = click.option("--root", help="SHA-256 of 1.root.json in hex, as it was read aloud; needed once.")


class Sitting(Struct, frozen=True):
    """One use of a body's key: who, where its state is, the transcript being written, and how the key is opened."""

    body: Body
    public: PublicKeyFile
    home: Home
    transcript: Transcript
    open_signer: Callable[[], MemorySigner]


@contextmanager
def hold_sitting(
    home: Home,
    command: str,
    public: PublicKeyFile,
    open_signer: Callable[[], MemorySigner],
    *,
    network: str,
    trust: Callable[[], Trust],
) -> Iterator[Sitting]:
    """Checks clock, trust list, the key's standing and the state folder before any key is opened.

    Begins a transcript; the clock is remembered once everything went well.
    """
    home.require_clock(now())
    with ceremony_transcript(home, command, key=public.kid, network=network) as transcript:
        known = trust()
        transcript.add("trust-list", version=str(known.list.version), digest=known.digest)
        body = require_body(known, public.kid, now())
        home.require_owner(body.organisation)
        yield Sitting(body, public, home, transcript, open_signer)
    home.remember("clock", format_time(now()))


@contextmanager
def sitting(command: str, key_path: Path, options: dict[str, Any]) -> Iterator[Sitting]:
    """`hold_sitting` with what stands on the command line."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with (
        open_home(options["home"]) as home,
        hold_sitting(
            home,
            command,
            public,
            lambda: open_signer(key_path, public, options["passphrase_file"]),
            network=network,
            trust=lambda: known_trust(home, options["trust_folder"], options["root"]),
        ) as held,
    ):
        yield held


def open_signer(key_path: Path, public: PublicKeyFile, passphrase_file: Path | None) -> MemorySigner:
    """Asks for the passphrase and opens the key; once per command, for that is slow by design."""
    require_encrypted(key_path)
    passphrase = read_passphrase("passphrase", passphrase_file)
    return open_key_file(key_path, passphrase, base=parse_organisation_id(public.organisation, "organisation").base)


def known_trust(home: Home, trust_folder: Path | None, root: str | None) -> Trust:
    """The trust list that was brought, or the newest one kept."""
    if trust_folder is not None:
        return home.take_trust(trust_folder, root)
    if root is not None:
        raise ConfigurationError("--root: goes with --trust DIR")
    return home.last_trust()


def read_review(request: Path, roster: Path | None) -> Review:
    """The request at `request`, read to its end, compared with the roster."""
    known = None if roster is None else parse_roster(read_bounded(roster, MAX_ROSTER_BYTES), str(roster))
    with opened(request) as stream:
        return review_request(RequestReader(stream), known)


def read_contents(request: Path) -> list[Digest]:
    """The content digests of a request."""
    with opened(request) as stream:
        return [row.digest for row in RequestReader(stream)]


@click.command()
@click.argument("request", type=input_file)
@key_option
@click.option("--out", type=file, required=True, help="New file for the response.")
@click.option("--roster", type=input_file, help="CSV of who attended; rows that differ must be excluded or accepted.")
@click.option(
    "--exclude", "excluded", type=int, multiple=True, metavar="ROW", help="Row that is not signed; repeatable."
)
@click.option("--accept-differences", is_flag=True, help="Sign rows that differ from the roster; is recorded.")
@click.option("--confirm", metavar="WORDS", help="The twelve words of the request's digest, instead of being asked.")
@trust_option
@root_option
@passphrase_option
@home_option
@online_option
@json_option
def cosign(request: Path, key_path: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Review REQUEST, confirm its words, and sign what was reviewed.

    \b
    handseal-ceremony cosign request.jsonl --key cosign.key --roster roster.csv --exclude 7 --out response.jsonl
    """
    require_absent(out)
    with sitting("cosign", key_path, options) as held:
        plan, cosigned = cosign_request(
            held,
            request,
            out,
            roster=options["roster"],
            excluded=options["excluded"],
            accept_differences=options["accept_differences"],
            confirm=options["confirm"],
        )
    talk(f"{cosigned.count} co-signatures in {escape(str(out))}, {cosigned.new} of them new")
    if as_json:
        digest, left_out = sri(plan.review.header.digest), sorted(plan.excluded)
        print_json({"request": digest, "response": str(out), "count": cosigned.count, "excluded": left_out})


def cosign_request(
    held: Sitting,
    request: Path,
    out: Path,
    *,
    roster: Path | None = None,
    excluded: Iterable[int] = (),
    accept_differences: bool = False,
    confirm: str | None = None,
) -> tuple[CosignPlan, Cosigned]:
    """A whole ceremony: review, plan, words, signatures, response at `out`, and the transcript's end."""
    review = read_review(request, roster)
    show_review(review, err=True, words=False)
    held.transcript.add(
        "reviewed",
        request=sri(review.header.digest),
        count=str(review.header.count),
        title=review.title,
        roster="none" if review.roster is None else sri(review.roster),
    )
    earlier = held.home.signed_contents([row.digest for row in review.rows])
    plan = plan_cosign(
        review, held.body, now=now(), excluded=excluded, accept_differences=accept_differences, earlier=earlier
    )
    _note_plan(held, plan)
    confirm_words(review.words, confirm, held.transcript)
    signer = held.open_signer()
    cosigned = publish_response(plan, request, out, signer, held.home, now())
    count, new = str(cosigned.count), str(cosigned.new)
    held.transcript.add("response-written", file=out.name, digest=sri(file_digest(out)), count=count, new=new)
    held.transcript.close(held.public, signer.sign)
    return plan, cosigned


def publish_response(
    plan: CosignPlan, request: Path, out: Path, signer: MemorySigner, home: Home, moment: datetime
) -> Cosigned:
    """Signs, writes `out` whole, then reads it back as a clinic would; a response that fails that is removed."""
    with opened(request) as source, new_file(out) as response:
        cosigned = run_cosign(
            plan,
            request=source,
            response=response,
            signer=signer,
            home=home,
            now=moment,
            random=secrets.token_bytes,
        )
    try:
        with opened(request) as source, out.open("rb") as written:
            verify_response(plan, request=source, response=written, home=home, now=moment)
    except HandsealError:
        out.unlink()
        raise
    return cosigned


@click.command()
@click.argument("certificates", nargs=-1, metavar="[CERTIFICATE-ID]...")
@key_option
@click.option("--request", type=input_file, help="Withdraw every certificate of this request that was co-signed.")
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
    """Withdraw co-signatures for good.

    `history` and `review` show the ids; of a certificate that the clinic has, `handseal show ID --json` prints this id
    as "certificate".

    \b
    handseal-ceremony withdraw --key cosign.key urn:uuid:0b5c2a3e-… --out list.jwt
    """
    if bool(certificates) == (request is not None):
        raise click.UsageError("name certificates, or --request FILE")
    require_absent(out)
    with sitting("withdraw", key_path, options) as held:
        contents = [] if request is None else read_contents(request)
        plan = plan_withdrawal(held.body, held.home, certificates=certificates, contents=contents)
        named = sorted({entry.certificate for entry in plan.endorsements})
        held.transcript.add("planned", certificates=str(len(named)), first=named[0])
        signer = held.open_signer()
        token = run_withdrawal(plan, signer=signer, home=held.home, now=now())
        _publish_list(held, signer, out, token)
    for identity in named:
        talk(f"withdrawn: {identity}")
    talk(f"bring {escape(str(out))} to the clinic: it counts once it is published")
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
    require_absent(out)
    with sitting("status", key_path, options) as held:
        signer = held.open_signer()
        _publish_list(held, signer, out, fresh_list(held.body, signer=signer, home=held.home, now=now()))
    talk(f"fresh status list in {escape(str(out))}")


def _note_plan(held: Sitting, plan: CosignPlan) -> None:
    excluded = ", ".join(map(str, sorted(plan.excluded))) or "none"
    differences = "accepted" if plan.review.unresolved(plan.excluded) else "none"
    held.transcript.add("planned", excluded=excluded, differences=differences)
    for warning in plan.warnings:
        held.transcript.add("warned", of=warning)
        talk(f"warning: {escape(warning)}")


def _publish_list(held: Sitting, signer: MemorySigner, out: Path, token: str) -> None:
    data = token.encode("ascii")
    write_new(out, data)
    if read_bounded(out, MAX_LIST_BYTES) != data:
        raise HandsealError(f"{out}: does not read back as it was written")
    held.transcript.add("list-written", file=out.name, digest=sri(sha256(data)))
    held.transcript.close(held.public, signer.sign)
