"""The browser's scripts: small, complete, and without any way to turn text into code or markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import MAX_FILE_LINES
from tests.browser.scripts import FOLDER
from verifier.browser import SCRIPTS

VERIFIER = sorted(FOLDER.glob("*.js"))
FILES = [*VERIFIER, *sorted(FOLDER.parent.glob("*.js"))]
MAX_WIDTH = 140
NEVER = re.compile(r"\beval\b|\bFunction\s*\(|\bimport\b|innerHTML|outerHTML|insertAdjacentHTML|document\.write")


def test_every_script_is_loaded() -> None:
    assert sorted(SCRIPTS) == [path.stem for path in VERIFIER]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_script_is_small_and_harmless(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    assert len(lines) <= MAX_FILE_LINES
    assert lines[0].startswith("// "), "says what is true inside"
    assert '"use strict";' in lines
    assert [line for line in lines if len(line) > MAX_WIDTH] == []
    assert [line for line in lines if NEVER.search(line)] == []
