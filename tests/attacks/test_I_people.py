"""People whose data change: at no moment two certificates that count, and the old one never tells of the new."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from issuer.correcting import Names, correct
from issuer.database import reading, writing
from issuer.issuing import issue
from issuer.models import Learner, State
from issuer.statuses import Change, change_status, recall
from keys.errors import HandsealError
from tests.issuer.clinic import COHORT, Clinic, found_clinic, later
from tests.issuer.desk import open_desk, run, tick
from tests.issuer.people import RIGHT, WRONG, cosign, draft, learner, said, verdict
from tests.world import HARBOUR, TTMA
from verifier.report import Verdict
from verifier.sources import Site
from verifier.web import Settings, create_app


class _Reader:
    """Looks at the site before each rename in it, as a verifier that happens to come by; None while nobody asks."""

    look: Callable[[], None] | None = None


def _passing_by(event: str, args: tuple[Any, ...]) -> None:
    if event == "os.rename" and (look := _Reader.look) is not None:
        _Reader.look = None  # what the reader itself does is no occasion
        try:
            look()
        finally:
            _Reader.look = look


sys.addaudithook(_passing_by)


@contextmanager
def passing_by(look: Callable[[], None]) -> Iterator[None]:
    _Reader.look = look
    try:
        yield
    finally:
        _Reader.look = None


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


# -- corrected ---------------------------------------------------------------------------------------------------------


def test_I15_a_correction_says_the_same_of_the_right_person(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    later(clinic, days=30)
    clinic.refresh()
    drafted = draft(clinic, old, latin_name="Somchai Pinthong")
    assert (drafted.cohort, drafted.replaces) == (COHORT, old)
    assert (verdict(clinic, old), learner(clinic)) == (Verdict.VALID, WRONG)
    later(clinic, days=1)
    cosign(clinic)
    assert (verdict(clinic, old), learner(clinic)) == (Verdict.VALID, WRONG)
    assert clinic.issue()[0].released == (drafted.lookup_id,)
    assert (verdict(clinic, old), verdict(clinic, drafted.lookup_id)) == (Verdict.SUPERSEDED, Verdict.VALID)
    assert learner(clinic) == RIGHT
    was, now = (said(clinic, each) for each in (old, drafted.lookup_id))
    assert (now.printed_name, now.latin_name) == (RIGHT, "Somchai Pinthong")
    assert (now.awarded_date, now.valid_until, now.evidence) == (was.awarded_date, was.valid_until, was.evidence)
    assert now.credential_subject.result == was.credential_subject.result
    assert now.credential_subject.achievement == was.credential_subject.achievement
    assert now.valid_from == clinic.now > was.valid_from
    assert now.id != was.id
    assert now.sub != was.sub
    assert now.credential_status != was.credential_status
    assert clinic.site.read(f"c/{old[:2]}/{old}.jwt") is not None


def test_I15_no_reader_ever_finds_both_valid(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    new = draft(clinic, old).lookup_id
    later(clinic, hours=1)
    cosign(clinic)
    clinic.refresh()
    seen: list[tuple[Verdict | None, Verdict | None]] = []
    with passing_by(lambda: seen.append((verdict(clinic, old), verdict(clinic, new)))):
        list(issue(clinic.desk()))
    seen.append((verdict(clinic, old), verdict(clinic, new)))
    assert (Verdict.VALID, Verdict.VALID) not in seen
    assert {Verdict.VALID, Verdict.SUPERSEDED} <= {first for first, _ in seen}
    assert (seen[0], seen[-1]) == ((Verdict.VALID, None), (Verdict.SUPERSEDED, Verdict.VALID))
    assert len(seen) > 4


@pytest.mark.parametrize("step", range(5))
def test_I15_cut_short_anywhere_it_ends_the_same(clinic: Clinic, step: int) -> None:
    (old,) = clinic.issue_all([WRONG])
    new = draft(clinic, old).lookup_id
    cosign(clinic)
    clinic.refresh()
    left = step

    def stop() -> None:
        nonlocal left
        assert (verdict(clinic, old), verdict(clinic, new)) != (Verdict.VALID, Verdict.VALID)
        if left == 0:
            raise OSError("the power fails")
        left -= 1

    with pytest.raises((OSError, HandsealError)), passing_by(stop):
        list(issue(clinic.desk()))
    later(clinic, minutes=1)
    clinic.issue()
    assert (verdict(clinic, old), verdict(clinic, new)) == (Verdict.SUPERSEDED, Verdict.VALID)
    assert [record.state for record in clinic.records()] == [State.ISSUED, State.ISSUED]


def test_I15_a_recalled_correction_leaves_all_as_it_was(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    drafted = draft(clinic, old)
    cosign(clinic)
    with writing(clinic.engine) as session:
        recall(session, drafted.lookup_id, reason="it was right", now=clinic.now)
    clinic.issue()
    assert (verdict(clinic, old), verdict(clinic, drafted.lookup_id)) == (Verdict.VALID, None)
    assert learner(clinic) == WRONG
    again = draft(clinic, old)
    assert again.lookup_id != drafted.lookup_id


def test_I15_only_one_correction_at_a_time_and_only_of_what_counts(clinic: Clinic) -> None:
    old, revoked, suspended = clinic.issue_all([WRONG, "Ada", "Grace"])
    drafted = draft(clinic, old)
    with pytest.raises(HandsealError, match="has a successor already"):
        draft(clinic, old)
    with pytest.raises(HandsealError, match="is draft, not issued"):
        draft(clinic, drafted.lookup_id)
    for lookup_id, change in ((revoked, Change.REVOKE), (suspended, Change.SUSPEND)):
        with writing(clinic.engine) as session:
            change_status(session, lookup_id, change, reason="x", now=clinic.now)
        with pytest.raises(HandsealError, match=r"is revoked|is suspended"):
            draft(clinic, lookup_id)
    cosign(clinic)
    clinic.issue()
    with pytest.raises(HandsealError, match="was replaced already"):
        draft(clinic, old, "Another Name")
    later(clinic, days=3650)
    with pytest.raises(HandsealError, match=r"expired on .*") as told:
        draft(clinic, drafted.lookup_id, "Another Name")
    assert "renew" in told.value.hint


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Names(WRONG), "names the person so already"),
        (Names(), "names the person so already"),
        (Names("  "), "--name: is empty"),
        (Names("undefined"), "--name: is nobody's name"),
        (Names("Аda"), "mixes look-alike scripts"),
        (Names("Ada\u202e"), "not allowed"),
        (Names("A" * 301), "longer than 300"),
        (Names(latin_name="x\x1b[2J"), "not allowed"),
    ],
)
def test_I15_a_name_that_is_none_is_refused(clinic: Clinic, wanted: Names, said: str) -> None:
    (old,) = clinic.issue_all([WRONG])
    with pytest.raises(HandsealError, match=said), writing(clinic.engine) as session:
        correct(session, old, wanted, reason="name misspelt", desk=clinic.proposer())
    assert len(clinic.records()) == 1


def test_I04_a_name_that_really_mixes_scripts_keeps_the_reason(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    draft(clinic, old, "Аda", mixed_scripts=True)
    cosign(clinic)
    clinic.issue()
    with reading(clinic.engine) as session:
        assert session.scalars(select(Learner.mixed_script_reason)).one() == "name misspelt"


@pytest.mark.parametrize("change", [Change.REVOKE, Change.SUSPEND])
def test_I15_a_successor_is_no_way_around_a_revocation(clinic: Clinic, change: Change) -> None:
    (old,) = clinic.issue_all([WRONG])
    drafted = draft(clinic, old)
    cosign(clinic)
    with writing(clinic.engine) as session:
        change_status(session, old, change, reason="cheated", now=clinic.now)
    (lot,) = clinic.issue()
    assert "which was revoked" in lot.refused[0].reason or "which was suspended" in lot.refused[0].reason
    assert verdict(clinic, drafted.lookup_id) is None
    assert verdict(clinic, old) in (Verdict.REVOKED, Verdict.SUSPENDED)


def test_I15_a_corrected_one_can_be_corrected_again(clinic: Clinic) -> None:
    chain = clinic.issue_all([WRONG])
    for name in ("สมชาย ปิ่นทอ", RIGHT):
        chain.append(draft(clinic, chain[-1], name).lookup_id)
        cosign(clinic)
        clinic.issue()
        later(clinic, minutes=1)
    verdicts = [verdict(clinic, each) for each in chain]
    assert verdicts == [Verdict.SUPERSEDED, Verdict.SUPERSEDED, Verdict.VALID]


def test_Q08_the_old_id_asks_for_the_new_certificate_and_tells_nothing_of_it(clinic: Clinic) -> None:
    (old,) = clinic.issue_all([WRONG])
    new = draft(clinic, old).lookup_id
    cosign(clinic)
    clinic.issue()
    site = Site(clinic.workspace.site_folder, clinic.workspace.root_digest, None)
    client = create_app(site=site, clock=lambda: clinic.now, settings=Settings(clinic.workspace.site)).test_client()
    successor = said(clinic, new)
    page = client.get(f"/c/{old}")
    assert "Ask the person for the new certificate and check that one." in page.text
    answers = [page, client.get(f"/c/{old}.jwt"), client.get("/index.json"), client.get("/healthz")]
    answers.append(client.get(f"/c/{old}", headers={"Accept": "application/json"}))
    assert json.loads(answers[-1].text)["verdict"] == "superseded"
    for answer in answers:
        for secret in (new, new.lower(), successor.id, successor.sub, RIGHT):
            assert secret not in answer.text + str(answer.headers), answer.request.path


# -- through the programs ----------------------------------------------------------------------------------------------


def test_I15_by_command_and_only_the_clinic_learns_the_new_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = open_desk(tmp_path)
    (old,) = clinic.issue_all([WRONG])
    tick(clinic)
    assert run(clinic, "correct", old, "--name", RIGHT, "--reason", "name misspelt", "--json") == 0
    new = json.loads(capsys.readouterr().out)["drafted"][0]["lookupId"]
    assert run(clinic) == 0
    assert f"handseal propose {COHORT} --out {COHORT}-successors.jsonl" in capsys.readouterr().out
    out = tmp_path / "request.jsonl"
    assert run(clinic, "propose", COHORT, "--out", out) == 0
    tick(clinic)
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(out.read_bytes(), partner))
    clinic.issue()
    capsys.readouterr()
    assert run(clinic, "show", old, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["standing"], facts["successor"], facts["reason"]) == ("superseded", new, "name misspelt")
    assert run(clinic, "show", new, "--json") == 0
    assert json.loads(capsys.readouterr().out)["supersedes"] == old
    assert run(clinic, "doctor", "--json") == 0, capsys.readouterr().out
