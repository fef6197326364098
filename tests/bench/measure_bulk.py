"""What an employer waits for who checks a folder of printed certificates: read, verified and put in a report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from issuer.certificate import render
from tests.issuer.printing import ADDRESS, classic
from tests.published import PublishedSite
from tests.world import World
from verifier.cli import cli

PRINTED, COPIES = 20, 50
"""A thousand files; printing them is no part of what is measured."""


def runs() -> Iterator[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder, world = Path(name), World(now=datetime.now(UTC).replace(microsecond=0))
        published = PublishedSite(folder / "site", world)
        inbox = folder / "inbox"
        inbox.mkdir()
        for number in range(PRINTED):
            token = world.issue(name=f"สมชาย ปิ่นทอง {number}")
            pdf = render(world.verify(token).verified(), ADDRESS, classic())
            for copy in range(COPIES):
                (inbox / f"{number}-{copy}.pdf").write_bytes(pdf)
        asked = ["--site", str(published.folder), "--root", published.root, "--out", str(folder / "report.xlsx")]
        begun = time.perf_counter()
        done = CliRunner().invoke(cli, ["bulk", str(inbox), *asked])
        spent = time.perf_counter() - begun
        if done.exit_code:
            raise SystemExit(done.output)
        yield f"check a PDF in bulk, of {PRINTED * COPIES}", spent / (PRINTED * COPIES)
