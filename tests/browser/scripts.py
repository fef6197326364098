"""A page on a disk that has the verifier's scripts and nothing else, as on a USB stick."""

from __future__ import annotations

import shutil
from pathlib import Path

import templates
from verifier.browser import SCRIPTS

FOLDER = Path(templates.__file__).parent / "static" / "verify"


def page_in(folder: Path, *more: Path) -> str:
    """The address, `file://…`, of a page that runs copies of the scripts and then `more`."""
    names = []
    for path in (*(FOLDER / f"{name}.js" for name in SCRIPTS), *more):
        shutil.copy(path, folder / path.name)
        names.append(path.name)
    page = folder / "page.html"
    tags = "".join(f'<script src="{name}"></script>' for name in names)
    page.write_text(f'<!doctype html><meta charset="utf-8"><title>x</title>{tags}', "utf-8")
    return page.as_uri()
