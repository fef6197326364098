"""A draft says what the records say; a request holds each once, and the same again when asked again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import select, update

from issuer.assessment import standing
from issuer.database import reading, writing
from issuer.drafting import build_core, draw_identifiers, draw_index, plan_issue
from issuer.models import Attempt, CertificateRecord, Enrolment, Learner, State, StatusRecord
from issuer.proposing import propose
from issuer.statuses import LIST_BITS, recall
from keys.credential import Certificate
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.profile import parse_certificate, require_claims
from keys.request import RequestReader
from tests.issuer.clinic import COHORT, NAMES, Clinic, found_clinic, later
from tests.world import CLINIC, PARTNERS, SITE, World


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def cores(request: bytes) -> Sequence[Certificate]:
    return [row.core for row in RequestReader(BytesIO(request))]


def change(clinic: Clinic, criterion: str, **values: object) -> None:
    with writing(clinic.engine) as session:
        session.execute(update(Attempt).where(Attempt.criterion == criterion).values(**values))


def test_a_draft_says_what_the_records_say(clinic: Clinic) -> None:
    clinic.enrol(["José Álvarez"])
    _, request = clinic.propose()
    (core,) = cores(request)
    subject = core.credential_subject
    assert core.printed_name == "José Álvarez"
    assert core.latin_name is None
    assert (core.issuer.id, core.issuer.name) == (CLINIC, "River Clinic")
    assert core.valid_from == clinic.now
    assert core.awarded_date == subject.activity_end_date == datetime(2026, 11, 15, tzinfo=UTC)
    assert core.valid_until == datetime(2029, 11, 15, 23, 59, 59, tzinfo=UTC)
    assert [result.value or result.achieved_level for result in subject.result] == [
        "92",
        f"{SITE}/programmes/deep-tissue-foundations/1#video.competent",
        f"{SITE}/programmes/deep-tissue-foundations/1#live.proficient",
    ]
    assert core.terms_of_use[0].cosigner == tuple(sorted(PARTNERS))
    assert core.syllabus_digest == sri(sha256(clinic.world.syllabus_bytes))
    require_claims(core)


def test_evidence_says_who_saw_it(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    change(clinic, "video", evidence_url="https://video.example/1", evidence_digest=sha256(b"film"), remark="slow")
    change(clinic, "live", evidence_digest=sha256(b"form"))
    (core,) = cores(clinic.propose()[1])
    video, live = core.evidence or ()
    assert (video.name, video.id, video.genre) == ("Video demonstration", "https://video.example/1", "video")
    assert live.narrative == (
        "Assessed by Niran Chai, Licensed massage practitioner, on 13 November 2026 at River Clinic"
    )
    assert [(r.id, r.digest_sri) for r in core.related_resource[1:]] == [
        ("https://video.example/1", sri(sha256(b"film"))),
        (f"{core.id}#live", sri(sha256(b"form"))),
    ]
    assert "slow" not in str(core)


def test_the_programme_decides_what_is_said_of_the_assessor(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    change(clinic, "live", moderator="Prof. Hana Kim", channel="video call")
    live = {"remote": True, "evidence": UNSET}
    published = clinic.world.syllabus
    criteria = tuple(replace(c, **live) if c.id == "live" else c for c in published.criteria)
    syllabus = replace(published, criteria=criteria, assessor=replace(published.assessor, shown="qualification"))
    with reading(clinic.engine) as session:
        enrolment = session.scalars(select(Enrolment)).one()
        at = standing(enrolment, syllabus)
        issue = plan_issue(SITE, CLINIC, syllabus, canonical(syllabus), trust=clinic.trust, now=clinic.now)
        core = build_core(issue, at, draw_identifiers(None, 1, 7, clinic.random.randbytes))
    _, shown = core.evidence or ()
    assert shown.narrative == (
        "Assessed by Licensed massage practitioner, on 13 November 2026 at River Clinic; "
        "moderated remotely by Prof. Hana Kim via video call"
    )


def test_the_award_is_the_last_assessment_but_not_before_the_end(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    change(clinic, "live", date=date(2026, 11, 15))
    (core,) = cores(clinic.propose()[1])
    assert core.awarded_date == datetime(2026, 11, 15, tzinfo=UTC)


def test_validity_ends_within_a_shorter_month(tmp_path: Path) -> None:
    world = World(now=datetime(2027, 1, 8, 9, tzinfo=UTC))
    world.syllabus = replace(world.syllabus, validity_months=1)
    world.syllabus_bytes = canonical(world.syllabus)
    clinic = found_clinic(tmp_path, world)
    clinic.enrol(["Ada"])
    with writing(clinic.engine) as session:
        session.execute(update(Enrolment).values(end=date(2026, 12, 31)))
    (core,) = cores(clinic.propose()[1])
    assert core.valid_until == datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)


def test_a_wallet_is_the_subject(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    with writing(clinic.engine) as session:
        session.execute(update(Learner).values(wallet_did="did:key:z6Mk1", latin_name="Ada L"))
    (core,) = cores(clinic.propose()[1])
    assert core.credential_subject.id == core.sub == "did:key:z6Mk1"
    assert core.latin_name == "Ada L"


def test_only_those_who_passed_are_proposed(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "Grace"])
    with writing(clinic.engine) as session:
        first = session.scalars(select(Enrolment)).first()
        session.execute(
            update(Attempt).where(Attempt.enrolment_id == first.id, Attempt.criterion == "quiz").values(result="79")
        )
    done, request = clinic.propose()
    assert [core.printed_name for core in cores(request)] == ["Grace"]
    assert [(n.name, n.missing) for n in done.not_yet] == [("Ada", ("Theory quiz: 79, needs 80",))]


def test_the_same_request_again(clinic: Clinic) -> None:
    clinic.enrol()
    first, request = clinic.propose()
    later(clinic, days=1)
    second, again = clinic.propose()
    assert (first.new, second.new, second.count) == (4, 0, 4)
    assert again == request


def test_somebody_new_makes_a_request_of_their_own(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    _, first = clinic.propose()
    clinic.enrol(["Grace"])
    later(clinic, days=1)
    done, second = clinic.propose()
    assert (done.new, done.count) == (1, 1)
    assert [core.printed_name for core in cores(second)] == ["Grace"]
    third, both = clinic.propose()
    assert (third.new, third.count) == (0, 2)
    assert {core.id for core in cores(both)} == {core.id for core in [*cores(first), *cores(second)]}
    assert clinic.propose()[1] == both


def test_a_recalled_draft_leaves_the_request_and_makes_room(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "Grace"])
    _, request = clinic.propose()
    gone = clinic.records()[0]
    with writing(clinic.engine) as session:
        recall(session, gone.lookup_id, reason="typo", now=clinic.now)
    done, again = clinic.propose()
    assert done.new == 1
    (core,) = cores(again)
    assert core.printed_name == "Ada"
    assert core.id not in {core.id for core in cores(request)}
    assert core.credential_status.index != parse_certificate(gone.core).credential_status.index


def test_nobody_is_waiting(clinic: Clinic) -> None:
    clinic.issue_all(["Ada"])
    with pytest.raises(HandsealError, match="nobody is waiting"):
        clinic.propose()


def test_half_a_request_is_no_request(clinic: Clinic) -> None:
    clinic.enrol()

    class Full(BytesIO):
        def write(self, data: object) -> int:
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]  # bytes of some kind

    with pytest.raises(OSError, match="No space"):
        propose(clinic.engine, COHORT, Full(), clinic.proposer())
    assert clinic.records() == []


def test_an_unprintable_name_stops_before_partners_sign(clinic: Clinic) -> None:
    clinic.enrol(["Ada", "\U00013000"])

    def printable(text: str, place: str) -> None:
        if not text.isascii():
            raise HandsealError(f"{place}: no font has it")

    with pytest.raises(HandsealError, match="learner L00002: name"):
        propose(clinic.engine, COHORT, BytesIO(), replace(clinic.proposer(), printable=printable))
    assert clinic.records() == []


def test_the_programme_must_be_the_trust_lists(clinic: Clinic, tmp_path: Path) -> None:
    strict = World()
    strict.syllabus_bytes = strict.syllabus_bytes.replace(b'"threshold":2', b'"threshold":3')
    other = found_clinic(tmp_path / "other", strict)
    other.enrol()
    with pytest.raises(HandsealError, match="another threshold"):
        other.propose()


def test_a_closed_programme_is_not_proposed(tmp_path: Path) -> None:
    world = World()
    policy = world.trust_list().programmes[0].policies[0]
    closed = replace(policy, until=world.now - timedelta(days=1))
    world.change_list = lambda plain: replace(plain, programmes=(replace(plain.programmes[0], policies=(closed,)),))
    clinic = found_clinic(tmp_path, world)
    clinic.enrol()
    with pytest.raises(HandsealError, match="closed this programme"):
        clinic.propose()


def test_S10_no_index_is_given_twice(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    clinic.propose()
    used = clinic.records()[0].status
    again = StatusRecord(list_number=used.list_number, list_index=used.list_index)
    with pytest.raises(HandsealError, match="UNIQUE"), writing(clinic.engine) as session:
        session.add(again)
    taken = {0}
    numbers = iter([0, 4, 1, 1, 7])
    drawn = [draw_index(taken, 4, lambda size: next(numbers).to_bytes(size, "big")) for _ in range(2)]
    assert drawn == [1, 3]


def test_S11_indices_tell_nothing(clinic: Clinic) -> None:
    clinic.enrol([f"Learner {number:03}" for number in range(150)])
    clinic.propose()
    indices = [record.status.list_index for record in clinic.records()]
    assert len(set(indices)) == 150
    assert sum(second > first for first, second in pairwise(indices)) in range(50, 100)
    assert max(indices) > LIST_BITS // 2 > min(indices)


def test_ids_are_unrelated(clinic: Clinic) -> None:
    clinic.enrol(NAMES)
    clinic.propose()
    for record in clinic.records():
        assert record.state is State.PROPOSED
        assert record.lookup_id.encode() not in record.core
        assert record.digest == sha256(record.core)
        assert isinstance(record, CertificateRecord)
