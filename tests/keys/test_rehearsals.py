"""What a rehearsal says of invented certificates is what the employer's verifier says of the same files."""

from __future__ import annotations

import csv
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import verifier.cli
from keys.cli import main
from keys.rehearsal.compromise import CASES
from keys.settings import require_toml
from keys.trust_changes import Changes
from verifier.sources import Site
from verifier.web import Settings, create_app

HOLDING = {"partner": ["valid", "valid", "incomplete", "incomplete", "valid", "incomplete", "incomplete"],
           "clinic": ["valid", "valid", "valid", "valid", "valid", "invalid", "invalid"]}  # fmt: skip


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal") / "stolen"
    assert main(["rehearse", "compromise", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal") / "closed"
    assert main(["rehearse", "closing", str(folder)]) == 0
    return folder


def verdicts(folder: Path, capsys: pytest.CaptureFixture[str], *, site: str = "site") -> list[str]:
    """What `handseal-verify` says of the certificates, with the real clock."""
    capsys.readouterr()
    paths = [str(path) for path in sorted((folder / "certificates").glob("*.jwt"))]
    root = (folder / "root.txt").read_text().strip()
    verifier.cli.main([*paths, "--site", str(folder / site), "--root", root, "--json"])
    reports: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return [report["verdict"] for report in reports]


@pytest.mark.parametrize("key", HOLDING)
def test_a_stolen_key_costs_what_the_verifier_refuses(
    stolen: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdicts(stolen / key, capsys) == HOLDING[key]


@pytest.mark.parametrize("key", HOLDING)
def test_the_learners_to_inform_are_those_whose_certificates_fall(stolen: Path, key: str) -> None:
    table = stolen / key / "learners-to-inform.csv"
    named = [row["learner"] for row in csv.DictReader(table.read_text("utf-8-sig").splitlines())]
    learners = [name for case in CASES for name in case.learners]
    assert named == [name for name, verdict in zip(learners, HOLDING[key], strict=True) if verdict != "valid"]
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_it_tells_who_falls_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "compromise"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    partner, clinic = told.split("== The key")[1:]
    assert partner.count("FALLS") == HOLDING["partner"].count("incomplete")
    assert clinic.count("FALLS") == HOLDING["clinic"].count("invalid")
    assert "a thief can back-date" in partner
    assert "the thief may have made the certificate" in clinic


def test_certificates_outlive_the_clinic(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdicts(closed, capsys) == ["valid"] * 3


def test_a_partner_body_serves_the_same_page_at_its_own_address(closed: Path) -> None:
    """From its copy alone; the address in the certificates is nobody's any more."""
    site = Site(closed / "site", (closed / "root.txt").read_text().strip(), None)
    settings = Settings("https://verify.successor.example")
    app = create_app(site=site, clock=lambda: datetime.now(UTC), settings=settings)
    pages = [path.stem for path in (closed / "site" / "c").rglob("*.jwt")]
    assert len(pages) == 3
    for lookup in pages:
        answer = app.test_client().get(f"/c/{lookup}", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.get_json()["verdict"]) == (200, "valid")


def test_only_the_frozen_lists_do_that(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "closing"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "had nobody frozen it: refused: is out of date" in told
    assert "old key: refused: the organisation closed, and this is not the list frozen by the trust list" in told
    for name in ("revocation", "suspension", "refresh"):
        path = closed / "site" / "status" / "river-clinic" / name / "1.jwt"
        assert path.read_bytes() == (closed / "frozen" / f"{name}.jwt").read_bytes()


@pytest.mark.parametrize("rehearsal", ["stolen", "closed"])
def test_the_changes_are_such_as_holders_write(rehearsal: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(rehearsal)
    for path in folder.rglob("changes.toml"):
        assert require_toml(path.read_bytes(), Changes, str(path), hint="") != Changes()


def test_everything_is_marked_and_no_private_key_is_left(stolen: Path, closed: Path) -> None:
    for folder in (stolen, closed):
        assert "rehearsal" in (folder / "REHEARSAL.txt").read_text().lower()
        assert not any(b"PRIVATE" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("play", ["compromise", "closing"])
def test_a_folder_that_is_there_is_left_alone(play: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    assert main(["rehearse", play, str(tmp_path / "mine")]) == 1
    assert "exists already" in capsys.readouterr().err
    assert list((tmp_path / "mine").iterdir()) == []
