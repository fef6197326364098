"""A SoftHSM token of the tests' own, in a folder of theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.encoding import canonical
from keys.files import SECRET, write_new
from keys.keyfile import public_path
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.private_key import AnyPrivateKey
from tests.keys.partner import FOUNDED

PIN, WRONG_PIN = "271828", "314159"
_DRIVERS = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


class Token(NamedTuple):
    """A token that is plugged in, and where its PIN stands for commands."""

    label: str
    module: str
    pin_file: Path
    folder: Path

    def uri(self, key: str) -> str:
        return f"pkcs11:token={self.label};object={key}?module-path={self.module}"

    def take(self, key: AnyPrivateKey, label: str) -> None:
        """Puts a key in, as no product does: the tests' trust lists know it already."""
        pem = self.folder / f"{label}.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        named = ("--import", str(pem), "--token", self.label, "--label", label, "--id", label.encode().hex())
        _softhsm(*named, "--pin", PIN)
        pem.unlink()

    def keep(self, path: Path, key: AnyPrivateKey, organisation: str, use: KeyUse) -> PublicKeyFile:
        """Puts `key` in, with `path` to say so and its public file beside it."""
        label = f"key-{os.urandom(4).hex()}"
        self.take(key, label)
        write_new(path, f"{self.uri(label)}\n".encode(), SECRET)
        public = prove_possession(key, organisation=organisation, use=use, created=FOUNDED)
        write_new(public_path(path), canonical(public))
        return public


def find_driver() -> str | None:
    """SoftHSM's driver, where the whole of it is installed."""
    found = next((driver for driver in _DRIVERS if Path(driver).is_file()), None)
    return found if shutil.which("softhsm2-util") else None


def start_token(folder: Path, module: str) -> Token:
    """A new token below `folder`; its driver, `module`, reads where that is when this process first asks."""
    (folder / "tokens").mkdir()
    settings = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(settings)
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    _softhsm("--init-token", "--free", "--label", "TTMA", "--so-pin", "161803", "--pin", PIN)
    pin_file = folder / "pin"
    write_new(pin_file, f"{PIN}\n".encode(), SECRET)
    return Token("TTMA", module, pin_file, folder)


def _softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)
