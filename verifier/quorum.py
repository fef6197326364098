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
            outcome, reason = _line(candidate, candidate in quorum.confirmed)
        elif organisation in refused:
            signed, refusal = refused[organisation][0].signed, refused[organisation][1]
            outcome, reason = PartnerOutcome.NOT_COUNTED, refusal.name.lower().replace("_", "-")
        else:
            outcome, reason = PartnerOutcome.NOT_SIGNED, ""
        name = trust.name(organisation, signed or quorum.certificate.valid_from)
        detail = candidate.note if candidate else ""
        lines.append(Partner(organisation, name, outcome, signed, reason, detail))
    return tuple(lines)


def _line(candidate: Candidate, counts: bool) -> tuple[PartnerOutcome, str]:
    if candidate.standing is Standing.WITHDRAWN:
        return PartnerOutcome.WITHDRAWN, ""
    if candidate.standing is Standing.UNCONFIRMED:
        return PartnerOutcome.UNKNOWN, "unconfirmed"
    if not counts:
        return PartnerOutcome.NOT_COUNTED, "compromised"
    if candidate.compromised_since:
        return PartnerOutcome.SIGNED, "witnessed"
    return PartnerOutcome.SIGNED, ""
