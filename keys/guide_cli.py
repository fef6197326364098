"""People are led through a plan while the program acts; a command that stands alone has nobody to lead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from keys.console import escape, talk
from keys.encoding import sri
from keys.phase import Phase
from keys.plan import Plan
from keys.plan_text import step_lines
from keys.transcript import Transcript

_WAITS = frozenset({Phase.PREPARE, Phase.CHECK})  # what only people do: nothing after it stops the program by itself


class Guide:
    """Says the steps of a plan as their phase is reached; `record` is where the record goes, None for the usual place.

    `wait` stops until people say that they have done their part; on a terminal, a key.
    """

    def __init__(
        self, plan: Plan | None = None, *, record: Path | None = None, wait: Callable[[], None] | None = None
    ) -> None:
        self._plan = plan
        self.record = record
        self._wait = wait or _wait_at_terminal

    def reach(self, phase: Phase) -> None:
        """Shows the steps of `phase`."""
        if self._plan is None:
            return
        for step in self._plan.of(phase):
            for line in step_lines(step):
                talk(escape(line))
        if phase in _WAITS:
            self._wait()

    def check(self, moment: datetime) -> None:
        """Shows the clock, for a person to compare it with a watch, and the steps that go with it."""
        if self._plan is not None:
            talk(f"This machine's clock shows {moment:%Y-%m-%d %H:%M:%S} UTC.")
        self.reach(Phase.CHECK)

    def introduce(self, transcript: Transcript) -> None:
        """Notes which plan is run, and by whom."""
        if self._plan is None:
            return
        transcript.add("plan", kind=self._plan.kind, digest=sri(self._plan.digest))
        for person in self._plan.people:
            transcript.add("present", name=person.name, role=person.role.value)


def _wait_at_terminal() -> None:
    if sys.stdin.isatty():
        click.prompt("Press Enter when this is done", default="", show_default=False, err=True)
