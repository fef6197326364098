"""The record that people sign by hand is made from a transcript that verified, and from nothing else.

Whoever has the transcript can print it again: what stands on paper is what the key closed.
"""

from __future__ import annotations

from html import escape
from string import Template

from msgspec import Struct

from keys.aloud import grouped
from keys.encoding import Digest, canonical, digest_words, format_time
from keys.phase import Phase
from keys.plan import Plan, Step
from keys.possession import PublicKeyFile
from keys.qr import bytes_svg
from keys.transcript import CLOSED, Closed, Line

_TITLES = {
    "keygen": "A key was made",
    "cosign": "A request was co-signed",
    "withdraw": "Co-signatures were withdrawn",
    "status": "A status list was written",
    "trust-sign": "A trust list was signed",
    "clock": "The time that is remembered was set back",
    "split": "A key was split into shares",
    "recover": "A key was made again from its shares",
    "drill": "Shares were proven to make their key",
}
_ABSENT = (("", "custodian"), ("", "witness"))  # lines to fill in by hand where nobody was named
_AT_THE_HEAD = frozenset({"command", "handseal", "key", "network"})  # of the first line, said above the table


class Papers(Struct, frozen=True):
    """The texts of templates/ceremony that a page is made from."""

    paper: str  # the frame of both
    record: str
    plan: str
    style: str


def record_page(closed: Closed, name: str, papers: Papers) -> str:
    """The record of the transcript in file `name`: one HTML page for A4, without script or network."""
    opened = closed.lines[0]
    command = opened.details.get("command", "ceremony")
    content = Template(papers.record).substitute(
        begun=_moment(opened),
        ended=_moment(closed.lines[-1]),
        network=escape(opened.details.get("network", "not stated")),
        handseal=escape(opened.details.get("handseal", "not stated")),
        key=_key(closed.key),
        code=bytes_svg(canonical(closed.key.jwk)),
        lines="".join(_row(line) for line in closed.lines),
        people="".join(_signature(name, role) for name, role in _people(closed)),
        transcript=escape(name),
        digest=grouped(closed.digest.hex()),
        words=_words(closed.digest),
    )
    return _paper(papers, "Record", _TITLES.get(command, command), closed.key.organisation, content)


def plan_page(plan: Plan, papers: Papers) -> str:
    """The plan as one HTML page for A4, with a box to tick at each step."""
    content = Template(papers.plan).substitute(
        people="".join(_fact(person.role.value.title(), person.name) for person in plan.people),
        bring=_list(plan.bring) or "<p>Nothing but the machine.</p>",
        makes=_list(plan.makes),
        steps="".join(_phase(phase, plan.of(phase)) for phase in Phase if plan.of(phase)),
        digest=grouped(plan.digest.hex()),
        words=_words(plan.digest),
    )
    return _paper(papers, "Plan", plan.title, plan.organisation, content)


def _paper(papers: Papers, what: str, title: str, organisation: str, content: str) -> str:
    return Template(papers.paper).substitute(
        style=papers.style, what=what, title=escape(title), organisation=escape(organisation), content=content
    )


def _people(closed: Closed) -> tuple[tuple[str, str], ...]:
    """Each person once, with the first role; nobody was named where a command stood alone."""
    named: dict[str, str] = {}
    for line in closed.lines:
        if line.event == "present":
            named.setdefault(line.details.get("name", ""), line.details.get("role", ""))
    return tuple(named.items()) or _ABSENT


def _moment(line: Line) -> str:
    return format_time(line.at).replace("T", " ").replace("Z", " UTC")


def _key(key: PublicKeyFile) -> str:
    return "".join(
        (
            _fact("Key", key.kid),
            _fact("Made for", f"{key.use.value} ({key.alg})"),
            f"<dt>Fingerprint</dt><dd class=hex>{grouped(key.digest.hex())}</dd>",
            f"<dt>in words</dt><dd>{_words(key.digest)}</dd>",
        )
    )


def _row(line: Line) -> str:
    left_out = line.details if line.event == CLOSED else _AT_THE_HEAD if line.number == 1 else ()
    told = {label: text for label, text in line.details.items() if label not in left_out}
    details = " · ".join(f"<b>{escape(label)}</b> {escape(text)}" for label, text in told.items())
    what = escape(line.event.replace("-", " "))
    return f"<tr><td>{line.number}</td><td>{line.at:%H:%M:%S}</td><td>{what}</td><td>{details}</td></tr>"


def _signature(name: str, role: str) -> str:
    return f"<div class=sign><p></p><b>{escape(name) or '&nbsp;'}</b><span>{escape(role)}</span></div>"


def _phase(phase: Phase, steps: tuple[Step, ...]) -> str:
    return f"<section><h2>{escape(phase.value)}</h2>{''.join(map(_step, steps))}</section>"


def _step(step: Step) -> str:
    parts = (("Read aloud", step.say), ("Write down", step.write), ("Stop if", step.stop))
    more = "".join(f"<p><em>{label}</em> {escape(text)}</p>" for label, text in parts if text)
    return (
        f"<div class=step><i></i><b>{step.number}</b><div><p class=who>{escape(step.who)}</p>"
        f"<p>{escape(step.do)}</p>{more}</div></div>"
    )


def _fact(label: str, text: str) -> str:
    return f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>"


def _list(lines: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def _words(digest: Digest) -> str:
    items = "".join(f"<li>{escape(word)}</li>" for word in digest_words(digest))
    return f"<ol class=words>{items}</ol>"
