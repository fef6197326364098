"""`handseal-verify export`: pages on a stick or any web host that check certificates without a server."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from keys.console import escape, talk
from keys.errors import HandsealError
from verifier.config import configuration_path, settle
from verifier.export import export, is_carried
from verifier.files import static_files
from verifier.folder import Folder
from verifier.language import day
from verifier.sources import Site
from verifier.state import State


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="The published site.")
@click.option("--root", metavar="HEX", help="SHA-256 of 1.root.json, as told; never taken from the site.")
def export_site(folder: Path, site: Path | None, root: str | None) -> None:
    """Writes pages to DIR that check certificates by themselves: for a USB stick, or any web host.

    Open DIR/index.html in a browser. DIR must not exist, or be an export: its files are replaced, all or none.

    Example: handseal-verify export ./stick --site ./site --root 5f0c…
    """
    settled = settle(configuration_path(os.environ), site=site, root=root, state=None)
    now = datetime.now(UTC)
    materials = Site(settled.site, settled.root, State(None)).materials(now)
    if materials.trust is None:
        raise HandsealError(f"{settled.site}: {materials.trust_fault}")
    published = Folder(settled.site)
    read = {name: published.read(name) for name in published.names() if is_carried(name)}
    made = export({name: data for name, data in read.items() if data is not None}, static_files(), settled.root)
    _require_ours(folder)
    written = Folder(folder).write_all(made)
    click.echo(
        f"{escape(str(folder))}: {written} files written; open {escape(str(folder / 'index.html'))} in a browser"
    )
    ends = [deadline for deadline in materials.deadlines(now) if deadline.ends >= now]
    if ends:
        talk(f"handseal-verify: it can say `valid` until {day(ends[0].ends)}; export again before then")


def _require_ours(folder: Path) -> None:
    """HandsealError where DIR holds something else: nothing of it may be replaced."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "carried.js").is_file():
        raise HandsealError(f"{escape(str(folder))}: is not empty, and not an export")
