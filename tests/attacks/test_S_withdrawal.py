"""C15, S15: what a partner body withdrew offline is what an employer reads, whosever address its list has."""

from __future__ import annotations

import secrets
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from issuer.cosigning import receive_status_list
from keys.algorithms import generate_private_key
from keys.body import Body, fresh_list, plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import plan_cosign, run_cosign
from keys.credential import content_digest
from keys.encoding import canonical
from keys.home import Home
from keys.request import RequestReader
from keys.review import review_request
from keys.signer import MemorySigner
from keys.trust import TrustList, Use
from tests.issuer.clinic import Clinic, found_clinic, later
from tests.issuer.people import check
from tests.world import HARBOUR, NORTH, TTMA, ListedSigner, World, organisation
from verifier.report import PartnerOutcome, Verdict

BOARD = "https://board.example/orgs/massage-board"  # co-signs for many clinics, under its own address


def world_with(board: MemorySigner) -> World:
    """The board co-signs in place of the TTMA."""
    world, cosigners = World(), tuple(sorted([HARBOUR, NORTH, BOARD]))
    world.syllabus = replace(world.syllabus, recognition=replace(world.syllabus.recognition, cosigners=cosigners))
    world.syllabus_bytes = canonical(world.syllabus)

    def join(trust_list: TrustList) -> TrustList:
        (programme,) = trust_list.programmes
        policies = tuple(replace(policy, cosigners=cosigners) for policy in programme.policies)
        joined = organisation(BOARD, "Massage Board", (world.key(board, Use.COSIGN),))
        organisations = tuple(sorted((*trust_list.organisations, joined), key=lambda entry: entry.id))
        return replace(trust_list, organisations=organisations, programmes=(replace(programme, policies=policies),))

    world.change_list = join
    return world


@pytest.fixture(params=[TTMA, BOARD], ids=["at-the-clinic's-address", "at-its-own"])
def signer(request: pytest.FixtureRequest) -> ListedSigner:
    private = generate_private_key(World().algorithm)
    return ListedSigner(private, request.param.partition("/orgs/")[0])


@pytest.fixture
def clinic(signer: MemorySigner, tmp_path: Path) -> Clinic:
    if signer.kid.startswith(BOARD.partition("/orgs/")[0]):
        return found_clinic(tmp_path, world_with(signer))
    world = World()
    world.partner_keys[TTMA] = signer
    return found_clinic(tmp_path, world)


def body(clinic: Clinic, signer: MemorySigner) -> Body:
    return require_body(clinic.trust, signer.kid, clinic.now)


def issue_two(clinic: Clinic, signer: MemorySigner, home: Home) -> list[str]:
    """Two certificates, co-signed by Harbour Hospital and by the body whose state is `home`."""
    clinic.enrol(["Ada Lovelace", "Grace Hopper"])
    _, request = clinic.propose()
    plan = plan_cosign(review_request(RequestReader(BytesIO(request))), body(clinic, signer), now=clinic.now)
    response = BytesIO()
    where = {"request": BytesIO(request), "response": response}
    run_cosign(plan, **where, signer=signer, home=home, now=clinic.now, random=secrets.token_bytes)
    for answer in (clinic.respond(request, HARBOUR), response.getvalue()):
        clinic.receive(answer)
    return [lookup_id for lot in clinic.issue() for lookup_id in lot.released]


def read(clinic: Clinic, lookup_id: str, partner: str) -> tuple[Verdict, PartnerOutcome]:
    """The verdict, and the line of this partner body."""
    report = check(clinic, lookup_id)
    assert report is not None
    return report.verdict, next(line.outcome for line in report.partners if line.id == partner)


def test_C15_S15_a_withdrawal_reaches_the_employer(clinic: Clinic, signer: MemorySigner, tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        one, other = issue_two(clinic, signer, home)
        partner = body(clinic, signer).organisation
        assert read(clinic, one, partner) == (Verdict.VALID, PartnerOutcome.SIGNED)
        before = fresh_list(body(clinic, signer), signer=signer, home=home, now=clinic.now).encode()
        report = check(clinic, one)
        assert report is not None
        assert report.certificate is not None
        later(clinic, hours=1)
        plan = plan_withdrawal(body(clinic, signer), home, contents=[content_digest(report.certificate)])
        token = run_withdrawal(plan, signer=signer, home=home, now=clinic.now).encode()
    assert read(clinic, one, partner) == (Verdict.VALID, PartnerOutcome.SIGNED)  # nothing is published yet
    assert receive_status_list(clinic.workspace, token, trust=clinic.trust, now=clinic.now, place="list").changed
    assert read(clinic, one, partner) == (Verdict.WITHDRAWN, PartnerOutcome.WITHDRAWN)
    assert read(clinic, other, partner) == (Verdict.VALID, PartnerOutcome.SIGNED)
    old = receive_status_list(clinic.workspace, before, trust=clinic.trust, now=clinic.now, place="list")
    assert not old.changed
    assert read(clinic, one, partner)[0] is Verdict.WITHDRAWN


def test_S15_the_list_of_another_body_in_its_place_confirms_nothing(
    clinic: Clinic, signer: MemorySigner, tmp_path: Path
) -> None:
    with Home(tmp_path / "home") as home:
        one, _ = issue_two(clinic, signer, home)
    partner = body(clinic, signer).organisation
    path = f"status/{partner.rpartition('/')[2]}/revocation/1.jwt"
    clinic.site.write(path, clinic.site.read("status/harbour-hospital/revocation/1.jwt"))
    assert read(clinic, one, partner) == (Verdict.UNKNOWN, PartnerOutcome.UNKNOWN)
