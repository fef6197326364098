"""A clinic on disk: workspace, database, site and trust list, with learners who passed; partners answer in memory."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from sqlalchemy import Engine, select

from issuer import cosigning, upkeep
from issuer.config import Workspace, open_workspace
from issuer.database import open_database, reading, writing
from issuer.issuing import Desk, Issued, issue
from issuer.models import Assessor, Attempt, CertificateRecord, Cohort, Enrolment, Learner, SyllabusVersion
from issuer.printing import Sheet
from issuer.proposing import Proposal, Proposer, propose
from issuer.publishing import publish_documents, publish_syllabus
from keys.credential import Certificate
from keys.encoding import sha256
from keys.request import RequestReader
from keys.response import write_response
from keys.status import StatusList
from keys.trust import Trust, TrustList
from keys.trust_edit import Holder, found, propose as propose_list, root_digest, sign
from tests.world import CLINIC, FOUNDED, HARBOUR, NOW, TTMA, World, list_of
from verifier.folder import Folder
from verifier.materials import Materials
from verifier.sources import Site

COHORT = "autumn"
NAMES = ("สมชาย ปิ่นทอง", "Ada Lovelace", "José Álvarez", "王小明")
TOML = """
[clinic]
slug = "river-clinic"
name = "River Clinic"
site = "https://verify.river.example"
site-folder = "../site"
timezone = "Asia/Bangkok"
[trust]
root = "{root}"
"""


def pretend_press(sheets: Sequence[Sheet]) -> Iterable[bytes]:
    """A press that shows what it was asked to print; setting pages is tested where pages are set."""
    return [f"PDF {sheet.lookup_id} {sheet.credential.token}".encode() for sheet in sheets]


@dataclass
class Clinic:
    """The clinic's side as the programs see it, and its partners."""

    world: World
    workspace: Workspace
    engine: Engine
    trust_files: dict[str, bytes]
    holders: Sequence[Ed25519PrivateKey]
    now: datetime = NOW
    random: random.Random = field(default_factory=lambda: random.Random(7))
    _files: Iterable[int] = field(default_factory=itertools.count)

    @property
    def trust(self) -> Trust:
        return upkeep.current_trust(self.workspace)

    @property
    def site(self) -> Folder:
        return Folder(self.workspace.site_folder)

    def materials(self) -> Materials:
        return Site(self.workspace.site_folder, self.workspace.root_digest, None).materials(self.now)

    # -- learners ---------------------------------------------------------------------------------------------------

    def enrol(self, names: Sequence[str] = NAMES, *, cohort: str = COHORT, consent: bool = True) -> None:
        """Learners who passed everything."""
        with writing(self.engine) as session:
            group = session.scalar(select(Cohort).where(Cohort.name == cohort))
            group = group or Cohort(name=cohort, programme="deep-tissue-foundations")
            assessor = session.scalar(select(Assessor)) or make_assessor()
            for number, name in enumerate(names, start=1 + self._learners()):
                learner = Learner(learner_id=f"L{number:05}", name=name, consent_page=consent, consent_share=False)
                today = self.now.date()
                start, end = today - timedelta(days=48), today - timedelta(days=7)
                enrolment = Enrolment(cohort=group, learner=learner, start=start, end=end)
                enrolment.attempts = make_attempts(assessor, today - timedelta(days=9))
                session.add(enrolment)

    def _learners(self) -> int:
        with reading(self.engine) as session:
            return len(session.scalars(select(Learner.id)).all())

    # -- the way of a certificate -----------------------------------------------------------------------------------

    def propose(self, cohort: str = COHORT) -> tuple[Proposal, bytes]:
        stream = BytesIO()
        return propose(self.engine, cohort, stream, self.proposer()), stream.getvalue()

    def proposer(self) -> Proposer:
        today = self.workspace.today(self.now)
        return Proposer(self.workspace, self.trust, self.now, today, self.random.randbytes, lambda text, place: None)

    def respond(self, request: bytes, partner: str = TTMA, *, exclude: Sequence[int] = (), **changes: object) -> bytes:
        """What this partner answers: a co-signature for each row, and its fresh status list."""
        reader = RequestReader(BytesIO(request))
        signed = changes.pop("valid_from", self.now)
        tokens = tuple(
            self.world.endorse(row.core, partner, valid_from=signed) for row in reader if row.number not in exclude
        )
        answered = changes.pop("answers", reader.header.digest)
        stream = BytesIO()
        status = self.world.status_token(list_of(partner), dated=self.now)
        write_response(stream, request=answered, signer=partner, endorsements=tokens, status_list=status)
        return stream.getvalue()

    def receive(self, response: bytes) -> cosigning.Answer:
        stream = BytesIO(response)
        return cosigning.receive_response(
            self.engine, self.workspace, stream, trust=self.trust, now=self.now, place="response"
        )

    def refresh(self) -> tuple[str, ...]:
        return upkeep.refresh_lists(
            self.engine, self.workspace, trust=self.trust, signer=self.world.status_key, now=self.now
        )

    def desk(self) -> Desk:
        return Desk(
            engine=self.engine,
            workspace=self.workspace,
            trust=self.trust,
            materials=self.materials(),
            signer=lambda: self.world.issue_key,
            press=pretend_press,
            now=self.now,
            lists=self.refresh,
        )

    def issue(self, *, wait_for_all: bool = False) -> list[Issued]:
        self.refresh()
        return list(issue(self.desk(), wait_for_all=wait_for_all))

    def issue_all(self, names: Sequence[str] = NAMES, *, consent: bool = True) -> list[str]:
        """Enrols and certifies these learners with two co-signatures; their lookup ids."""
        self.enrol(names, consent=consent)
        _, request = self.propose()
        for partner in (HARBOUR, TTMA):
            self.receive(self.respond(request, partner))
        return [lookup_id for lot in self.issue() for lookup_id in lot.released]

    # -- looking ----------------------------------------------------------------------------------------------------

    def records(self) -> list[CertificateRecord]:
        with reading(self.engine) as session:
            records = session.scalars(select(CertificateRecord).order_by(CertificateRecord.id)).all()
            for record in records:
                _ = record.status.revoked, record.enrolment.learner.name
            return list(records)

    def list(self, purpose: str = "revocation", organisation: str = CLINIC) -> StatusList:
        opened = self.materials().lists[list_of(organisation, purpose)]
        assert isinstance(opened, StatusList), opened
        return opened

    def newer_trust(self, new: TrustList) -> dict[str, bytes]:
        """The files of a following trust list, signed by two holders."""
        files = propose_list(self.trust_files, new)
        for holder in self.holders:
            files = sign(files, holder)
        return files


def found_clinic(folder: Path, world: World | None = None) -> Clinic:
    """A clinic with an empty database, a published syllabus and trust list, and fresh status lists."""
    world = world or World()
    holders = tuple(Ed25519PrivateKey.generate() for _ in range(2))
    owners = (CLINIC, TTMA)
    files = found(
        world.trust_list(),
        [Holder.of(owner, holder.public_key()) for owner, holder in zip(owners, holders, strict=True)],
    )
    for holder in holders:
        files = sign(files, holder)
    home = folder / "clinic"
    home.mkdir(parents=True)
    (home / "clinic.toml").write_text(TOML.format(root=root_digest(files)))
    workspace = open_workspace(home)
    engine = open_database(workspace.database_url, create=True)
    clinic = Clinic(world, workspace, engine, files, holders, world.now)
    cosigning.receive_trust(workspace, files)
    with writing(engine) as session:
        body = world.syllabus_bytes
        session.add(
            SyllabusVersion(
                programme="deep-tissue-foundations",
                version=1,
                syllabus_id=world.syllabus.id,
                digest=sha256(body),
                body=body,
                published=date(2026, 9, 1),
            )
        )
    publish_syllabus(clinic.site, world.syllabus.id, world.syllabus_bytes)
    publish_documents(clinic.site, workspace.site, clinic.trust.list)
    clinic.refresh()
    return clinic


def make_assessor() -> Assessor:
    return Assessor(
        assessor_id="A1",
        name="Niran Chai",
        qualification="Licensed massage practitioner",
        issued_by="Board",
        valid_from=date(2020, 1, 1),
        valid_until=date(2130, 1, 1),
    )


def make_attempts(assessor: Assessor, day: date) -> list[Attempt]:
    return [
        Attempt(criterion="quiz", attempt=1, result="92", date=day),
        Attempt(criterion="video", attempt=1, result="competent", date=day, assessor=assessor),
        Attempt(criterion="live", attempt=1, result="proficient", date=day, assessor=assessor, place="River Clinic"),
    ]


def later(clinic: Clinic, **span: float) -> None:
    """Moves the clinic's clock."""
    clinic.now += timedelta(**span)
    clinic.world.now = clinic.now


__all__ = ["COHORT", "FOUNDED", "NAMES", "Certificate", "Clinic", "found_clinic", "later", "pretend_press", "replace"]
