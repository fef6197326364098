"""The command line wins over the file; without a root nothing is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from keys.aloud import grouped
from keys.errors import ConfigurationError
from verifier.config import Configuration, Settled, configuration_path, read_configuration, settle

ROOT = "ab" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "verify.toml"


def test_the_file_is_under_the_configuration_folder() -> None:
    assert configuration_path({"XDG_CONFIG_HOME": "/etc/x"}) == Path("/etc/x/handseal/verify.toml")
    for environment in ({}, {"XDG_CONFIG_HOME": ""}, {"XDG_CONFIG_HOME": "relative"}):
        assert configuration_path(environment) == Path.home() / ".config/handseal/verify.toml"


def test_an_absent_file_is_an_empty_one(path: Path) -> None:
    assert read_configuration(path) == Configuration()


@pytest.mark.parametrize("root", [ROOT, ROOT.upper(), grouped(ROOT)])
def test_the_file_is_enough(path: Path, root: str) -> None:
    path.write_text(f'site = "site"\nroot = "{root}"\nstate = "/var/state"\n')
    settled = settle(path, site=None, root=None, state=None)
    assert settled == Settled(path.parent / "site", ROOT, Path("/var/state"))


def test_the_command_line_wins(path: Path) -> None:
    path.write_text(f'site = "site"\nroot = "{ROOT}"\nstate = "state"\n')
    settled = settle(path, site=Path("other"), root="cd" * 32, state=Path("here"))
    assert settled == Settled(Path("other"), "cd" * 32, Path("here"))


def test_the_home_folder_may_be_written_as_a_tilde(path: Path) -> None:
    path.write_text('site = "~/site"')
    assert settle(path, site=None, root=ROOT, state=None).site == Path.home() / "site"


def test_without_a_state_there_is_none(path: Path) -> None:
    assert settle(path, site=Path("x"), root=ROOT, state=None).state is None


@pytest.mark.parametrize(
    ("text", "site", "root", "message"),
    [
        ("", Path("x"), None, "root: was not told"),
        ("", Path("x"), "", "root: was not told"),
        ("", None, ROOT, "site: was not told"),
        ("", Path("https://x.example"), ROOT, "site: is a web address"),
        ("site = 'http://x.example'", None, ROOT, "site: is a web address"),
        ("", Path("x"), "abc", "root: is not a SHA-256 digest"),
        ("sit = 'x'", Path("x"), ROOT, "sit"),
        ("root = 5", Path("x"), ROOT, "root"),
        ("root = ", Path("x"), ROOT, r"verify\.toml"),
        ("root = 'a'\nroot = 'b'", Path("x"), ROOT, r"verify\.toml"),
    ],
)
def test_what_cannot_work_is_refused(path: Path, text: str, site: Path | None, root: str | None, message: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as fault:
        settle(path, site=site, root=root, state=None)
    assert fault.value.hint


def test_other_encodings_are_refused(path: Path) -> None:
    path.write_bytes('site = "ü"'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"verify\.toml"):
        read_configuration(path)


def test_opening_makes_the_state_folder(path: Path) -> None:
    Settled(path.parent / "site", ROOT, path.parent / "state").open()
    assert (path.parent / "state").is_dir()
