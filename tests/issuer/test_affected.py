"""What falls with a compromised key, by the same rule as the employer's verifier, and who is to be told."""

from __future__ import annotations

import csv
import json
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from issuer import cosigning
from issuer.affected import Damage, Fate, assess_damage, suppose
from issuer.database import reading, writing
from issuer.models import Learner
from issuer.statuses import Change, change_status
from keys.errors import FormatError, HandsealError
from keys.names import parse_lookup_id
from keys.trust import Use
from keys.trust_changes import Changes, Compromise, propose_changes
from keys.trust_edit import sign
from tests.issuer.clinic import Clinic, found_clinic, later
from tests.issuer.desk import open_desk, run
from tests.issuer.people import draft, said, verdict
from tests.issuer.test_standings import withdraw
from tests.world import CLINIC, HARBOUR, NORTH, TTMA
from verifier.report import Verdict

EARLY, LATE = ("Ada Lovelace", "Grace Hopper"), ("Mary Seacole", "Clara Barton", "Somchai Pinthong")


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """Two certificates of the first day, three of the eleventh, all co-signed by Harbour and TTMA."""
    clinic = found_clinic(tmp_path)
    clinic.issue_all(EARLY)
    later(clinic, days=10)
    clinic.issue_all(LATE)
    return clinic


def between(clinic: Clinic) -> datetime:
    return clinic.now - timedelta(days=5)


def kid(clinic: Clinic, owner: str, use: Use) -> str:
    return next(clinic.trust.keys_of(owner, use)).key.kid


def damage(clinic: Clinic, owner: str, use: Use, since: datetime | None) -> Damage:
    supposition = suppose(clinic.trust, kid(clinic, owner, use), since, now=clinic.now)
    with reading(clinic.engine) as session:
        return assess_damage(session, supposition, clinic.materials(), now=clinic.now)


def declare(clinic: Clinic, identity: str, since: datetime) -> None:
    """The holders sign a list that says so, and the clinic takes it in."""
    changes = Changes(compromised=(Compromise(identity, since),))
    files = propose_changes(clinic.trust_files, changes, pytest.fail, pytest.fail, issued=clinic.now)
    for holder in clinic.holders:
        files = sign(files, holder)
    cosigning.receive_trust(clinic.workspace, files)


@pytest.mark.parametrize(("owner", "use"), [(TTMA, Use.COSIGN), (CLINIC, Use.ISSUE)])
def test_what_was_witnessed_before_stays_and_the_rest_falls(clinic: Clinic, owner: str, use: Use) -> None:
    found = damage(clinic, owner, use, between(clinic))
    assert found.untouched == len(EARLY)
    assert {one.name for one in found.affected} == set(LATE)
    assert {one.fate for one in found.affected} == {Fate.LOST}


def test_without_an_early_clean_witness_all_of_it_falls(clinic: Clinic) -> None:
    found = damage(clinic, TTMA, Use.COSIGN, next(clinic.trust.keys_of(TTMA, Use.COSIGN)).key.valid_from)
    assert (found.untouched, len(found.affected)) == (0, len(EARLY) + len(LATE))


def test_a_body_that_did_not_sign_and_a_key_for_lists_touch_nothing(clinic: Clinic) -> None:
    for owner, use in ((NORTH, Use.COSIGN), (CLINIC, Use.STATUS)):
        assert damage(clinic, owner, use, between(clinic)) == Damage(len(EARLY) + len(LATE), ())


def test_the_answer_is_the_verifiers_once_the_holders_declared_it(clinic: Clinic) -> None:
    """Also then, and without being told the time; the body's own list, by the same key, is out of use by then."""
    identity, since = kid(clinic, CLINIC, Use.ISSUE), between(clinic)
    supposed = damage(clinic, CLINIC, Use.ISSUE, since)
    declare(clinic, identity, since)
    assert damage(clinic, CLINIC, Use.ISSUE, None) == supposed


def test_a_list_that_is_missing_leaves_it_open(clinic: Clinic) -> None:
    """Harbour's list alone can confirm the early witness: without it nobody knows."""
    (clinic.workspace.site_folder / "status" / "harbour-hospital" / "revocation" / "1.jwt").unlink()
    found = damage(clinic, CLINIC, Use.ISSUE, between(clinic))
    early = {one.name: one.fate for one in found.affected if one.name in EARLY}
    assert early == {}  # TTMA's list confirms TTMA's co-signature, which is clean too
    (clinic.workspace.site_folder / "status" / "ttma" / "revocation" / "1.jwt").unlink()
    found = damage(clinic, CLINIC, Use.ISSUE, between(clinic))
    assert {one.fate for one in found.affected if one.name in EARLY} == {Fate.OPEN}
    assert {one.fate for one in found.affected if one.name in LATE} == {Fate.LOST}


def test_what_has_ended_is_not_asked_about(clinic: Clinic) -> None:
    gone = next(one for one in damage(clinic, TTMA, Use.COSIGN, between(clinic)).affected)
    with writing(clinic.engine) as session:
        change_status(session, parse_lookup_id(gone.lookup_id), Change.REVOKE, reason="typo", now=clinic.now)
    found = damage(clinic, TTMA, Use.COSIGN, between(clinic))
    assert len(found.affected) == len(LATE) - 1
    assert gone.lookup_id not in {one.lookup_id for one in found.affected}


def test_what_did_not_hold_before_is_not_laid_to_the_key(clinic: Clinic) -> None:
    """A body had taken its co-signature back already."""
    gone = damage(clinic, TTMA, Use.COSIGN, between(clinic)).affected[0]
    withdraw(clinic, gone.lookup_id)
    assert verdict(clinic, gone.lookup_id) is Verdict.WITHDRAWN
    found = damage(clinic, TTMA, Use.COSIGN, between(clinic))
    assert gone.lookup_id not in {one.lookup_id for one in found.affected}
    assert found.untouched == len(EARLY) + 1


@pytest.mark.parametrize("days", [1, -4000])
def test_K12_a_time_that_no_trust_list_takes_is_refused(clinic: Clinic, days: int) -> None:
    with pytest.raises(FormatError, match="compromisedSince"):
        damage(clinic, TTMA, Use.COSIGN, clinic.now + timedelta(days=days))


def test_K12_a_time_is_needed_and_is_never_moved_later(clinic: Clinic) -> None:
    with pytest.raises(HandsealError, match="is not declared compromised"):
        damage(clinic, TTMA, Use.COSIGN, None)
    declare(clinic, kid(clinic, TTMA, Use.COSIGN), between(clinic))
    with pytest.raises(FormatError, match="moved later"):
        damage(clinic, TTMA, Use.COSIGN, clinic.now)


def test_an_unknown_key_is_refused(clinic: Clinic) -> None:
    with pytest.raises(HandsealError, match="not a key of the trust list"):
        suppose(clinic.trust, "https://verify.river.example/keys/none", clinic.now, now=clinic.now)


def test_who_lost_a_certificate_gets_it_anew(clinic: Clinic) -> None:
    """The same names and results, co-signed by bodies whose keys are clean."""
    since = between(clinic)
    lost = damage(clinic, TTMA, Use.COSIGN, since).affected[0]
    declare(clinic, kid(clinic, TTMA, Use.COSIGN), since)
    clinic.refresh()
    assert verdict(clinic, lost.lookup_id) is Verdict.INCOMPLETE
    with pytest.raises(HandsealError, match="names the person so already"):
        draft(clinic, lost.lookup_id, lost.name)
    new = draft(clinic, lost.lookup_id, lost.name, unchanged=True).lookup_id
    _, request = clinic.propose()
    for body in (HARBOUR, NORTH):
        clinic.receive(clinic.respond(request, body))
    assert new in clinic.issue()[0].released
    assert (verdict(clinic, lost.lookup_id), verdict(clinic, new)) == (Verdict.SUPERSEDED, Verdict.VALID)
    assert said(clinic, new).printed_name == lost.name


def test_the_command_tells_whom_to_inform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path)
    clinic.issue_all(["Ada Lovelace", "Grace Hopper"])
    with writing(clinic.engine) as session:
        ada = session.scalars(select(Learner).where(Learner.name == "Ada Lovelace")).one()
        ada.email = "ada@example.org"
    table, since = tmp_path / "inform.csv", f"{clinic.now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    capsys.readouterr()
    key = kid(clinic, CLINIC, Use.ISSUE)
    assert run(clinic, "affected", key, "--since", since, "--csv", table) == 0
    shown = capsys.readouterr()
    assert "0 certificates are not touched, 2 no longer hold" in shown.out
    assert "2 learners to inform, 1 of them without an e-mail address" in shown.out
    assert f'[[compromised]]\nkid = "{key}"\nsince = {since}' in shown.err
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert {row["name"]: row["email"] for row in rows} == {"Ada Lovelace": "ada@example.org", "Grace Hopper": ""}
    assert {row["outcome"] for row in rows} == {"no longer holds"}
    assert run(clinic, "affected", key, "--since", since, "--csv", table) == 1
    assert "exists" in capsys.readouterr().err
    assert run(clinic, "affected", key, "--since", since, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["use"], document["declared"], document["untouched"]) == ("issue", False, 0)
    assert [one["holds"] for one in document["affected"]] == [False, False]
