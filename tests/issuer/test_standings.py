"""What partners took back and what comes to its end is seen by the clinic before an employer asks."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from issuer import standings
from issuer.database import reading, writing
from issuer.doctor import Weight, examine
from issuer.models import Assessor, Cohort, Enrolment, Learner
from issuer.statuses import Change, change_status
from keys.credential import Endorsement
from keys.encoding import parse
from keys.jws import split_token
from keys.profile import parse_certificate
from tests.issuer.clinic import COHORT, Clinic, found_clinic, later, make_attempts
from tests.issuer.desk import open_desk, run
from tests.issuer.people import RIGHT, WRONG, cosign, draft, learner
from tests.issuer.test_renewing import publish
from tests.world import HARBOUR, TTMA, list_of


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def withdraw(clinic: Clinic, lookup_id: str, partner: str = TTMA) -> None:
    """The partner takes its co-signature back and sends a fresh list."""
    record = next(record for record in clinic.records() if record.lookup_id == lookup_id)
    certificate = split_token(record.token or b"", "certificate").payload
    for token in parse_certificate(certificate, "certificate").endorsement_jwt or ():
        endorsement = parse(split_token(token.encode(), "endorsement").payload, Endorsement, "endorsement")
        if endorsement.iss == partner:
            clinic.world.revoke(list_of(partner), endorsement.credential_status.index)
    slug = partner.rpartition("/")[2]
    token = clinic.world.status_token(list_of(partner), dated=clinic.now)
    clinic.site.write(f"status/{slug}/revocation/1.jwt", token.encode())


def withdrawn(clinic: Clinic) -> frozenset[str]:
    with reading(clinic.engine) as session:
        return standings.withdrawn(session, clinic.materials(), clinic.now)


def warnings(clinic: Clinic, about: str) -> list[str]:
    with reading(clinic.engine) as session:
        found = examine(session, clinic.workspace, clinic.trust, clinic.now, clinic.materials())
        return [s.text for s in found if s.weight is Weight.WARNING and s.place.startswith(about)]


def test_what_a_partner_withdrew_is_seen(clinic: Clinic) -> None:
    first, second, third = clinic.issue_all(["Ada", "Grace", "Mary"])
    assert withdrawn(clinic) == frozenset()
    withdraw(clinic, second)
    assert withdrawn(clinic) == {second}
    (text,) = warnings(clinic, "certificate")
    assert text.startswith("is not valid any more: its partners withdrew")
    withdraw(clinic, third, HARBOUR)
    assert withdrawn(clinic) == {second, third}
    with writing(clinic.engine) as session:
        change_status(session, third, Change.REVOKE, reason="x", now=clinic.now)
    clinic.refresh()
    assert withdrawn(clinic) == {second}  # worse is known of the other
    assert first not in withdrawn(clinic)


def test_one_that_has_enough_left_stands(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    for partner in clinic.world.syllabus.recognition.cosigners:
        clinic.receive(clinic.respond(request, partner))
    (lookup_id,) = clinic.issue(wait_for_all=True)[0].released
    withdraw(clinic, lookup_id)
    assert withdrawn(clinic) == frozenset()
    withdraw(clinic, lookup_id, HARBOUR)
    assert withdrawn(clinic) == {lookup_id}


def test_list_and_show_say_withdrawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path)
    first, second = clinic.issue_all(["Ada", "Grace"])
    withdraw(clinic, first)
    assert run(clinic, "list", "--json") == 0
    listed = {line["lookupId"]: line["standing"] for line in json.loads(capsys.readouterr().out)}
    assert listed == {first: "withdrawn", second: "issued"}
    assert run(clinic, "show", first, "--json") == 0
    assert json.loads(capsys.readouterr().out)["standing"] == "withdrawn"


@pytest.mark.parametrize(("days", "said"), [(61, []), (59, ["2 certificates expire on 2029-11-15"]), (-1, [])])
def test_what_expires_soon_is_said_by_cohort(clinic: Clinic, days: int, said: list[str]) -> None:
    clinic.issue_all(["Ada", "Grace"])
    later(clinic, days=(1089 - days))
    assert warnings(clinic, f"cohort {COHORT}") == said


def test_the_first_and_the_last_day_are_said(clinic: Clinic) -> None:
    clinic.issue_all(["Ada"])
    later(clinic, days=3)
    clinic.refresh()
    clinic.enrol(["Grace"])
    cosign(clinic)
    clinic.issue()
    later(clinic, days=1050)
    (text,) = warnings(clinic, "cohort")
    assert text == "2 certificates expire from 2029-11-15 to 2029-11-18"


def test_a_name_that_was_corrected_elsewhere_is_due_here_too(clinic: Clinic) -> None:
    (first,) = clinic.issue_all([WRONG])
    with writing(clinic.engine) as session:
        enrolled = session.get_one(Enrolment, 1)
        enrolled.cohort.name = "spring"
        session.flush()
    _second_cohort(clinic)
    cosign(clinic)
    clinic.issue()
    draft(clinic, first)
    proposal, request = clinic.propose("spring")
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    assert proposal.count == 1
    assert warnings(clinic, "certificate") == []  # not before it is issued
    clinic.issue()
    assert learner(clinic) == RIGHT
    assert warnings(clinic, "certificate") == ["still bears the name that was corrected on another certificate"]
    draft(clinic, clinic.records()[1].lookup_id)
    cosign(clinic)
    clinic.issue()
    assert warnings(clinic, "certificate") == []


def _second_cohort(clinic: Clinic) -> None:
    """The same person once more, having passed everything."""
    with writing(clinic.engine) as session:
        group = Cohort(name=COHORT, programme="deep-tissue-foundations")
        session.add(group)
        session.flush()
        person = session.scalars(select(Learner)).one()
        today = clinic.now.date()
        enrolment = Enrolment(
            cohort_id=group.id,
            learner_id=person.id,
            start=today - timedelta(days=48),
            end=today - timedelta(days=7),
        )
        session.add(enrolment)
        session.flush()
        assessor = session.scalars(select(Assessor)).one()
        for attempt in make_attempts(assessor, today - timedelta(days=9)):
            attempt.enrolment_id = enrolment.id
            session.add(attempt)


def test_drafts_of_two_versions_go_into_two_requests(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    draft(clinic, old)
    publish(clinic)
    clinic.enrol(["Grace"])
    proposal, _ = clinic.propose()
    assert (proposal.count, proposal.new, proposal.left) == (1, 1, 1)
    proposal, request = clinic.propose()
    assert (proposal.count, proposal.new, proposal.left) == (1, 1, 0)
    assert RIGHT.encode() in request
