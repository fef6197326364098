"""A clinic closes, and its certificates outlive it: frozen lists, a trust list kept alive, a copy of the site.

Played over a thousand days that end today, so that an employer's verifier with a real clock can be asked afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from keys.encoding import format_time
from keys.names import parse_status_list_id
from keys.rehearsal.company import CLINIC, HARBOUR, HOLDERS, NORTH, PARTNERS, TTMA, Company, file_name
from keys.rehearsal.course import LEARNERS, SLUG, Random
from keys.status import StatusList
from keys.trust import Trust, Use
from keys.trust_changes import Changes, Freeze, KeyEnd, ProgrammeEnd, RootChange

FOUNDED, CERTIFIED, RENEWED, CLOSED, KEPT = (timedelta(days=days) for days in (1000, 950, 620, 500, 120))
"""So long ago each."""
STAYING = (HARBOUR, NORTH, TTMA)
"""The holders once the clinic is gone."""


class Act(Struct, frozen=True):
    """What happens on one day, and what can be seen then."""

    day: datetime
    title: str
    lines: tuple[str, ...]


class Closed(Struct, frozen=True):
    company: Company
    acts: tuple[Act, ...]
    changes: str  # the TOML file of `trust propose` on the day of closing
    frozen: dict[str, bytes]  # the last status lists, by the name of their file


def play(now: datetime, random: Random) -> Closed:
    """From the founding to today; two holders sign each list."""
    company = Company(now - FOUNDED, random)
    founded = Act(now - FOUNDED, "The trust list is founded by clinic, hospital and association", (_expiry(company),))
    certified = _certify(company, now - CERTIFIED)
    renewed = _keep_alive(company, now - RENEWED, HOLDERS, "Before it expires, the holders sign root and list anew")
    before = company.trust
    closing, toml, frozen = _close(company, now - CLOSED)
    kept = _keep_alive(company, now - KEPT, STAYING, "The holders that stay keep the trust list alive")
    for body in PARTNERS:
        company.publish_lists(body, now - KEPT)
    today = _today(company, before, now)
    return Closed(company, (founded, certified, renewed, closing, kept, today), toml, frozen)


def _certify(company: Company, at: datetime) -> Act:
    for name in LEARNERS[:3]:
        company.certify(name, at, dict.fromkeys((HARBOUR, TTMA), at))
    lines = (f"{', '.join(LEARNERS[:3])}: co-signed by hospital and association",)
    return Act(at, "The clinic certifies three learners", lines)


def _keep_alive(company: Company, at: datetime, holders: tuple[str, ...], title: str) -> Act:
    """A root with the same or other holders, and a list in which nothing changes."""
    company.change(Changes(root=RootChange(tuple(map(file_name, holders)))), at)
    return Act(at, title, (_expiry(company),))


def _close(company: Company, at: datetime) -> tuple[Act, str, dict[str, bytes]]:
    company.publish_lists(CLINIC, at)
    frozen = {f"{parse_status_list_id(i, i).purpose}.jwt": company.lists[i].encode() for i in company.list_ids(CLINIC)}
    freeze = tuple(map(Freeze, company.list_ids(CLINIC), frozen))
    ends = tuple(KeyEnd(company.kid(CLINIC, use), at) for use in (Use.ISSUE, Use.STATUS))
    root = RootChange(tuple(map(file_name, STAYING)))
    changes = Changes(freeze=freeze, end_key=ends, end_programme=(ProgrammeEnd(SLUG, at),), root=root)
    company.change(changes, at, beside=frozen)
    lines = (
        "the clinic signs its status lists for the last time and hands over a copy of its site",
        "the holders freeze these lists, end the clinic's keys and its programme",
        "in a new root the college takes the clinic's place among the holders",
        _expiry(company),
    )
    return Act(at, "The clinic closes", lines), _toml(changes), frozen


def _toml(changes: Changes) -> str:
    """The file as holders write it for `trust propose`."""
    tables = [f'[[freeze]]\nid = "{one.id}"\nfile = "{one.file}"\n' for one in changes.freeze]
    tables += [f'[[end-key]]\nkid = "{one.kid}"\nuntil = {format_time(one.until)}\n' for one in changes.end_key]
    tables += [
        f'[[end-programme]]\nslug = "{one.slug}"\nuntil = {format_time(one.until)}\n' for one in changes.end_programme
    ]
    if isinstance(changes.root, RootChange):
        holders = ", ".join(f'"{name}"' for name in changes.root.holders)
        tables.append(f"[root]\nholders = [{holders}]\nroot-threshold = 2\ntargets-threshold = 2\n")
    return "\n".join(tables)


def _today(company: Company, before: Trust, now: datetime) -> Act:
    """What a verifier finds now, and what it would find had nobody frozen the lists."""
    revocation = company.list_ids(CLINIC)[0]
    lines = [f"the clinic's last status list: {_standing(company.open_list(revocation, now, company.trust))}"]
    lines.append(f"had nobody frozen it: {_standing(company.open_list(revocation, now, before))}")
    kept = dict(company.lists)
    company.publish_lists(CLINIC, now)
    late = company.open_list(revocation, now, company.trust)
    lines.append(f"a list signed today with the clinic's old key: {_standing(late)}")
    company.lists = kept
    for one in company.issued:
        quorum = company.count(one, now)
        lines.append(f"{one.name}: {len(quorum.confirmed)} of {quorum.threshold} co-signatures count")
    return Act(now, "Today, the clinic's domain is gone and a partner body serves its copy of the site", tuple(lines))


def _standing(found: StatusList | str) -> str:
    if isinstance(found, StatusList):
        return f"accepted, of {found.valid_from:%Y-%m-%d}, its own time having ended on {found.valid_until:%Y-%m-%d}"
    return f"refused: {found}"


def _expiry(company: Company) -> str:
    return f"root and list hold until {company.trust.expires:%Y-%m-%d}: whoever holds them then signs anew before"
