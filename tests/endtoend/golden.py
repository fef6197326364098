"""What people and transcripts were told, with everything random under a name that is the same each time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"

_WORD = "[a-z]{3,8}"
_RANDOM = re.compile(
    "|".join(
        f"(?P<{name.replace(' ', '_')}>{pattern})"
        for name, pattern in {
            "token": r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
            "digest": r"sha256-[A-Za-z0-9+/]{43}=",
            "id": r"urn:uuid:[0-9a-f-]{36}",
            "lookup id": r"\b([0-9A-Z]{4}-){6}[0-9A-Z]{2}\b",
            "hash": r"\b[0-9a-f]{64}\b|\b[0-9a-f]{16}…",
            "words": rf"(?<=Words: ) 1 {_WORD}(\s+\d+ {_WORD}){{11}}\b|(?<=words )({_WORD} ){{4}}…",
            "key": r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])",
        }.items()
    )
)
_NETWORK = re.compile(r'"network":"[^"]*"')
_VERSION = re.compile(r'"handseal":"[^"]*"')


class Names:
    """A placeholder for each random value, by its kind and in the order in which they appear."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._known: dict[str, dict[str, str]] = defaultdict(dict)

    def replace_in(self, text: str) -> str:
        """`text` with its random values, the folder, the machine's network and the program's version replaced."""
        text = _NETWORK.sub('"network":"<network>"', _VERSION.sub('"handseal":"<version>"', text))
        return _RANDOM.sub(self._named, text.replace(self._folder, "<folder>"))

    def _named(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup).replace("_", " ")
        known = self._known[kind]
        return known.setdefault(match[0], f"<{kind} {len(known) + 1}>")


def told(title: str, text: str) -> str:
    """One part of a golden file."""
    return f"== {title}\n{text.rstrip()}\n"


def differences(written: Mapping[str, str], *, rewrite: bool) -> list[str]:
    """The lines in which golden files differ from what was told; none after they were written anew."""
    if rewrite:
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.iterdir():
            old.unlink()
        for name, text in written.items():
            (FOLDER / name).write_text(text, "utf-8")
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    lines = ((kept.get(name, "").splitlines(), written.get(name, "").splitlines(), name) for name in {*kept, *written})
    return [line for was, now, name in lines for line in unified_diff(was, now, name, "now", n=0, lineterm="")]
