"""The doctor sees what was changed behind the programs' back, and what will be due."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from issuer.database import reading, writing
from issuer.doctor import Weight, examine
from issuer.models import Attempt, CertificateRecord, Grading
from tests.issuer.clinic import Clinic, found_clinic, later
from tests.world import NORTH, list_of


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    clinic = found_clinic(tmp_path)
    for key in (clinic.workspace.issue_key, clinic.workspace.status_key):
        key.parent.mkdir(exist_ok=True)
        key.touch(mode=0o600)
    token = clinic.world.status_token(list_of(NORTH))
    clinic.site.write("status/north-college/revocation/1.jwt", token.encode())
    clinic.issue_all(["Ada", "Grace"])
    return clinic


def found(clinic: Clinic, weight: Weight = Weight.FAULT) -> list[str]:
    with reading(clinic.engine) as session:
        symptoms = list(examine(session, clinic.workspace, clinic.trust, clinic.now, clinic.materials()))
    return [f"{symptom.place}: {symptom.text}" for symptom in symptoms if symptom.weight is weight]


def test_all_is_well(clinic: Clinic) -> None:
    assert found(clinic) == []
    assert found(clinic, Weight.WARNING) == []


def test_D06_a_mark_that_was_changed_is_seen(clinic: Clinic) -> None:
    with writing(clinic.engine) as session:
        attempt = session.scalars(select(Attempt).where(Attempt.criterion == "quiz").limit(1)).one()
        digests = {"sheet_digest": b"s" * 32, "answers_digest": b"a" * 32, "key_digest": b"k" * 32}
        session.add(Grading(attempt_id=attempt.id, result="12", items=b"{}", graded_at=clinic.now, **digests))
    assert [line for line in found(clinic) if "the key gave 12" in line]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE learner SET name = 'Eve' WHERE name = 'Ada'", "name in the database is not the one"),
        ("UPDATE learner SET latin_name = 'Eve' WHERE name = 'Ada'", "name in the database is not the one"),
        ("UPDATE certificate SET state = 'recalled' WHERE id = 1", "is of a certificate that is not issued"),
        ("UPDATE certificate SET state = 'blessed' WHERE id = 1", "a value that Handseal never writes"),
        ("UPDATE certificate SET lookup_id = '00000000000000000000000000' WHERE id = 1", "of no certificate in the"),
        ("UPDATE certificate SET certificate_id = 'urn:x' WHERE id = 1", "not the one that was proposed"),
        ("UPDATE certificate SET token = NULL WHERE id = 1", "has no signed certificate"),
        ("UPDATE certificate SET digest = x'00' WHERE id = 1", "not the one that was proposed"),
        ("UPDATE certificate SET proposed_at = '2020-01-01 00:00:00.000000' WHERE id = 1", "date of its proposal"),
        ("UPDATE status_record SET revoked = 1 WHERE id = 1", "disagree about who is revoked"),
        ("UPDATE status_record SET list_index = 131071 WHERE id = 1", "its place in the status list"),
        ("UPDATE syllabus_version SET body = x'7b7d'", "the syllabus in the database is not the one"),
        ("DELETE FROM certificate WHERE id = 1", "gone without having been erased"),
    ],
)
def test_D06_a_row_that_was_changed_is_seen(clinic: Clinic, sql: str, expected: str) -> None:
    with writing(clinic.engine) as session:
        session.execute(text(sql))
    assert any(expected in line for line in found(clinic)), found(clinic)


def test_an_exchanged_certificate_is_seen(clinic: Clinic) -> None:
    with writing(clinic.engine) as session:
        other = session.get_one(CertificateRecord, 2).token
        session.execute(update(CertificateRecord).where(CertificateRecord.id == 1).values(token=other))
    assert any("signed certificate is not the one that was proposed" in line for line in found(clinic))


def test_D12_one_flipped_bit_is_seen(clinic: Clinic) -> None:
    record = clinic.records()[0]
    token = bytearray(record.token or b"")
    token[len(token) // 2] ^= 1
    with writing(clinic.engine) as session:
        session.execute(update(CertificateRecord).where(CertificateRecord.id == 1).values(token=bytes(token)))
    assert any("the signed certificate is damaged" in line for line in found(clinic))
    clinic.site.write(f"c/{record.lookup_id[:2]}/{record.lookup_id}.jwt", bytes(token))
    assert any("is damaged" in line for line in found(clinic))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c", "is not on the site"),
        ("certificates", "is missing"),
        ("status/river-clinic/refresh/1.jwt", "cannot be used"),
        ("programmes/deep-tissue-foundations/1.json", "is not the syllabus that was published"),
    ],
)
def test_a_file_that_is_gone_is_seen(clinic: Clinic, name: str, expected: str) -> None:
    if name == "certificates":
        next(clinic.workspace.certificates.iterdir()).unlink()
    else:
        clinic.site.remove(next(clinic.site.names("c")) if name == "c" else name)
    assert any(expected in line for line in found(clinic))


def test_a_pdf_that_was_changed_is_seen(clinic: Clinic) -> None:
    next(clinic.workspace.certificates.iterdir()).write_bytes(b"%PDF")
    (clinic.workspace.certificates / "stray.pdf").write_bytes(b"%PDF")
    lines = found(clinic)
    assert any("is not the file that was printed" in line for line in lines)
    assert "certificates/stray.pdf: belongs to no issued certificate in the database" in lines


def test_an_open_key_is_seen(clinic: Clinic) -> None:
    clinic.workspace.issue_key.chmod(0o644)
    assert [line for line in found(clinic) if "may be read by others (mode 0644)" in line]
    clinic.workspace.issue_key.unlink()
    assert any("is not here" in line for line in found(clinic, Weight.WARNING))


@pytest.mark.parametrize(("days", "said"), [(61, None), (60, "in 60 days"), (30, "in 30 days"), (7, "in 7 days")])
def test_R04_a_trust_list_that_ends_soon_is_said(clinic: Clinic, days: int, said: str | None) -> None:
    clinic.now = clinic.trust.expires - timedelta(days=days)
    for what in ("root 1: ends", "trust list 1: ends"):
        warnings = [line for line in found(clinic, Weight.WARNING) if line.startswith(what)]
        assert [line.endswith(said) for line in warnings if said] == ([True] if said else [])
    clinic.now = clinic.trust.expires + timedelta(seconds=1)
    assert any(line.startswith("trust list 1: ended on") for line in found(clinic))


def test_lists_that_are_old_are_said(clinic: Clinic) -> None:
    later(clinic, days=27)
    assert not [line for line in found(clinic, Weight.WARNING) if line.startswith("status list")]
    later(clinic, days=1)
    assert sum("in 7 days" in line for line in found(clinic, Weight.WARNING)) == 3
    later(clinic, days=8)
    assert sum("cannot be used" in line for line in found(clinic)) == 3


def test_a_partner_without_a_list_is_said(clinic: Clinic) -> None:
    clinic.site.remove("status/north-college/revocation/1.jwt")
    assert found(clinic, Weight.WARNING) == ["status list of North College: was not received yet"]
