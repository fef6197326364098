"""Steps 9 to 13 of formats.md section 10: all of them run, and the worst verdict wins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from keys.cosignature import CLOCK_GRACE
from keys.credential import Certificate
from keys.encoding import sha256, sri
from keys.errors import FormatError
from keys.names import PURPOSES
from keys.quorum import Quorum, Standing, is_witnessed, latest
from keys.status import StatusList
from keys.syllabus import Syllabus, parse_syllabus
from keys.trust import Trust, Use
from verifier.findings import Findings
from verifier.opening import Opened
from verifier.report import Verdict

_TRUST_LIST_NAME = re.compile(r".+/trust/([1-9][0-9]{0,8})\.list\.json")

Lists = Mapping[str, StatusList | str]


def check_key(opened: Opened, quorum: Quorum, at: datetime, findings: Findings) -> None:
    """Step 9: the clinic's key in its time, or witnessed before it was compromised."""
    key = opened.known.key
    until = key.valid_until
    if key.valid_from > at:
        findings.failed("key.validity", Verdict.INVALID, "early")
    elif isinstance(until, datetime) and latest(quorum.confirmed, until) > until:
        findings.failed("key.validity", Verdict.INVALID, "retired")
    elif isinstance(until, datetime) and latest(quorum.possible, until) > until:
        findings.unknown("key.validity", "retired-unconfirmed")
    elif isinstance(key.compromised_since, datetime):
        _check_compromised(key.compromised_since, quorum, findings)
    else:
        findings.passed("key.validity")


def _check_compromised(since: datetime, quorum: Quorum, findings: Findings) -> None:
    if is_witnessed(quorum.confirmed, since):
        findings.passed("key.validity", "witnessed", date=since)
    elif is_witnessed(quorum.possible, since):
        findings.unknown("key.validity", "witness-unconfirmed", date=since)
    else:
        findings.failed("key.validity", Verdict.INVALID, date=since)


def check_quorum(opened: Opened, quorum: Quorum, findings: Findings) -> None:
    """Step 9: k distinct organisations."""
    code, needed, count = "cosignature.quorum", quorum.threshold, len(quorum.confirmed)
    stranger = "-stranger" if opened.strangers else ""
    if count >= needed:
        findings.passed(code, f"pass{stranger}", count=count, threshold=needed)
    elif len(quorum.possible) >= needed:
        findings.unknown(code, count=count, threshold=needed)
    elif len(quorum.before_withdrawal) >= needed:
        findings.failed(code, Verdict.WITHDRAWN, "withdrawn", count=count, threshold=needed)
    else:
        findings.failed(code, Verdict.INCOMPLETE, f"fail{stranger}", count=count, threshold=needed)


def check_partner_status(quorum: Quorum, findings: Findings) -> None:
    """Step 9's other half: what the partners' own lists say, and whether it matters."""
    standings = {candidate.standing for candidate in quorum.candidates}
    enough = len(quorum.confirmed) >= quorum.threshold
    decisive = len(quorum.possible) < quorum.threshold <= len(quorum.before_withdrawal)
    if Standing.WITHDRAWN in standings and decisive:
        findings.failed("status.partners", Verdict.WITHDRAWN)
    elif Standing.UNCONFIRMED in standings and not enough:
        findings.unknown("status.partners")
    elif Standing.WITHDRAWN in standings:
        findings.passed("status.partners", "withdrawn-spare" if enough else "withdrawn")
    elif Standing.UNCONFIRMED in standings:
        findings.passed("status.partners", "unusable-spare")
    else:
        findings.passed("status.partners")


def check_time(certificate: Certificate, at: datetime, findings: Findings) -> None:
    """Step 10, the only one that `at` moves."""
    until = certificate.valid_until
    if certificate.valid_from - at > CLOCK_GRACE:
        findings.failed("time.valid", Verdict.EXPIRED, "early", date=certificate.valid_from)
    elif isinstance(until, datetime) and until < at:
        findings.failed("time.valid", Verdict.EXPIRED, date=until)
    elif isinstance(until, datetime):
        findings.passed("time.valid", date=until)
    else:
        findings.passed("time.valid", "unlimited")


def check_status(certificate: Certificate, lists: Lists, findings: Findings) -> tuple[StatusList, ...]:
    """Step 11: the issuer's three lists; returns those that were used."""
    entry = certificate.credential_status
    base, _, number = entry.status_list_credential.rpartition("/revocation/")
    found = {p: _issuer_list(lists.get(f"{base}/{p}/{number}", "the list is missing")) for p in PURPOSES}
    used = tuple(status_list for status_list in found.values() if isinstance(status_list, StatusList))
    if any(entry.index >= status_list.length for status_list in used):
        findings.failed("status.revocation", Verdict.INVALID, "no-place")
        return used
    bits = {p: s.is_set(entry.index) if isinstance(s, StatusList) else None for p, s in found.items()}
    if len({status_list.length for status_list in used}) > 1:
        # Not one consistent set: a bit that is set still counts, one that is not proves nothing.
        bits = {purpose: bit or None for purpose, bit in bits.items()}
        found = {p: "the clinic's lists differ in length" if isinstance(s, StatusList) else s for p, s in found.items()}
    gone = Verdict.SUPERSEDED if bits["refresh"] else Verdict.REVOKED
    consequences = (
        ("status.revocation", "revocation", gone),
        ("status.suspension", "suspension", Verdict.SUSPENDED),
        ("status.superseded", "refresh", Verdict.SUPERSEDED),
    )
    for code, purpose, verdict in consequences:
        if bits[purpose]:
            findings.failed(code, verdict)
        elif bits[purpose] is None:
            findings.unknown(code, detail=str(found[purpose]))
        else:
            findings.passed(code)
    return used


def _issuer_list(status_list: StatusList | str) -> StatusList | str:
    """A clinic that is also a partner body elsewhere has a `cosign` key too: not for these lists (formats.md 6)."""
    if isinstance(status_list, StatusList) and status_list.use is not Use.STATUS:
        return "it is not signed by a key for the clinic's lists"
    return status_list


def check_syllabus(certificate: Certificate, syllabuses: Mapping[str, bytes], findings: Findings) -> Syllabus | None:
    """Step 12: the published bytes are those the certificate was earned against; else they are not shown."""
    data = syllabuses.get(certificate.credential_subject.achievement.id)
    if data is None:
        findings.unknown("syllabus.match", "missing")
        return None
    # Read only after its digest holds; then it must still be of this course and this clinic.
    syllabus = _open_syllabus(data) if sri(sha256(data)) == certificate.syllabus_digest else None
    ours = (certificate.credential_subject.achievement.id, certificate.issuer.id)
    if syllabus is None or (syllabus.id, syllabus.issuer) != ours:
        findings.unknown("syllabus.match")
        return None
    findings.passed("syllabus.match")
    return syllabus


@lru_cache(maxsize=256)
def _open_syllabus(data: bytes) -> Syllabus | None:
    try:
        return parse_syllabus(data)
    except FormatError:
        return None


def check_trust(trust: Trust, issuer_lists: tuple[StatusList, ...], now: datetime, findings: Findings) -> None:
    """Step 13: neither expired nor older than the one the clinic's own lists name."""
    if trust.expires < now:
        findings.unknown("trust.fresh", "expired", date=trust.expires)
        return
    for status_list in issuer_lists:
        if fault := _below_floor(trust, status_list):
            findings.unknown("trust.fresh", fault)
            return
    findings.passed("trust.fresh", date=trust.expires)


def _below_floor(trust: Trust, status_list: StatusList) -> str:
    """The case of `trust.fresh` that a list of the clinic speaks against; empty for none."""
    match = _TRUST_LIST_NAME.fullmatch(status_list.trust_list.id)
    if match is None:
        return "unknown"
    if int(match[1]) > trust.list.version:
        return "older"
    if int(match[1]) == trust.list.version and status_list.trust_list.digest_sri != trust.digest:
        return "two"
    return ""
