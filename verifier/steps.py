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
from verifier.dates import day
from verifier.findings import Findings
from verifier.opening import Opened
from verifier.report import Verdict

LIST_NAMES = {"revocation": "revocation list", "suspension": "suspension list", "refresh": "replacement list"}
_TRUST_LIST_NAME = re.compile(r".+/trust/([1-9][0-9]{0,8})\.list\.json")

Lists = Mapping[str, StatusList | str]


def check_key(opened: Opened, quorum: Quorum, at: datetime, findings: Findings) -> None:
    """Step 9: the clinic's key in its time, or witnessed before it was compromised."""
    key = opened.known.key
    until = key.valid_until
    if key.valid_from > at:
        findings.failed("key.validity", "The clinic's key was not in use yet.", Verdict.INVALID)
    elif isinstance(until, datetime) and latest(quorum.confirmed, until) > until:
        text = "The clinic's key was retired before the last co-signature was made."
        findings.failed("key.validity", text, Verdict.INVALID)
    elif isinstance(until, datetime) and latest(quorum.possible, until) > until:
        text = "The clinic's key was retired before a co-signature that could not be confirmed."
        findings.unknown("key.validity", text)
    elif isinstance(key.compromised_since, datetime):
        _check_compromised(key.compromised_since, quorum, findings)
    else:
        findings.passed("key.validity", "The clinic's key was in use.")


def _check_compromised(since: datetime, quorum: Quorum, findings: Findings) -> None:
    date = day(since)
    if is_witnessed(quorum.confirmed, since):
        text = f"The clinic's key was compromised on {date}; a partner body's co-signature proves an earlier date."
        findings.passed("key.validity", text)
    elif is_witnessed(quorum.possible, since):
        text = f"The clinic's key was compromised on {date}, and the proof of an earlier date could not be confirmed."
        findings.unknown("key.validity", text)
    else:
        text = f"The clinic's key was compromised on {date}, and nothing proves that this was made before."
        findings.failed("key.validity", text, Verdict.INVALID)


def check_quorum(opened: Opened, quorum: Quorum, findings: Findings) -> None:
    """Step 9: k distinct organisations."""
    needed, count = quorum.threshold, len(quorum.confirmed)
    text = f"{count} of {needed} required partner bodies co-signed."
    if opened.strangers:
        text += " A further co-signature is by a key that is not in the trust list and does not count."
    if count >= needed:
        findings.passed("cosignature.quorum", text)
    elif len(quorum.possible) >= needed:
        text = f"Only {count} of {needed} required co-signatures could be confirmed."
        findings.unknown("cosignature.quorum", text)
    elif len(quorum.before_withdrawal) >= needed:
        text = f"Partner bodies withdrew: {count} of {needed} required co-signatures remain."
        findings.failed("cosignature.quorum", text, Verdict.WITHDRAWN)
    else:
        findings.failed("cosignature.quorum", text, Verdict.INCOMPLETE)


def check_partner_status(quorum: Quorum, findings: Findings) -> None:
    """Step 9's other half: what the partners' own lists say, and whether it matters."""
    standings = {candidate.standing for candidate in quorum.candidates}
    enough = len(quorum.confirmed) >= quorum.threshold
    decisive = len(quorum.possible) < quorum.threshold <= len(quorum.before_withdrawal)
    note = " The certificate does not depend on it." if enough else ""
    if Standing.WITHDRAWN in standings and decisive:
        findings.failed("status.partners", "A partner body withdrew its co-signature.", Verdict.WITHDRAWN)
    elif Standing.UNCONFIRMED in standings and not enough:
        findings.unknown("status.partners", "A partner body's status list could not be used.")
    elif Standing.WITHDRAWN in standings:
        findings.passed("status.partners", f"A partner body withdrew its co-signature.{note}")
    elif Standing.UNCONFIRMED in standings:
        findings.passed("status.partners", f"A partner body's status list could not be used.{note}")
    else:
        findings.passed("status.partners", "No partner body withdrew its co-signature.")


def check_time(certificate: Certificate, at: datetime, findings: Findings) -> None:
    """Step 10, the only one that `at` moves."""
    until = certificate.valid_until
    if certificate.valid_from - at > CLOCK_GRACE:
        text = f"It is valid from {day(certificate.valid_from)} only."
        findings.failed("time.valid", text, Verdict.EXPIRED)
    elif isinstance(until, datetime) and until < at:
        findings.failed("time.valid", f"It was valid until {day(until)}.", Verdict.EXPIRED)
    elif isinstance(until, datetime):
        findings.passed("time.valid", f"It is valid until {day(until)}.")
    else:
        findings.passed("time.valid", "It does not expire.")


def check_status(certificate: Certificate, lists: Lists, findings: Findings) -> tuple[StatusList, ...]:
    """Step 11: the issuer's three lists; returns those that were used."""
    entry = certificate.credential_status
    base, _, number = entry.status_list_credential.rpartition("/revocation/")
    found = {p: _issuer_list(lists.get(f"{base}/{p}/{number}", "the list is missing")) for p in PURPOSES}
    used = tuple(status_list for status_list in found.values() if isinstance(status_list, StatusList))
    if any(entry.index >= status_list.length for status_list in used):
        findings.failed("status.revocation", "Its place in the status list does not exist.", Verdict.INVALID)
        return used
    bits = {p: s.is_set(entry.index) if isinstance(s, StatusList) else None for p, s in found.items()}
    if len({status_list.length for status_list in used}) > 1:
        # Not one consistent set: a bit that is set still counts, one that is not proves nothing.
        bits = {purpose: bit or None for purpose, bit in bits.items()}
        found = {p: "the clinic's lists differ in length" if isinstance(s, StatusList) else s for p, s in found.items()}
    gone = Verdict.SUPERSEDED if bits["refresh"] else Verdict.REVOKED
    sentences = (
        ("status.revocation", "revocation", "The clinic has not revoked it.", "The clinic has revoked it.", gone),
        ("status.suspension", "suspension", "It is not suspended.", "The clinic has suspended it.", Verdict.SUSPENDED),
        ("status.superseded", "refresh", "It has not been replaced.", "It has been replaced.", Verdict.SUPERSEDED),
    )
    for code, purpose, good, bad, verdict in sentences:
        if bits[purpose]:
            findings.failed(code, bad, verdict)
        elif bits[purpose] is None:
            findings.unknown(code, f"The clinic's {LIST_NAMES[purpose]} could not be used: {found[purpose]}.")
        else:
            findings.passed(code, good)
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
        findings.unknown("syllabus.match", "The published syllabus is missing.")
        return None
    # Read only after its digest holds; then it must still be of this course and this clinic.
    syllabus = _open_syllabus(data) if sri(sha256(data)) == certificate.syllabus_digest else None
    ours = (certificate.credential_subject.achievement.id, certificate.issuer.id)
    if syllabus is None or (syllabus.id, syllabus.issuer) != ours:
        findings.unknown("syllabus.match", "The published syllabus is not the one it was earned against.")
        return None
    findings.passed("syllabus.match", "The published syllabus is the one it was earned against.")
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
        findings.unknown("trust.fresh", f"The trust list expired on {day(trust.expires)}.")
        return
    for status_list in issuer_lists:
        if fault := _below_floor(trust, status_list):
            findings.unknown("trust.fresh", fault)
            return
    findings.passed("trust.fresh", f"The trust list is in force until {day(trust.expires)}.")


def _below_floor(trust: Trust, status_list: StatusList) -> str:
    match = _TRUST_LIST_NAME.fullmatch(status_list.trust_list.id)
    if match is None:
        return "The clinic's status list does not say which trust list it knew."
    if int(match[1]) > trust.list.version:
        return "Alarm: this trust list is older than the one that the clinic's own lists name."
    if int(match[1]) == trust.list.version and status_list.trust_list.digest_sri != trust.digest:
        return "Alarm: there are two different trust lists with the same number."
    return ""
