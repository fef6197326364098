"""A clinic's workspace: the folder with `clinic.toml`, and every path and name that follows from it.

Lenient in nothing: an unknown key is a misspelt one, and is said with its place.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from keys import names
from keys.aloud import ungrouped
from keys.errors import ConfigurationError, FormatError
from keys.files import read_bounded
from keys.settings import Settings, shape_toml
from keys.shape import Shaped, TomlFault
from keys.text import require_text

CLINIC_TOML = "clinic.toml"
MAX_TOML = 1024 * 1024

T = TypeVar("T")


class ClinicSettings(Settings, frozen=True):
    slug: str
    name: Annotated[str, Meta(min_length=1, max_length=300)]
    site: str  # base URL of the published site
    site_folder: str
    timezone: str
    contact: str | UnsetType = UNSET


class TrustSettings(Settings, frozen=True):
    root: Annotated[str, Meta(pattern=r"\A(([0-9a-f] ?){64})?\Z")] = ""  # of 1.root.json; empty until it is founded


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


class ReportSettings(Settings, frozen=True):
    tally: str | UnsetType = UNSET  # folder of `handseal-verify serve --tally`


class Config(Settings, frozen=True):
    """`clinic.toml`; templates/clinic has one with all of its tables explained."""

    clinic: ClinicSettings
    trust: TrustSettings = field(default_factory=TrustSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    certificate: CertificateSettings = field(default_factory=CertificateSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    report: ReportSettings = field(default_factory=ReportSettings)


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
    def tally(self) -> Path | None:
        tally = self.config.report.tally
        return None if tally is UNSET else self._path(tally)

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
                hint="write the root's digest, which the last `handseal-ceremony trust sign` printed",
            )
        return ungrouped(self.config.trust.root)

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


def read_toml(path: Path, form: type[T]) -> tuple[T | None, tuple[TomlFault, ...]]:
    """A TOML file as `form`, or None and everything that is wrong with it."""
    shaped = read_shape(path, form)
    return (None if shaped.faults else shaped.value), shaped.faults


def read_shape(path: Path, form: type[T]) -> Shaped[T]:
    """A TOML file as `form`, or what of it can be read beside its faults."""
    hint = "compare it with the starter, which `handseal init` writes"
    return shape_toml(read_bounded(path, MAX_TOML), form, str(path), hint=hint)


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


def design_file(name: str) -> Path:
    """The Typst file of a design; ConfigurationError names those that exist."""
    folder = Path(str(files("templates"))) / "certificate"
    designs = sorted(path.stem for path in folder.glob("*.typ"))
    if name not in designs:
        raise ConfigurationError(f"design {name!r}: does not exist", hint=f"choose one of: {', '.join(designs)}")
    return folder / f"{name}.typ"
