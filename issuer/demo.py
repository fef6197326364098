"""A demonstration is there whole or not at all, and an earlier one is taken as it lies."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from issuer.config import open_workspace
from issuer.stage import MANIFEST, Stage
from keys import names
from keys.errors import ConfigurationError, HandsealError
from keys.files import read_bounded

_MAX_MANIFEST = 64 * 1024 * 1024


class Shown(Struct, frozen=True):
    """One certificate of the demonstration."""

    name: str
    lookup_id: str
    verdict: str
    pdf: str  # relative to the demonstration's folder


class Demo(Struct, frozen=True):
    """A demonstration as it lies on the disk."""

    folder: Path
    site: str  # base URL that its QR codes hold
    root: str
    certificates: tuple[Shown, ...]
    not_certified: tuple[tuple[str, tuple[str, ...]], ...]  # name, what is missing


def prepare(folder: Path, *, learners: int, base_url: str, say: Callable[[str], None]) -> Demo:
    """The demonstration in `folder`: the one that is there, or a new one, whole or not at all."""
    if (folder / MANIFEST).exists():
        return read_demo(folder)
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise HandsealError(f"{folder}: is neither empty nor a demonstration", hint="name another folder")
    names.require_base_url(base_url, "--base-url")
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)  # what a killed run left
    try:
        building.mkdir(parents=True, mode=0o755)
        Stage(building, base_url, say).act(learners)
        building.replace(folder)
    except OSError as fault:
        raise HandsealError(f"{folder}: {fault.strerror or 'cannot be made'}") from fault
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return read_demo(folder)


def read_demo(folder: Path) -> Demo:
    """The demonstration that an earlier run left in `folder`."""
    try:
        manifest = json.loads(read_bounded(folder / MANIFEST, _MAX_MANIFEST))
        certificates = tuple(
            Shown(entry["name"], entry["lookupId"], entry["verdict"], entry["pdf"])
            for entry in manifest["certificates"]
        )
        lacking = tuple((entry["name"], tuple(entry["missing"])) for entry in manifest["notCertified"])
        root = str(manifest["root"])
    except (ValueError, KeyError, TypeError) as fault:
        raise ConfigurationError(f"{folder / MANIFEST}: is not a demonstration's list") from fault
    return Demo(folder, open_workspace(folder / "clinic").site, root, certificates, lacking)


def free_port(wanted: int) -> int:
    """`wanted`, or the next port on loopback that nobody listens on."""
    for port in range(wanted, min(wanted + 100, 65536)):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ConfigurationError(f"--port {wanted}: no free port from there on")
