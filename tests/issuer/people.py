"""A clinic whose people are corrected, renewed and erased, and what an employer sees of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from issuer.correcting import Drafted, Names, correct
from issuer.database import reading, writing
from issuer.models import Learner
from keys.credential import Certificate
from tests.issuer.clinic import Clinic
from tests.world import HARBOUR, TTMA
from verifier.report import Report, Verdict
from verifier.sources import Site
from verifier.verify import verify

WRONG, RIGHT = "สมชาย ปิ่นทอก", "สมชาย ปิ่นทอง"


def check(clinic: Clinic, lookup_id: str) -> Report | None:
    """What an employer's verifier says of an id now; None for 404."""
    site = Site(clinic.workspace.site_folder, clinic.workspace.root_digest, None)
    token = site.certificate(lookup_id)
    return None if token is None else verify(token, site.materials(clinic.now), at=clinic.now, now=clinic.now)


def verdict(clinic: Clinic, lookup_id: str) -> Verdict | None:
    report = check(clinic, lookup_id)
    return None if report is None else report.verdict


def said(clinic: Clinic, lookup_id: str) -> Certificate:
    report = check(clinic, lookup_id)
    assert report is not None
    assert report.certificate is not None
    return report.certificate


def draft(clinic: Clinic, lookup_id: str, name: str = RIGHT, **names: Any) -> Drafted:
    with writing(clinic.engine) as session:
        return correct(session, lookup_id, Names(name, **names), reason="name misspelt", desk=clinic.proposer())


def cosign(clinic: Clinic) -> None:
    _, request = clinic.propose()
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))


def learner(clinic: Clinic) -> str:
    with reading(clinic.engine) as session:
        return session.scalars(select(Learner.name)).one()
