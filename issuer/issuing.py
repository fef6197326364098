"""A certificate is closed with its co-signatures, verified as an employer would, and only then leaves the house.

Each lot goes through four steps, and each step may be killed and run again: the token is stored before anything is
published, so that the same certificate always has the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Engine, Select, insert, select, update
from sqlalchemy.orm import Session, joinedload

from issuer.config import Workspace
from issuer.database import reading, writing
from issuer.lots import LOT
from issuer.models import CertificateRecord, Cohort, CosignatureRecord, Enrolment, Event, State
from issuer.printing import Press, Sheet, file_name, write_pdfs
from issuer.publishing import publish_certificates, withdraw_card
from issuer.statuses import grouped, require_key, require_replacing, supersede
from keys.cosignature import open_cosignature
from keys.credential import MAX_ENDORSEMENTS, Certificate
from keys.encoding import Digest, canonical, sha256
from keys.errors import HandsealError
from keys.jws import sign_token
from keys.profile import parse_certificate
from keys.quorum import Quorum, count
from keys.signer import Signer
from keys.trust import Trust, Use
from verifier.folder import Folder, settle
from verifier.materials import Materials
from verifier.quorum import partner_lines
from verifier.report import Partner, PartnerOutcome, VerifiedCredential
from verifier.verify import verify


class Desk(Struct, frozen=True):
    """All that `issue` works with; the clock stands still for one command."""

    engine: Engine
    workspace: Workspace
    trust: Trust
    materials: Materials
    signer: Callable[[], Signer]  # opens the issue key: asked once, and only if there is something to sign
    press: Press
    now: datetime
    lists: Callable[[], object]  # signs the status lists as the database stands and puts them on the site


class Waiting(Struct, frozen=True):
    """A certificate that lacks co-signatures."""

    lookup_id: str
    signed: int  # co-signatures that count
    needed: int
    missing: tuple[Partner, ...]  # the partner bodies whose co-signature does not count, and why


class Refused(Struct, frozen=True):
    """A certificate that the verifier would not call valid."""

    lookup_id: str
    reason: str


class Issued(Struct, frozen=True):
    """What one lot came to."""

    released: tuple[str, ...] = ()  # lookup ids
    waiting: tuple[Waiting, ...] = ()
    refused: tuple[Refused, ...] = ()


class _Ready(Struct, frozen=True):
    """A certificate with enough co-signatures: about to be signed, or signed by a run that was cut short."""

    id: int
    lookup_id: str
    learner_id: str
    consent: bool
    certificate: Certificate | None  # None where the token is there
    token: bytes | None


class _Closed(Struct, frozen=True):
    ready: _Ready
    token: bytes
    credential: VerifiedCredential


class _Lot(Struct, frozen=True):
    """Certificates whose PDFs are being made, and what else their lot came to."""

    kept: tuple[_Closed, ...]
    sheets: tuple[Sheet, ...]
    pdfs: Iterable[bytes | HandsealError]
    waiting: tuple[Waiting, ...]
    refused: tuple[Refused, ...]


def issue(desk: Desk, *, cohort: str | None = None, wait_for_all: bool = False) -> Iterator[Issued]:
    """Signs, verifies, publishes and prints what has its co-signatures, lot by lot.

    What the verifier would refuse is reported, not released. HandsealError where nothing more can be done; what was
    finished stays, and the rest goes on when run again. One lot is signed while the one before it is printed.
    """
    for lot in _one_ahead(_signed(desk, cohort, wait_for_all=wait_for_all)):
        printed, unprinted = _print(lot, desk)
        released = _release(printed, desk)
        yield Issued(released, lot.waiting, (*lot.refused, *unprinted))


def reprint(desk: Desk, *, cohort: str | None = None) -> Iterator[Issued]:
    """Makes the PDFs of issued certificates again, lot by lot: not of revoked ones; what is not valid is refused."""
    for lot in _one_ahead(_released_before(desk, cohort)):
        printed, unprinted = _print(lot, desk)
        settle()
        values = [{"id": item.ready.id, "pdf_digest": digest} for item, digest in printed]
        if values:
            with writing(desk.engine) as session:
                session.execute(update(CertificateRecord), values)
        yield Issued(tuple(item.ready.lookup_id for item, _ in printed), (), (*lot.refused, *unprinted))


def _signed(desk: Desk, cohort: str | None, *, wait_for_all: bool) -> Iterator[_Lot]:
    """Lot by lot: judged, signed, verified, stored, and given to the press."""
    last = 0
    signer: Signer | None = None
    while True:
        with reading(desk.engine) as session:
            records = session.scalars(_next(cohort, last)).unique().all()
            ready, waiting, refused = _judge(session, records, desk, wait_for_all=wait_for_all)
        if not records:
            return
        last = records[-1].id
        if signer is None and any(item.token is None for item in ready):
            signer = desk.signer()
            require_key(desk.trust, signer, desk.workspace.organisation, Use.ISSUE, "issue key")
        closed, faults = _close(ready, signer, desk)
        yield _to_press(_store_tokens(desk.engine, closed), desk, waiting, (*refused, *faults))


def _released_before(desk: Desk, cohort: str | None) -> Iterator[_Lot]:
    last = 0
    while True:
        with reading(desk.engine) as session:
            records = session.scalars(_next(cohort, last, State.ISSUED)).unique().all()
            items = [_stored(record) for record in records if not record.status.revoked]
        if not records:
            return
        last = records[-1].id
        closed, refused = _close(items, None, desk)
        yield _to_press(closed, desk, (), refused)


def _to_press(kept: Sequence[_Closed], desk: Desk, waiting: Sequence[Waiting], refused: Sequence[Refused]) -> _Lot:
    sheets = tuple(_sheet(item, desk) for item in kept)
    return _Lot(tuple(kept), sheets, desk.press(sheets), tuple(waiting), tuple(refused))


def _one_ahead(lots: Iterator[_Lot]) -> Iterator[_Lot]:
    """Each lot when the next one has been prepared: processes print the one while this one signs the other."""
    ahead = next(lots, None)
    while ahead is not None:
        current, ahead = ahead, next(lots, None)
        yield current


def count_cosignatures(
    core: Certificate, digest: bytes, tokens: Iterable[bytes], *, trust: Trust, materials: Materials, now: datetime
) -> Quorum:
    """The quorum that a certificate with these co-signatures would have. HandsealError where no policy covers it."""
    policy = trust.policy(core.programme, core.valid_from)
    if policy is None:
        raise HandsealError(f"{core.programme}: the trust list has no policy for it")
    opened = [
        cosignature
        for token in tokens
        if (cosignature := open_cosignature(token.decode("ascii"), core, digest, trust, "co-signature"))
    ]
    return count(opened, core, policy, lists=materials.lists, at=now)


def _next(cohort: str | None, last: int, state: State = State.PROPOSED) -> Select[CertificateRecord]:
    query = (
        select(CertificateRecord)
        .where(CertificateRecord.state == state, CertificateRecord.id > last)
        .options(
            joinedload(CertificateRecord.enrolment).joinedload(Enrolment.learner), joinedload(CertificateRecord.status)
        )
        .order_by(CertificateRecord.id)
        .limit(LOT)
    )
    if cohort is None:
        return query
    return query.where(CertificateRecord.enrolment.has(Enrolment.cohort.has(Cohort.name == cohort)))


def _judge(
    session: Session, records: Sequence[CertificateRecord], desk: Desk, *, wait_for_all: bool
) -> tuple[list[_Ready], list[Waiting], list[Refused]]:
    digests = [record.digest for record in records]
    query = select(CosignatureRecord).where(CosignatureRecord.certificate_digest.in_(digests))
    tokens: dict[bytes, list[bytes]] = {}
    for row in session.scalars(query):
        tokens.setdefault(row.certificate_digest, []).append(row.token)
    ready: list[_Ready] = []
    waiting: list[Waiting] = []
    refused: list[Refused] = []
    for record in records:
        try:
            judged = _judge_one(record, tokens.get(record.digest, []), desk, wait_for_all)
        except HandsealError as fault:
            refused.append(Refused(record.lookup_id, str(fault)))
            continue
        if isinstance(judged, Waiting):
            waiting.append(judged)
        else:
            ready.append(judged)
    return ready, waiting, refused


def _judge_one(record: CertificateRecord, tokens: list[bytes], desk: Desk, wait_for_all: bool) -> _Ready | Waiting:
    item = _stored(record)
    require_replacing(record)
    if item.token is not None:
        return item
    place = f"certificate {grouped(record.lookup_id)}"
    core = parse_certificate(record.core, place)
    if sha256(record.core) != record.digest or core.id != record.certificate_id:
        raise HandsealError(f"{place}: its draft was changed in the database", hint="handseal doctor")
    quorum = count_cosignatures(core, record.digest, tokens, trust=desk.trust, materials=desk.materials, now=desk.now)
    confirmed = sorted(quorum.confirmed, key=lambda candidate: candidate.cosignature.organisation)[:MAX_ENDORSEMENTS]
    needed = len(core.terms_of_use[0].cosigner) if wait_for_all else quorum.threshold
    if len(confirmed) < needed:
        lines = partner_lines(quorum, desk.trust)
        missing = tuple(partner for partner in lines if partner.outcome is not PartnerOutcome.SIGNED)
        return Waiting(record.lookup_id, len(confirmed), needed, missing)
    endorsements = tuple(candidate.cosignature.token for candidate in confirmed)
    return replace(item, certificate=replace(core, endorsement_jwt=endorsements))


def _stored(record: CertificateRecord) -> _Ready:
    """A certificate as it is stored, with its token if it has one."""
    learner = record.enrolment.learner
    return _Ready(record.id, record.lookup_id, learner.learner_id, learner.consent_page, None, record.token)


def _close(ready: Sequence[_Ready], signer: Signer | None, desk: Desk) -> tuple[list[_Closed], list[Refused]]:
    """Signs what is not signed yet and has the employer's verifier look at all of it."""
    closed: list[_Closed] = []
    refused: list[Refused] = []
    for item in ready:
        token = item.token
        if token is None and item.certificate is not None and signer is not None:
            token = sign_token(canonical(item.certificate), signer).encode("ascii")
        try:
            report = verify(token or b"", desk.materials, at=desk.now, now=desk.now)
            closed.append(_Closed(item, token or b"", report.verified()))
        except HandsealError as fault:
            refused.append(Refused(item.lookup_id, str(fault)))
    return closed, refused


def _store_tokens(engine: Engine, closed: Sequence[_Closed]) -> list[_Closed]:
    """From here on the certificate has these bytes. Leaves out what another command closed or recalled meanwhile."""
    tokens = {item.ready.id: item.token for item in closed}
    if not tokens:
        return []
    with writing(engine) as session:
        query = select(CertificateRecord.id, CertificateRecord.token).where(
            CertificateRecord.id.in_(tokens), CertificateRecord.state == State.PROPOSED
        )
        stored = {row[0]: row[1] for row in session.execute(query)}
        lacking = [identity for identity, token in stored.items() if token is None]
        if lacking:
            values = [{"id": identity, "token": tokens[identity]} for identity in lacking]
            session.execute(update(CertificateRecord), values)
    ours = {identity for identity, token in stored.items() if token in (None, tokens[identity])}
    return [item for item in closed if item.ready.id in ours]


def _release(printed: Sequence[tuple[_Closed, Digest]], desk: Desk) -> tuple[str, ...]:
    """The site, then the mark, while nobody can recall: whoever reads `issued` finds file and PDF.

    What a certificate replaces ends first, in the database and on the site, so that at no moment both are valid (I15).
    Cut short in between, the old one has ended and the next run publishes the new one. Returns the lookup ids of those
    that were not recalled meanwhile.
    """
    replaced = _end_replaced([item.ready.id for item, _ in printed], desk)
    if replaced:
        desk.lists()
    for lookup_id in replaced:
        withdraw_card(Folder(desk.workspace.site_folder), lookup_id)
    with writing(desk.engine) as session:
        query = select(CertificateRecord.id, CertificateRecord.state).where(
            CertificateRecord.id.in_([item.ready.id for item, _ in printed])
        )
        states = {row[0]: row[1] for row in session.execute(query)}
        marked = [(item, digest) for item, digest in printed if states.get(item.ready.id) is State.PROPOSED]
        tokens = {item.ready.lookup_id: item.token for item, _ in marked if item.ready.consent}
        publish_certificates(Folder(desk.workspace.site_folder), tokens)
        settle()
        if marked:
            change = {"state": State.ISSUED, "issued_at": desk.now}
            values = [{"id": item.ready.id, "pdf_digest": digest, **change} for item, digest in marked]
            session.execute(update(CertificateRecord), values)
            event = {"moment": desk.now, "command": "issue", "reason": None}
            session.execute(insert(Event), [{"subject": item.ready.lookup_id, **event} for item, _ in marked])
    released = {State.PROPOSED, State.ISSUED}
    return tuple(item.ready.lookup_id for item, _ in printed if states.get(item.ready.id) in released)


def _end_replaced(ids: Sequence[int], desk: Desk) -> list[str]:
    """The lookup ids of what these certificates replace; it has ended, in the database."""
    query = select(CertificateRecord).where(
        CertificateRecord.id.in_(ids),
        CertificateRecord.supersedes_id.is_not(None),
        CertificateRecord.state != State.RECALLED,
    )
    with reading(desk.engine) as session:
        successors = session.scalars(query).all()
        replaced = [record.supersedes.lookup_id for record in successors if record.supersedes]
    if replaced:
        with writing(desk.engine) as session:
            supersede(session, session.scalars(query), desk.now)
    return replaced


def _print(lot: _Lot, desk: Desk) -> tuple[list[tuple[_Closed, Digest]], list[Refused]]:
    outcomes = write_pdfs(lot.sheets, lot.pdfs, Folder(desk.workspace.certificates))
    printed, refused = list[tuple[_Closed, Digest]](), list[Refused]()
    for item, outcome in zip(lot.kept, outcomes, strict=True):
        if isinstance(outcome, HandsealError):
            refused.append(Refused(item.ready.lookup_id, str(outcome)))
        else:
            printed.append((item, outcome))
    return printed, refused


def _sheet(item: _Closed, desk: Desk) -> Sheet:
    return Sheet(
        credential=item.credential,
        site=desk.workspace.site,
        lookup_id=item.ready.lookup_id if item.ready.consent else None,
        name=file_name(item.credential.certificate, item.ready.learner_id, item.ready.lookup_id),
    )
