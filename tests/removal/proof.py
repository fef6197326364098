"""For each refusal: the tests that reach it, and the one that turns red when it is gone."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from tests.removal.forks import WORKERS, Line, Ran, Task, load, run_each
from tests.removal.living import Living
from tests.removal.steps import Step

PATIENCE = 30.0
"""Seconds for the tests of a step, beside three times what they took when nothing was taken out."""

_LONGEST_WHOLE = 1800.0  # seconds for half of all tests
_ENDLESS = "its tests no longer end"


class Broken(Exception):
    """Tests that fail with every step in place prove nothing."""


class Verdict(NamedTuple):
    """What the tests say to a program without this step."""

    step: Step
    red: str  # the test that failed, or that they do not end; empty where all pass
    tried: int  # how many tests reach the step

    @property
    def held(self) -> bool:
        return bool(self.red)


class _Reach(NamedTuple):
    tests: Mapping[Line, Sequence[str]]
    seconds: Mapping[str, float]


def prove(
    modules: Sequence[str], files: Sequence[str], known: frozenset[str] = frozenset(), patience: float = PATIENCE
) -> Iterator[Verdict]:
    """A verdict for each step of the modules, except those whose keys are `known`, as they are found."""
    load(files)
    living = Living(modules)
    reach = _reach(living, modules, files)
    tasks, steps = [], []
    for module in modules:
        for number, removal in enumerate(living.removals(module)):
            step = removal.step
            # Without a call that only refuses, nothing changes but where it did refuse.
            reached = reach.tests.get((module, -step.line)) or reach.tests.get((module, step.line), ())
            tests = _quickest_first(reached, reach.seconds)
            if step.key in known:
                continue
            if not tests:
                yield Verdict(step, "", 0)
                continue
            steps.append((step, len(tests)))
            seconds = patience + 3 * sum(reach.seconds[test] for test in tests)
            tasks.append(Task(partial(living.without, module, number), _files(tests), tests, seconds))
    for number, ran in run_each(tasks, first_only=True):
        step, tried = steps[number]
        if ran.code not in (0, 1) and not ran.late:
            print(ran.output)  # neither red nor green: for a reader to look into
        yield Verdict(step, _ENDLESS if ran.late else ran.failed if ran.code == 1 else "", tried)


def _reach(living: Living, modules: Sequence[str], files: Sequence[str]) -> _Reach:
    """Which tests reach which step; all of them pass with every function compiled anew and nothing taken out."""

    def probed() -> None:
        for module in modules:
            living.probed(module)

    shares = [list(files[place::WORKERS]) for place in range(min(WORKERS, len(files)))]
    tests: dict[Line, list[str]] = {}
    seconds: dict[str, float] = {}
    tasks = [Task(probed, share, None, _LONGEST_WHOLE) for share in shares]
    for _, ran in run_each(tasks, first_only=False):
        _require_green(ran)
        seconds |= ran.seconds
        for line, names in ran.reached.items():
            tests.setdefault(line, []).extend(names)
    return _Reach(tests, seconds)


def _require_green(ran: Ran) -> None:
    if ran.code:
        raise Broken(f"with nothing taken out, {ran.failed or 'pytest itself'} fails\n{ran.output}")


def _quickest_first(tests: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """By file, so that what a file's tests share is made once; the file with the quickest test first."""
    quickest: dict[str, float] = {}
    for test in tests:
        quickest[_file(test)] = min(seconds[test], quickest.get(_file(test), seconds[test]))
    return sorted(tests, key=lambda test: (quickest[_file(test)], _file(test), seconds[test]))


def _files(tests: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(_file, tests)))


def _file(test: str) -> str:
    return test.partition("::")[0]
