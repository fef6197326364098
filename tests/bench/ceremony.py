"""`python -m tests.bench.ceremony N` reviews and co-signs a request of N and prints seconds and memory as JSON.

Each act is a process of its own, as an officer runs it; the key is in memory, for opening one costs half a gigabyte
whatever follows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from keys.body import require_body
from keys.cosign_cli import cosign_request
from keys.encoding import canonical, digest_words
from keys.guide_cli import Guide
from keys.home import Home
from keys.offline_cli import ceremony_transcript
from keys.request import RequestReader
from keys.sitting_cli import Sitting
from tests.keys.partner import KEYS, PUBLIC, TTMA, build_core, build_request, build_trust

REQUEST, ROSTER, RESPONSE = "request.jsonl", "roster.csv", "response.jsonl"


class Run(NamedTuple):
    """One act: how long it took, how long it computed, and the most memory its process held."""

    seconds: float
    computing: float
    megabytes: float


def build(folder: Path, count: int) -> None:
    """A request of so many, and the roster on which they all are."""
    now = datetime.now(UTC).replace(microsecond=0)
    names = [f"สมชาย Learner {number}" for number in range(count)]
    cores = (canonical(build_core(number, name, now=now)) for number, name in enumerate(names))
    (folder / REQUEST).write_bytes(build_request(cores, created=now))
    (folder / ROSTER).write_text("\n".join(["name", *names]), "utf-8")


def cosign(folder: Path) -> None:
    """The whole ceremony but for the key's file: review, words, signatures, response read back, transcript closed."""
    request, signer, trust = folder / REQUEST, KEYS[TTMA], build_trust()
    with request.open("rb") as stream:
        words = " ".join(digest_words(RequestReader(stream).header.digest))
    body, guide = require_body(trust, signer.kid, datetime.now(UTC).replace(microsecond=0)), Guide()
    with Home(folder / "home") as home, ceremony_transcript(home, "cosign", guide=guide) as transcript:
        held = Sitting(body, PUBLIC[TTMA], home, transcript, lambda: signer, guide)
        cosign_request(held, request, folder / RESPONSE, roster=folder / ROSTER, confirm=words)


def run(*arguments: str) -> Run:
    """One process, watched by itself: what others held before does not count."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[0]}: failed")
    megabytes = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return Run(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, megabytes)


def measure(count: int) -> dict[str, Run]:
    """Review and co-signature of a request of so many."""
    with tempfile.TemporaryDirectory() as name:
        run("tests.bench.ceremony", "build", name, str(count))
        request, roster = str(Path(name) / REQUEST), str(Path(name) / ROSTER)
        review = run("keys", "--home", str(Path(name) / "none"), "review", request, "--roster", roster)
        return {"review": review, "cosign": run("tests.bench.ceremony", "cosign", name)}


def main() -> None:
    match sys.argv[1:]:
        case ["build", folder, count]:
            build(Path(folder), int(count))
        case ["cosign", folder]:
            cosign(Path(folder))
        case [count]:
            print(json.dumps({act: found._asdict() for act, found in measure(int(count)).items()}))
        case _:
            raise SystemExit("usage: python -m tests.bench.ceremony N")


if __name__ == "__main__":
    main()
