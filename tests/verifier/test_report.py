"""A report is no yes or no: it has a verdict, a reason, one line for each check, and a proof only where it is valid."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

import keys
from keys.errors import HandsealError, UndecidedError
from tests.attacks.judging import members_of
from tests.world import CLINIC, HARBOUR, NORTH, NOW, PARTNERS, TTMA, World, list_of
from verifier.findings import Findings
from verifier.report import CODES, Check, Outcome, PartnerOutcome, Report, Verdict, VerifiedCredential

ORDER = """token.form token.header key.known signature.issuer payload.form payload.claims issuer.authorised policy.match
cosignature.form key.validity cosignature.quorum time.valid status.revocation status.suspension status.superseded
status.partners syllabus.match trust.fresh state.rollback""".split()


@pytest.fixture
def world() -> World:
    return World()


def test_a_report_is_no_bool(world: World) -> None:
    for report in (world.verify(world.issue()), world.verify(b"")):
        with pytest.raises(TypeError, match="not a yes or no"):
            bool(report)


def test_codes_and_words_are_those_of_the_formats() -> None:
    assert list(CODES) == ORDER
    said = Path(keys.__file__).with_name("FORMATS.md").read_text("utf-8").partition("## 12. ")[2].split()
    words = " ".join(said)
    for listed in (
        CODES,
        [verdict.word for verdict in Verdict],
        [outcome.value for outcome in Outcome],
        [outcome.value for outcome in PartnerOutcome],
    ):
        assert ", ".join(f"`{word}`" for word in listed) in words


def test_the_json_report(world: World) -> None:
    token = world.issue(HARBOUR, TTMA)
    report = world.verify(token).as_json("ada.pdf")
    assert list(report) == ["source", "verdict", "asOf", "checks", "partners", "credential"]
    assert (report["source"], report["verdict"], report["asOf"]) == ("ada.pdf", "valid", "2026-11-22T08:00:00Z")
    assert [check["code"] for check in report["checks"]] == ORDER
    assert all(list(check) == ["code", "outcome", "text"] for check in report["checks"])
    assert {check["outcome"] for check in report["checks"]} == {"pass", "not-run"}
    signed = {"outcome": "signed", "signed": "2026-11-21T08:00:00Z"}
    assert report["partners"] == [
        {"id": HARBOUR, "name": PARTNERS[HARBOUR], **signed},
        {"id": NORTH, "name": PARTNERS[NORTH], "outcome": "not-signed"},
        {"id": TTMA, "name": PARTNERS[TTMA], **signed},
    ]
    assert report["credential"]["credentialSubject"]["identifier"][0]["identityHash"] == "สมชาย ปิ่นทอง"
    assert report["credential"]["awardedDate"] == "2026-11-19T00:00:00Z"
    assert json.loads(json.dumps(report))["credential"] == members_of(token)


def test_the_json_report_of_what_is_invalid(world: World) -> None:
    report = world.verify(world.issue() + b"=").as_json("-")
    assert (report["verdict"], report["asOf"], report["partners"], report["credential"]) == ("invalid", None, [], None)
    assert [check["code"] for check in report["checks"]] == ORDER
    assert [check["outcome"] for check in report["checks"]] == ["fail"] + ["not-run"] * (len(ORDER) - 1)


@pytest.mark.parametrize(
    ("verdict", "word", "exit_code"),
    [
        (Verdict.VALID, "valid", 0),
        (Verdict.UNKNOWN, "unknown", 3),
        (Verdict.INCOMPLETE, "incomplete", 1),
        (Verdict.EXPIRED, "expired", 1),
        (Verdict.SUSPENDED, "suspended", 1),
        (Verdict.WITHDRAWN, "withdrawn", 1),
        (Verdict.SUPERSEDED, "superseded", 1),
        (Verdict.REVOKED, "revoked", 1),
        (Verdict.INVALID, "invalid", 1),
    ],
)
def test_words_and_exit_codes(verdict: Verdict, word: str, exit_code: int) -> None:
    assert (verdict.word, verdict.exit_code) == (word, exit_code)


def test_verdicts_from_best_to_worst() -> None:
    words = [verdict.word for verdict in sorted(Verdict)]
    expected = "valid unknown incomplete expired suspended withdrawn superseded revoked invalid"
    assert words == expected.split()


def test_the_proof_of_a_valid_certificate(world: World) -> None:
    token = world.issue(HARBOUR, TTMA)
    proof = world.verify(token).verified()
    assert isinstance(proof, VerifiedCredential)
    assert (proof.token, proof.syllabus, proof.issuer.id) == (token.decode(), world.syllabus, CLINIC)
    assert (proof.certificate.printed_name, proof.certificate.latin_name) == ("สมชาย ปิ่นทอง", "Somchai Pinthong")
    assert [partner.id for partner in proof.partners] == [HARBOUR, TTMA]
    assert (proof.issuer.name, proof.issuer.contact) == ("River Clinic", "+66 53 000 000")


def spoiled(world: World, verdict: Verdict) -> Report:
    token = world.issue()
    at = NOW
    match verdict:
        case Verdict.UNKNOWN:
            world.trust_expires = NOW - timedelta(seconds=1)
        case Verdict.INCOMPLETE:
            token = world.issue(TTMA)
        case Verdict.EXPIRED:
            at = NOW + timedelta(days=5000)
        case Verdict.SUSPENDED:
            world.revoke(list_of(CLINIC, "suspension"), 1)
        case Verdict.WITHDRAWN:
            world.revoke(list_of(TTMA), 3)
        case Verdict.SUPERSEDED:
            world.revoke(list_of(CLINIC), 1)
            world.revoke(list_of(CLINIC, "refresh"), 1)
        case Verdict.REVOKED:
            world.revoke(list_of(CLINIC), 1)
        case _:
            token += b"="
    return world.verify(token, at=at)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.VALID])
def test_no_proof_of_anything_else(world: World, verdict: Verdict) -> None:
    report = spoiled(world, verdict)
    assert report.verdict is verdict
    with pytest.raises(HandsealError, match=f"^certificate: {verdict.word}: ") as fault:
        report.verified()
    assert isinstance(fault.value, UndecidedError) == (verdict is Verdict.UNKNOWN)
    assert fault.value.exit_code == verdict.exit_code
    assert report.worst is not None
    assert str(fault.value) == f"certificate: {verdict.word}: {report.worst.text}"


def test_a_report_made_up_as_valid_is_no_proof(world: World) -> None:
    report = world.verify(world.issue())
    for forged in (
        replace(spoiled(World(), Verdict.REVOKED), verdict=Verdict.VALID),
        replace(report, syllabus=None),
        replace(report, certificate=None),
        replace(report, digest=None),
        replace(report, issuer=None),
    ):
        with pytest.raises(HandsealError):
            forged.verified()


def test_the_reason_is_the_one_of_the_verdict(world: World) -> None:
    """Expired and revoked: the verdict is revoked, and so is the reason."""
    token = world.issue()
    world.revoke(list_of(CLINIC), 1)
    report = world.verify(token, at=NOW + timedelta(days=5000))
    assert (report.verdict, report.worst) == (Verdict.REVOKED, report.check("status.revocation"))
    world.trust_expires = NOW - timedelta(seconds=1)
    assert world.verify(token).worst == report.check("status.revocation")


def test_findings_never_get_better() -> None:
    findings = Findings()
    findings.failed("time.valid", Verdict.EXPIRED, date=NOW)
    findings.unknown("syllabus.match", "missing")
    findings.take(Check("state.rollback", Outcome.FAIL, "unknown", "older"))
    findings.passed("trust.fresh", date=NOW)
    findings.failed("status.suspension", Verdict.SUSPENDED)
    findings.failed("cosignature.quorum", Verdict.INCOMPLETE, count=1, threshold=2)
    assert findings.verdict is Verdict.SUSPENDED
    assert [check.code for check in findings.complete()] == ORDER
    outcomes = {check.code: check.outcome for check in findings.complete()}
    assert outcomes["time.valid"] is Outcome.FAIL
    assert outcomes["token.form"] is Outcome.NOT_RUN
