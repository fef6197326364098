"""Keys are opened only from files that nobody else can read, and shown only with proof of possession."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec.structs import replace

from keys import keyfile
from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.files import write_new
from keys.possession import KeyUse, PublicKeyFile, parse_public_key, prove_possession
from keys.signer import MemorySigner
from tests.keys.age import write_cheap_key

BASE = "https://verify.riverclinic.example"
TTMA = f"{BASE}/orgs/ttma"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEY = generate_private_key(Algorithm.ES256)
PASSPHRASE = "six random words"
UNREADABLE = "cannot be opened: wrong passphrase, or not a whole key file"


def pem(key: object, encryption: serialization.KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


def secret(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def refused(path: Path, passphrase: str | None = None) -> str:
    with pytest.raises(HandsealError) as fault:
        keyfile.open_key_file(path, passphrase)
    return str(fault.value).removeprefix(f"{path}: ")


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One age file for all tests: making and opening one takes a second."""
    path = tmp_path_factory.mktemp("keys") / "cosign.key"
    keyfile.write_key_file(path, KEY, "correct horse")
    return path


def test_an_encrypted_key_opens_with_its_passphrase_alone_and_holds_no_key_in_the_clear(encrypted: Path) -> None:
    signer = MemorySigner(keyfile.open_key_file(encrypted, "correct horse"), BASE)
    assert signer.kid == MemorySigner(KEY, BASE).kid
    assert signer.sign(b"message") == MemorySigner(KEY, BASE).sign(b"message")
    assert keyfile.key_form(encrypted) is keyfile.KeyForm.SEALED
    assert encrypted.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in encrypted.read_bytes()


def test_K03_wrong_passphrase_and_damage_read_alike(encrypted: Path, tmp_path: Path) -> None:
    data = encrypted.read_bytes()
    flipped = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
    assert refused(encrypted, "incorrect horse") == UNREADABLE
    assert refused(secret(tmp_path / "flipped", flipped), "correct horse") == UNREADABLE
    assert refused(secret(tmp_path / "cut", data[:60]), "correct horse") == UNREADABLE
    assert refused(secret(tmp_path / "text", b"no key\n"), "correct horse") == UNREADABLE
    assert refused(secret(tmp_path / "empty", b""), "correct horse") == UNREADABLE


def test_an_encrypted_key_is_not_opened_without_a_passphrase(encrypted: Path) -> None:
    assert refused(encrypted) == "is no unencrypted key"


def test_a_plain_status_key_opens_unattended(tmp_path: Path) -> None:
    path = tmp_path / "status.key"
    shown = keyfile.create_key(path, organisation=TTMA, use=KeyUse.STATUS, passphrase=None, created=NOW)
    assert MemorySigner(keyfile.open_key_file(path, None), BASE).kid == shown.kid
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.key_form(path) is keyfile.KeyForm.OPEN


@pytest.mark.parametrize("use", [KeyUse.ISSUE, KeyUse.COSIGN, KeyUse.TRUST])
def test_no_other_key_lies_in_the_clear(tmp_path: Path, use: KeyUse) -> None:
    with pytest.raises(HandsealError, match="only an unattended status key"):
        keyfile.create_key(tmp_path / "key", organisation=TTMA, use=use, passphrase=None, created=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_trust_key_is_ed25519_and_its_public_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "trust.key"
    shown = keyfile.create_key(path, organisation=TTMA, use=KeyUse.TRUST, passphrase="p", created=NOW)
    key = keyfile.open_key_file(path, "p")
    assert keyfile.read_public_key(keyfile.public_path(path)) == shown
    assert shown.ed25519.public_bytes_raw() == key.public_key().public_bytes_raw()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_K04_a_key_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = secret(tmp_path / "key", pem(KEY))
    path.chmod(mode)
    assert refused(path) == "may be read by others"


def test_K04_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret(tmp_path / "key", pem(KEY)))
    assert refused(link) == "is a symbolic link"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_K04_a_key_in_a_git_work_tree_is_refused_unless_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    path = secret(tmp_path / "status.key", pem(KEY))
    assert refused(path) == "lies in a git work tree and is not ignored there"
    with pytest.raises(HandsealError, match="git work tree"):
        keyfile.write_key_file(tmp_path / "new.key", KEY, None)
    assert not (tmp_path / "new.key").exists()
    (tmp_path / ".gitignore").write_text("*.key\n")
    assert keyfile.open_key_file(path, None).private_numbers() == KEY.private_numbers()


def test_K05_no_key_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("mine")
    with pytest.raises(HandsealError, match="exists already"):
        keyfile.write_key_file(path, KEY, None)
    other = tmp_path / "other"
    keyfile.public_path(other).write_text("mine")
    with pytest.raises(HandsealError, match="exists already"):
        keyfile.create_key(other, organisation=TTMA, use=KeyUse.STATUS, passphrase=None, created=NOW)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["key", "other.pub.json"]


def test_K17_pkcs8_encryption_is_refused(tmp_path: Path) -> None:
    weak = pem(KEY, serialization.BestAvailableEncryption(b"p"))
    assert refused(secret(tmp_path / "weak", weak), "p") == "is encrypted too weakly (PKCS#8)"


def test_keys_of_other_kinds_are_refused(tmp_path: Path) -> None:
    curve = secret(tmp_path / "p384", pem(ec.generate_private_key(ec.SECP384R1())))
    assert refused(curve) == "is a key of another kind"
    small = secret(tmp_path / "rsa", pem(rsa.generate_private_key(65537, 1024)))  # noqa: S505 - weak on purpose
    assert "RSA key has" in refused(small)
    big = secret(tmp_path / "big", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 70_000)
    assert "is larger than" in refused(big)


@pytest.fixture(scope="module")
def shown() -> PublicKeyFile:
    return prove_possession(KEY, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)


def test_a_public_key_file_reads_back(shown: PublicKeyFile, tmp_path: Path) -> None:
    assert parse_public_key(canonical(shown), "key") == shown
    write_new(tmp_path / "p", canonical(shown))
    assert keyfile.read_public_key(tmp_path / "p") == shown
    assert shown.kid == MemorySigner(KEY, BASE).kid


def test_K11_a_public_key_file_without_proof_of_possession_is_refused(shown: PublicKeyFile) -> None:
    other = prove_possession(generate_private_key(Algorithm.ES256), organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    spoiled = [
        replace(shown, use=KeyUse.ISSUE),
        replace(shown, organisation=f"{BASE}/orgs/other"),
        replace(shown, created=NOW.replace(year=2025)),
        replace(shown, alg="RS256"),
        replace(shown, kid=other.kid),
        replace(shown, jwk=other.jwk),
        replace(shown, proof=other.proof),
        replace(shown, proof=shown.proof[:-4] + "AAAA"),
        replace(shown, proof=""),
        replace(shown, use=KeyUse.TRUST),
    ]
    for file in spoiled:
        with pytest.raises(HandsealError, match=r"^key: "):
            parse_public_key(canonical(file), "key")
    without = canonical(shown).replace(f',"proof":"{shown.proof}"'.encode(), b"")
    with pytest.raises(HandsealError, match="proof: is missing"):
        parse_public_key(without, "key")


class _Busy:
    """age's library on a machine that seems slow `times` times."""

    def __init__(self, times: int) -> None:
        self._left = times
        self._decrypt = pyrage.passphrase.decrypt

    def decrypt(self, data: bytes, passphrase: str) -> bytes:
        self._left -= 1
        if self._left >= 0:
            raise pyrage.DecryptError("Excessive work parameter for passphrase.")
        return self._decrypt(data, passphrase)


def test_a_machine_that_was_busy_for_a_moment_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_cheap_key(tmp_path / "a.key", KEY, PASSPHRASE)
    monkeypatch.setattr(pyrage, "passphrase", _Busy(keyfile.LOOKS - 1))
    assert keyfile.open_key_file(path, PASSPHRASE).private_numbers() == KEY.private_numbers()
    monkeypatch.setattr(pyrage, "passphrase", _Busy(keyfile.LOOKS))
    with pytest.raises(keyfile.UnreadableKeyError):
        keyfile.open_key_file(path, PASSPHRASE)


def test_a_file_that_asks_for_endless_work_is_not_tried(tmp_path: Path) -> None:
    path = write_cheap_key(tmp_path / "a.key", KEY, PASSPHRASE)
    head, _, rest = path.read_bytes().partition(b" 1\n")
    path.write_bytes(head + b" 63\n" + rest)
    with pytest.raises(keyfile.UnreadableKeyError) as refused:
        keyfile.open_key_file(path, PASSPHRASE)
    assert "too busy or too slow" in refused.value.hint


def test_a_wrong_passphrase_is_tried_once_and_lays_nothing_to_the_machine(tmp_path: Path) -> None:
    path = write_cheap_key(tmp_path / "a.key", KEY, PASSPHRASE)
    with pytest.raises(keyfile.UnreadableKeyError) as refused:
        keyfile.open_key_file(path, "another passphrase")
    assert refused.value.hint == ""
