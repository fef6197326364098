"""The whole thing at once: what `handseal demo` leaves has everybody's folders, and an employer's tool agrees."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

import keys.cli
import verifier.cli
from issuer import demo_people
from issuer.cli import main as handseal
from issuer.demo import read_demo

VERDICTS = {"valid": 0, "revoked": 1, "suspended": 1, "withdrawn": 1}


@pytest.fixture(scope="module")
def manifest(demo_folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((demo_folder / "demo.json").read_text())
    return loaded


def test_ten_of_twelve_are_certified(manifest: dict[str, Any]) -> None:
    verdicts = [entry["verdict"] for entry in manifest["certificates"]]
    assert sorted(verdicts) == sorted(["valid"] * 7 + ["revoked", "suspended", "withdrawn"])
    assert {entry["name"]: entry["missing"] for entry in manifest["notCertified"]} == {
        "Mai Trần": ["Theory quiz: 75, needs 80"],
        "อรุณี แก้วมณี": ["Live skill check: not yet assessed"],
    }


def test_each_pdf_gets_its_verdict_and_exit_code(
    demo_folder: Path, manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    site = ["--site", str(demo_folder / "site"), "--root", manifest["root"]]
    for entry in manifest["certificates"]:
        code = verifier.cli.main([str(demo_folder / entry["pdf"]), *site, "--json"])
        (report,) = json.loads(capsys.readouterr().out)
        assert (code, report["verdict"]) == (VERDICTS[entry["verdict"]], entry["verdict"])
        assert report["credential"]["credentialSubject"]["identifier"][0]["identityHash"] == entry["name"]


def test_several_files_give_the_worst_code(demo_folder: Path, manifest: dict[str, Any]) -> None:
    site = ["--site", str(demo_folder / "site"), "--root", manifest["root"]]
    pdfs = [str(demo_folder / entry["pdf"]) for entry in manifest["certificates"]]
    assert verifier.cli.main([*pdfs, *site]) == 1
    assert verifier.cli.main([*pdfs, str(demo_folder / "nothing.pdf"), *site]) == 2


def test_without_a_root_nothing_is_believed(
    demo_folder: Path, manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    pdf = str(demo_folder / manifest["certificates"][0]["pdf"])
    assert verifier.cli.main([pdf, "--site", str(demo_folder / "site")]) == 2


def test_another_root_is_never_valid(demo_folder: Path, manifest: dict[str, Any]) -> None:
    pdf = str(demo_folder / manifest["certificates"][0]["pdf"])
    assert verifier.cli.main([pdf, "--site", str(demo_folder / "site"), "--root", "00" * 32]) == 3


def test_clinic_site_and_partners_have_their_folders(demo_folder: Path) -> None:
    for name in ("clinic/clinic.toml", "clinic/programmes", "clinic/cohorts", "clinic/keys", "site/trust/targets.json"):
        assert (demo_folder / name).exists(), name
    for slug in ("harbour-hospital", "ttma"):
        for name in ("cosign.key.age", "roster.csv", "response.jsonl", "transcripts"):
            assert (demo_folder / "partners" / slug / name).exists(), name
    assert len(list((demo_folder / "clinic" / "certificates").glob("*.pdf"))) == 10


def test_secrets_are_readable_by_their_owner_alone(demo_folder: Path) -> None:
    secrets = [path for path in demo_folder.rglob("*") if path.name.endswith((".age", ".passphrase", "status.key"))]
    assert len(secrets) == 15  # seven encrypted keys, their passphrases, and the unattended status key
    for path in secrets:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_no_passphrase_or_private_key_lies_elsewhere(demo_folder: Path) -> None:
    passphrases = [path.read_bytes().strip() for path in demo_folder.rglob("*.passphrase")]
    for path in demo_folder.rglob("*"):
        if path.is_file() and not path.name.endswith((".passphrase", "status.key")):
            data = path.read_bytes()
            assert b"PRIVATE KEY" not in data, path
            assert not any(passphrase in data for passphrase in passphrases), path


def test_nothing_names_the_folder_it_was_built_in(demo_folder: Path) -> None:
    for path in demo_folder.rglob("*"):
        if path.is_file():
            assert b".demo.building" not in path.read_bytes(), path


def test_every_transcript_verifies(demo_folder: Path) -> None:
    transcripts = sorted(demo_folder.rglob("transcripts/*.jsonl"))
    assert transcripts
    for transcript in transcripts:
        assert keys.cli.main(["transcript", "verify", str(transcript)]) == 0


def test_the_clinic_finds_its_house_in_order(demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert handseal(["--workspace", str(demo_folder / "clinic"), "doctor"]) == 0
    assert "error" not in capsys.readouterr().out


def test_a_second_run_takes_what_is_there(demo_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo_folder.rglob("*.pdf")}
    assert handseal(["demo", str(demo_folder), "--no-serve"]) == 0
    assert {path: path.stat().st_mtime_ns for path in demo_folder.rglob("*.pdf")} == before
    assert "revoked" in capsys.readouterr().out


def test_a_demonstration_can_be_moved(demo_folder: Path, manifest: dict[str, Any], tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(demo_folder, moved)
    assert handseal(["--workspace", str(moved / "clinic"), "list"]) == 0
    assert read_demo(moved).root == manifest["root"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert handseal(["demo", str(tmp_path), "--no-serve"]) == 1
    assert "neither empty nor a demonstration" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("count", [1, 2, 3, 12, 13, 200])
def test_there_are_as_many_people_as_asked_for(count: int) -> None:
    assert len(demo_people.people(count)) == count
