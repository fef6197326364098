"""Whether a programme is a micro-certification: thirteen rules, each with a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import UNSET, Struct

from issuer.config import read_shape
from issuer.files import digest_below
from issuer.freezing import rehearse
from issuer.programme import PILLARS, CriterionTable, Finding, Programme, every_text
from issuer.programme_form import CODE, form_faults, with_digests
from keys.credential import MAX_ENDORSEMENTS
from keys.errors import HandsealError

MAX_MINUTES = 40 * 60  # the total stays under it
WITHIN_DAYS = 14
# What follows from what: a key that could not be read is not blamed again for what depends on it.
_RELATED = {
    "criterion": ("criterion", "outcome", "hours", "renewal"),
    "outcome": ("outcome", "criterion"),
    "hours": ("hours", "criterion"),
    "cosigners": ("cosigners", "threshold"),
    "validity-months": ("validity-months", "renewal"),
}
_VAGUE = re.compile(r"\s*(understand|know|be aware)\b", re.IGNORECASE)

Rule = Callable[[Programme], Iterator[tuple[str, str, str]]]
"""Yields place, text and hint of each breach."""


class Findings(Struct, frozen=True):
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def check_file(path: Path, *, clinic: str | None) -> tuple[Programme | None, Findings]:
    """The programme in a file with everything that is wrong with it; None where there is an error.

    ConfigurationError where the file cannot be read. What cannot be read in it does not hide the rest.
    """
    shaped = read_shape(path, Programme)
    unread = tuple(Finding(CODE, fault.place, fault.text, fault.hint) for fault in shaped.faults)
    if shaped.value is None or shaped.lost:
        return None, Findings(unread, ())
    programme, unhashed = with_digests(shaped.value, lambda name: digest_below(path.parent, name))
    found = check_programme(programme, clinic=clinic)
    heads = {related for fault in shaped.faults for related in _RELATED.get(fault.about, (fault.about,))}
    errors = tuple(finding for finding in found.errors if _head(finding) not in heads)
    findings = Findings(_sorted((*unread, *errors, *unhashed)), found.warnings)
    if not findings.errors and (reason := rehearse(programme)):
        refusal = Finding(CODE, "programme", f"programme: cannot be published: {reason}", "say it shorter")
        findings = Findings((refusal,), found.warnings)
    return (None if findings.errors else programme), findings


def require_programme(path: Path, *, clinic: str | None) -> Programme:
    """The programme in a file; HandsealError naming the first error and how many there are."""
    programme, findings = check_file(path, clinic=clinic)
    if programme is None:
        first, more = findings.errors[0], len(findings.errors) - 1
        tail = f" (and {more} more)" if more else ""
        raise HandsealError(f"{path.name}: {first.code}: {first.text}{tail}", hint=f"handseal check {path}")
    return programme


def check_programme(programme: Programme, *, clinic: str | None) -> Findings:
    """What is wrong with a programme; `clinic` is the slug that may not co-sign, if it is known."""
    errors = [*form_faults(programme)]
    errors += [Finding(code, *breach) for code, rule in _RULES.items() for breach in rule(programme)]
    if clinic is not None and clinic in programme.cosigners:
        errors.append(Finding("MC09", "cosigners", f"cosigners: {clinic} is the clinic itself", "name partner bodies"))
    warnings = [Finding("MC13", *breach) for breach in _vague_outcomes(programme)]
    return Findings(_sorted(errors), tuple(warnings))


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.code))


def _head(finding: Finding) -> str:
    """The key at the top of the file that a finding is about."""
    return re.split(r"[ .:\[]", finding.place, maxsplit=1)[0]


def _outcome_count(programme: Programme) -> Iterator[tuple[str, str, str]]:
    count = len(programme.outcomes)
    if not 3 <= count <= 5:
        yield "outcome", f"outcome: there are {count}, expected 3 to 5", "one sentence for each thing a learner can do"


def _total_hours(programme: Programme) -> Iterator[tuple[str, str, str]]:
    total = sum(programme.hours.minutes(pillar) for pillar in PILLARS)
    if total >= MAX_MINUTES:
        yield "hours", f"hours: are {total / 60:g} in total, expected fewer than 40", "split it into two programmes"


def _weeks(programme: Programme) -> Iterator[tuple[str, str, str]]:
    if not 2 <= programme.weeks <= 8:
        yield "weeks", f"weeks: {programme.weeks}, expected 2 to 8", "weeks = 6"


def _pillars(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for pillar in PILLARS:
        if programme.hours.minutes(pillar) <= 0:
            yield f"hours.{pillar}", f"hours.{pillar}: has no hours", f"[hours] {pillar} = 8"
        if all(criterion.pillar != pillar for criterion in programme.criteria):
            yield "criterion", f"criterion: none assesses {pillar}", f'add one with pillar = "{pillar}"'


def _live_check(programme: Programme) -> Iterator[tuple[str, str, str]]:
    if not any(criterion.kind == "live" and criterion.pillar == "practice" for criterion in programme.criteria):
        yield "criterion", "criterion: there is no live practical check", 'add one with kind = "live" in practice'


def _coverage(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for outcome in programme.outcomes:
        covering = [criterion for criterion in programme.criteria if outcome.id in criterion.outcomes]
        place = f"outcome {outcome.id}"
        if not covering:
            yield place, f"{place}: no criterion assesses it", "name it in a criterion's outcomes"
        elif outcome.touch and all(criterion.kind != "live" for criterion in covering):
            yield place, f"{place}: touches a client, and no live criterion assesses it", "see it done, not filmed"
    known = {outcome.id for outcome in programme.outcomes}
    for criterion in programme.criteria:
        place = f"criterion {criterion.id}: outcomes"
        for stray in sorted(set(criterion.outcomes) - known):
            yield place, f"{place}: there is no outcome {stray!r}", f"outcomes: {', '.join(sorted(known))}"
        if not criterion.outcomes:
            yield place, f"{place}: names none", "name the outcomes that it shows"


def _pass_marks(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for criterion in programme.criteria:
        place = f"criterion {criterion.id}: pass"
        fault = _pass_fault(criterion)
        if fault:
            yield (
                place,
                f"{place}: {fault}",
                "pass = 80 (percent), or levels = [...] in ascending order and one of them",
            )


def _pass_fault(criterion: CriterionTable) -> str:
    mark, levels = criterion.passing, criterion.levels
    if mark is UNSET:
        return "is missing"
    if isinstance(mark, int):
        if levels:
            return "is a percentage, but there are levels"
        return "" if 1 <= mark <= 100 else f"{mark} is not a percentage from 1 to 100"
    if len(set(levels)) != len(levels) or len(levels) > 12:
        return "has a level twice, or more than 12"
    if stray := sorted(set(criterion.level_names) - set(levels)):
        return f"names of levels that do not exist: {', '.join(stray)}"
    return "" if mark in levels else f"there is no level {mark!r}"


def _at_work(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for outcome in programme.outcomes:
        place = f"outcome {outcome.id}"
        if not 1 <= outcome.within_days <= WITHIN_DAYS:
            yield (
                f"{place}: within-days",
                f"{place}: within-days: {outcome.within_days}, expected 1 to {WITHIN_DAYS}",
                "a skill that is not used at work within two weeks is lost",
            )
        if not outcome.at_work:
            yield f"{place}: at-work", f"{place}: at-work: does not say how it is used at work", 'at-work.en = "…"'


def _quorum(programme: Programme) -> Iterator[tuple[str, str, str]]:
    count = len(programme.cosigners)
    if len(set(programme.cosigners)) != count:
        yield "cosigners", "cosigners: names one twice", "name each partner body once"
    if not 1 <= count <= MAX_ENDORSEMENTS:
        yield "cosigners", f"cosigners: there are {count}, expected 1 to {MAX_ENDORSEMENTS}", 'cosigners = ["ttma"]'
    if not 1 <= programme.threshold <= count:
        text = f"threshold: {programme.threshold}, expected 1 to {count}, the number of co-signers"
        yield "threshold", text, "how many of the partner bodies must co-sign"


def _main_language(programme: Programme) -> Iterator[tuple[str, str, str]]:
    language = programme.language
    for place, texts in every_text(programme):
        if place == "assessor.qualification" or (place.endswith(": at-work") and not texts):
            continue  # MC11 and MC08 say it
        if not texts.get(language, "").strip():
            yield place, f"{place}: has no text in the main language {language!r}", f'{language} = "…"'
    names = [criterion.name.get(language) for criterion in programme.criteria]
    for twice in sorted({name for name in names if name and names.count(name) > 1}):
        yield "criterion", f"criterion: two are called {twice!r}", "a result is recognised by its criterion's name"


def _assessor(programme: Programme) -> Iterator[tuple[str, str, str]]:
    if not programme.qualification.get(programme.language, "").strip():
        yield (
            "assessor.qualification",
            "assessor.qualification: does not say who may assess",
            'qualification = "Licensed massage practitioner"',
        )


def _minutes(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for pillar in PILLARS:
        criteria = [criterion for criterion in programme.criteria if criterion.pillar == pillar]
        wanted, given = sum(criterion.minutes for criterion in criteria), programme.hours.minutes(pillar)
        if wanted > given:
            yield (
                f"hours.{pillar}",
                f"hours.{pillar}: the criteria take {wanted} minutes, the pillar has {given}",
                "give the pillar more hours or assess for less time",
            )
    for criterion in programme.criteria:
        if criterion.minutes <= 0:
            place = f"criterion {criterion.id}: minutes"
            yield place, f"{place}: does not say how long it takes", "minutes = 45"


def _vague_outcomes(programme: Programme) -> Iterator[tuple[str, str, str]]:
    for outcome in programme.outcomes:
        vague = _VAGUE.match(outcome.text.get("en", ""))
        if vague:
            place = f"outcome {outcome.id}: text"
            yield place, f"{place}: begins with {vague[1]!r}, which nobody can see", "begin with what a learner does"


_RULES: dict[str, Rule] = {
    "MC01": _outcome_count,
    "MC02": _total_hours,
    "MC03": _weeks,
    "MC04": _pillars,
    "MC05": _live_check,
    "MC06": _coverage,
    "MC07": _pass_marks,
    "MC08": _at_work,
    "MC09": _quorum,
    "MC10": _main_language,
    "MC11": _assessor,
    "MC12": _minutes,
}
