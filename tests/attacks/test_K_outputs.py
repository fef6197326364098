"""K05: what is there already is named before anything is read, asked for or opened, and stays as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from keys.cli import main
from keys.errors import HandsealError
from keys.files import new_file, new_folder, write_new
from keys.secret_files import require_secret_place, write_secret
from tests.keys.partner import TTMA, build_request

NOBODY = "no such file"  # whoever looks for it first says so instead
COMMANDS = {
    "keygen": f"keygen --org {TTMA} --use cosign --out OUT --passphrase-file {NOBODY}",
    "keygen, public half": f"keygen --org {TTMA} --use cosign --out OTHER --passphrase-file {NOBODY}",
    "cosign": f"cosign REQUEST --key {NOBODY} --out OUT",
    "withdraw": f"withdraw urn:uuid:0b5c2a3e-0000-4000-8000-000000000000 --key {NOBODY} --out OUT",
    "status": f"status --key {NOBODY} --out OUT",
    "review": "review HALF --export OUT",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_K05_an_output_that_exists_is_named_first(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("out", "half", "other.pub.json"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "request").write_bytes(build_request())
    places = {name: str(tmp_path / name.lower()) for name in ("OUT", "HALF", "OTHER", "REQUEST")}
    words = [NOBODY if word == "\0" else places.get(word, word) for word in _words(COMMANDS[command])]
    assert main(["--home", str(tmp_path / "home"), *words]) == 1
    told = capsys.readouterr()
    assert "exists already" in told.err
    assert told.out == ""
    assert not (tmp_path / "home").exists()
    assert [(tmp_path / name).read_text() for name in ("out", "other.pub.json")] == ["mine", "mine"]


def _words(command: str) -> list[str]:
    return command.replace(NOBODY, "\0").split()


def test_K05_nobody_works_for_a_file_that_exists(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    worked = []
    with pytest.raises(HandsealError, match="exists already"), new_file(tmp_path / "file"):
        worked.append("file")
    with pytest.raises(HandsealError, match="exists already"), new_folder(tmp_path / "file"):
        worked.append("folder")
    assert worked == []


def test_K05_what_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    def fill_file() -> None:
        with new_file(tmp_path / "file") as stream:
            stream.write(b"ours")
            (tmp_path / "file").write_text("mine")

    def fill_folder() -> None:
        with new_folder(tmp_path / "folder") as beside:
            (beside / "a").write_text("ours")
            (tmp_path / "folder").mkdir()

    for fill in (fill_file, fill_folder):
        with pytest.raises(HandsealError, match="exists already"):
            fill()
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_K05_a_disk_that_fails_while_a_name_is_given_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(HandsealError, match="Input/output error"):
        write_new(tmp_path / "file", b"ours")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [require_secret_place, partial(write_secret, data=b"secret")])
def test_K04_a_key_needs_a_folder_that_is_there(tmp_path: Path, place: Callable[[Path], None]) -> None:
    with pytest.raises(HandsealError, match="its folder is not there"):
        place(tmp_path / "none" / "key")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--use cosign --unattended", "--unattended: is for"),
        ("--use status --unattended --custodians 2", "--custodians: is for"),
        ("--use cosign --token pkcs11:token=t --custodians 2", "--custodians: is for"),
        ("--use status --token pkcs11:token=t --unattended", "--token: makes"),
        ("--use cosign --token pkcs11:token=t --algorithm RS256", "--token: makes"),
    ],
)
def test_K05_options_that_exclude_each_other_make_nothing(
    options: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ["keygen", "--org", TTMA, "--out", str(tmp_path / "key"), *options.split()]
    assert main(["--home", str(tmp_path / "home"), *made]) == 2
    assert complaint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
