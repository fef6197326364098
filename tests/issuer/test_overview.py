"""A manager is told the one next step, and finds every certificate."""

from pathlib import Path

import pytest
from sqlalchemy import update

from issuer import overview
from issuer.cli import main
from issuer.database import reading, writing
from issuer.models import Attempt, Cohort
from issuer.overview import Step
from issuer.statuses import Change, change_status, recall
from keys.errors import HandsealError
from tests.issuer.clinic import COHORT, Clinic, found_clinic
from tests.world import HARBOUR, NORTH, TTMA


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def step(clinic: Clinic) -> Step:
    today = clinic.workspace.today(clinic.now)
    with reading(clinic.engine) as session:
        (only,) = overview.next_steps(session, clinic.workspace, clinic.trust, now=clinic.now, today=today)
    return only


def test_a_new_workspace_begins_with_a_programme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever enrolled first, as the next step once was, heard that the programme is not published."""
    assert main(["init", str(tmp_path / "clinic"), "--no-keys"]) == 0
    capsys.readouterr()
    assert main(["--workspace", str(tmp_path / "clinic")]) == 0
    assert "handseal programme publish programmes/SLUG.toml" in capsys.readouterr().out


def test_the_next_step_along_the_way(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "Grace"])
    assert step(clinic).command == f"handseal propose {COHORT} --out {COHORT}-request.jsonl"
    _, request = clinic.propose()
    assert step(clinic).sentence == "2 wait for co-signatures (2 partner bodies must sign)"
    clinic.receive(clinic.respond(request, TTMA))
    assert step(clinic).command == "handseal receive RESPONSE.jsonl"
    clinic.receive(clinic.respond(request, HARBOUR, exclude=(1,)))
    assert (step(clinic).signed, step(clinic).command) == (1, f"handseal issue {COHORT}")
    clinic.issue()
    assert (step(clinic).issued, step(clinic).proposed) == (1, 1)
    clinic.receive(clinic.respond(request, NORTH))
    clinic.issue()
    assert (step(clinic).sentence, step(clinic).command) == ("all are issued", "")


def test_who_lacks_results_is_said(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    with writing(clinic.engine) as session:
        session.execute(update(Attempt).values(result="developing"))
    assert (step(clinic).ready, step(clinic).not_ready) == (0, 1)
    assert step(clinic).command == f"handseal eligible {COHORT}"


def test_an_unpublished_programme_comes_first(clinic: Clinic) -> None:
    with writing(clinic.engine) as session:
        session.add(Cohort(name="spring", programme="cupping"))
    assert step(clinic).command == "handseal programme publish programmes/cupping.toml"


def test_an_empty_cohort_is_enrolled_first(clinic: Clinic) -> None:
    with writing(clinic.engine) as session:
        session.add(Cohort(name="spring", programme="deep-tissue-foundations"))
    assert step(clinic).command == "handseal enrol cohorts/spring.csv"


def test_without_a_trust_list_that_comes_first(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    today = clinic.workspace.today(clinic.now)
    with reading(clinic.engine) as session:
        found = overview.next_step(session, COHORT, clinic.workspace, None, now=clinic.now, today=today)
    assert found.command == "handseal receive TRUST-FOLDER"


def test_what_each_partner_body_still_owes(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "Grace"])
    _, request = clinic.propose()
    clinic.receive(clinic.respond(request, TTMA, exclude=(2,)))
    with reading(clinic.engine) as session:
        found = list(overview.missing_cosignatures(session, clinic.workspace, clinic.trust, clinic.now))
    assert [(m.organisation, m.signed, m.proposed) for m in found] == [(HARBOUR, 0, 2), (NORTH, 0, 2), (TTMA, 1, 2)]


def listed(clinic: Clinic, **asked: str) -> list[tuple[str, str]]:
    with reading(clinic.engine) as session:
        return [(line.name, line.standing) for line in overview.certificates(session, **asked)]


def test_each_standing_has_its_word(clinic: Clinic) -> None:
    suspended, revoked, superseded, _ = clinic.issue_all(["Ada", "Grace", "Hedy", "Mary"])
    clinic.enrol(["Lise", "Emmy"])
    clinic.propose()
    with writing(clinic.engine) as session:
        change_status(session, suspended, Change.SUSPEND, reason="x", now=clinic.now)
        change_status(session, revoked, Change.REVOKE, reason="x", now=clinic.now)
        change_status(session, superseded, Change.REVOKE, reason="x", now=clinic.now)
        overview.find_certificate(session, superseded).status.superseded = True
        recall(session, clinic.records()[4].lookup_id, reason="x", now=clinic.now)
    assert listed(clinic) == [
        ("Ada", "suspended"),
        ("Grace", "revoked"),
        ("Hedy", "superseded"),
        ("Mary", "issued"),
        ("Lise", "recalled"),
        ("Emmy", "proposed"),
    ]


def test_searching(clinic: Clinic) -> None:
    first, _ = clinic.issue_all(["Ada", "Grace"])
    for search in ("ada", "AD", "L00001", first, first[:8].lower(), f"{first[:4]}-{first[4:8]}"):
        assert listed(clinic, search=search) == [("Ada", "issued")], search
    assert listed(clinic, cohort=COHORT, search="grace") == [("Grace", "issued")]
    with pytest.raises(HandsealError, match="none of this name"):
        listed(clinic, cohort="spring")


@pytest.mark.parametrize("search", ["%", "_", "' OR 1=1 --", '"; DROP TABLE certificate; --', "\\"])
def test_D09_a_search_is_taken_as_it_is(clinic: Clinic, search: str) -> None:
    clinic.issue_all(["Ada"])
    assert listed(clinic, search=search) == []
    assert listed(clinic) == [("Ada", "issued")]


def test_one_certificate_in_full(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    with reading(clinic.engine) as session:
        facts = overview.describe(session, clinic.workspace, lookup_id, lambda record: False)
    assert (facts["name"], facts["standing"], facts["awarded"]) == ("Ada", "issued", "2026-11-15")
    assert [entry["organisation"] for entry in facts["cosignatures"]] == [HARBOUR, TTMA]
    assert facts["page"] == f"https://verify.river.example/c/{lookup_id}"
    assert (clinic.workspace.folder / facts["pdf"]).is_file()
    assert [event["command"] for event in facts["events"]] == ["issue"]
