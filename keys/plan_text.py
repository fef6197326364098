"""A plan as lines for a terminal or a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from keys.aloud import word_lines
from keys.phase import Phase
from keys.plan import Plan, Step

_FOLDER = textwrap.TextWrapper(
    width=100, initial_indent=" " * 5, subsequent_indent=" " * 7, break_long_words=False, break_on_hyphens=False
)


def plan_lines(plan: Plan) -> Iterator[str]:
    """The whole plan."""
    yield from plan_head(plan)
    for phase in Phase:
        steps = plan.of(phase)
        if steps:
            yield ""
            yield phase.value
        for step in steps:
            yield from step_lines(step)


def plan_head(plan: Plan) -> Iterator[str]:
    """Everything but the steps."""
    yield plan.title
    yield f"  Organisation: {plan.organisation}"
    for person in plan.people:
        yield f"  {person.role.value.title()}: {person.name}"
    for line in plan.bring:
        yield f"  Bring {line}"
    for line in plan.makes:
        yield f"  Makes {line}"
    yield f"  Plan: {plan.digest.hex()}"
    yield from word_lines("  Words:", plan.words)


def step_lines(step: Step) -> Iterator[str]:
    """One step, its parts indented."""
    yield f"{step.number:3}. {step.who}"
    yield from _part("", step.do)
    yield from _part("Read aloud: ", step.say)
    yield from _part("Write down: ", step.write)
    yield from _part("STOP if ", step.stop)


def _part(label: str, text: str) -> Iterator[str]:
    if text:
        yield from _FOLDER.wrap(label + text)
