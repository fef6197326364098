"""Nothing leaves that the verifier would refuse, and a command that was cut short ends where it would have ended."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from issuer import upkeep
from issuer.database import writing
from issuer.issuing import Issued, issue, reprint
from issuer.models import CertificateRecord, Learner, State
from issuer.printing import Sheet, file_name
from keys.errors import ConfigurationError, HandsealError
from keys.jws import split_token
from keys.profile import parse_certificate
from tests.issuer.clinic import NAMES, Clinic, found_clinic, later, pretend_press
from tests.world import HARBOUR, NORTH, TTMA, list_of
from verifier.report import PartnerOutcome, Verdict
from verifier.verify import verify


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def answered(clinic: Clinic, names: Sequence[str] = NAMES, partners: Sequence[str] = (HARBOUR, TTMA)) -> bytes:
    clinic.enrol(names)
    _, request = clinic.propose()
    for partner in partners:
        clinic.receive(clinic.respond(request, partner))
    return request


def released(lots: Iterable[Issued]) -> list[str]:
    return [lookup_id for lot in lots for lookup_id in lot.released]


def test_what_is_issued_is_valid(clinic: Clinic) -> None:
    for lookup_id in clinic.issue_all():
        token = clinic.site.read(f"c/{lookup_id[:2]}/{lookup_id}.jwt") or b""
        assert verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict is Verdict.VALID
    assert {record.state for record in clinic.records()} == {State.ISSUED}
    assert len(list(clinic.workspace.certificates.iterdir())) == len(NAMES)


def test_too_few_co_signatures_wait(clinic: Clinic) -> None:
    answered(clinic, ["Ada"], [TTMA])
    (lot,) = clinic.issue()
    (waiting,) = lot.waiting
    assert (lot.released, waiting.signed, waiting.needed) == ((), 1, 2)
    assert [partner.id for partner in waiting.missing] == [HARBOUR, NORTH]
    assert clinic.records()[0].token is None
    assert not list(clinic.site.names("c"))


def test_it_closes_with_all_that_are_in(clinic: Clinic) -> None:
    answered(clinic, ["Ada"], [TTMA, NORTH, HARBOUR])
    clinic.issue()
    certificate = parse_certificate(split_token(clinic.records()[0].token or b"").payload)
    assert len(certificate.endorsements) == 3


def test_waiting_for_all(clinic: Clinic) -> None:
    request = answered(clinic, ["Ada"])
    assert clinic.issue(wait_for_all=True)[0].waiting[0].needed == 3
    clinic.receive(clinic.respond(request, NORTH))
    assert len(released(clinic.issue(wait_for_all=True))) == 1


def test_C27_a_withdrawn_co_signature_does_not_count(clinic: Clinic) -> None:
    request = answered(clinic, ["Ada"], [HARBOUR])
    clinic.receive(clinic.respond(request, TTMA))
    entry = clinic.world.endorsement(parse_certificate(clinic.records()[0].core))  # numbers go up by one each
    clinic.world.revoke(list_of(TTMA), *range(entry.credential_status.index))
    later(clinic, minutes=1)
    clinic.receive(clinic.respond(request, TTMA))
    (lot,) = clinic.issue()
    assert lot.released == ()
    outcomes = {partner.id: partner.outcome for partner in lot.waiting[0].missing}
    assert outcomes[TTMA] is PartnerOutcome.WITHDRAWN


def test_the_key_is_opened_once_and_only_if_needed(clinic: Clinic) -> None:
    opened: list[str] = []

    def signer() -> object:
        opened.append("once")
        return clinic.world.issue_key

    answered(clinic, ["Ada"], [TTMA])
    clinic.refresh()
    list(issue(replace(clinic.desk(), signer=signer)))
    assert opened == []
    _, request = clinic.propose()
    clinic.receive(clinic.respond(request, HARBOUR))
    list(issue(replace(clinic.desk(), signer=signer)))
    list(issue(replace(clinic.desk(), signer=signer)))
    assert opened == ["once"]


def test_another_key_issues_nothing(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    clinic.refresh()
    for signer in (clinic.world.status_key, clinic.world.new_signer()):
        with pytest.raises(ConfigurationError, match="no such key"):
            list(issue(replace(clinic.desk(), signer=lambda signer=signer: signer)))
    assert clinic.records()[0].token is None


def test_what_the_verifier_refuses_stays(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    clinic.refresh()
    clinic.site.remove("status/river-clinic/suspension/1.jwt")
    (lot,) = issue(clinic.desk())
    assert lot.released == ()
    assert "suspension" in lot.refused[0].reason or "unknown" in lot.refused[0].reason
    assert clinic.records()[0].token is None
    assert not list(clinic.site.names("c"))
    assert len(released(clinic.issue())) == 1


def test_without_consent_nothing_is_published(clinic: Clinic) -> None:
    clinic.issue_all(["Ada"], consent=False)
    assert not list(clinic.site.names("c"))
    (pdf,) = clinic.workspace.certificates.iterdir()
    assert pdf.read_bytes().startswith(b"PDF None ")
    assert clinic.records()[0].state is State.ISSUED


def test_consent_taken_back_takes_the_page_back(clinic: Clinic) -> None:
    clinic.issue_all(["Ada", "Grace"])
    with writing(clinic.engine) as session:
        session.execute(update(Learner).where(Learner.name == "Ada").values(consent_page=False))
    done = upkeep.bring_up_to_date(
        clinic.engine, clinic.workspace, trust=clinic.trust, signer=clinic.world.status_key, now=clinic.now
    )
    assert done.withdrawn == 1
    assert len(list(clinic.site.names("c"))) == 1


def test_publish_puts_back_what_is_missing(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    before = {name: clinic.site.read(name) for name in clinic.site.names()}
    for name in (f"c/{lookup_id[:2]}/{lookup_id}.jwt", "ns.json", "programmes/deep-tissue-foundations/1.json"):
        assert clinic.site.remove(name)
    upkeep.bring_up_to_date(
        clinic.engine, clinic.workspace, trust=clinic.trust, signer=clinic.world.status_key, now=clinic.now
    )
    assert {name: clinic.site.read(name) for name in clinic.site.names()} == before


@pytest.mark.parametrize("at", ["before the PDFs", "after the PDFs"])
def test_D01_cut_short_it_ends_with_the_same_bytes(clinic: Clinic, at: str) -> None:
    request = answered(clinic)
    clinic.refresh()

    def cut(sheets: Sequence[Sheet]) -> Iterable[bytes]:
        if at == "after the PDFs":
            yield from pretend_press(sheets)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(issue(replace(clinic.desk(), press=cut)))
    tokens = [record.token for record in clinic.records()]
    assert None not in tokens
    assert {record.state for record in clinic.records()} == {State.PROPOSED}
    later(clinic, hours=1)
    clinic.receive(clinic.respond(request, NORTH))  # does not get in any more
    assert len(released(clinic.issue())) == len(NAMES)
    assert [record.token for record in clinic.records()] == tokens
    assert released(clinic.issue()) == []


def test_D01_what_was_not_stored_is_made_again(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    clinic.issue()
    first = clinic.records()[0].token
    with writing(clinic.engine) as session:  # as if the commit had not happened
        session.execute(update(CertificateRecord).values(token=None, state=State.PROPOSED))
    clinic.issue()
    assert clinic.records()[0].token == first


def test_D03_another_command_was_faster(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    clinic.refresh()

    def slow() -> object:
        clinic.issue()
        return clinic.world.issue_key

    (lot,) = issue(replace(clinic.desk(), signer=slow))
    assert lot.released == ()
    assert clinic.records()[0].state is State.ISSUED


def test_one_that_cannot_be_printed_holds_up_nobody(clinic: Clinic) -> None:
    answered(clinic, ["Ada", "Grace"])
    clinic.refresh()

    def press(sheets: Sequence[Sheet]) -> Iterable[bytes | HandsealError]:
        return [HandsealError("no font") if "ada" in sheet.name else b"pdf" for sheet in sheets]

    (lot,) = issue(replace(clinic.desk(), press=press))
    assert len(lot.released) == 1
    assert [refused.reason for refused in lot.refused] == ["no font"]
    assert len(list(clinic.site.names("c"))) == 1
    assert len(released(clinic.issue())) == 1


def test_a_changed_draft_is_not_signed(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    with writing(clinic.engine) as session:
        core = clinic.records()[0].core.replace(b'"Ada"', b'"Eve"')
        session.execute(update(CertificateRecord).values(core=core))
    (lot,) = clinic.issue()
    assert "changed in the database" in lot.refused[0].reason


def test_printing_again(clinic: Clinic) -> None:
    clinic.issue_all(["Ada", "Grace"])
    for pdf in clinic.workspace.certificates.iterdir():
        pdf.unlink()
    with writing(clinic.engine) as session:
        session.get_one(CertificateRecord, 1).status.revoked = True
    clinic.refresh()
    assert len(released(reprint(clinic.desk()))) == 1
    assert len(list(clinic.workspace.certificates.iterdir())) == 1


def test_an_expired_trust_list_stops(clinic: Clinic) -> None:
    upkeep.require_current(clinic.trust, clinic.trust.expires - timedelta(seconds=1))
    with pytest.raises(HandsealError, match="expired"):
        upkeep.require_current(clinic.trust, clinic.trust.expires)


def test_only_the_cohort_that_was_named(clinic: Clinic) -> None:
    answered(clinic, ["Ada"])
    clinic.refresh()
    assert list(issue(clinic.desk(), cohort="spring")) == []
    assert len(released(issue(clinic.desk(), cohort="autumn"))) == 1


@pytest.mark.parametrize(
    ("name", "latin", "expected"),
    [
        ("José Álvarez", None, "jose-alvarez-27m1g6.pdf"),
        ("สมชาย", "Somchai Pinthong", "somchai-pinthong-27m1g6.pdf"),
        ("王小明", None, "l-0001-27m1g6.pdf"),
        ("../../etc/passwd", None, "etc-passwd-27m1g6.pdf"),
        ("A" * 300, None, "a" * 60 + "-27m1g6.pdf"),
    ],
)
def test_a_file_name_is_readable_and_safe(clinic: Clinic, name: str, latin: str | None, expected: str) -> None:
    core = clinic.world.core(name, latin)
    assert file_name(core, "L/0001", "27M1G67RS6ENTQCR66AQA16S1V") == expected
