"""`cosign`: a request is reviewed, its words are confirmed, and exactly what was shown is signed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from keys.ceremony import Cosigned, CosignPlan, plan_cosign, run_cosign, verify_response
from keys.console import escape, print_json, talk
from keys.encoding import sri
from keys.errors import HandsealError
from keys.files import file_digest, new_file, opened
from keys.home import Home
from keys.offline_cli import (
    confirm_words,
    file,
    home_option,
    key_option,
    now,
    online_option,
    passphrase_option,
    require_free,
)
from keys.phase import Phase
from keys.review_cli import read_review, show_review
from keys.signer import Signer
from keys.sitting_cli import Sitting, input_file, json_option, root_option, sitting, trust_option


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
    require_free(out)
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
    say_cosigned(cosigned, out)
    if as_json:
        digest, left_out = sri(plan.review.header.digest), sorted(plan.excluded)
        print_json({"request": digest, "response": str(out), "count": cosigned.count, "excluded": left_out})


def say_cosigned(cosigned: Cosigned, out: Path) -> None:
    """How many rows were signed, for the people at the table."""
    talk(f"{cosigned.count} co-signatures in {escape(str(out))}, {cosigned.new} of them new")


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
    review = read_review(request, roster, held.home)
    held.guide.reach(Phase.REVIEW)
    show_review(review, request, err=True, words=False)
    held.transcript.add(
        "reviewed",
        request=sri(review.header.digest),
        count=str(review.header.count),
        title=review.title,
        roster="none" if review.roster is None else sri(review.roster),
        last="none" if review.comparison is None else sri(review.comparison.last.digest),
    )
    earlier = held.home.signed_contents([row.digest for row in review.rows])
    plan = plan_cosign(
        review, held.body, now=now(), excluded=excluded, accept_differences=accept_differences, earlier=earlier
    )
    _note_plan(held, plan)
    held.guide.reach(Phase.WORDS)
    confirm_words(review.words, confirm, held.transcript)
    signer = held.open_signer()
    cosigned = publish_response(plan, request, out, signer, held.home, now())
    count, new = str(cosigned.count), str(cosigned.new)
    held.transcript.add("response-written", file=out.name, digest=sri(file_digest(out)), count=count, new=new)
    held.transcript.close(held.public, signer.sign)
    return plan, cosigned


def publish_response(
    plan: CosignPlan, request: Path, out: Path, signer: Signer, home: Home, moment: datetime
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


def _note_plan(held: Sitting, plan: CosignPlan) -> None:
    excluded = ", ".join(map(str, sorted(plan.excluded))) or "none"
    differences = "accepted" if plan.review.unresolved(plan.excluded) else "none"
    held.transcript.add("planned", excluded=excluded, differences=differences, selection=sri(plan.selection))
    for warning in plan.warnings:
        held.transcript.add("warned", of=warning)
        talk(f"warning: {escape(warning)}")
