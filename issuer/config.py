"""A clinic's workspace: the folder with `clinic.toml`, and every path and name that follows from it.

Lenient in nothing: an unknown key is a misspelt one, and is said with its place.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from keys import names
from keys.errors import ConfigurationError, FormatError
from keys.files import read_bounded
from keys.text import require_text

CLINIC_TOML = "clinic.toml"
MAX_TOML = 1024 * 1024

T = TypeVar("T")
_AT = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`")


class Settings(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table that a person writes: closed, its keys with hyphens."""


class ClinicSettings(Settings, frozen=True):
    slug: str
    name: Annotated[str, Meta(min_length=1, max_length=300)]
    site: str  # base URL of the published site
    site_folder: str
    timezone: str
    contact: str | UnsetType = UNSET


class TrustSettings(Settings, frozen=True):
    root: Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")] = ""  # SHA-256 of 1.root.json; empty until it is founded


class KeySettings(Settings, frozen=True):
    issue: str = "keys/issue.key.age"
    status: str = "keys/status.key"


class CertificateSettings(Settings, frozen=True):
    design: str = "classic"
    han: Literal["sc", "tc", "jp", "kr"] = "sc"
    fonts: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET


class DatabaseSettings(Settings, frozen=True):
    url: str = "sqlite:///handseal.db"


class Config(Settings, frozen=True):
    """`clinic.toml` (inputs.md)."""

    clinic: ClinicSettings
    trust: TrustSettings = field(default_factory=TrustSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    certificate: CertificateSettings = field(default_factory=CertificateSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)


class Workspace(Struct, frozen=True):
    """A folder with its `clinic.toml`; relative paths in it start here."""

    folder: Path  # absolute
    config: Config

    @property
    def site(self) -> str:
        """Base URL of the published site, without a slash at its end."""
        return self.config.clinic.site

    @property
    def organisation(self) -> str:
        """The clinic's id."""
        return names.organisation_id(self.site, self.config.clinic.slug)

    @property
    def site_folder(self) -> Path:
        return self._path(self.config.clinic.site_folder)

    @property
    def issue_key(self) -> Path:
        return self._path(self.config.keys.issue)

    @property
    def status_key(self) -> Path:
        return self._path(self.config.keys.status)

    @property
    def fonts(self) -> Path | None:
        fonts = self.config.certificate.fonts
        return None if fonts is UNSET else self._path(fonts)

    @property
    def logo(self) -> Path | None:
        logo = self.config.certificate.logo
        return None if logo is UNSET else self._path(logo)

    @property
    def programmes(self) -> Path:
        return self.folder / "programmes"

    @property
    def cohorts(self) -> Path:
        return self.folder / "cohorts"

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    @property
    def root_digest(self) -> str:
        """Hex SHA-256 of `1.root.json`; ConfigurationError while there is none."""
        if not self.config.trust.root:
            raise ConfigurationError(
                f"{self.folder / CLINIC_TOML}: trust.root: is empty",
                hint="write the digest that `handseal-ceremony trust init` printed",
            )
        return self.config.trust.root

    @property
    def database_url(self) -> str:
        """As SQLAlchemy wants it; the file of a relative SQLite URL is in the workspace."""
        url = make_url(self.config.database.url)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            return url.set(database=str(self._path(url.database))).render_as_string(hide_password=False)
        return self.config.database.url

    def today(self, moment: datetime) -> date:
        """Which day the aware `moment` falls on at the clinic."""
        return moment.astimezone(zoneinfo.ZoneInfo(self.config.clinic.timezone)).date()

    def _path(self, text: str) -> Path:
        return self.folder / Path(text).expanduser()


def find_workspace(start: Path, explicit: Path | None = None) -> Workspace:
    """The workspace `explicit`, or the nearest folder with a `clinic.toml` from `start` upwards."""
    if explicit is not None:
        return open_workspace(explicit)
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / CLINIC_TOML).is_file():
            return open_workspace(folder)
    raise ConfigurationError(
        f"{start}: is in no workspace (no {CLINIC_TOML} here or above)",
        hint="go to the clinic's folder, give --workspace DIR, or make one with `handseal init DIR`",
    )


def open_workspace(folder: Path) -> Workspace:
    """The workspace in `folder`; ConfigurationError names what is wrong in its `clinic.toml`."""
    path = folder.absolute() / CLINIC_TOML
    config, faults = read_toml(path, Config)
    if config is None or faults:
        raise ConfigurationError("; ".join(fault.text for fault in faults), hint=_first_hint(faults))
    _require_settings(config, str(path))
    return Workspace(path.parent, config)


class TomlFault(Struct, frozen=True):
    """What is wrong in a TOML file: `place` within it, the whole sentence, and what helps."""

    place: str
    text: str  # begins with file and place
    hint: str = ""


def read_toml(path: Path, form: type[T]) -> tuple[T | None, tuple[TomlFault, ...]]:
    """A TOML file as `form`, or None and why not: every unknown key, then the first value of another type."""
    data = read_bounded(path, MAX_TOML)
    try:
        table = tomllib.loads(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError:
        return None, (TomlFault("", f"{path}: is not UTF-8", "save it as UTF-8"),)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        return None, (TomlFault("", f"{path}: is not TOML: {fault}"),)
    return _shape(table, form, str(path))


def _shape(table: dict[str, Any], form: type[T], file: str) -> tuple[T | None, tuple[TomlFault, ...]]:
    faults: list[TomlFault] = []
    while True:
        try:
            value = msgspec.convert(table, form)
        except msgspec.ValidationError as fault:
            message = str(fault)
            where = _AT.search(message)
            place = where[1] if where else ""
            text = _AT.sub("", message)
            unknown = _UNKNOWN.fullmatch(text)
            if unknown is None:
                return None, (*faults, _fault(file, place, _plain(text)))
            faults.append(_unknown_key(file, place, unknown[1], form))
            del _table_at(table, place)[unknown[1]]
        else:
            return (None if faults else value), tuple(faults)


def _fault(file: str, place: str, text: str, hint: str = "") -> TomlFault:
    return TomlFault(place, ": ".join(part for part in (file, place, text) if part), hint)


def _plain(message: str) -> str:
    """msgspec's reason in the words of somebody who writes TOML."""
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    return f"{missing[1]} is missing" if missing else message.replace("Object", "Table").replace("Expected", "expected")


def _unknown_key(file: str, place: str, key: str, form: object) -> TomlFault:
    near = difflib.get_close_matches(key, _known_keys(form), n=1)
    return _fault(file, place, f"unknown key {key!r}", f"did you mean {near[0]!r}?" if near else "")


def _known_keys(form: object) -> set[str]:
    """The keys of every table within `form`."""
    keys: set[str] = set()
    queue: list[object] = [form]
    while queue:
        kind = queue.pop()
        if isinstance(kind, type) and issubclass(kind, Struct):
            for member in msgspec.structs.fields(kind):
                keys.add(member.encode_name)
                queue.append(member.type)
        else:
            queue.extend(getattr(kind, "__args__", ()))
    return keys


def _table_at(table: dict[str, Any], place: str) -> dict[str, Any]:
    """The table that msgspec calls `outcome[0].text`."""
    here: Any = table
    for step in re.findall(r"[^.\[\]]+|\[\d+\]", place):
        here = here[int(step[1:-1])] if step.startswith("[") else here[step]
    found: dict[str, Any] = here
    return found


def _require_settings(config: Config, place: str) -> None:
    """What types cannot say of `clinic.toml`; all of it at once."""
    clinic = config.clinic
    checks: Mapping[str, Any] = {
        "clinic.slug": lambda at: names.require_slug(clinic.slug, at),
        "clinic.name": lambda at: require_text(clinic.name, at),
        "clinic.site": lambda at: names.require_base_url(clinic.site, at),
        "clinic.timezone": lambda at: _require_timezone(clinic.timezone, at),
        "certificate.design": lambda at: names.require_slug(config.certificate.design, at),
        "database.url": lambda at: _require_url(config.database.url, at),
    }
    faults: list[TomlFault] = []
    for key, check in checks.items():
        try:
            check(f"{place}: {key}")
        except FormatError as fault:
            faults.append(TomlFault(key, str(fault), fault.hint))
    if faults:
        raise ConfigurationError("; ".join(fault.text for fault in faults), hint=_first_hint(faults))


def _require_timezone(zone: str, place: str) -> None:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise FormatError(f"{place}: {zone!r} is not a time zone", hint='write it as "Asia/Bangkok"') from fault


def _require_url(url: str, place: str) -> None:
    try:
        make_url(url)
    except ArgumentError as fault:
        raise FormatError(f"{place}: is not the URL of a database", hint='write "sqlite:///handseal.db"') from fault


def _first_hint(faults: list[TomlFault] | tuple[TomlFault, ...]) -> str:
    return next((fault.hint for fault in faults if fault.hint), "")
