"""Commands of a clinic, its partner bodies and an employer: each a process of its own, a minute after the last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SITE = "https://verify.riverclinic.example"
EXIT_CODES = {"valid": 0, "invalid": 1, "unknown": 3}  # the other verdicts are not valid either: 1
PASSPHRASE = "five seals on one river"


Report = dict[str, Any]  # of `handseal-verify --json`


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


class Play:
    """A folder in which everybody has a corner, and the time of day."""

    def __init__(self, folder: Path, begins: datetime) -> None:
        self.folder = folder
        self.now = begins
        self.root = ""  # digest of the first root, once there is one
        (folder / "passphrase").write_text(f"{PASSPHRASE}\n", "utf-8")
        (folder / "passphrase").chmod(0o600)

    def wait_until(self, day: str) -> None:
        """Nine o'clock of a later day."""
        moment = datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=UTC)
        assert moment > self.now
        self.now = moment

    # -- the three programs -----------------------------------------------------------------------------------------

    def clinic(self, *arguments: str, code: int = 0) -> str:
        """`handseal`, in the clinic's workspace."""
        return self._expect("issuer", ("--workspace", str(self.folder / "clinic"), *arguments), code).out

    def clinic_begins(self) -> None:
        arguments = ("init", str(self.folder / "clinic"), "--site", SITE, "--passphrase-file", self.path("passphrase"))
        self._expect("issuer", arguments, 0)

    def body(self, slug: str, *arguments: str, code: int = 0) -> Ended:
        """`handseal-ceremony`, at the machine of one organisation."""
        return self._expect("keys", ("--home", str(self.home(slug)), *arguments), code)

    def signs(self, slug: str, *arguments: str, key: str, code: int = 0) -> Ended:
        """As `body`, with a key of the organisation."""
        secret = ("--key", self.key(slug, key), "--passphrase-file", self.path("passphrase"), "--online")
        return self.body(slug, *arguments, *secret, code=code)

    def reports(self, files: Sequence[str], *, site: str = "site", state: str | None = "state") -> list[Report]:
        """`handseal-verify`: what the employer's verifier says of these files, with what it remembers."""
        memory = () if state is None else ("--state", self.path(state))
        where = ("--site", self.path(site), "--root", self.root, *memory)
        ended = self._expect("verifier", (*files, *where, "--json"), *EXIT_CODES.values())
        reports: list[Report] = json.loads(ended.out)
        assert ended.code == next(
            code for code in (1, 3, 0) if code in {EXIT_CODES.get(r["verdict"], 1) for r in reports}
        )
        return reports

    # -- what lies where --------------------------------------------------------------------------------------------

    def path(self, *names: str) -> str:
        return str(self.folder.joinpath(*names))

    def home(self, slug: str) -> Path:
        return self.folder / "bodies" / slug

    def key(self, slug: str, name: str) -> str:
        return str(self.home(slug) / f"{name}.key")

    def makes_key(self, slug: str, use: str, name: str) -> str:
        """A new key of an organisation; returns its kid."""
        self.home(slug).mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = f"{SITE}/orgs/{slug}"
        options = ("--org", owner, "--use", use, "--out", self.key(slug, name), "--online", "--json")
        made = self.body(slug, "keygen", *options, "--passphrase-file", self.path("passphrase"))
        kid: str = json.loads(made.out)["kid"]
        return kid

    def writes(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return str(path)

    def transcripts(self) -> list[Path]:
        """All so far, oldest first: the clock moves between two commands, and the names begin with it."""
        found = self.folder.glob("bodies/*/transcripts/*.jsonl")
        return sorted(found, key=lambda path: path.name)

    def _expect(self, program: str, arguments: Sequence[str], *codes: int) -> Ended:
        self.now += timedelta(minutes=1)
        command = [sys.executable, "-m", "tests.frozen", self.now.isoformat(), program, *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        assert ran.returncode in codes, f"{program} {' '.join(arguments)}: ended with {ran.returncode}\n{ran.stderr}"
        return Ended(ran.returncode, ran.stdout, ran.stderr)
