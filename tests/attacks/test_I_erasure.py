"""People who go or take their consent back: nothing is left but places in status lists."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from issuer.database import open_database, reading, writing
from issuer.erasing import Erased, erase, files_holding
from issuer.models import CertificateRecord, Event, Learner, StatusRecord
from keys.errors import HandsealError
from keys.request import RequestReader
from tests.issuer.clinic import COHORT, Clinic, found_clinic, later
from tests.issuer.desk import open_desk, run, tick
from tests.issuer.entries import PROGRAMME_FILE
from tests.issuer.people import RIGHT, WRONG, cosign, draft, verdict
from tests.world import HARBOUR, TTMA
from verifier.folder import Folder
from verifier.report import Verdict
from verifier.verify import verify


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def erased(clinic: Clinic, identity: str, reason: str = "asked to be erased") -> Erased:
    return erase(clinic.engine, clinic.workspace, identity, reason=reason, now=clinic.now)


def holding(folder: Path, text: str) -> list[str]:
    """Files with these bytes, the database and its journal included."""
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_I16_nothing_is_left_and_a_certificate_still_verifies(clinic: Clinic) -> None:
    first, other = clinic.issue_all([WRONG, "Ada Lovelace"])
    second = draft(clinic, first).lookup_id
    cosign(clinic)
    clinic.issue()
    token = clinic.site.read(f"c/{second[:2]}/{second}.jwt") or b""
    lists = [clinic.list(purpose).bits for purpose in ("revocation", "suspension", "refresh")]
    assert holding(clinic.workspace.folder, WRONG)
    done = erased(clinic, "L00001")
    assert (done.certificates, done.proposed) == (2, 0)
    for text in (WRONG, RIGHT, "L00001", first, second):
        assert holding(clinic.workspace.folder.parent, text) == []
    assert (verdict(clinic, first), verdict(clinic, second)) == (None, None)
    assert verdict(clinic, other) is Verdict.VALID
    later(clinic, minutes=1)
    clinic.refresh()
    assert [clinic.list(purpose).bits for purpose in ("revocation", "suspension", "refresh")] == lists
    assert verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict is Verdict.VALID
    with reading(clinic.engine) as session:
        assert len(session.scalars(select(StatusRecord)).all()) == 3
        events = session.scalars(select(Event).where(Event.command == "erase")).all()
        assert [event.reason for event in events] == ["asked to be erased"] * 2
        assert list(session.scalars(select(Learner.name))) == ["Ada Lovelace"]
    assert len(list(clinic.workspace.certificates.iterdir())) == 1


def test_I16_by_the_id_of_a_certificate_in_any_spelling(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada Lovelace"])
    typed = "-".join(lookup_id[i : i + 4] for i in range(0, 26, 4)).lower()
    assert erased(clinic, typed).person.learner_id == "L00001"
    with pytest.raises(HandsealError, match="no such learner"):
        erased(clinic, lookup_id)


@pytest.mark.parametrize("reason", ["Ada Lovelace asked", "l00001 asked", ""])
def test_I16_the_reason_that_stays_names_nobody(clinic: Clinic, reason: str) -> None:
    (lookup_id,) = clinic.issue_all(["Ada Lovelace"])
    with pytest.raises(HandsealError, match="reason"):
        erased(clinic, "L00001", reason)
    assert verdict(clinic, lookup_id) is Verdict.VALID


def test_I16_a_cohort_is_not_held_up_by_who_was_erased_meanwhile(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "Grace"])
    _, request = clinic.propose()
    answers = [clinic.respond(request, partner) for partner in (HARBOUR, TTMA)]
    assert erased(clinic, "L00001").proposed == 1
    for answer in answers:
        taken = clinic.receive(answer)
        assert (taken.new, taken.erased) == (1, 1)
    (lot,) = clinic.issue()
    assert len(lot.released) == 1
    assert clinic.records()[0].enrolment.learner.name == "Grace"


def test_I16_a_stranger_among_the_answers_is_still_refused(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    erased(clinic, "L00001")
    later(clinic, days=1)
    clinic.enrol(["Grace"])
    _, request = clinic.propose()
    answer = clinic.respond(request)
    with writing(clinic.engine) as session:
        record = session.scalars(select(CertificateRecord)).one()
        record.certificate_id = "urn:uuid:00000000-0000-4000-8000-000000000000"
    with pytest.raises(HandsealError, match="did not propose"):
        clinic.receive(answer)


def test_I16_files_that_hold_the_person_are_named(clinic: Clinic) -> None:
    clinic.enrol([WRONG, "Ada Lovelace"])
    folder = clinic.workspace.folder
    _, request = clinic.propose()
    (folder / "request.jsonl").write_bytes(request)
    (folder / "cohorts").mkdir()
    (folder / "cohorts" / "autumn.csv").write_text("learner_id,name\nL00001,x\n")
    (folder / "cohorts" / "other.csv").write_text("learner_id,name\nL000012,x\n")
    (folder / "response.jsonl").write_bytes(clinic.respond(request))
    (folder / "half.jsonl").write_bytes(clinic.respond(request, exclude=_row_of(request, WRONG)))
    _workbook(folder / "autumn.xlsx")
    person = erased(clinic, "L00001").person
    named = list(files_holding(Folder(folder), person))
    assert named == ["autumn.xlsx", "cohorts/autumn.csv", "request.jsonl", "response.jsonl"]


def _row_of(request: bytes, name: str) -> tuple[int, ...]:
    return tuple(row.number for row in RequestReader(BytesIO(request)) if row.core.printed_name == name)


def _workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet().write(0, 0, WRONG)


def test_I16_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path)
    clinic.issue_all(["Ada Lovelace", "Grace"])
    (clinic.workspace.folder / "request.jsonl").write_text("Ada Lovelace")
    capsys.readouterr()
    assert run(clinic, "erase", "L00001", "--reason", "asked to be erased") == 0
    printed = capsys.readouterr()
    assert "Ada" not in printed.out + printed.err
    assert printed.out.splitlines() == [
        "erased, with 1 certificate",
        str(clinic.workspace.folder / "request.jsonl"),
    ]
    (clinic.workspace.folder / "request.jsonl").unlink()
    assert holding(tmp_path, "Ada Lovelace") == []
    assert run(clinic, "publish") == 0
    assert run(clinic, "doctor", "--json") == 0, capsys.readouterr().out


def test_I16_while_another_command_reads_it_is_said_that_the_journal_still_holds_the_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = open_desk(tmp_path)
    clinic.issue_all(["Ada Lovelace"])
    impatient = open_database(clinic.workspace.database_url, busy_seconds=0)
    with reading(clinic.engine) as session:
        session.scalars(select(Learner)).all()
        with pytest.raises(HandsealError) as told:
            erase(impatient, clinic.workspace, "L00001", reason="asked to be erased", now=clinic.now)
    assert "handseal doctor --compact" in told.value.hint
    with reading(clinic.engine) as session:
        assert session.scalars(select(Learner)).all() == []
    impatient.dispose()
    run(clinic, "doctor", "--compact")
    assert holding(tmp_path, "Ada Lovelace") == []


# -- consent -----------------------------------------------------------------------------------------------------------


def test_I16_without_consent_there_is_no_page_and_no_code(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada Lovelace"], consent=False)
    assert verdict(clinic, lookup_id) is None
    (pdf,) = clinic.workspace.certificates.iterdir()
    assert pdf.read_bytes().startswith(b"PDF None ")  # the press was given no address to print


def test_I16_a_consent_that_is_taken_back_takes_the_page_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = open_desk(tmp_path)
    kept, gone = clinic.issue_all(["Ada Lovelace", "Grace"])
    with reading(clinic.engine) as session:
        people = session.scalars(select(Learner).order_by(Learner.id)).all()
        rows = [f"{p.learner_id},{p.name},{p.enrolments[0].start},{p.enrolments[0].end}" for p in people]
    programmes = clinic.workspace.folder / "programmes"
    programmes.mkdir()
    shutil.copy(PROGRAMME_FILE, programmes)
    table = clinic.workspace.folder / f"{COHORT}.csv"
    consents = ("yes,no", "no,no")
    lines = [f"{row},{consent}" for row, consent in zip(rows, consents, strict=True)]
    table.write_text("\n".join(["learner_id,name,start,end,consent_page,consent_share", *lines, ""]))
    arguments = ("enrol", table, "--programme", "deep-tissue-foundations", "--update")
    assert run(clinic, *arguments) == 0, capsys.readouterr().err
    assert run(clinic, "publish") == 0
    assert "1 taken off the site" in capsys.readouterr().out
    tick(clinic)
    assert (verdict(clinic, kept), verdict(clinic, gone)) == (Verdict.VALID, None)
