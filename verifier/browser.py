"""What a browser runs to verify by itself: the scripts of `templates/static/verify`, in the order that they need.

They are classic scripts without modules, so that the same files also run from a folder on a USB stick.
"""

from __future__ import annotations

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
)
