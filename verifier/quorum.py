"""Each partner body has a line of its own: those of the policy, then others that signed without being asked."""

from __future__ import annotations

from datetime import datetime

from keys.quorum import Candidate, Quorum, Standing
from keys.trust import Trust
from verifier.report import Partner, PartnerOutcome


def partner_lines(quorum: Quorum, trust: Trust) -> tuple[Partner, ...]:
    """What became of each partner body's co-signature, under the names that the trust list gives them."""
    by_organisation = {candidate.cosignature.organisation: candidate for candidate in quorum.candidates}
    asked, refused = quorum.policy.cosigners, quorum.refused
    lines = []
    for organisation in (*asked, *sorted(set(refused) - set(asked))):
        signed: datetime | None = None
        if candidate := by_organisation.get(organisation):
            signed = candidate.cosignature.signed
            outcome, note = _line(candidate, candidate in quorum.confirmed)
        elif organisation in refused:
            signed, note = refused[organisation][0].signed, refused[organisation][1]
            outcome = PartnerOutcome.NOT_COUNTED
        else:
            outcome, note = PartnerOutcome.NOT_SIGNED, ""
        name = trust.name(organisation, signed or quorum.certificate.valid_from)
        lines.append(Partner(organisation, name, outcome, signed, note))
    return tuple(lines)


def _line(candidate: Candidate, counts: bool) -> tuple[PartnerOutcome, str]:
    if candidate.standing is Standing.WITHDRAWN:
        return PartnerOutcome.WITHDRAWN, ""
    if candidate.standing is Standing.UNCONFIRMED:
        return PartnerOutcome.UNKNOWN, candidate.note
    if not counts:
        return PartnerOutcome.NOT_COUNTED, "its key was compromised, and nothing proves that it signed before"
    if candidate.compromised_since:
        return (
            PartnerOutcome.SIGNED,
            "its key was compromised later; another body's co-signature proves the earlier date",
        )
    return PartnerOutcome.SIGNED, ""
