"""The site says what the database says; what went missing or was left half done is put right by running it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Engine, func, or_, select

from issuer.config import Workspace
from issuer.database import reading, writing
from issuer.lots import LOT, lots
from issuer.models import CertificateRecord, Enrolment, Event, Learner, State, StatusRecord, SyllabusVersion
from issuer.publishing import (
    publish_certificates,
    publish_documents,
    publish_syllabus,
    published_cards,
    trust_reader,
    withdraw_card,
    withdraw_certificate,
)
from issuer.statuses import lists_need_signing, publish_lists
from keys.cosignature import CLOCK_GRACE
from keys.errors import HandsealError
from keys.signer import Signer
from keys.trust import Trust
from keys.trust_chain import load_trust
from verifier.folder import Folder, publish_index, settle


class Brought(Struct, frozen=True):
    """What bringing the site up to date changed."""

    lists: tuple[str, ...]  # ids of the status lists signed
    certificates: int  # files written again
    withdrawn: int  # files of learners who do not agree to a page any more
    cards: int = 0  # cards taken away: not agreed to any more, or of certificates that do not stand


def current_trust(workspace: Workspace) -> Trust:
    """The trust list on the clinic's own site, verified from the root in clinic.toml."""
    try:
        return load_trust(trust_reader(Folder(workspace.site_folder)), root_digest=workspace.root_digest)
    except HandsealError as fault:
        hint = fault.hint or "handseal receive FOLDER takes in the files of the trust list"
        raise type(fault)(f"site: {fault}", hint=hint) from fault


def require_current(trust: Trust, now: datetime) -> None:
    """HandsealError where the trust list expired: no verifier would call anything valid."""
    if trust.expires <= now:
        raise HandsealError(
            f"trust list: expired on {trust.expires:%Y-%m-%d}",
            hint="the holders of the trust list sign a new one: handseal-ceremony trust propose",
        )


def require_clock(engine: Engine, now: datetime) -> None:
    """HandsealError where something was recorded later than now: then the clock is wrong (D04)."""
    with reading(engine) as session:
        latest = session.scalar(select(func.max(Event.moment)))
        proposed = session.scalar(select(func.max(CertificateRecord.proposed_at)))
    for moment in (latest, proposed):
        if moment is not None and moment > now + CLOCK_GRACE:
            raise HandsealError(
                f"clock: it is {now:%Y-%m-%d %H:%M}Z, but something was done on {moment:%Y-%m-%d %H:%M}Z",
                hint="set the clock of this computer",
            )


def refresh_lists(
    engine: Engine, workspace: Workspace, *, trust: Trust, signer: Signer, now: datetime, always: bool = True
) -> tuple[str, ...]:
    """Signs and publishes the status lists; without `always` only where one needs it. The index follows."""
    with writing(engine) as session:
        if not always and not lists_need_signing(session, workspace, trust=trust, now=now):
            return ()
        lists = publish_lists(session, workspace, trust=trust, signer=signer, now=now)
    publish_index(Folder(workspace.site_folder))
    return lists


def bring_up_to_date(engine: Engine, workspace: Workspace, *, trust: Trust, signer: Signer, now: datetime) -> Brought:
    """Documents, syllabuses, status lists and certificates, each as it should be.

    Lists come before certificates: a successor is never there while what it replaces still counts.
    """
    site = Folder(workspace.site_folder)
    publish_documents(site, workspace.site, trust.list)
    with reading(engine) as session:
        for syllabus_id, body in session.execute(select(SyllabusVersion.syllabus_id, SyllabusVersion.body)):
            publish_syllabus(site, syllabus_id, body)
    lists = refresh_lists(engine, workspace, trust=trust, signer=signer, now=now)
    written = withdrawn = 0
    for tokens, hidden in _issued(engine):
        written += publish_certificates(site, tokens)
        withdrawn += sum(withdraw_certificate(site, lookup_id) for lookup_id in hidden)
    cards = _withdraw_cards(engine, site)
    settle()
    return Brought(lists, written, withdrawn, cards)


def _withdraw_cards(engine: Engine, site: Folder) -> int:
    """Only a certificate that stands, of a learner who agrees to a page and to sharing, keeps its card."""
    withdrawn = 0
    for cards in lots(list(published_cards(site))):
        with reading(engine) as session:
            standing = session.scalars(
                select(CertificateRecord.lookup_id)
                .join(CertificateRecord.status)
                .join(CertificateRecord.enrolment)
                .join(Enrolment.learner)
                .where(
                    CertificateRecord.lookup_id.in_(cards),
                    CertificateRecord.state == State.ISSUED,
                    Learner.consent_page,
                    Learner.consent_share,
                    ~or_(StatusRecord.revoked, StatusRecord.suspended, StatusRecord.superseded),
                )
            ).all()
        withdrawn += sum(withdraw_card(site, lookup_id) for lookup_id in set(cards) - set(standing))
    return withdrawn


def _issued(engine: Engine) -> Iterator[tuple[dict[str, bytes], list[str]]]:
    """Lot by lot: tokens to be public by lookup id, and lookup ids that are not to be."""
    last = 0
    while True:
        with reading(engine) as session:
            rows = session.execute(
                select(CertificateRecord.id, CertificateRecord.lookup_id, CertificateRecord.token, Learner.consent_page)
                .join(CertificateRecord.enrolment)
                .join(Enrolment.learner)
                .where(CertificateRecord.state == State.ISSUED, CertificateRecord.id > last)
                .order_by(CertificateRecord.id)
                .limit(LOT)
            ).all()
        if not rows:
            return
        last = rows[-1][0]
        public = {lookup_id: token for _, lookup_id, token, consent in rows if consent and token is not None}
        yield public, [lookup_id for _, lookup_id, _, consent in rows if not consent]
