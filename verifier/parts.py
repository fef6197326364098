"""The parts of the pages themselves: style sheet, scripts, words and fonts, packed once and named by their content."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from keys.encoding import canonical, sha256
from verifier.browser import joined, words_for_browsers
from verifier.language import LANGUAGES

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
STYLE, ICON, SCRIPT, VERIFIER, WORKER = "page.css", "icon.svg", "page.js", "verify.js", "worker.js"
CAMERA, MANY = "camera.js", "bulk.js"
SCANNER, SCANNER_WASM = "vendor/zxing.js", "vendor/zxing_reader.wasm"  # where `make scanner` was run
_SCRIPTS = "verify/"  # served as one


class Part(Struct, frozen=True):
    data: bytes
    media_type: str
    packed: bytes  # with gzip; empty where that saves nothing worth having
    address: str  # changes with the content

    @classmethod
    def of(cls, name: str, data: bytes) -> Part:
        packed = gzip.compress(data, 9, mtime=0)
        address = f"/static/{name}?v={sha256(data).hex()[:16]}"
        return cls(data, TYPES[PurePosixPath(name).suffix], packed if len(packed) < len(data) * 0.9 else b"", address)


class Scanner(Struct, frozen=True):
    """Addresses of what reads codes in a browser that cannot by itself; loaded when the camera is asked for."""

    script: str
    wasm: str

    @classmethod
    def among(cls, parts: Mapping[str, Part]) -> Scanner | None:
        if SCANNER not in parts or SCANNER_WASM not in parts:
            return None
        return cls(parts[SCANNER].address, parts[SCANNER_WASM].address)


def page_parts(files: Mapping[str, bytes]) -> dict[str, Part]:
    """By name; `files` is what lies in `templates/static`."""
    served = {name: data for name, data in files.items() if not name.startswith(_SCRIPTS)}
    served[VERIFIER] = joined(files)
    for language in LANGUAGES:
        served[words_name(language)] = canonical(words_for_browsers(language))
    return {name: Part.of(name, data) for name, data in served.items()}


def words_name(language: str) -> str:
    """The part with the words that the scripts show."""
    return f"words-{language}.json"
