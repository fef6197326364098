"""`cosign`, `withdraw` and `status`: what a partner body does with its key, each with a transcript."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from keys.body import Body, fresh_list, plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import Cosigned, CosignPlan, plan_cosign, run_cosign, verify_response
from keys.console import escape, print_json, read_passphrase, talk
from keys.encoding import Digest, sha256, sri
from keys.errors import ConfigurationError, HandsealError
from keys.files import new_file, read_bounded, require_absent, write_new
from keys.home import Home
from keys.keyfile import is_encrypted, open_key_file, public_path, read_public_key
from keys.names import parse_organisation_id
from keys.offline_cli import (
    ceremony_transcript,
    confirm_words,
    file,
    folder,
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
trust_option = click.option(
    "--trust", "trust_folder", type=folder, help="Folder of the trust list; needed once, and for newer ones."
)
root_option = click.option("--root", help="SHA-256 of 1.root.json in hex, as it was read aloud; needed once.")


class Sitting(Struct, frozen=True):
    """One use of a body's key: who, where its state is, and the transcript being written."""

    body: Body
    public: PublicKeyFile
    key_path: Path
    passphrase_file: Path | None
    home: Home
    transcript: Transcript

    def open_signer(self) -> MemorySigner:
        """Asks for the passphrase; once per command, for opening a key is slow by design."""
        if not is_encrypted(self.key_path):
            raise HandsealError(f"{self.key_path}: lies unencrypted", hint="only a status key may; make a new one")
        passphrase = read_passphrase("passphrase", self.passphrase_file)
        base = parse_organisation_id(self.public.organisation, "organisation").base
        return open_key_file(self.key_path, passphrase, base=base)


@contextmanager
def sitting(command: str, key_path: Path, options: dict[str, Any]) -> Iterator[Sitting]:
    """Checks machine, clock, state folder, trust list and the key's standing before any key is opened."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with open_home(options["home"]) as home:
        home.require_owner(public.organisation)
        home.require_clock(now())
        with ceremony_transcript(home, command, key=public.kid, network=network) as transcript:
            trust = known_trust(home, options["trust_folder"], options["root"])
            transcript.add("trust-list", version=str(trust.list.version), digest=trust.digest)
            body = require_body(trust, public.kid, now())
            yield Sitting(body, public, key_path, options["passphrase_file"], home, transcript)


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
    with request.open("rb") as stream:
        return review_request(RequestReader(stream), known)


def read_contents(request: Path) -> list[Digest]:
    """The content digests of a request."""
    with request.open("rb") as stream:
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
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def cosign(request: Path, key_path: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Review REQUEST, confirm its words, and sign what was reviewed.

    \b
    handseal-ceremony cosign request.jsonl --key cosign.key --roster roster.csv --exclude 7 --out response.jsonl
    """
    require_absent(out)
    with sitting("cosign", key_path, options) as held:
        review = read_review(request, options["roster"])
        show_review(review, err=True)
        plan = _plan(held, review, options)
        confirm_words(review.words, options["confirm"], held.transcript)
        signer = held.open_signer()
        cosigned = publish_response(plan, request, out, signer, held.home, now())
        held.transcript.add(
            "response-written",
            file=out.name,
            digest=sri(sha256_of(out)),
            count=str(cosigned.count),
            new=str(cosigned.new),
        )
        held.transcript.close(held.public, signer.sign)
    talk(f"{cosigned.count} co-signatures in {escape(str(out))}, {cosigned.new} of them new")
    if as_json:
        left_out = sorted(plan.excluded)
        print_json(
            {"request": sri(review.header.digest), "response": str(out), "count": cosigned.count, "excluded": left_out}
        )


def publish_response(
    plan: CosignPlan, request: Path, out: Path, signer: MemorySigner, home: Home, moment: datetime
) -> Cosigned:
    """Signs, writes `out` whole, then reads it back as a clinic would; a response that fails that is removed."""
    with request.open("rb") as source, new_file(out) as response:
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
        with request.open("rb") as source, out.open("rb") as written:
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
def withdraw(certificates: tuple[str, ...], key_path: Path, request: Path | None, out: Path, **options: Any) -> None:
    """Withdraw co-signatures for good; `history` and `review` show the ids.

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


def sha256_of(path: Path) -> Digest:
    """The digest of a response, which may be large."""
    return sha256(path.read_bytes())


def _plan(held: Sitting, review: Review, options: dict[str, Any]) -> CosignPlan:
    roster = "none" if review.roster is None else sri(review.roster)
    held.transcript.add(
        "reviewed", request=sri(review.header.digest), count=str(review.header.count), title=review.title, roster=roster
    )
    plan = plan_cosign(
        review,
        held.body,
        now=now(),
        excluded=options["excluded"],
        accept_differences=options["accept_differences"],
        earlier=held.home.signed_contents([row.digest for row in review.rows]),
    )
    held.transcript.add(
        "planned",
        excluded=", ".join(map(str, sorted(plan.excluded))) or "none",
        differences="accepted" if review.unresolved(plan.excluded) else "none",
    )
    for warning in plan.warnings:
        held.transcript.add("warned", of=warning)
        talk(f"warning: {escape(warning)}")
    return plan


def _publish_list(held: Sitting, signer: MemorySigner, out: Path, token: str) -> None:
    data = token.encode("ascii")
    write_new(out, data)
    if read_bounded(out, MAX_LIST_BYTES) != data:
        raise HandsealError(f"{out}: does not read back as it was written")
    held.transcript.add("list-written", file=out.name, digest=sri(sha256(data)))
    held.transcript.close(held.public, signer.sign)
