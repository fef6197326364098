"""Attacks on what the clinic stores: rows changed or gone, disks full, locks held, commands cut short."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from issuer.config import open_workspace
from issuer.database import open_database, writing
from issuer.issuing import Desk, issue
from issuer.models import State
from issuer.printing import Sheet
from issuer.statuses import Change, change_status
from issuer.upkeep import current_trust
from keys.errors import HandsealError
from keys.keyfile import open_key_file, write_key_file
from keys.signer import MemorySigner
from tests.issuer.clinic import Clinic, found_clinic, pretend_press
from tests.issuer.desk import open_desk, run, tick
from tests.world import HARBOUR, NOW, TTMA
from verifier.fonts import prepare_fonts
from verifier.report import Verdict
from verifier.sources import Site
from verifier.verify import verify

ROOT = Path(__file__).parents[2]
NAMES = [f"Learner {number:03}" for number in range(30)]


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return open_desk(tmp_path)


def sql(clinic: Clinic, statement: str) -> None:
    with writing(clinic.engine) as session:
        session.execute(text(statement))


def verdict(clinic: Clinic, lookup_id: str) -> Verdict:
    token = clinic.site.read(f"c/{lookup_id[:2]}/{lookup_id}.jwt") or b""
    return verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE learner SET name = 'Eve'",
        "UPDATE certificate SET state = 'recalled'",
        "UPDATE status_record SET revoked = 1",
        "UPDATE certificate SET core = replace(core, 'Ada', 'Eve')",
    ],
)
def test_D06_a_tampered_row_is_reported_and_changes_nothing(
    clinic: Clinic, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    sql(clinic, statement)
    assert run(clinic, "doctor", "--json") == 1
    assert any(symptom["weight"] == "fault" for symptom in json.loads(capsys.readouterr().out))
    assert verdict(clinic, lookup_id) is Verdict.VALID
    token = clinic.site.read(next(clinic.site.names("c"))) or b""
    report = verify(token, clinic.materials(), at=clinic.now, now=clinic.now)
    assert report.certificate is not None
    assert report.certificate.printed_name == "Ada"


def test_D07_a_deleted_row_is_reported_and_the_certificate_lives(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = clinic.issue_all(["Ada", "Grace"])
    sql(clinic, "DELETE FROM certificate WHERE id = 1")
    assert run(clinic, "show", first) == 1
    assert "there is no such certificate" in capsys.readouterr().err
    assert run(clinic, "publish") == 0
    tick(clinic)
    assert (verdict(clinic, first), verdict(clinic, second)) == (Verdict.VALID, Verdict.VALID)
    assert run(clinic, "doctor") == 1
    assert "gone without having been erased" in capsys.readouterr().out


def test_D07_a_revocation_outlives_its_row(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    assert run(clinic, "revoke", lookup_id, "--reason", "x") == 0
    sql(clinic, "DELETE FROM certificate")
    assert run(clinic, "publish") == 0
    tick(clinic)
    assert verdict(clinic, lookup_id) is Verdict.REVOKED


def test_D06_a_revocation_cannot_be_deleted(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    assert run(clinic, "revoke", lookup_id, "--reason", "x") == 0
    sql(clinic, "UPDATE status_record SET revoked = 0")
    assert run(clinic, "publish") == 1
    assert "not in the database as revoked" in capsys.readouterr().err
    tick(clinic)
    assert verdict(clinic, lookup_id) is Verdict.REVOKED


@pytest.mark.parametrize("value", ["' OR '1'='1", '"; DROP TABLE learner; --', "%", "\x00", "../../x"])
def test_D09_sql_is_taken_literally(clinic: Clinic, value: str) -> None:
    clinic.issue_all(["Ada"])
    assert run(clinic, "list", value) == 0
    for command in (("show", value), ("revoke", value, "--reason", "x"), ("list", "--cohort", value)):
        assert run(clinic, *command) == 1
    assert run(clinic, "propose", value, "--out", clinic.workspace.folder / "out.jsonl") == 1
    assert [record.state for record in clinic.records()] == [State.ISSUED]


def test_D10_a_locked_database_is_said(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    impatient = open_database(clinic.workspace.database_url, busy_seconds=0)
    with sqlite3.connect(clinic.workspace.folder / "handseal.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HandsealError, match="database: database is locked"), writing(impatient) as session:
            change_status(session, lookup_id, Change.REVOKE, reason="x", now=clinic.now)
        other.execute("ROLLBACK")
    assert not clinic.records()[0].status.revoked


def test_D10_a_site_that_cannot_be_written_is_said(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    folder = clinic.site.path("status/river-clinic")
    shutil.rmtree(folder)
    folder.write_text("a file where a folder should be")
    assert run(clinic, "suspend", lookup_id, "--reason", "x") == 1
    printed = capsys.readouterr().err
    assert "recorded, but the status lists are not on the site yet" in printed
    assert "Traceback" not in printed


def test_D02_a_full_disk_while_printing_issues_nothing(clinic: Clinic, request: pytest.FixtureRequest) -> None:
    clinic.enrol(["Ada", "Grace"])
    _, asked = clinic.propose()
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(asked, partner))
    clinic.refresh()

    def full(sheets: Sequence[Sheet]) -> Iterator[bytes]:
        first, second = pretend_press(sheets)
        yield first
        request.getfixturevalue("small_files")
        yield second

    with pytest.raises(HandsealError, match="grace"):
        list(issue(replace(clinic.desk(), press=full)))
    assert not list(clinic.site.names("c"))
    assert {record.state for record in clinic.records()} == {State.PROPOSED}
    assert [pdf.name[:3] for pdf in clinic.workspace.certificates.iterdir()] == ["ada"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 1 KB: what a full disk looks like to whoever writes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_D02_a_full_disk_leaves_no_request(
    clinic: Clinic, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.enrol(["Ada"])
    (tmp_path / "out").mkdir()
    prepare_fonts(clinic.workspace.folder / ".cache")
    request.getfixturevalue("small_files")
    assert run(clinic, "propose", "autumn", "--out", tmp_path / "out" / "request.jsonl") == 1
    assert "Traceback" not in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def kill_while_issuing(folder: str, made: int) -> None:
    """In a process of its own: issues with a press that makes so many PDFs and then is killed."""
    workspace = open_workspace(Path(folder))
    signer = MemorySigner(open_key_file(workspace.folder / "issue.pem", None), workspace.site)
    materials = Site(workspace.site_folder, workspace.root_digest, None).materials(NOW)

    def press(sheets: Sequence[Sheet]) -> Iterator[bytes]:
        yield from list(pretend_press(sheets))[:made]
        os.kill(os.getpid(), signal.SIGKILL)

    engine = open_database(workspace.database_url)
    list(issue(Desk(engine, workspace, current_trust(workspace), materials, lambda: signer, press, NOW, list)))


@pytest.mark.parametrize("made", [0, 15, 30])
def test_D01_killed_and_run_again_it_ends_the_same(tmp_path: Path, made: int) -> None:
    clinic = found_clinic(tmp_path)
    clinic.enrol(NAMES)
    _, request = clinic.propose()
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    clinic.refresh()
    folder = clinic.workspace.folder
    write_key_file(folder / "issue.pem", clinic.world.issue_key._key, None)
    code = f"from tests.attacks.test_D_database import kill_while_issuing as k; k({str(folder)!r}, {made})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    tokens = [record.token for record in clinic.records()]
    assert None not in tokens
    released = [lookup_id for lot in clinic.issue() for lookup_id in lot.released]
    records = clinic.records()
    assert len(released) == len(NAMES)
    assert [record.token for record in records] == tokens
    assert len({record.status.list_index for record in records}) == len(NAMES)
    assert {verdict(clinic, lookup_id) for lookup_id in released} == {Verdict.VALID}
    assert len(list(clinic.workspace.certificates.glob("*.pdf"))) == len(NAMES)
