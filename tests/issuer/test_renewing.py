"""A certificate is renewed by those who were assessed again in time, and only by them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import select, update

from issuer.database import reading, writing
from issuer.models import Assessor, Attempt, Cohort, Enrolment, Learner, State, SyllabusVersion
from issuer.publishing import publish_syllabus
from issuer.renewing import NotRenewed, Renewed, renew, renew_cohort
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.syllabus import Renewal, Syllabus
from tests.issuer.clinic import COHORT, Clinic, found_clinic, later
from tests.issuer.desk import open_desk, run
from tests.issuer.people import said, verdict
from verifier.report import Verdict

RENEWALS = "renewals"
AWARDED = date(2026, 11, 15)
UNTIL = date(2029, 11, 15)  # 36 months later
OPENS = date(2029, 5, 15)  # 6 months before


def publish(clinic: Clinic, **changes: object) -> Syllabus:
    """The next version of the syllabus, with a rule for renewal unless `changes` say otherwise."""
    with writing(clinic.engine) as session:
        before = session.scalars(select(SyllabusVersion).order_by(SyllabusVersion.version.desc())).first()
        assert before is not None
        number = before.version + 1
        rule = Renewal(criteria=("live",), within_months=6)
        identity = f"{clinic.world.syllabus.programme}/{number}"
        named = {"id": identity, "version": number, "previous": sri(before.digest), "renewal": rule}
        syllabus = replace(clinic.world.syllabus, **{**named, **changes})
        body = canonical(syllabus)
        session.add(
            SyllabusVersion(
                programme=before.programme,
                version=number,
                syllabus_id=identity,
                digest=sha256(body),
                body=body,
                published=date(2029, 1, 1),
            )
        )
    publish_syllabus(clinic.site, identity, body)
    return syllabus


def assess(clinic: Clinic, day: date, result: str = "competent", *, name: str = "Ada", cohort: str = RENEWALS) -> None:
    """The live check again, in a cohort for those who renew."""
    with writing(clinic.engine) as session:
        group = session.scalar(select(Cohort).where(Cohort.name == cohort))
        group = group or Cohort(name=cohort, programme="deep-tissue-foundations")
        session.add(group)
        session.flush()
        person = session.scalars(select(Learner).where(Learner.name == name)).one()
        assessor = session.scalars(select(Assessor)).one()
        enrolment = session.scalar(select(Enrolment).where(Enrolment.cohort == group, Enrolment.learner == person))
        if enrolment is None:
            enrolment = Enrolment(cohort_id=group.id, learner_id=person.id, start=day, end=day)
            session.add(enrolment)
            session.flush()
        number = len(enrolment.attempts) + 1
        session.add(
            Attempt(
                enrolment_id=enrolment.id,
                criterion="live",
                attempt=number,
                result=result,
                date=day,
                assessor_id=assessor.id,
            )
        )


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """Three years on, a few weeks before the end; the trust list was extended meanwhile."""
    clinic = found_clinic(tmp_path)
    clinic.issue_all(["Ada"])
    publish(clinic)
    later(clinic, days=(date(2029, 10, 1) - clinic.now.date()).days)
    return clinic


def old(clinic: Clinic) -> str:
    return clinic.records()[0].lookup_id


def drafted(clinic: Clinic) -> str:
    with writing(clinic.engine) as session:
        return renew(session, old(clinic), reason="skill check repeated", desk=clinic.proposer()).lookup_id


def missing(clinic: Clinic) -> tuple[str, ...]:
    """What a renewal lacks, as the cohort's command says it; one certificate alone is refused with the same words."""
    with pytest.raises(HandsealError) as refused:
        drafted(clinic)
    with writing(clinic.engine) as session:
        done = renew_cohort(session, COHORT, reason="x", desk=clinic.proposer())
    assert not done.drafted
    (waits,) = done.not_yet
    assert str(refused.value).endswith("; ".join(waits.missing))
    return waits.missing


@pytest.mark.parametrize("day", [OPENS, date(2029, 9, 20), UNTIL])
def test_a_renewal_is_earned_on_any_day_of_the_window(clinic: Clinic, day: date) -> None:
    assess(clinic, day)
    clinic.now = clinic.world.now = datetime(2029, 11, 16, 9, tzinfo=UTC)
    new = drafted(clinic)
    record = clinic.records()[1]
    assert (record.lookup_id, record.state) == (new, State.DRAFT)
    with reading(clinic.engine) as session:
        renewal = session.merge(record, load=False)
        assert renewal.enrolment.cohort.name == RENEWALS
        assert renewal.syllabus.version == 2


@pytest.mark.parametrize("day", [OPENS - timedelta(days=1), UNTIL + timedelta(days=1), AWARDED + timedelta(days=1)])
def test_a_day_outside_the_window_does_not_count(clinic: Clinic, day: date) -> None:
    assess(clinic, day)
    clinic.now = clinic.world.now = datetime(2029, 11, 17, 9, tzinfo=UTC)
    assert missing(clinic) == ("Live skill check: not passed again from 2029-05-15 to 2029-11-15",)


def test_what_is_missing_is_said(clinic: Clinic) -> None:
    assert missing(clinic) == ("Live skill check: not passed again from 2029-05-15 to 2029-11-15",)
    assess(clinic, date(2029, 9, 20), "developing")
    (text,) = missing(clinic)
    assert text.startswith("Live skill check: not passed again from 2029-05-15 to 2029-11-15 (")
    assert "needs" in text


def test_an_assessor_whose_qualification_ended_renews_nobody(clinic: Clinic) -> None:
    assess(clinic, date(2029, 9, 20))
    with writing(clinic.engine) as session:
        session.execute(update(Assessor).values(valid_until=date(2029, 1, 1)))
    assert "qualification ended on" in missing(clinic)[0]


def test_a_higher_pass_mark_holds_for_what_counts_on(clinic: Clinic) -> None:
    quiz, *others = clinic.world.syllabus.criteria
    publish(clinic, criteria=(replace(quiz, scale=replace(quiz.scale, passing=95)), *others))
    assess(clinic, date(2029, 9, 20))
    (text,) = missing(clinic)
    assert text.startswith(f"{clinic.world.syllabus.text(quiz.name)}: 92")


def test_without_a_rule_or_an_end_there_is_no_renewal(clinic: Clinic) -> None:
    publish(clinic, renewal=UNSET)
    assess(clinic, date(2029, 9, 20))
    assert missing(clinic) == ("version 3 of the programme has no rule for renewal",)


def test_one_that_has_a_successor_is_not_renewed_again(clinic: Clinic) -> None:
    assess(clinic, date(2029, 9, 20), "proficient")
    drafted(clinic)
    with pytest.raises(HandsealError, match="has a successor already"):
        drafted(clinic)
    with writing(clinic.engine) as session:
        assert renew_cohort(session, RENEWALS, reason="x", desk=clinic.proposer()) == Renewed((), ())


def test_by_command_it_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path)
    clinic.issue_all(["Ada"])
    assert run(clinic, "renew", "--reason", "x") == 2
    assert run(clinic, "renew", old(clinic), "--cohort", COHORT, "--reason", "x") == 2
    assert run(clinic, "renew", old(clinic), "--reason", "x") == 1
    assert "has no rule for renewal" in capsys.readouterr().err
    assert run(clinic, "renew", "--cohort", COHORT, "--reason", "x") == 1
    assert "has no rule for renewal" in capsys.readouterr().err


def test_end_to_end(tmp_path: Path) -> None:
    """With a validity of one month, so that the trust list of the test lives long enough."""
    clinic = found_clinic(tmp_path)
    publish(clinic, validity_months=1)
    (first,) = clinic.issue_all(["Ada"])
    later(clinic, days=9)
    clinic.refresh()
    assess(clinic, date(2026, 11, 30), "proficient")
    with writing(clinic.engine) as session:
        done = renew_cohort(session, RENEWALS, reason="skill check repeated", desk=clinic.proposer())
    ((new,), ()) = (done.drafted, done.not_yet)
    assert verdict(clinic, first) is Verdict.VALID
    _, request = clinic.propose(RENEWALS)
    for partner in clinic.world.syllabus.recognition.cosigners[:2]:
        clinic.receive(clinic.respond(request, partner))
    clinic.issue()
    assert (verdict(clinic, first), verdict(clinic, new.lookup_id)) == (Verdict.SUPERSEDED, Verdict.VALID)
    was, now = said(clinic, first), said(clinic, new.lookup_id)
    assert (was.awarded_date.date(), now.awarded_date.date()) == (AWARDED, date(2026, 11, 30))
    assert isinstance(now.valid_until, datetime)
    assert now.valid_until.date() == date(2026, 12, 30)
    assert now.credential_subject.activity_end_date == was.credential_subject.activity_end_date
    before, after = ([r.value or r.achieved_level for r in each.credential_subject.result] for each in (was, now))
    assert (before[:2], before[2] == after[2]) == (after[:2], True)
    with writing(clinic.engine) as session:
        done = renew_cohort(session, COHORT, reason="x", desk=clinic.proposer())
    assert [type(each) for each in done.not_yet] == [NotRenewed]
