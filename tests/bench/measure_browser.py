"""What a browser needs for one certificate by itself: all of it read, opened and verified anew."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.served import Served
from tests.world import NOW
from verifier.cli import main
from verifier.report import Verdict

ANSWERS = 30
ASKING = f"""async (token) => {{
  const bytes = Uint8Array.from(atob(token), (sign) => sign.charCodeAt(0));
  const {{ files, root }} = Handseal.carried;
  const now = Date.now() / 1000;
  const times = [];
  for (let n = 0; n < {ANSWERS}; n += 1) {{
    const started = performance.now();
    const report = await Handseal.answer(bytes, {{ read: Handseal.filesCarried(files), root, at: now, now }});
    times.push(performance.now() - started);
    if (report.verdict !== "valid") throw new Error(report.verdict);
  }}
  return times;
}}"""


def runs() -> Iterator[tuple[str, float]]:
    executable = shutil.which("chromium")
    if executable is None:
        return
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        served = Served(folder / "site")
        token = served.issue(Verdict.VALID)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            main(["export", str(folder / "stick"), "--site", str(folder / "site"), "--root", served.published.root])
        arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        page = browser.new_page()
        page.clock.set_fixed_time(NOW)
        page.goto((folder / "stick" / "index.html").as_uri())
        page.wait_for_selector("#here:not([hidden])")
        times = page.evaluate(ASKING, base64.b64encode(token).decode("ascii"))
        browser.close()
    yield "check a certificate in a browser, the first time", times[0] / 1000
    yield "check a certificate in a browser", min(times) / 1000
