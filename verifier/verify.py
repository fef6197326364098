"""Numbered steps from bytes to a report; the numbers are those of formats.md section 10.

Values in, a report out: no file, socket, clock or randomness in here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from keys.names import parse_status_list_id
from keys.quorum import Quorum, count
from keys.status import StatusList
from keys.syllabus import Syllabus
from keys.trust import Trust
from verifier import steps
from verifier.findings import Findings
from verifier.materials import Materials
from verifier.opening import Opened, Stopped, open_certificate
from verifier.quorum import partner_lines
from verifier.report import ListDate, Party, Report, Verdict

__all__ = ["Materials", "verify"]


def verify(token: bytes, materials: Materials, *, at: datetime, now: datetime) -> Report:
    """The report on `token`, a compact JWS as bytes; never raises for a bad one.

    `at` (aware UTC) is the moment that is asked about and moves step 10 only; `now` is the real clock, for freshness.
    """
    findings = Findings()
    try:
        opened = open_certificate(token, materials.trust, materials.trust_fault, findings)
    except Stopped:
        return Report.without_certificate(findings.verdict, findings.complete(), now)
    certificate, lists = opened.certificate, materials.lists
    quorum = count(opened.cosignatures, certificate, opened.policy, lists=lists, at=at)
    steps.check_key(opened, quorum, at, findings)
    steps.check_quorum(opened, quorum, findings)
    steps.check_time(certificate, at, findings)
    issuer_lists = steps.check_status(certificate, lists, findings)
    steps.check_partner_status(quorum, findings)
    syllabus = steps.check_syllabus(certificate, materials.syllabuses, findings)
    steps.check_trust(opened.trust, issuer_lists, now, findings)
    findings.take(materials.rollback)
    if findings.verdict is Verdict.INVALID:
        return Report.without_certificate(findings.verdict, findings.complete(), now)
    used = (*issuer_lists, *_partner_lists(quorum, materials))
    return _report(token, opened, findings, quorum, used, syllabus, now)


def _report(
    token: bytes,
    opened: Opened,
    findings: Findings,
    quorum: Quorum,
    used: tuple[StatusList, ...],
    syllabus: Syllabus | None,
    now: datetime,
) -> Report:
    dates = tuple(
        sorted((_list_date(status_list, opened.trust) for status_list in used), key=lambda entry: entry.dated)
    )
    return Report(
        verdict=findings.verdict,
        as_of=dates[0].dated if dates else None,
        checked=now,
        checks=findings.complete(),
        partners=partner_lines(quorum, opened.trust),
        lists=dates,
        token=token.decode("ascii"),
        certificate=opened.certificate,
        digest=opened.digest,
        issuer=_party(opened),
        syllabus=syllabus,
    )


def _party(opened: Opened) -> Party:
    organisation = opened.known.organisation
    website, contact = organisation.website, organisation.contact
    return Party(
        id=organisation.id,
        name=opened.certificate.issuer.name,
        website=website if isinstance(website, str) else None,
        contact=contact if isinstance(contact, str) else None,
    )


def _partner_lists(quorum: Quorum, materials: Materials) -> Iterator[StatusList]:
    for candidate in quorum.candidates:
        entry = candidate.cosignature.endorsement.credential_status
        status_list = materials.lists.get(entry.status_list_credential)
        if isinstance(status_list, StatusList):
            yield status_list


def _list_date(status_list: StatusList, trust: Trust) -> ListDate:
    purpose = parse_status_list_id(status_list.id, "status list").purpose
    owner = trust.name(status_list.issuer, status_list.valid_from)
    return ListDate(status_list.id, owner, purpose, status_list.valid_from)
