"""K03, K04, K08, K10, K17: a key opens for its custodians alone, from a file of its own, and is the one it says."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import driver_files
from keys.algorithms import Algorithm, generate_private_key
from keys.cli import main
from keys.driver_files import require_driver
from keys.encoding import canonical
from keys.errors import ConfigurationError, HandsealError
from keys.files import write_new
from keys.keyfile import public_path, read_public_key, write_key_file
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.private_key import AnyPrivateKey
from keys.transcript import verify_transcript
from keys.unlock_cli import PASSPHRASE_TRIES, unlocked
from tests.keys.age import write_cheap_key
from tests.keys.keyboard import sit_down
from tests.keys.partner import TTMA

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KEY = generate_private_key(Algorithm.ES256)
UNREADABLE = "cannot be opened: wrong passphrase, or not a whole key file"
FIRST, SECOND = "seven green kettles", "under the mango tree"


def published(path: Path, key: AnyPrivateKey = KEY, use: KeyUse = KeyUse.COSIGN, custodians: int = 1) -> PublicKeyFile:
    shown = prove_possession(key, organisation=TTMA, use=use, created=NOW, custodians=custodians)
    write_new(public_path(path), canonical(shown))
    return shown


def passphrases(folder: Path, *spoken: str) -> list[Path]:
    paths = [folder / f"passphrase.{number}" for number in range(len(spoken))]
    for path, text in zip(paths, spoken, strict=True):
        path.write_text(f"{text}\n")
        path.chmod(0o600)
    return paths


def refused(path: Path, public: PublicKeyFile, *spoken: str) -> str:
    with pytest.raises(HandsealError) as fault, unlocked(path, public, passphrases(path.parent, *spoken)):
        pytest.fail("it opened")
    return str(fault.value).removeprefix(f"{path}: ")


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, PublicKeyFile]:
    """A key of two custodians."""
    path = write_cheap_key(tmp_path / "cosign.key", KEY, f"{FIRST} {SECOND}")
    return path, published(path, custodians=2)


def test_two_custodians_open_a_key_together(shared: tuple[Path, PublicKeyFile]) -> None:
    path, public = shared
    with unlocked(path, public, passphrases(path.parent, FIRST, SECOND)) as signer:
        assert (signer.kid, signer.alg) == (public.kid, "ES256")


def test_K10_a_crash_while_a_key_is_open_writes_no_key_to_the_disk(
    shared: tuple[Path, PublicKeyFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limits.append((kind, limit)))
    with unlocked(*shared, passphrases(shared[0].parent, FIRST, SECOND)):
        assert limits == [(resource.RLIMIT_CORE, (0, 0))]


def test_any_age_program_opens_a_key_of_two_custodians(shared: tuple[Path, PublicKeyFile]) -> None:
    opened = pyrage.passphrase.decrypt(shared[0].read_bytes(), f"{FIRST} {SECOND}")
    assert opened.startswith(b"-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize("spoken", [(FIRST, "guess"), ("guess", SECOND), (SECOND, FIRST), ("guess", "guess")])
def test_K03_nobody_learns_which_custodian_was_wrong(
    shared: tuple[Path, PublicKeyFile], spoken: tuple[str, str]
) -> None:
    assert refused(*shared, *spoken) == UNREADABLE


def test_K03_damage_reads_like_a_wrong_passphrase(shared: tuple[Path, PublicKeyFile]) -> None:
    path, public = shared
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert refused(path, public, FIRST, SECOND) == UNREADABLE
        path.write_bytes(whole[:place])
        assert refused(path, public, FIRST, SECOND) == UNREADABLE


@pytest.mark.parametrize("spoken", [(FIRST,), (FIRST, SECOND, "more")])
def test_each_custodian_has_a_passphrase_file(shared: tuple[Path, PublicKeyFile], spoken: tuple[str, ...]) -> None:
    path, public = shared
    with (
        pytest.raises(ConfigurationError, match="takes 2 of them"),
        unlocked(path, public, passphrases(path.parent, *spoken)),
    ):
        pytest.fail("it opened")


def test_custodians_are_asked_one_after_the_other(
    shared: tuple[Path, PublicKeyFile], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = sit_down(monkeypatch, FIRST, SECOND)
    with unlocked(*shared):
        assert typed.asked == ["passphrase of custodian 1", "passphrase of custodian 2"]
    assert "custodian 2: alone at screen and keyboard now" in capsys.readouterr().err


def test_K03_three_tries_each_taken_down(shared: tuple[Path, PublicKeyFile], monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [FIRST, "guess"] * PASSPHRASE_TRIES
    typed, noted = sit_down(monkeypatch, *wrong, FIRST, SECOND), []
    with (
        pytest.raises(HandsealError, match=UNREADABLE),
        unlocked(*shared, note=lambda event, **details: noted.append((event, details))),
    ):
        pytest.fail("it opened")
    assert len(typed.asked) == len(wrong)
    assert noted == [("key-not-opened", {"attempt": str(number)}) for number in (1, 2, 3)]


def test_the_third_try_opens(shared: tuple[Path, PublicKeyFile], monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "guess", SECOND, FIRST, "guess", FIRST, SECOND)
    with unlocked(*shared) as signer:
        assert signer.kid == shared[1].kid


def test_K03_a_passphrase_file_is_tried_once(shared: tuple[Path, PublicKeyFile]) -> None:
    noted: list[str] = []
    with (
        pytest.raises(HandsealError, match=UNREADABLE),
        unlocked(*shared, passphrases(shared[0].parent, "a", "b"), note=lambda event, **details: noted.append(event)),
    ):
        pytest.fail("it opened")
    assert noted == ["key-not-opened"]


def test_K08_a_key_that_is_not_its_public_files_is_refused(tmp_path: Path) -> None:
    path = write_cheap_key(tmp_path / "cosign.key", generate_private_key(Algorithm.ES256), FIRST)
    assert refused(path, published(path), FIRST) == f"does not belong to {public_path(path)}"


def test_K08_a_holders_key_does_not_pass_for_a_co_signers(tmp_path: Path) -> None:
    path = write_cheap_key(tmp_path / "cosign.key", Ed25519PrivateKey.generate(), FIRST)
    assert refused(path, published(path), FIRST) == f"does not belong to {public_path(path)}"


@pytest.mark.parametrize("use", [KeyUse.ISSUE, KeyUse.COSIGN, KeyUse.TRUST])
def test_K08_only_a_status_key_may_lie_open(tmp_path: Path, use: KeyUse) -> None:
    key = Ed25519PrivateKey.generate() if use is KeyUse.TRUST else KEY
    write_key_file(tmp_path / "key", key, None)
    assert refused(tmp_path / "key", published(tmp_path / "key", key, use)) == "lies unencrypted"


def test_an_unattended_status_key_opens_without_asking(tmp_path: Path) -> None:
    write_key_file(tmp_path / "key", KEY, None)
    with unlocked(tmp_path / "key", published(tmp_path / "key", use=KeyUse.STATUS)) as signer:
        assert signer.sign(b"x") == signer.sign(b"x")


def keygen(folder: Path, *more: str) -> int:
    out = ["--out", str(folder / "cosign.key"), "--home", str(folder / "home"), "--online"]
    return main(["keygen", "--org", TTMA, "--use", "cosign", *out, *more])


def test_keygen_makes_a_key_of_two_custodians_and_says_so(tmp_path: Path) -> None:
    files = passphrases(tmp_path, FIRST, SECOND)
    named = [argument for path in files for argument in ("--passphrase-file", str(path))]
    assert keygen(tmp_path, "--custodians", "2", *named) == 0
    public = read_public_key(tmp_path / "cosign.key.pub.json")
    assert b'"custodians":2' in canonical(public)
    with unlocked(tmp_path / "cosign.key", public, files) as signer:
        assert signer.kid == public.kid
    (written,) = (tmp_path / "home" / "transcripts").iterdir()
    lines = verify_transcript(written.read_bytes().splitlines(keepends=True), "transcript").lines
    assert lines[1].details["custodians"] == "2"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--custodians", "2"], "takes 2 of them, and 1 files are named"),
        (["--custodians", "3"], "'3' is not one of"),
    ],
)
def test_keygen_wants_as_many_passphrases_as_custodians(
    tmp_path: Path, more: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = passphrases(tmp_path, FIRST)
    assert keygen(tmp_path, *more, "--passphrase-file", str(file)) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "cosign.key").exists()


def test_two_custodians_do_not_share_a_passphrase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = passphrases(tmp_path, FIRST)
    named = ["--passphrase-file", str(file)] * 2
    assert keygen(tmp_path, "--custodians", "2", *named) == 2
    assert "is the same for both custodians" in capsys.readouterr().err
    assert not (tmp_path / "cosign.key").exists()


def test_K04_a_key_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_cheap_key(tmp_path / "cosign.key", KEY, FIRST)
    public = published(path)
    table = tmp_path / "mountinfo"
    table.write_text(f"1 1 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / {tmp_path} rw - nfs4 server:/export rw\n")
    monkeypatch.setattr("keys.secret_files.MOUNTINFO", table)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert refused(path, public, FIRST) == "lies on a network file system (nfs4)"
    (tmp_path / "elsewhere").symlink_to(tmp_path)
    with pytest.raises(HandsealError, match="network file system"):
        write_key_file(tmp_path / "elsewhere" / "new.key", KEY, FIRST)
    assert not (tmp_path / "new.key").exists()


@pytest.mark.parametrize("form", ["EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "RSA PRIVATE KEY"])
def test_K17_key_files_of_other_programs_are_refused_before_anything_is_asked(tmp_path: Path, form: str) -> None:
    write_new(tmp_path / "cosign.key", f"-----BEGIN {form}-----\nProc-Type: 4,ENCRYPTED\n".encode(), 0o600)
    public = published(tmp_path / "cosign.key")
    with (
        pytest.raises(HandsealError, match="is a key file of another program"),
        unlocked(tmp_path / "cosign.key", public),
    ):
        pytest.fail("it opened")


@pytest.mark.parametrize("way", ["beside the key", "behind a link"])
def test_K04_no_driver_is_loaded_from_the_stick_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whoever exchanged the file of a key would run a program with the officer's rights, and be told the PIN."""
    typed = sit_down(monkeypatch, "271828")
    driver = tmp_path / "driver.so"
    driver.write_bytes(b"\x7fELF")
    named = driver if way == "beside the key" else Path("/usr/lib").joinpath(*[".."] * 9, *driver.parts[1:])
    path = tmp_path / "cosign.key"
    write_new(path, f"pkcs11:token=TTMA;object=cosign?module-path={named}\n".encode(), 0o600)
    public = prove_possession(KEY, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    with pytest.raises(HandsealError, match="is not where programs are installed"), unlocked(path, public):
        pytest.fail("it opened")
    assert typed.asked == []


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_K04_keygen_asks_no_passphrase_for_a_key_that_cannot_lie_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    typed = sit_down(monkeypatch, FIRST, FIRST)
    assert keygen(tmp_path) == 1
    assert "lies in a git work tree" in capsys.readouterr().err
    assert (typed.asked, list(tmp_path.glob("*.key*"))) == ([], [])


def test_K04_keygen_loads_no_driver_from_a_stick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    driver = tmp_path / "driver.so"
    driver.write_bytes(b"\x7fELF")
    write_new(tmp_path / "pin", b"271828\n", 0o600)
    token = ("--token", f"pkcs11:token=TTMA;object=cosign?module-path={driver}")
    assert keygen(tmp_path, *token, "--passphrase-file", str(tmp_path / "pin")) == 1
    assert f"--token: module-path: {driver} is not where programs are installed" in capsys.readouterr().err


def test_K04_no_driver_is_loaded_that_others_may_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_files, "HOMES", (tmp_path,))
    driver = tmp_path / "lib" / "driver.so"
    driver.parent.mkdir()
    driver.write_bytes(b"\x7fELF")
    for part, mode in ((driver, 0o646), (driver.parent, 0o707)):
        was = part.stat().st_mode
        part.chmod(mode)
        with pytest.raises(HandsealError, match=f"{part} may be changed by others"):
            require_driver(str(driver), "key")
        part.chmod(was)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_K04_no_driver_of_somebody_else_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_files, "HOMES", (tmp_path,))
    driver = tmp_path / "driver.so"
    driver.write_bytes(b"\x7fELF")
    os.chown(driver, 12345, 12345)
    with pytest.raises(HandsealError, match=f"{driver} may be changed by others"):
        require_driver(str(driver), "key")
