"""`run`: the planned ceremony, with its steps on the screen; everything is looked at before a key is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

import click
from msgspec import UNSET, UnsetType

from keys.algorithms import Algorithm
from keys.ceremony_file import (
    MAX_CEREMONY_FILE,
    AnyCeremony,
    Cosign,
    Drill,
    Input,
    Keygen,
    Recover,
    Split,
    Status,
    Trusting,
    TrustInit,
    TrustSign,
    Withdraw,
    kind_of,
)
from keys.console import escape, talk
from keys.cosign_cli import cosign_request, say_cosigned
from keys.files import read_bounded
from keys.guide_cli import Guide
from keys.keygen_cli import make_key, show_key
from keys.offline_cli import home_option, now, online_option, passphrase_option
from keys.people import custodians_of
from keys.phase import Phase
from keys.plan import read_plan
from keys.plan_text import plan_head
from keys.ready_cli import input_path, require_inputs, require_ready
from keys.shares_cli import recover_into, split_into
from keys.sitting_cli import input_file, sitting
from keys.status_cli import withdraw_certificates, write_fresh_status
from keys.trust_cli import found_draft
from keys.trust_sign_cli import show_progress, sign_draft


@click.command()
@click.argument("description", type=input_file, metavar="CEREMONY.toml")
@click.option(
    "--confirm", metavar="WORDS", help="What would be asked for: the twelve words, or how many are withdrawn."
)
@passphrase_option
@home_option
@online_option
def run(description: Path, confirm: str | None, **options: Any) -> None:
    """Lead the people of CEREMONY.toml through it, and act.

    Paths in the file are relative to it. Nothing is overwritten; a ceremony that was interrupted is run again.

    \b
    handseal-ceremony --home ttma-state run cosign.toml
    """
    ceremony, plan = read_plan(read_bounded(description, MAX_CEREMONY_FILE), str(description))
    folder = description.parent
    record = None if isinstance(ceremony, TrustInit) else folder / ceremony.outputs.record
    require_ready(ceremony, folder)
    for line in plan_head(plan):
        talk(escape(line))
    guide = Guide(plan, record=record)
    guide.reach(Phase.PREPARE)
    _act(ceremony, folder, guide, confirm, options)
    guide.reach(Phase.RECORD)
    guide.reach(Phase.CLOSE)


def _act(ceremony: AnyCeremony, folder: Path, guide: Guide, confirm: str | None, options: Mapping[str, Any]) -> None:
    match ceremony:
        case Keygen():
            _keygen(ceremony, folder, guide, options)
        case TrustInit():
            guide.check(now())
            require_inputs(ceremony, folder)
            guide.reach(Phase.REVIEW)
            found_draft(input_path(ceremony.inputs.founding, folder), folder / ceremony.outputs.draft)
        case TrustSign():
            signed = sign_draft(
                folder / ceremony.inputs.draft,
                folder / ceremony.inputs.key,
                confirm=confirm,
                options=_with_trust(ceremony, folder, options),
                guide=guide,
            )
            show_progress(signed)
        case Split():
            split_into(
                folder / ceremony.outputs.shares,
                folder / ceremony.inputs.key,
                threshold=ceremony.threshold,
                shares=ceremony.shares,
                options=options,
                guide=guide,
            )
        case Recover() | Drill():
            out = folder / ceremony.outputs.key if isinstance(ceremony, Recover) else None
            named = () if isinstance(ceremony.inputs.shares, UnsetType) else ceremony.inputs.shares
            shares = [folder / name for name in named]
            recover_into(out, folder / ceremony.inputs.public, shares, options=options, guide=guide)
        case Cosign() | Withdraw() | Status():
            _sit(ceremony, folder, guide, confirm, options)
        case _:
            assert_never(ceremony)


def _keygen(ceremony: Keygen, folder: Path, guide: Guide, options: Mapping[str, Any]) -> None:
    out = folder / ceremony.outputs.key
    made = make_key(
        out,
        organisation=ceremony.organisation,
        use=ceremony.use,
        algorithm=Algorithm.ES256 if ceremony.algorithm is UNSET else ceremony.algorithm,
        custodians=len(custodians_of(ceremony.person)),
        token=None if isinstance(ceremony.token, UnsetType) else ceremony.token,
        options=options,
        guide=guide,
    )
    show_key(made, out)


def _sit(
    ceremony: Cosign | Withdraw | Status, folder: Path, guide: Guide, confirm: str | None, options: Mapping[str, Any]
) -> None:
    with sitting(
        kind_of(ceremony), folder / ceremony.inputs.key, _with_trust(ceremony, folder, options), guide
    ) as held:
        require_inputs(ceremony, folder)
        match ceremony:
            case Cosign():
                response = folder / ceremony.outputs.response
                _, cosigned = cosign_request(
                    held,
                    input_path(ceremony.inputs.request, folder),
                    response,
                    roster=_maybe(ceremony.inputs.roster, folder),
                    excluded=ceremony.exclude,
                    accept_differences=ceremony.accept_differences,
                    confirm=confirm,
                )
                say_cosigned(cosigned, response)
            case Withdraw():
                withdraw_certificates(
                    held,
                    folder / ceremony.outputs.list,
                    certificates=ceremony.certificates,
                    request=_maybe(ceremony.inputs.request, folder),
                    confirm=confirm,
                )
            case Status():
                write_fresh_status(held, folder / ceremony.outputs.list)
            case _:
                assert_never(ceremony)


def _with_trust(ceremony: Trusting, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    root = ceremony.inputs.root
    return {
        **options,
        "trust_folder": _maybe(ceremony.inputs.trust, folder),
        "root": None if isinstance(root, UnsetType) else root,
    }


def _maybe(value: Input | UnsetType, folder: Path) -> Path | None:
    return None if isinstance(value, UnsetType) else input_path(value, folder)
