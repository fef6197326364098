"""A partner body's machine as files: key, passphrase, request, trust folder; for tests of the program."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.cli import main
from keys.encoding import canonical
from keys.keyfile import public_path, read_public_key
from keys.possession import KeyUse, prove_possession
from keys.request import RequestReader
from keys.response import ResponseReader
from keys.review import review_request
from keys.trust import Trust
from keys.trust_chain import load_trust
from keys.trust_edit import root_digest
from tests.keys.cheap_key import seal_cheaply
from tests.keys.partner import FOUNDED, KEYS, PUBLIC, TTMA, build_cores, build_list, build_request
from tests.keys.trust_site import trust_files, write_trust

PASSPHRASE = "six random words would be better"
NOW = datetime.now(UTC).replace(microsecond=0)
REQUEST = build_request(build_cores(now=NOW), created=NOW)
WORDS = review_request(RequestReader(io.BytesIO(REQUEST))).words


class Desk(NamedTuple):
    """A partner body's machine: its folder, and the trust list it was brought."""

    folder: Path
    root: str
    trust: Trust

    @property
    def secret(self) -> list[str]:
        return [
            "--key",
            str(self.folder / "ttma.key"),
            "--passphrase-file",
            str(self.folder / "passphrase"),
            "--online",
        ]

    @property
    def brought(self) -> list[str]:
        return ["--trust", str(self.folder / "trust"), "--root", self.root]

    def run(self, *arguments: str) -> int:
        return main(["--home", str(self.folder / "home"), *arguments])

    def cosign(self, out: str, *more: str) -> int:
        request, words = str(self.folder / "request.jsonl"), " ".join(WORDS)
        return self.run("cosign", request, *self.secret, "--confirm", words, "--out", str(self.folder / out), *more)

    def tokens(self, out: str) -> list[str]:
        return list(ResponseReader(io.BytesIO((self.folder / out).read_bytes())))

    def transcripts(self) -> list[Path]:
        return sorted((self.folder / "home" / "transcripts").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def make_desk(folder: Path, *, real_key: bool = True) -> Desk:
    """Everything an officer brings. Without `real_key` the key was not made by the program, and opens in no time."""
    passphrase, key = folder / "passphrase", folder / "ttma.key"
    passphrase.write_text(f"{PASSPHRASE}\n")
    passphrase.chmod(0o600)
    (folder / "request.jsonl").write_bytes(REQUEST)
    if real_key:
        arguments = ["keygen", "--org", TTMA, "--use", "cosign", "--passphrase-file", str(passphrase), "--online"]
        assert main(["--home", str(folder / "home"), *arguments, "--out", str(key)]) == 0
    else:
        private = KEYS[TTMA]._key
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key.write_bytes(seal_cheaply(pem, PASSPHRASE))
        key.chmod(0o600)
        shown = prove_possession(private, organisation=TTMA, use=KeyUse.COSIGN, created=FOUNDED)
        public_path(key).write_bytes(canonical(shown))
    files = trust_files(build_list({**PUBLIC, TTMA: read_public_key(public_path(key))}))
    write_trust(folder / "trust", files)
    return Desk(folder, root_digest(files), load_trust(files.get, root_digest=root_digest(files)))
