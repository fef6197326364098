"""`run`: the planned ceremony, with its steps on the screen; everything is looked at before a key is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, assert_never

import click
from msgspec import UNSET, UnsetType

from keys.algorithms import Algorithm
from keys.ceremony_file import (
    MAX_CEREMONY_FILE,
    AnyCeremony,
    Cosign,
    Input,
    Keygen,
    Stated,
    Status,
    TrustInit,
    TrustSign,
    Withdraw,
    kind_of,
)
from keys.console import escape, talk
from keys.cosign_cli import cosign_request
from keys.errors import ConfigurationError, HandsealError
from keys.files import file_digest, read_bounded, require_absent
from keys.guide_cli import Guide
from keys.keyfile import public_path, read_public_key, require_encrypted
from keys.keygen_cli import make_key, show_key
from keys.offline_cli import home_option, now, online_option, passphrase_option
from keys.people import custodians_of, require_custodians
from keys.plan import read_plan
from keys.plan_steps import Phase
from keys.plan_text import plan_head
from keys.possession import KeyUse
from keys.sitting_cli import input_file, sitting
from keys.status_cli import withdraw_certificates, write_fresh_status
from keys.trust_cli import found_draft
from keys.trust_sign_cli import show_progress, sign_draft

_FOLDERS = frozenset({"trust", "draft"})  # inputs that are folders


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


def require_ready(ceremony: AnyCeremony, folder: Path) -> None:
    """HandsealError unless the inputs are there and as stated, the key is this body's, and no output is there."""
    outputs = [folder / name for name in _outputs(ceremony)]
    for number, path in enumerate(outputs):
        if path in outputs[:number]:
            raise ConfigurationError(f"{path}: is named twice under outputs")
        if not path.parent.is_dir():
            raise ConfigurationError(f"{path}: its folder is not there")
        require_absent(path)
    if isinstance(ceremony, Keygen):
        return
    for name in ceremony.inputs.__struct_fields__:
        value = getattr(ceremony.inputs, name)
        if value is not UNSET and name != "root":
            _require_input(name, value, folder)
    if not isinstance(ceremony, TrustInit):
        use = KeyUse.TRUST if isinstance(ceremony, TrustSign) else KeyUse.COSIGN
        _require_key(folder / ceremony.inputs.key, ceremony, use)


def _outputs(ceremony: AnyCeremony) -> Iterator[str]:
    for name in ceremony.outputs.__struct_fields__:
        yield getattr(ceremony.outputs, name)
    if isinstance(ceremony, Keygen):
        yield str(public_path(Path(ceremony.outputs.key)))


def _require_input(name: str, value: Input, folder: Path) -> None:
    path = _file(value, folder)
    if name in _FOLDERS:
        if not path.is_dir():
            raise ConfigurationError(f"{path}: is not a folder")
        return
    digest = file_digest(path)
    if isinstance(value, Stated) and digest.hex() != value.sha256:
        raise HandsealError(
            f"{path}: is not the file that was planned with", hint=f"its sha256 is {digest.hex()}; make a new plan"
        )


def _require_key(path: Path, ceremony: AnyCeremony, use: KeyUse) -> None:
    """What its public half shows is what was planned, and its private half lies encrypted; it is not opened."""
    public = read_public_key(public_path(path))
    if public.organisation != ceremony.organisation:
        raise HandsealError(f"{public_path(path)}: is a key of {public.organisation}, not of {ceremony.organisation}")
    if public.use is not use:
        raise HandsealError(f"{public_path(path)}: its use is {public.use.value!r}, not {use.value!r}")
    require_custodians(ceremony.person, public.custodian_count, str(public_path(path)))
    require_encrypted(path)


def _act(ceremony: AnyCeremony, folder: Path, guide: Guide, confirm: str | None, options: Mapping[str, Any]) -> None:
    match ceremony:
        case Keygen():
            _keygen(ceremony, folder, guide, options)
        case TrustInit():
            guide.check(now())
            guide.reach(Phase.REVIEW)
            found_draft(_file(ceremony.inputs.founding, folder), folder / ceremony.outputs.draft)
        case TrustSign():
            signed = sign_draft(
                folder / ceremony.inputs.draft,
                folder / ceremony.inputs.key,
                confirm=confirm,
                options=_with_trust(ceremony, folder, options),
                guide=guide,
            )
            show_progress(signed)
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
        match ceremony:
            case Cosign():
                cosign_request(
                    held,
                    _file(ceremony.inputs.request, folder),
                    folder / ceremony.outputs.response,
                    roster=_maybe(ceremony.inputs.roster, folder),
                    excluded=ceremony.exclude,
                    accept_differences=ceremony.accept_differences,
                    confirm=confirm,
                )
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


def _with_trust(
    ceremony: Cosign | Withdraw | Status | TrustSign, folder: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    root = ceremony.inputs.root
    return {
        **options,
        "trust_folder": _maybe(ceremony.inputs.trust, folder),
        "root": None if isinstance(root, UnsetType) else root,
    }


def _maybe(value: Input | UnsetType, folder: Path) -> Path | None:
    return None if isinstance(value, UnsetType) else _file(value, folder)


def _file(value: Input, folder: Path) -> Path:
    return folder / (value.file if isinstance(value, Stated) else value)
