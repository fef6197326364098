"""What a browser runs to verify by itself: the scripts of `templates/static/verify`, in the order that they need.

They are classic scripts without modules, so that the same files also run from a folder on a USB stick. A page loads
them as one, without their comments: it stays small on a slow connection, and nothing else is done to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from verifier.language import words_in

SCRIPTS = (
    "reading",
    "characters",
    "text",
    "shapes",
    "names",
    "signatures",
    "certificate",
    "syllabus",
    "trust_metadata",
    "trust_list",
    "trust_changes",
    "trust",
    "inflate",
    "status",
    "report",
    "quorum",
    "opening",
    "steps",
    "verify",
    "carrier",
    "memory",
    "sources",
    "show",
)

_SPOKEN = ("browser.", "check.", "no-trust-list.", "outcome.", "partner.", "partner-note.", "verdict.")
_SPOKEN_TOO = frozenset(
    f"certificate.{name}"
    for name in "awarded behind belongs checked names said-unlimited said-until signed unlimited until".split()
) | {"sentence.minute"}
_COMMENT = re.compile(rb"^[ ]*//.*\n|^[ ]*/\*\*(?:[^*]|\*(?!/))*\*/[ ]*\n|^[ ]+|^\n", re.MULTILINE)


def joined(files: Mapping[str, bytes]) -> bytes:
    """All scripts as one; `files` holds them by their path below `templates/static`.

    Whole lines of comment and indentation are left out, which changes nothing: no script has a text of several lines.
    """
    return b"".join(_COMMENT.sub(b"", files[f"verify/{name}.js"]) for name in SCRIPTS)


def words_for_browsers(language: str) -> dict[str, str]:
    """What the scripts say, by dotted key: verdicts, checks, partners and what is the browser's own."""
    texts = words_in(language).texts
    return {key: text for key, text in texts.items() if key.startswith(_SPOKEN) or key in _SPOKEN_TOO}
