"""A receipt says which bytes were checked when, against which lists, and what the answer was; it names no person.

FORMATS.md section 11. Whoever also has the certificate can tell by the digests that a receipt is about it.
"""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from keys.credential import Wire
from keys.encoding import Sri, Time, canonical, parse, require_utc, sha256, sri
from keys.receipt_signer import ReceiptKey, ReceiptSigner, signed_by
from keys.status import StatusList
from verifier.materials import Materials
from verifier.report import Report

PROGRAM = f"handseal {version('handseal')}"


class Answered(Struct, frozen=True):
    """A report with what it was made from."""

    report: Report
    materials: Materials
    data: bytes  # as they were given: a file, a text, or the published certificate
    at: datetime  # the moment that was asked about


class Operator(Struct, frozen=True):
    """Who answered: the address of the verifier, empty for a command, the version of the program, and its key."""

    address: str
    program: str
    signer: ReceiptSigner | None = None


class TrustUsed(Wire, frozen=True):
    version: int
    digest_sri: Sri = field(name="digestSRI")
    root: str  # SHA-256 of 1.root.json, hex


class ListUsed(Wire, frozen=True):
    id: str
    digest_sri: Sri = field(name="digestSRI")  # of the signed list
    valid_from: Time

    def __post_init__(self) -> None:
        require_utc(self.valid_from)


class CheckMade(Wire, frozen=True):
    code: str
    outcome: str


class PartnerFound(Wire, frozen=True):
    id: str
    outcome: str


class Receipt(Wire, frozen=True):
    """The payload of a signed receipt."""

    type: Literal["handseal-receipt"]
    version: Literal[1]
    program: str
    checked: Time  # the clock of the verifier
    at: Time
    given: Sri  # of the bytes that were given
    verdict: str
    checks: tuple[CheckMade, ...]
    partners: tuple[PartnerFound, ...]
    lists: tuple[ListUsed, ...]
    verifier: str | UnsetType = UNSET
    token: Sri | UnsetType = UNSET  # absent where no certificate was read
    content: Sri | UnsetType = UNSET  # the content digest, from which the seal is drawn
    as_of: Time | UnsetType = UNSET
    trust_list: TrustUsed | UnsetType = UNSET

    def __post_init__(self) -> None:
        require_utc(self.checked, self.at, self.as_of)


def receipt_of(answered: Answered, operator: Operator) -> Receipt:
    """The receipt of an answer."""
    report = answered.report
    return Receipt(
        type="handseal-receipt",
        version=1,
        program=operator.program,
        checked=_seconds(report.checked),
        at=_seconds(answered.at),
        given=sri(sha256(answered.data)),
        verdict=report.verdict.word,
        checks=tuple(CheckMade(check.code, check.outcome.value) for check in report.checks),
        partners=tuple(PartnerFound(partner.id, partner.outcome.value) for partner in report.partners),
        lists=_lists(answered),
        verifier=operator.address or UNSET,
        token=sri(sha256(report.token.encode("ascii"))) if report.token else UNSET,
        content=sri(report.digest) if report.digest else UNSET,
        as_of=_seconds(report.as_of) if report.as_of else UNSET,
        trust_list=_trust(answered.materials),
    )


def signed_receipt(answered: Answered, operator: Operator) -> str | None:
    """The receipt as a compact JWS; None where the operator has no key."""
    return operator.signer.sign(canonical(receipt_of(answered, operator))) if operator.signer else None


def read_receipt(token: bytes, key: ReceiptKey, place: str) -> Receipt:
    """A receipt that this key signed; FormatError or SignatureError for anything else."""
    return parse(signed_by(key, token, place), Receipt, place)


def _trust(materials: Materials) -> TrustUsed | UnsetType:
    trust = materials.trust
    return UNSET if trust is None else TrustUsed(trust.list.version, trust.digest, trust.root_digest)


def _lists(answered: Answered) -> tuple[ListUsed, ...]:
    lists = (answered.materials.lists.get(entry.id) for entry in answered.report.lists)
    used = {entry.id: entry for entry in lists if isinstance(entry, StatusList)}
    return tuple(ListUsed(entry.id, sri(sha256(entry.token)), entry.valid_from) for entry in used.values())


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
