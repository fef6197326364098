"""A partner body signs what it reviewed, once, and nothing leaves before it was committed and verified.

`plan_*` looks at everything that could be wrong before a key is touched; `run_*` acts on such a plan. Files, clock,
randomness and the key come from the caller (formats.md sections 4, 6 and 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from msgspec import Struct

from keys.answered import SignedRequest
from keys.body import Body, fresh_list, require_signer
from keys.cosignature import MAX_EARLY, MAX_LATE, fits, open_cosignature
from keys.database import MAX_LOT
from keys.deadlines import due, trust_deadlines
from keys.encoding import Digest, format_time, sri
from keys.endorsement import Terms, endorse
from keys.errors import ConfigurationError, FormatError, HandsealError, SignatureError
from keys.home import Home, Signed
from keys.last_request import comparison_warnings
from keys.names import urn_uuid
from keys.request import RequestRow, request_digest
from keys.response import ResponseReader, write_response
from keys.review import Proposal, Review, ReviewRow, reviewed_rows
from keys.signer import Signer
from keys.status import StatusList, open_status_list


class CosignPlan(Struct, frozen=True):
    """What would be signed: a reviewed request without the excluded rows, and what to be warned of."""

    review: Review
    body: Body
    excluded: frozenset[int]
    comment: str
    warnings: tuple[str, ...]

    @property
    def selected(self) -> tuple[ReviewRow, ...]:
        return tuple(row for row in self.review.rows if row.number not in self.excluded)

    @property
    def selection(self) -> Digest:
        """The digest that a request of the selected rows alone would have (K19)."""
        return request_digest(self.review.syllabus_bytes, (row.digest for row in self.selected))


class Cosigned(Struct, frozen=True):
    """What a ceremony wrote: endorsements in the response, and how many of them were new."""

    count: int
    new: int
    status_list: str


def plan_cosign(
    review: Review,
    body: Body,
    *,
    now: datetime,
    excluded: Iterable[int] = (),
    accept_differences: bool = False,
    earlier: Iterable[Signed] = (),
) -> CosignPlan:
    """What would be signed at `now`; `earlier` are endorsements already made of the same contents.

    HandsealError for a clock, a policy or a roster that forbids it (K19, K20, C26).
    """
    left_out = _require_rows(review, excluded)
    selected = [row for row in review.rows if row.number not in left_out]
    warnings = [*_require_clock(review, now), *_deadline_warnings(body, now)]
    for proposal in sorted({row.proposal for row in selected}):
        _require_dates(proposal.at, now)
        _require_policy(review, body, proposal, now)
    unresolved = review.unresolved(left_out)
    if unresolved and not accept_differences:
        rows = ", ".join(str(number) for number in sorted({d.row for d in unresolved if d.row is not None}))
        raise HandsealError(
            f"roster: differs in rows {rows}",
            hint="look at them with `review`; then --exclude ROW, or --accept-differences",
        )
    warnings += [f"rows {', '.join(map(str, group))} show the same name" for group in review.repeated]
    if review.comparison is not None:
        warnings += comparison_warnings(review.comparison, review.syllabus)
    warnings += [f"accepted: row {d.row}: {d.kind.words}: {d.text}" for d in unresolved]
    withdrawn = {entry.digest for entry in earlier if entry.withdrawn is not None}
    warnings += [f"row {row.number} was withdrawn before and stays so" for row in selected if row.digest in withdrawn]
    comment = _comment(review, len(selected), accepted=bool(unresolved))
    return CosignPlan(review, body, left_out, comment, tuple(warnings))


def run_cosign(
    plan: CosignPlan,
    *,
    request: BinaryIO,
    response: BinaryIO,
    signer: Signer,
    home: Home,
    now: datetime,
    random: Callable[[int], bytes],
) -> Cosigned:
    """Signs the reviewed rows and writes the response; what it reads from `request` is hashed again.

    HandsealError where that is not what was reviewed: no row is signed that nobody saw, and the caller must not
    publish what was written to `response`. `now` is UTC in whole seconds.
    """
    body, review = plan.body, plan.review
    require_signer(body, signer)
    terms = Terms.of(body.known.organisation, review.syllabus, plan.comment, body.list_id, now)
    new = 0

    def make(row: RequestRow, place: int) -> str:
        nonlocal new
        new += 1
        return endorse(row.core, row.digest, terms, place=place, identity=urn_uuid(random(16)), signer=signer)

    for lot in _lots(_selected_rows(plan, request)):
        home.endorse(body.kid, body.list_id, review.header.digest, lot, make, now)
    status_list = fresh_list(body, signer=signer, home=home, now=now)
    kept = _Kept(home, body.kid, [row.digest for row in plan.selected])
    write_response(
        response, request=review.header.digest, signer=body.organisation, endorsements=kept, status_list=status_list
    )
    header, syllabus = review.header, review.syllabus
    answered = SignedRequest(
        header.digest, body.kid, header.issuer, review.title, len(kept), now, syllabus.programme, review.syllabus_bytes
    )
    home.answered.record(answered, review.rows)
    return Cosigned(count=len(kept), new=new, status_list=status_list)


def verify_response(
    plan: CosignPlan, *, request: BinaryIO, response: BinaryIO, home: Home, now: datetime
) -> StatusList:
    """Reads back what was written as a clinic would, every endorsement and the status list; HandsealError if not so."""
    reader, body = ResponseReader(response), plan.body
    expected = (plan.review.header.digest, body.organisation, len(plan.selected))
    if (reader.header.request, reader.header.signer, reader.header.count) != expected:
        raise FormatError("response line 1: is not about the reviewed request")
    for row, token in zip(_selected_rows(plan, request), reader, strict=True):
        place = f"response, for row {row.number}"
        try:
            cosignature = open_cosignature(token, row.core, row.digest, body.trust, place)
        except SignatureError as fault:
            raise SignatureError(f"{place}: {fault}") from fault
        if cosignature is None or cosignature.known.key.kid != body.kid or not fits(cosignature, row.core, now):
            raise FormatError(f"{place}: would not be counted")
    opened = open_status_list(reader.status_list.encode("ascii"), body.list_id, trust=body.trust, now=now)
    if opened.bits != home.status_bits(body.list_id):
        raise FormatError("response: status list: is not the one of this body")
    return opened


class _Kept:
    """The tokens of these contents, read from the state folder as they are written out."""

    def __init__(self, home: Home, kid: str, digests: Sequence[Digest]) -> None:
        self._home = home
        self._kid = kid
        self._digests = digests

    def __len__(self) -> int:
        return len(self._digests)

    def __iter__(self) -> Iterator[str]:
        return self._home.tokens(self._kid, self._digests)


def _selected_rows(plan: CosignPlan, request: BinaryIO) -> Iterator[RequestRow]:
    return (row for row in reviewed_rows(plan.review, request) if row.number not in plan.excluded)


def _lots(rows: Iterable[RequestRow]) -> Iterator[list[RequestRow]]:
    lot: list[RequestRow] = []
    for row in rows:
        lot.append(row)
        if len(lot) == MAX_LOT:
            yield lot
            lot = []
    if lot:
        yield lot


def _require_rows(review: Review, excluded: Iterable[int]) -> frozenset[int]:
    left_out = frozenset(excluded)
    for number in sorted(left_out):
        if not 1 <= number <= review.header.count:
            raise ConfigurationError(f"row {number}: is not in the request, which has {review.header.count}")
    if len(left_out) == review.header.count:
        raise HandsealError("request: no row is left to be signed")
    return left_out


def _require_clock(review: Review, now: datetime) -> Iterator[str]:
    created = review.header.created
    if now < created - MAX_EARLY:
        limit = f"{MAX_EARLY // timedelta(hours=1)} hours"
        raise HandsealError(
            f"clock: shows {format_time(now)}, more than {limit} before the request was made ({format_time(created)})",
            hint="set this machine's clock",
        )
    if now < created:
        yield f"this clock shows {format_time(now)}, before the request was made ({format_time(created)})"


def _require_dates(proposed: datetime, now: datetime) -> None:
    """An endorsement dated `now` must be one that verifiers count (`cosignature.fits`)."""
    if not proposed - MAX_EARLY <= now <= proposed + MAX_LATE:
        raise HandsealError(
            f"request: its certificates were proposed at {format_time(proposed)}; a co-signature of "
            f"{format_time(now)} would not count",
            hint=f"at most {MAX_LATE.days} days may lie between; ask the clinic to propose again",
        )


def _require_policy(review: Review, body: Body, proposal: Proposal, now: datetime) -> None:
    """The policy in force when the certificates were proposed names issuer, co-signers and this body (C26)."""
    programme, issuer = review.syllabus.programme, review.header.issuer
    place = f"trust list {body.trust.list.version}: {programme}"
    policy = body.trust.policy(programme, proposal.at)
    if policy is None:
        raise HandsealError(f"{place}: has no policy at {format_time(proposal.at)}")
    recognition = review.syllabus.recognition
    if (policy.threshold, policy.cosigners) != (recognition.threshold, recognition.cosigners):
        raise HandsealError(f"{place}: its policy is not the one the certificates repeat")
    if issuer not in policy.issuers:
        raise HandsealError(f"{place}: {issuer} may not issue it")
    if body.organisation not in policy.cosigners:
        raise HandsealError(f"{place}: {body.organisation} is not among its co-signers")
    if isinstance(policy.until, datetime) and now > policy.until:
        raise HandsealError(f"{place}: its policy ended at {format_time(policy.until)}")
    organisation = body.trust.organisation(issuer)
    called = organisation.names_at(proposal.at) if organisation else {}
    if proposal.issuer_name not in called.values():
        raise HandsealError(f"{place}: {issuer} is not called {proposal.issuer_name!r}")


def _deadline_warnings(body: Body, now: datetime) -> Iterator[str]:
    """What ends soon and is this body's to mind: the trust list it was brought, and its own key."""
    own = {key.kid for key in body.known.organisation.keys}
    for deadline in due(trust_deadlines(body.trust, now)):
        if deadline.kind != "key":
            yield f"{deadline.text}: ask for a newer trust list"
        elif deadline.id in own:
            yield f"{deadline.text}: make another key in time, and have it added to the trust list"


def _comment(review: Review, selected: int, *, accepted: bool) -> str:
    """The sentence that each endorsement carries, from what was reviewed and nothing else."""
    title = review.title if len(review.title) <= 300 else f"{review.title[:299]}…"
    roster = ""
    if review.roster is not None:
        roster = " Names were compared with our roster" + (", and differences accepted." if accepted else ".")
    return (
        f"Reviewed before signing: the syllabus of {title}, version {review.syllabus.version}, and each of "
        f"{selected} certificates in request {sri(review.header.digest)}.{roster}"
    )
