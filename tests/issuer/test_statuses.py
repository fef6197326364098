"""Status bits: final where they must be, together or not at all, and never lost."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import update

from issuer import upkeep
from issuer.database import reading, writing
from issuer.issuing import issue
from issuer.models import State, StatusRecord
from issuer.printing import Sheet
from issuer.statuses import (
    RENEW_BEFORE,
    Change,
    change_status,
    free_list,
    grouped,
    lists_need_signing,
    publish_lists,
    recall,
    require_reason,
)
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.status import ISSUER_LIST_LIFE
from tests.issuer.clinic import Clinic, found_clinic, later, pretend_press
from tests.world import CLINIC, HARBOUR, SITE, TTMA
from verifier.report import Verdict
from verifier.verify import verify


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def change(clinic: Clinic, lookup_id: str, what: Change, reason: str = "because") -> bool:
    with writing(clinic.engine) as session:
        return change_status(session, lookup_id, what, reason=reason, now=clinic.now)


def verdict(clinic: Clinic, lookup_id: str) -> Verdict:
    token = clinic.site.read(f"c/{lookup_id[:2]}/{lookup_id}.jwt") or b""
    return verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict


def test_S13_a_suspension_ends_and_a_revocation_does_not(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    expected = (
        (Change.SUSPEND, Verdict.SUSPENDED),
        (Change.REINSTATE, Verdict.VALID),
        (Change.SUSPEND, Verdict.SUSPENDED),
        (Change.REVOKE, Verdict.REVOKED),
    )
    for what, seen in expected:
        later(clinic, minutes=1)
        assert change(clinic, lookup_id, what)
        clinic.refresh()
        assert verdict(clinic, lookup_id) is seen
    for what in (Change.REINSTATE, Change.SUSPEND):
        with pytest.raises(HandsealError, match="is revoked, and that is final"):
            change(clinic, lookup_id, what)


def test_a_change_twice_is_one(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    assert change(clinic, lookup_id, Change.SUSPEND)
    assert not change(clinic, lookup_id, Change.SUSPEND)
    assert change(clinic, lookup_id, Change.REVOKE)
    assert not change(clinic, grouped(lookup_id).lower(), Change.REVOKE)


def test_what_is_not_suspended_is_not_reinstated(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    with pytest.raises(HandsealError, match="is not suspended"):
        change(clinic, lookup_id, Change.REINSTATE)


def test_a_draft_is_recalled_not_revoked(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    clinic.propose()
    (record,) = clinic.records()
    with pytest.raises(HandsealError, match="is proposed, not issued"):
        change(clinic, record.lookup_id, Change.REVOKE)
    with writing(clinic.engine) as session:
        assert recall(session, record.lookup_id, reason="typo", now=clinic.now)
        assert not recall(session, record.lookup_id, reason="typo", now=clinic.now)
    (record,) = clinic.records()
    assert record.state is State.RECALLED
    assert not record.status.revoked


def test_a_recalled_draft_that_partners_signed_is_revoked(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    clinic.receive(clinic.respond(request))
    with writing(clinic.engine) as session:
        recall(session, clinic.records()[0].lookup_id, reason="typo", now=clinic.now)
    clinic.refresh()
    (record,) = clinic.records()
    assert clinic.list().is_set(record.status.list_index)


def test_a_co_signature_after_the_recall_revokes_too(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    with writing(clinic.engine) as session:
        recall(session, clinic.records()[0].lookup_id, reason="typo", now=clinic.now)
    assert clinic.receive(clinic.respond(request)).late == 1
    assert clinic.records()[0].status.revoked


@pytest.mark.parametrize("moment", ["before it is printed", "while it is printed"])
def test_what_was_signed_and_not_released_can_be_recalled(clinic: Clinic, moment: str) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    clinic.refresh()
    (record,) = clinic.records()

    def take_back() -> None:
        with writing(clinic.engine) as session:
            assert recall(session, record.lookup_id, reason="typo", now=clinic.now)

    def press(sheets: Sequence[Sheet]) -> list[bytes | HandsealError]:
        if moment == "while it is printed":
            take_back()
            return pretend_press(sheets)
        return [HandsealError("it cannot be printed") for _ in sheets]

    (lot,) = issue(structs.replace(clinic.desk(), press=press))
    if moment == "before it is printed":
        take_back()
    assert lot.released == ()
    (record,) = clinic.records()
    assert (record.state, record.status.revoked) == (State.RECALLED, True)
    assert record.token is not None
    assert not list(clinic.site.names("c"))
    clinic.refresh()
    report = verify(record.token, clinic.materials(), at=clinic.now, now=clinic.now)
    assert report.verdict is Verdict.REVOKED
    assert clinic.propose()[0].new == 1  # the learner's next draft is not held back


def test_an_issued_one_is_not_recalled(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    with writing(clinic.engine) as session, pytest.raises(HandsealError, match="is issued already"):
        recall(session, lookup_id, reason="typo", now=clinic.now)


def test_S14_two_at_once_are_both_seen(clinic: Clinic) -> None:
    first, second = clinic.issue_all(["Ada", "Grace"])
    change(clinic, first, Change.REVOKE)
    change(clinic, second, Change.REVOKE)  # before the first one's lists were published
    clinic.refresh()
    assert (verdict(clinic, first), verdict(clinic, second)) == (Verdict.REVOKED, Verdict.REVOKED)


def test_D11_a_list_shows_before_or_after(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    with writing(clinic.engine) as session:
        change_status(session, lookup_id, Change.REVOKE, reason="x", now=clinic.now)
        assert verdict(clinic, lookup_id) is Verdict.VALID
        publish_lists(session, clinic.workspace, trust=clinic.trust, signer=clinic.world.status_key, now=clinic.now)
    assert verdict(clinic, lookup_id) is Verdict.REVOKED


def test_three_lists_alike(clinic: Clinic) -> None:
    clinic.issue_all()
    lists = [clinic.list(purpose) for purpose in ("revocation", "suspension", "refresh")]
    assert {opened.length for opened in lists} == {2**17}
    assert {opened.id.rpartition("/")[2] for opened in lists} == {"1"}
    assert all(opened.valid_until - opened.valid_from == ISSUER_LIST_LIFE for opened in lists)
    assert all(opened.trust_list.id == f"{SITE}/trust/1.list.json" for opened in lists)
    assert all(opened.trust_list.digest_sri == clinic.trust.digest for opened in lists)


def test_a_revocation_is_not_taken_back_by_an_old_database(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    change(clinic, lookup_id, Change.REVOKE)
    clinic.refresh()
    with writing(clinic.engine) as session:
        session.execute(update(StatusRecord).values(revoked=False))
    with pytest.raises(HandsealError, match="not in the database as revoked"):
        clinic.refresh()
    assert verdict(clinic, lookup_id) is Verdict.REVOKED


def test_a_clock_set_back_signs_nothing(clinic: Clinic) -> None:
    later(clinic, days=-1)
    with pytest.raises(HandsealError, match="clock"):
        clinic.refresh()


def test_D04_what_was_recorded_later_stops(clinic: Clinic) -> None:
    clinic.enrol(["Ada"])
    clinic.propose()
    upkeep.require_clock(clinic.engine, clinic.now - timedelta(minutes=9))
    with pytest.raises(HandsealError, match="clock"):
        upkeep.require_clock(clinic.engine, clinic.now - timedelta(days=1))


def test_another_key_signs_no_list(clinic: Clinic) -> None:
    for signer in (clinic.world.issue_key, clinic.world.partner_keys[TTMA], clinic.world.new_signer()):
        with writing(clinic.engine) as session, pytest.raises(ConfigurationError, match="no such key"):
            publish_lists(session, clinic.workspace, trust=clinic.trust, signer=signer, now=clinic.now)


def test_lists_are_signed_again_in_time(clinic: Clinic) -> None:
    with reading(clinic.engine) as session:
        fresh = {"trust": clinic.trust, "now": clinic.now}
        assert not lists_need_signing(session, clinic.workspace, **fresh)
        soon = clinic.now + ISSUER_LIST_LIFE - RENEW_BEFORE + timedelta(minutes=1)
        assert lists_need_signing(session, clinic.workspace, trust=clinic.trust, now=soon)
    clinic.site.remove("status/river-clinic/refresh/1.jwt")
    with reading(clinic.engine) as session:
        assert lists_need_signing(session, clinic.workspace, **fresh)


def test_a_bit_that_is_not_published_asks_for_it(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    change(clinic, lookup_id, Change.SUSPEND)
    with reading(clinic.engine) as session:
        assert lists_need_signing(session, clinic.workspace, trust=clinic.trust, now=clinic.now)


def test_a_second_list_has_all_three_purposes(clinic: Clinic) -> None:
    with writing(clinic.engine) as session:
        session.add(StatusRecord(list_number=2, list_index=5))
    published = clinic.refresh()
    assert f"{CLINIC.replace('/orgs/', '/status/')}/refresh/2" in published
    assert len(published) == 6


def test_new_certificates_go_where_there_is_room(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.enrol(["Ada"])
    clinic.propose()
    with reading(clinic.engine) as session:
        number, taken = free_list(session)
        assert (number, len(taken)) == (1, 1)
        monkeypatch.setattr("issuer.statuses.MAX_PER_LIST", 1)
        assert free_list(session) == (2, set())


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_is_given(reason: str) -> None:
    with pytest.raises(HandsealError, match="reason"):
        require_reason(reason)


def test_a_reason_is_readable() -> None:
    with pytest.raises(FormatError):
        require_reason("a\x1b[31m")


def test_nobody_else_is_found(clinic: Clinic) -> None:
    with pytest.raises(HandsealError, match="no such certificate"):
        change(clinic, "0" * 26, Change.REVOKE)
    with pytest.raises(FormatError):
        change(clinic, "'; DROP TABLE certificate", Change.REVOKE)
