"""Attacks on the clinic's commands: where they write, what they print, what they are told as secrets."""

import os
from pathlib import Path

import pytest
from sqlalchemy import update

from issuer.database import writing
from issuer.models import Cohort, Learner
from tests.issuer.clinic import Clinic
from tests.issuer.desk import PASSPHRASE, open_desk, run, tick
from tests.world import HARBOUR, TTMA

NASTY = "Ada\x1b[2J\x1b]8;;https://evil.example\x07 \u202eEve"


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return open_desk(tmp_path)


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder", "fifo"])
def test_I10_an_output_that_is_there_is_left_alone(clinic: Clinic, tmp_path: Path, kind: str) -> None:
    out, other = tmp_path / "request.jsonl", tmp_path / "other"
    other.write_text("mine")
    match kind:
        case "file":
            out.write_text("mine")
        case "link":
            out.symlink_to(other)
        case "dangling link":
            out.symlink_to(tmp_path / "nowhere")
        case "folder":
            out.mkdir()
        case "fifo":
            os.mkfifo(out)
    clinic.enrol(["Ada"])
    assert run(clinic, "propose", "autumn", "--out", out) in (1, 2)
    assert clinic.records() == []
    assert other.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    if kind == "file":
        assert out.read_text() == "mine"


def test_I10_a_pdf_that_is_a_link_is_not_followed(clinic: Clinic, tmp_path: Path) -> None:
    clinic.issue_all(["Ada"])
    (pdf,) = clinic.workspace.certificates.iterdir()
    other = tmp_path / "other"
    other.write_text("mine")
    pdf.unlink()
    pdf.symlink_to(other)
    assert run(clinic, "render", "--workers", 1) == 1
    assert other.read_text() == "mine"


def test_I10_a_status_list_that_is_a_link_is_not_followed(clinic: Clinic, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    path = clinic.site.path("status/river-clinic/revocation/1.jwt")
    path.unlink()
    path.symlink_to(other)
    assert run(clinic, "publish") == 1
    assert other.read_text() == "mine"


def test_I11_a_name_moves_no_cursor(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    with writing(clinic.engine) as session:
        session.execute(update(Learner).values(name=NASTY, learner_id=NASTY))
        session.execute(update(Cohort).values(name=NASTY))
    for command in ((), ("list",), ("show", lookup_id), ("doctor",), ("eligible", NASTY), ("list", NASTY)):
        run(clinic, *command)
        printed = capsys.readouterr()
        assert "\x1b" not in printed.out + printed.err, command
        assert "\u202e" not in printed.out + printed.err, command
    run(clinic, "list")
    assert "\\u{1b}[2J" in capsys.readouterr().out


def test_I11_an_argument_moves_no_cursor(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    commands = (
        ("propose", NASTY, "--out", clinic.workspace.folder / "r"),
        ("show", NASTY),
        ("revoke", "0" * 26, "--reason", NASTY),
        ("receive", NASTY),
        ("issue", NASTY, "--workers", 1),
    )
    for command in commands:
        run(clinic, *command)
        printed = capsys.readouterr()
        assert "\x1b" not in printed.out + printed.err, command


def test_I12_a_passphrase_is_not_an_argument(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--passphrase", "--password", "-p"):
        assert run(clinic, "issue", option, PASSPHRASE) == 2
    assert PASSPHRASE not in capsys.readouterr().err


def test_I12_a_passphrase_is_not_taken_from_the_environment_nor_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = open_desk(tmp_path, issue_key=True)
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    tick(clinic)
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    for name in ("PASSPHRASE", "HANDSEAL_PASSPHRASE", "HANDSEAL_ISSUE_PASSPHRASE_FILE"):
        monkeypatch.setenv(name, PASSPHRASE)
    assert run(clinic, "issue", "--workers", 1) == 2
    assert "there is no terminal" in capsys.readouterr().err
    wrong = tmp_path / "wrong"
    wrong.write_text("not " + PASSPHRASE)
    wrong.chmod(0o600)
    assert run(clinic, "issue", "--workers", 1, "--passphrase-file", wrong) == 1
    open_file = tmp_path / "open"
    open_file.write_text(PASSPHRASE)
    open_file.chmod(0o644)
    assert run(clinic, "issue", "--workers", 1, "--passphrase-file", open_file) == 2
    printed = capsys.readouterr()
    assert PASSPHRASE not in printed.out + printed.err
    assert "Traceback" not in printed.err
    assert clinic.records()[0].token is None


def test_I12_an_issue_key_that_lies_open_is_not_used(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    tick(clinic)
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    clinic.workspace.issue_key.write_bytes(clinic.workspace.status_key.read_bytes())
    clinic.workspace.issue_key.chmod(0o600)
    assert run(clinic, "issue", "--workers", 1) == 1
    assert "lies unencrypted" in capsys.readouterr().err
