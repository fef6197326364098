"""What verification found, check by check, and the proof that it passed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, NoReturn, Self

from msgspec import Struct, to_builtins

from keys.credential import Certificate
from keys.encoding import Digest, format_time
from keys.errors import HandsealError, UndecidedError
from keys.syllabus import Syllabus
from verifier.language import DEFAULT_LANGUAGE, Words, words_in

CODES = (
    "token.form",
    "token.header",
    "key.known",
    "signature.issuer",
    "payload.form",
    "payload.claims",
    "issuer.authorised",
    "policy.match",
    "cosignature.form",
    "key.validity",
    "cosignature.quorum",
    "time.valid",
    "status.revocation",
    "status.suspension",
    "status.superseded",
    "status.partners",
    "syllabus.match",
    "trust.fresh",
    "state.rollback",
)


class Outcome(Enum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"


class Verdict(IntEnum):
    """From best to worst: the worst one wins (formats.md section 12)."""

    VALID = 0
    UNKNOWN = 1
    INCOMPLETE = 2
    EXPIRED = 3
    SUSPENDED = 4
    WITHDRAWN = 5
    SUPERSEDED = 6
    REVOKED = 7
    INVALID = 8

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """0 valid, 1 not valid, 3 could not be decided (formats.md section 12)."""
        return {Verdict.VALID: 0, Verdict.UNKNOWN: 3}.get(self, 1)


_SEVERITY = (0, 3, 1, 2)


def worst_exit_code(codes: Iterable[int]) -> int:
    """Of several files the worst one's: 2 before 1 before 3 before 0 (formats.md section 12)."""
    return max(codes, key=_SEVERITY.index, default=0)


# Where the verdict says more than "a check failed": the checks that lead to it.
_DECISIVE = {
    Verdict.INCOMPLETE: ("cosignature.quorum",),
    Verdict.EXPIRED: ("time.valid",),
    Verdict.SUSPENDED: ("status.suspension",),
    Verdict.WITHDRAWN: ("cosignature.quorum",),
    Verdict.SUPERSEDED: ("status.superseded",),
    Verdict.REVOKED: ("status.revocation",),
}


class Check(Struct, frozen=True):
    """How one numbered check ended; `case` names its sentence among those of its code (`check` in the messages)."""

    code: str
    outcome: Outcome
    case: str
    detail: str = ""  # technical and English, for whoever looks into a fault
    values: tuple[tuple[str, str | int | datetime], ...] = ()  # for the places of the sentence

    def sentence(self, words: Words) -> str:
        """What a manager understands, without the detail."""
        key = f"check.{self.code}.{self.case}"
        return words.say("check.any.not-run" if key not in words.texts and self.not_run else key, **dict(self.values))

    def said(self, words: Words) -> str:
        return words.with_detail(self.sentence(words), self.detail)

    @property
    def text(self) -> str:
        """In the default language."""
        return self.said(words_in(DEFAULT_LANGUAGE))

    @property
    def not_run(self) -> bool:
        return self.outcome is Outcome.NOT_RUN


class PartnerOutcome(Enum):
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"
    NOT_SIGNED = "not-signed"
    NOT_COUNTED = "not-counted"
    UNKNOWN = "unknown"


class Partner(Struct, frozen=True):
    """The line of one partner body: those of the policy, then others that signed without being asked."""

    id: str
    name: str
    outcome: PartnerOutcome
    signed: datetime | None  # the date of its co-signature
    reason: str = ""  # why it does not count, counts all the same, or is not confirmed (`partner-note` in the messages)
    detail: str = ""  # technical and English

    def noted(self, words: Words) -> str:
        """The reason as a phrase; empty where there is none."""
        return words.with_detail(words.say(f"partner-note.{self.reason}"), self.detail) if self.reason else ""

    @property
    def note(self) -> str:
        """In the default language."""
        return self.noted(words_in(DEFAULT_LANGUAGE))


class Party(Struct, frozen=True):
    """The clinic, as the trust list knows it."""

    id: str
    name: str
    website: str | None
    contact: str | None


class ListDate(Struct, frozen=True):
    """A signed list that was used, whose it is, and the moment it was made."""

    id: str
    owner: str
    purpose: str
    dated: datetime


class VerifiedCredential(Struct, frozen=True):
    """The proof that a certificate is valid, and all that a page or a PDF shows of it.

    Made by `Report.verified` alone.
    """

    token: str
    certificate: Certificate
    digest: Digest  # the content digest, 32 bytes
    syllabus: Syllabus
    issuer: Party
    partners: tuple[Partner, ...]  # those whose co-signature counts


class Report(Struct, frozen=True):
    """The answer about one certificate. It is not a bool: ask for its `verdict`."""

    verdict: Verdict
    as_of: datetime | None  # the oldest signed status list used; None where none was
    checked: datetime  # the clock of this verification
    checks: tuple[Check, ...]  # one for each of CODES, in that order
    partners: tuple[Partner, ...]
    lists: tuple[ListDate, ...]  # oldest first
    token: str
    certificate: Certificate | None  # None where the verdict is `invalid`
    digest: Digest | None
    issuer: Party | None
    syllabus: Syllabus | None  # None unless its bytes match the digest in the certificate

    @classmethod
    def without_certificate(cls, verdict: Verdict, checks: tuple[Check, ...], now: datetime) -> Self:
        """Nothing of a credential is shown: there was none, it is invalid, or nothing could open it."""
        return cls(
            verdict=verdict,
            as_of=None,
            checked=now,
            checks=checks,
            partners=(),
            lists=(),
            token="",
            certificate=None,
            digest=None,
            issuer=None,
            syllabus=None,
        )

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is not a yes or no: compare report.verdict")

    def check(self, code: str) -> Check:
        return next(check for check in self.checks if check.code == code)

    @property
    def worst(self) -> Check | None:
        """The reason for the verdict: the check that led to it, else the first failure, else the first unknown."""
        faults = [check for check in self.checks if check.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
        decisive = _DECISIVE.get(self.verdict, ())
        return min(
            faults,
            key=lambda check: (check.code not in decisive, check.outcome is Outcome.UNKNOWN, CODES.index(check.code)),
            default=None,
        )

    @property
    def lacks_trust_list(self) -> bool:
        """Whether there was nothing to check against: the fault is the site's or the root's, not the certificate's."""
        return any(check.code == "key.known" and check.outcome is Outcome.UNKNOWN for check in self.checks)

    @property
    def threshold(self) -> int | None:
        return self.certificate.terms_of_use[0].threshold if self.certificate else None

    def counted(self) -> tuple[Partner, ...]:
        """Partners whose co-signature counts."""
        return tuple(partner for partner in self.partners if partner.outcome is PartnerOutcome.SIGNED)

    def verified(self) -> VerifiedCredential:
        """The proof; HandsealError (UndecidedError for `unknown`) naming the failed check unless all of it holds."""
        if self.verdict is not Verdict.VALID or self.worst is not None:
            reason = self.worst.text if self.worst else self.verdict.word
            error = UndecidedError if self.verdict is Verdict.UNKNOWN else HandsealError
            raise error(f"certificate: {self.verdict.word}: {reason}")
        if self.certificate is None or self.digest is None or self.syllabus is None or self.issuer is None:
            raise HandsealError("certificate: a valid report lacks what it was made from")
        return VerifiedCredential(self.token, self.certificate, self.digest, self.syllabus, self.issuer, self.counted())

    def as_json(self, source: str, language: str = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """The JSON report of formats.md section 12; its sentences in `language`."""
        words = words_in(language)
        return {
            "source": source,
            "verdict": self.verdict.word,
            "asOf": format_time(self.as_of) if self.as_of else None,
            "checks": [
                {"code": check.code, "outcome": check.outcome.value, "text": check.said(words)} for check in self.checks
            ],
            "partners": [_partner_json(partner, words) for partner in self.partners],
            "credential": to_builtins(self.certificate) if self.certificate else None,
        }


def _partner_json(partner: Partner, words: Words) -> dict[str, Any]:
    line: dict[str, Any] = {"id": partner.id, "name": partner.name, "outcome": partner.outcome.value}
    if partner.signed:
        line["signed"] = format_time(partner.signed)
    if partner.reason:
        line["note"] = partner.noted(words)
    return line
