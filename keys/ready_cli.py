"""Before a ceremony begins: its inputs are there and as stated, its key is the body's, and no output is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import UNSET

from keys.ceremony_file import AnyCeremony, Drill, Input, Keygen, Recover, Stated, Trusting, TrustInit, TrustSign
from keys.driver_files import require_driver
from keys.errors import ConfigurationError, HandsealError
from keys.files import file_digest
from keys.keyfile import public_path, read_public_key, require_encrypted
from keys.offline_cli import require_free
from keys.people import require_custodians
from keys.possession import KeyUse
from keys.token_uri import parse_token_uri

_FOLDERS = frozenset({"trust", "draft"})  # inputs that are folders


def require_ready(ceremony: AnyCeremony, folder: Path) -> None:
    """HandsealError unless the inputs are there and as stated, the key is this body's, and no output is there."""
    outputs = [folder / name for name in _outputs(ceremony)]
    for number, path in enumerate(outputs):
        if path in outputs[:number]:
            raise ConfigurationError(f"{path}: is named twice under outputs")
        if not path.parent.is_dir():
            raise ConfigurationError(f"{path}: its folder is not there")
        require_free(path)
    require_inputs(ceremony, folder)
    match ceremony:
        case Keygen():
            if ceremony.token is not UNSET:
                require_driver(parse_token_uri(ceremony.token, "token").module, "token")
        case TrustInit():
            return
        case Recover() | Drill():
            _require_public(folder / ceremony.inputs.public, ceremony)
        case _:
            _require_public(public_path(folder / ceremony.inputs.key), ceremony)
            require_encrypted(folder / ceremony.inputs.key)


def require_inputs(ceremony: AnyCeremony, folder: Path) -> None:
    """HandsealError unless the inputs are there and as stated.

    Looked at again once people have done their part: for minutes the stick lay there, or was plugged in anew.
    """
    if isinstance(ceremony, Keygen):
        return
    for name in ceremony.inputs.__struct_fields__:
        value = getattr(ceremony.inputs, name)
        if value is not UNSET and name != "root":
            for entry in value if isinstance(value, tuple) else (value,):
                _require_input(name, entry, folder)


def _outputs(ceremony: AnyCeremony) -> Iterator[str]:
    for name in ceremony.outputs.__struct_fields__:
        yield getattr(ceremony.outputs, name)
    if isinstance(ceremony, Keygen):
        yield str(public_path(Path(ceremony.outputs.key)))


def _require_input(name: str, value: Input, folder: Path) -> None:
    path = input_path(value, folder)
    if name in _FOLDERS:
        if not path.is_dir():
            raise ConfigurationError(f"{path}: is not a folder")
        return
    digest = file_digest(path)
    if isinstance(value, Stated) and digest.hex() != value.sha256:
        raise HandsealError(
            f"{path}: is not the file that was planned with", hint=f"its sha256 is {digest.hex()}; make a new plan"
        )


def _require_public(path: Path, ceremony: AnyCeremony) -> None:
    """The public half at `path` is of the key that was planned with; the private half is not opened for it."""
    public = read_public_key(path)
    if public.organisation != ceremony.organisation:
        raise HandsealError(f"{path}: is a key of {public.organisation}, not of {ceremony.organisation}")
    if isinstance(ceremony, Trusting):
        use = KeyUse.TRUST if isinstance(ceremony, TrustSign) else KeyUse.COSIGN
        if public.use is not use:
            raise HandsealError(f"{path}: its use is {public.use.value!r}, not {use.value!r}")
    if not isinstance(ceremony, Drill):
        require_custodians(ceremony.person, public.custodian_count, str(path))


def input_path(value: Input, folder: Path) -> Path:
    """Where an input lies."""
    return folder / (value.file if isinstance(value, Stated) else value)
