"""clinic.toml is read strictly, and everything in it starts at its folder."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from issuer.config import design_file, find_workspace, open_workspace
from keys.aloud import grouped
from keys.errors import ConfigurationError

GOOD = """
[clinic]
slug = "river-clinic"
name = "River Clinic"
site = "https://verify.riverclinic.example"
site-folder = "../site"
timezone = "Asia/Bangkok"
"""


def write(folder: Path, text: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clinic.toml").write_text(text, encoding="utf-8")
    return folder


def refused(folder: Path, text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        open_workspace(write(folder, text))
    return caught.value


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    workspace = open_workspace(write(tmp_path / "clinic"))
    folder = tmp_path / "clinic"
    assert workspace.organisation == "https://verify.riverclinic.example/orgs/river-clinic"
    assert workspace.site_folder == folder / "../site"
    assert (workspace.issue_key, workspace.status_key) == (folder / "keys/issue.key.age", folder / "keys/status.key")
    assert (workspace.fonts, workspace.logo, workspace.config.certificate.han) == (None, None, "sc")
    assert workspace.database_url == f"sqlite:///{folder / 'handseal.db'}"


def test_paths_start_at_the_folder(tmp_path: Path) -> None:
    text = GOOD + '[certificate]\nfonts = "f"\nlogo = "/l.svg"\n[database]\nurl = "sqlite:////var/h.db"\n'
    workspace = open_workspace(write(tmp_path, text))
    assert (workspace.fonts, workspace.logo) == (tmp_path / "f", Path("/l.svg"))
    assert workspace.database_url == "sqlite:////var/h.db"


def test_a_postgresql_url_keeps_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://clinic:pa%20ss@db.example/handseal"
    assert open_workspace(write(tmp_path, f'{GOOD}[database]\nurl = "{url}"\n')).database_url == url


def test_the_nearest_workspace_is_found(tmp_path: Path) -> None:
    write(tmp_path / "outer")
    inner = write(tmp_path / "outer" / "inner", GOOD.replace("river-clinic", "inner"))
    deep = inner / "cohorts" / "2026"
    deep.mkdir(parents=True)
    assert find_workspace(deep).config.clinic.slug == "inner"
    assert find_workspace(deep, tmp_path / "outer").config.clinic.slug == "river-clinic"
    with pytest.raises(ConfigurationError, match=r"clinic\.toml"):
        find_workspace(inner, tmp_path)


def test_no_workspace_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is in no workspace") as caught:
        find_workspace(tmp_path)
    assert "handseal init" in caught.value.hint


def test_today_is_the_clinics(tmp_path: Path) -> None:
    workspace = open_workspace(write(tmp_path))
    assert workspace.today(datetime(2026, 11, 22, 16, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert workspace.today(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_every_unknown_key_is_said_with_its_place(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD + "sit-folder = 1\n[keys]\nisue = 'x'\n[trsut]\nroot = ''\n")
    for fragment in ("clinic: unknown key 'sit-folder'", "keys: unknown key 'isue'", "unknown key 'trsut'"):
        assert fragment in str(error)
    assert "did you mean" in error.hint


@pytest.mark.parametrize(
    ("old", "new", "fragment"),
    [
        ('name = "River Clinic"\n', "", "clinic: name is missing"),
        ('"River Clinic"', "7", "clinic.name: expected `str`, got `int`"),
        ('"River Clinic"', '"River\\u202eClinic"', "clinic.name: character 6"),
        ("river-clinic", "River Clinic", "is not a slug"),
        ("https://verify.riverclinic.example", "https://verify.riverclinic.example/", "is not a base URL"),
        ("https://verify", "http://verify", "loopback"),
        ("Asia/Bangkok", "Asia/Bangkogk", "is not a time zone"),
        ("Asia/Bangkok", "../../etc/passwd", "is not a time zone"),
        ("[clinic]", "[clinic", "is not TOML"),
        ("[clinic]", "[clinic]\nslug = 'a'", "is not TOML"),
    ],
)
def test_a_wrong_value_is_said_with_its_place(tmp_path: Path, old: str, new: str, fragment: str) -> None:
    assert old in GOOD
    assert fragment in str(refused(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("[trust]\nroot = 'abc'\n", "trust.root"),
        ("[certificate]\nhan = 'th'\n", "certificate.han"),
        ("[certificate]\ndesign = '../secret'\n", "certificate.design"),
        ("[database]\nurl = 'handseal.db'\n", "database.url"),
    ],
)
def test_a_wrong_value_of_another_table_is_said(tmp_path: Path, text: str, fragment: str) -> None:
    assert fragment in str(refused(tmp_path, GOOD + text))


def test_several_wrong_values_are_said_at_once(tmp_path: Path) -> None:
    error = str(refused(tmp_path, GOOD.replace("Asia/", "").replace("https:", "ftp:")))
    assert "clinic.site" in error
    assert "clinic.timezone" in error


def test_the_root_is_asked_for_only_when_needed(tmp_path: Path) -> None:
    workspace = open_workspace(write(tmp_path))
    with pytest.raises(ConfigurationError, match=r"trust\.root: is empty"):
        assert workspace.root_digest
    digest = "ab" * 32
    for written in (digest, grouped(digest)):  # as it is printed to be compared
        assert open_workspace(write(tmp_path, f'{GOOD}[trust]\nroot = "{written}"\n')).root_digest == digest


def test_a_byte_order_mark_is_taken_and_other_encodings_are_not(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "clinic.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert open_workspace(tmp_path).config.clinic.slug == "river-clinic"
    (tmp_path / "clinic.toml").write_bytes(GOOD.replace("River", "คลินิก").encode("cp874"))
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        open_workspace(tmp_path)


@pytest.mark.parametrize("part", ["a.", '"a" . ', "'a'.", "a-b ."])
def test_a_key_of_very_many_parts_is_refused_at_once(tmp_path: Path, part: str) -> None:
    started = time.process_time()
    for text in (part * 100_000 + "b = 1", "x = {" + part * 100_000 + "b = 1}"):
        assert "too many parts" in str(refused(tmp_path, text))
    assert time.process_time() - started < 1


def test_a_design_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as refused:
        design_file("../classic")
    assert "classic" in refused.value.hint
    assert design_file("classic").suffix == ".typ"
