"""Somebody at a terminal who answers each prompt that hides what is typed."""

from __future__ import annotations

import sys

import pytest


class Keyboard:
    """Answers each prompt, and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = iter(answers)

    def __call__(self, prompt: str, **options: object) -> str:
        assert options["hide_input"] is True
        self.asked.append(prompt)
        return next(self._answers)


def sit_down(patch: pytest.MonkeyPatch, *answers: str) -> Keyboard:
    """From now on somebody types `answers`, one after the other."""
    typed = Keyboard(*answers)
    patch.setattr("click.prompt", typed)
    patch.setattr(sys.stdin, "isatty", lambda: True)
    return typed
