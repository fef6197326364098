"""One endorsement of one certificate's content, as a partner body signs it (formats.md section 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from msgspec import Struct

from keys.credential import (
    Certificate,
    Endorsement,
    EndorsementSubject,
    Profile,
    RelatedResource,
    StatusEntry,
)
from keys.encoding import Digest, canonical, sri
from keys.jws import sign_token
from keys.signer import Signer
from keys.syllabus import Syllabus
from keys.trust import Organisation

_MAX_NAME = 300


class Terms(Struct, frozen=True):
    """What all endorsements of one ceremony share."""

    name: str
    issuer: Profile
    comment: str
    list_id: str
    now: datetime  # UTC, whole seconds
    nbf: int

    @classmethod
    def of(cls, body: Organisation, syllabus: Syllabus, comment: str, list_id: str, now: datetime) -> Self:
        name = f"Co-signature: {syllabus.text(syllabus.title)}"
        shown = Profile(id=body.id, type=("Profile",), name=body.name_at(now, syllabus.language))
        return cls(
            name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…",
            shown,
            comment,
            list_id,
            now,
            int(now.timestamp()),
        )


def endorse(core: Certificate, digest: Digest, terms: Terms, *, place: int, identity: str, signer: Signer) -> str:
    """The endorsement JWT of `core`, whose content digest is `digest`; `place` is its own in the body's list."""
    index, moment = str(place), terms.now
    endorsement = Endorsement(
        context=("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"),
        id=identity,
        type=("VerifiableCredential", "EndorsementCredential"),
        name=terms.name,
        issuer=terms.issuer,
        valid_from=moment,
        credential_subject=EndorsementSubject(core.id, ("EndorsementSubject",), terms.comment),
        related_resource=(RelatedResource(f"{core.id}#core", sri(digest), "application/json"),),
        credential_status=StatusEntry(
            f"{terms.list_id}#{index}", "BitstringStatusListEntry", "revocation", index, terms.list_id
        ),
        iss=terms.issuer.id,
        sub=core.id,
        jti=identity,
        nbf=terms.nbf,
    )
    return sign_token(canonical(endorsement), signer)
