"""Where the site is and which root is believed is told by a person, once or each time, and never taken from the site.

`~/.config/handseal/verify.toml` (or under XDG_CONFIG_HOME), with `site`, `root`, `state` and `receipt-key`; the command
line wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from keys.errors import ConfigurationError
from keys.files import read_bounded
from keys.receipt_signer import ReceiptSigner, open_receipt_key
from keys.settings import Settings, require_toml
from verifier.sources import Site, require_root_digest
from verifier.state import State

_MAX_BYTES = 64 * 1024
_WEB = re.compile(r"https?:/", re.IGNORECASE)  # a path has lost the second stroke
_NO_ROOT_HINT = '--root HEX, or root = "HEX" in {}: the SHA-256 of 1.root.json as the clinic or a partner told it'


class Configuration(Settings, frozen=True):
    """The file; a relative path is seen from the folder that the file is in."""

    site: str | None = None
    root: str | None = None
    state: str | None = None
    receipt_key: str | None = None


class Settled(Struct, frozen=True):
    """What a verifier works with."""

    site: Path
    root: str
    state: Path | None
    receipt_key: Path | None = None

    def signer(self) -> ReceiptSigner | None:
        """The operator's key for receipts, where there is one."""
        return open_receipt_key(self.receipt_key) if self.receipt_key else None

    def open(self) -> Site:
        """The site; ConfigurationError where the state cannot serve or belongs to another root."""
        return Site(self.site, self.root, State(self.state) if self.state else None)


def configuration_path(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".config"  # relative ones are to be ignored
    return folder / "handseal" / "verify.toml"


def read_configuration(path: Path) -> Configuration:
    """An absent file is an empty one; ConfigurationError for unknown keys, other types and broken TOML."""
    if not path.exists():
        return Configuration()
    data = read_bounded(path, _MAX_BYTES)
    return require_toml(
        data, Configuration, str(path), hint="it may hold site, root, state and receipt-key, each a text"
    )


def settle(
    path: Path, *, site: Path | None, root: str | None, state: Path | None, receipt_key: Path | None = None
) -> Settled:
    """The command line where it says something, else the file at `path`; ConfigurationError without site or root."""
    written = read_configuration(path)
    folder = path.parent
    if _WEB.match(str(site or written.site or "")):
        raise ConfigurationError(
            "site: is a web address, not a folder", hint="copy it first: handseal-verify mirror ADDRESS DIR --root HEX"
        )
    told_site = site or _path(folder, written.site)
    believed = require_root(path, root)
    if told_site is None:
        raise ConfigurationError("site: was not told", hint=f'--site DIR, or site = "DIR" in {path}')
    key = receipt_key or _path(folder, written.receipt_key)
    return Settled(told_site, believed, state or _path(folder, written.state), key)


def require_root(path: Path, root: str | None) -> str:
    """The root on the command line, else the one in the file at `path`; ConfigurationError without one."""
    told = root or read_configuration(path).root
    if not told:
        raise ConfigurationError("root: was not told, so nothing can be believed", hint=_NO_ROOT_HINT.format(path))
    return require_root_digest(told)


def _path(folder: Path, text: str | None) -> Path | None:
    return folder / Path(text).expanduser() if text else None
