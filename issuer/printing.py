"""Only what was verified is printed, one file a certificate, under a name that a person finds again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial

from msgspec import Struct

from issuer.certificate import Design, PublishedAddress, render
from keys.credential import Certificate
from keys.encoding import Digest, sha256
from keys.errors import ConfigurationError, HandsealError
from keys.files import SECRET
from verifier.folder import Folder
from verifier.report import VerifiedCredential

_MAX_NAME = 60
_ID_CHARACTERS = 6
_CHUNK = 8


class Sheet(Struct, frozen=True):
    """One PDF to be made."""

    credential: VerifiedCredential
    site: str
    lookup_id: str | None  # None for a learner without a page: then no code is printed
    name: str  # of the file


Press = Callable[[Sequence[Sheet]], Iterable[bytes | HandsealError]]
"""Makes the PDFs of some sheets, in their order; for one that cannot be printed, the reason."""


def file_name(certificate: Certificate, learner_id: str, lookup_id: str) -> str:
    """`somchai-pinthong-7k3q9x.pdf`: ASCII, safe on every system, the end from the lookup id."""
    slug = _slug(certificate.latin_name or certificate.printed_name) or _slug(learner_id) or "certificate"
    return f"{slug}-{lookup_id[:_ID_CHARACTERS].lower()}.pdf"


def press(design: Design, executor: Executor | None = None) -> Press:
    """A press in this process, or spread over the processes of `executor` (they see no key)."""
    one = partial(_render, design)
    if executor is None:
        return partial(map, one)
    return partial(executor.map, one, chunksize=_CHUNK)


def write_pdfs(
    sheets: Sequence[Sheet], pdfs: Iterable[bytes | HandsealError], folder: Folder
) -> list[Digest | HandsealError]:
    """Writes what a press made of `sheets`, for its owner alone to read; the digests, or why there is none."""
    outcomes: list[Digest | HandsealError] = []
    for sheet, pdf in zip(sheets, pdfs, strict=True):
        if isinstance(pdf, HandsealError):
            outcomes.append(pdf)
            continue
        folder.write(sheet.name, pdf, mode=SECRET, sync=False)
        outcomes.append(sha256(pdf))
    return outcomes


def _render(design: Design, sheet: Sheet) -> bytes | HandsealError:
    """One certificate that cannot be printed does not hold up the others."""
    try:
        return render(sheet.credential, PublishedAddress(sheet.site, sheet.lookup_id), design)
    except ConfigurationError:
        raise
    except HandsealError as fault:
        return fault


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_NAME].rstrip("-")
