"""A successor says what its predecessor says, but for what was wrong; until it is published the old one stands.

`correct` makes a draft; it is proposed, co-signed and issued like any other. A renewed
certificate (`issuer.renewing`) takes the same way.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from msgspec import Struct
from sqlalchemy.orm import Session

from issuer.drafting import Identifiers, correct_core, draw_identifiers, draw_index, plan_issue
from issuer.models import CertificateRecord, Enrolment, Event, State, StatusRecord, SyllabusVersion
from issuer.persons import is_nobody
from issuer.proposing import Proposer
from issuer.records import MAX_NAME
from issuer.statuses import LIST_BITS, find_certificate, free_list, grouped, require_reason
from issuer.syllabuses import open_syllabus
from keys.credential import Certificate, calendar_date
from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.text import mixed_script_words, require_text


class Names(Struct, frozen=True):
    """How a person is to be named; None leaves a name as it is, an empty `latin_name` takes it away."""

    name: str | None = None
    latin_name: str | None = None
    mixed_scripts: bool = False  # whether a word may mix look-alike scripts; the reason is the correction's
    unchanged: bool = False  # whether the names are right, and only the signatures are to be made anew


class Drafted(Struct, frozen=True):
    """A successor that waits for `propose`."""

    lookup_id: str
    replaces: str
    cohort: str


def correct(session: Session, lookup_id: str, wanted: Names, *, reason: str, desk: Proposer) -> Drafted:
    """Drafts the successor of an issued certificate: the same results and dates, the names as wanted.

    HandsealError where nothing would change, or the old one is not one that counts.
    """
    old = find_certificate(session, lookup_id)
    place = require_replaceable(old)
    earlier = parse_certificate(old.core, f"certificate {place}")
    if isinstance(earlier.valid_until, datetime) and earlier.valid_until < desk.now:
        raise HandsealError(
            f"{place}: expired on {calendar_date(earlier.valid_until)}", hint="handseal renew makes a new one"
        )
    name, latin_name = _names(wanted, earlier, desk)
    syllabus = open_syllabus(old.syllabus)
    clinic = desk.workspace
    issue = plan_issue(clinic.site, clinic.organisation, syllabus, old.syllabus.body, trust=desk.trust, now=desk.now)
    drawn = draw(session, old, desk)
    core = correct_core(issue, earlier, drawn, name=name, latin_name=latin_name)
    return store_draft(session, old, core, drawn, old.enrolment, old.syllabus, command="correct", reason=reason)


def require_replaceable(record: CertificateRecord) -> str:
    """The id as a person reads it; HandsealError unless it is issued, counts, and has no successor yet."""
    place, status = grouped(record.lookup_id), record.status
    if record.state is not State.ISSUED:
        raise HandsealError(f"{place}: is {record.state.value}, not issued", hint="handseal recall takes back a draft")
    if status.superseded:
        raise HandsealError(f"{place}: was replaced already", hint=f"handseal show {place} names the one that counts")
    if status.revoked:
        raise HandsealError(f"{place}: is revoked, and that is final")
    if status.suspended:
        raise HandsealError(f"{place}: is suspended", hint="handseal reinstate ends a suspension")
    if (successor := record.superseded_by) is not None:
        new = grouped(successor.lookup_id)
        raise HandsealError(f"{place}: has a successor already, {new}", hint=f"handseal recall {new} takes it back")
    return place


def draw(session: Session, old: CertificateRecord, desk: Proposer) -> Identifiers:
    """New ids and a free place in the status lists."""
    number, taken = free_list(session)
    index = draw_index(taken, LIST_BITS, desk.random)
    return draw_identifiers(old.enrolment.learner.wallet_did, number, index, desk.random)


def store_draft(
    session: Session,
    old: CertificateRecord,
    core: Certificate,
    drawn: Identifiers,
    enrolment: Enrolment,
    version: SyllabusVersion,
    *,
    command: str,
    reason: str,
) -> Drafted:
    """Keeps the draft, with the reason at both certificates."""
    body, reason = canonical(core), require_reason(reason)
    moment = core.valid_from
    place = StatusRecord(list_number=drawn.list_number, list_index=drawn.list_index, reason=reason, changed_at=moment)
    record = CertificateRecord(
        enrolment=enrolment,
        syllabus=version,
        status=place,
        supersedes=old,
        state=State.DRAFT,
        certificate_id=drawn.certificate,
        lookup_id=drawn.lookup,
        core=body,
        digest=sha256(body),
        proposed_at=moment,
    )
    session.add(record)
    for subject in (old.lookup_id, drawn.lookup):
        session.add(Event(moment=moment, command=command, subject=subject, reason=reason))
    session.flush()
    return Drafted(drawn.lookup, old.lookup_id, enrolment.cohort.name)


def _names(wanted: Names, earlier: Certificate, desk: Proposer) -> tuple[str, str | None]:
    """The names of the successor; HandsealError where they are no names, or those that the certificate has."""
    name = earlier.printed_name if wanted.name is None else _text(wanted.name, "--name", wanted)
    latin_name = earlier.latin_name
    if wanted.latin_name is not None:
        latin_name = _text(wanted.latin_name, "--latin-name", wanted) or None
    if not name or is_nobody(name):
        raise HandsealError("--name: is nobody's name" if name else "--name: is empty")
    if not wanted.unchanged and (name, latin_name) == (earlier.printed_name, earlier.latin_name):
        raise HandsealError(
            "the certificate names the person so already", hint="--name and --latin-name say what is right"
        )
    desk.printable(name, "--name")
    return name, latin_name


def _text(text: str, option: str, wanted: Names) -> str:
    text = require_text(unicodedata.normalize("NFC", text.strip(" ")), option)
    if len(text) > MAX_NAME:
        raise HandsealError(f"{option}: is longer than {MAX_NAME} characters")
    mixed = mixed_script_words(text)
    if mixed and not wanted.mixed_scripts:
        raise HandsealError(
            f"{option}: mixes look-alike scripts in one word: {', '.join(mixed)}",
            hint="if the name is really written so: --allow-mixed-script; the reason is kept with it",
        )
    return text
