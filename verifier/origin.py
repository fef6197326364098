"""Where a mirror copies from: a published site in a folder, or a web address asked for nothing but the site's files.

The only place where a verifier's program opens a connection, and never during a verification.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from msgspec import Struct

from keys.errors import ConfigurationError, HandsealError, UndecidedError
from keys.names import certificate_path, parse_lookup_id, require_base_url
from verifier.files import Reading
from verifier.published import certificate_card

PATIENCE = 30.0  # seconds without a byte


class CertificateFile(Struct, frozen=True):
    """One file below `c/`: a certificate or its card."""

    path: str
    size: int
    modified: int  # nanoseconds


class Origin(Protocol):
    """A site that somebody else publishes; nothing that it gives is believed yet."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The file's bytes, None where there is none; HandsealError where it is larger or cannot be had."""
        ...

    def certificates(self) -> Iterator[CertificateFile] | None:
        """What lies below `c/`; None where nobody may list it."""
        ...


class FolderOrigin:
    """A copy on a disk or a stick: the only kind of which certificates are copied (formats.md section 8)."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder}: is not a folder")
        self._folder = folder

    def read(self, path: str, limit: int) -> bytes | None:
        return Reading(self._folder).read(path, limit)

    def certificates(self) -> Iterator[CertificateFile] | None:
        return self._certificates() if (self._folder / "c").is_dir() else None

    def _certificates(self) -> Iterator[CertificateFile]:
        for start in Reading(self._folder).names("c"):
            for name in Reading(self._folder).names(f"c/{start}"):
                path = f"c/{start}/{name}"
                if is_certificate_file(path):
                    try:
                        status = (self._folder / path).lstat()
                    except FileNotFoundError:
                        continue  # erased meanwhile
                    yield CertificateFile(path, status.st_size, status.st_mtime_ns)


class WebOrigin:
    """A site at `https://host`; ConfigurationError for any other address, and no redirect is followed."""

    def __init__(self, base_url: str) -> None:
        try:
            self._base = require_base_url(base_url.removesuffix("/"), "SITE")
        except HandsealError as fault:
            raise ConfigurationError(str(fault), hint=fault.hint) from fault
        self._opener = urllib.request.build_opener(_NoRedirect())

    def read(self, path: str, limit: int) -> bytes | None:
        request = urllib.request.Request(f"{self._base}/{path}", headers={"Accept": "*/*"})  # noqa: S310  # see __init__
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                data: bytes = answer.read(limit + 1)
        except urllib.error.HTTPError as fault:
            with fault:
                if fault.code in (404, 410):
                    return None
            raise UndecidedError(f"{self._base}/{path}: answered {fault.code}", hint="try again later") from fault
        except (OSError, http.client.HTTPException) as fault:
            reason = getattr(fault, "reason", None) or fault
            raise UndecidedError(f"{self._base}: cannot be reached: {reason}", hint="try again later") from fault
        if len(data) > limit:
            raise HandsealError(f"{self._base}/{path}: is larger than {limit} bytes")
        return data

    def certificates(self) -> Iterator[CertificateFile] | None:
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Else whoever answers could send a mirror into the network it stands in."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> None:
        return None


def open_origin(site: str) -> Origin:
    """A web address or a folder; ConfigurationError where it is neither."""
    return WebOrigin(site) if site.startswith(("https://", "http://")) else FolderOrigin(Path(site))


def is_certificate_file(path: str) -> bool:
    """Whether this is exactly where a site keeps some certificate or its card."""
    lookup = path.rpartition("/")[2][: -len(".jwt")]
    try:
        return path in (certificate_path(parse_lookup_id(lookup)), certificate_card(lookup))
    except HandsealError:
        return False
