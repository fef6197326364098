"""For each refusal: the tests that reach it, and the one that turns red when it is gone."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from tests.removal.forks import WORKERS, Line, Ran, load, run_each
from tests.removal.living import Living
from tests.removal.steps import Step

_LONGEST, _LONGEST_WHOLE = 180.0, 1800.0  # seconds, for the tests of one step and for half of all


class Broken(Exception):
    """Tests that fail with every step in place prove nothing."""


class Verdict(NamedTuple):
    """What the tests say to a program without this step."""

    step: Step
    red: str  # the test that failed; empty where none did
    tried: int  # how many tests reach the step

    @property
    def held(self) -> bool:
        return bool(self.red)


class _Reach(NamedTuple):
    tests: Mapping[Line, Sequence[str]]
    seconds: Mapping[str, float]


def prove(modules: Sequence[str], files: Sequence[str], known: frozenset[str] = frozenset()) -> Iterator[Verdict]:
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
            tasks.append((partial(living.without, module, number), _files(tests), tests))
    for number, ran in run_each(tasks, first_only=True, seconds=_LONGEST):
        step, tried = steps[number]
        if ran.code not in (0, 1):
            print(ran.output)  # neither red nor green: for a reader to look into
        yield Verdict(step, ran.failed if ran.code == 1 else "", tried)


def _reach(living: Living, modules: Sequence[str], files: Sequence[str]) -> _Reach:
    """Which tests reach which step; all of them pass with every function compiled anew and nothing taken out."""

    def probed() -> None:
        for module in modules:
            living.probed(module)

    shares = [list(files[place::WORKERS]) for place in range(min(WORKERS, len(files)))]
    tests: dict[Line, list[str]] = {}
    seconds: dict[str, float] = {}
    for _, ran in run_each([(probed, share, None) for share in shares], first_only=False, seconds=_LONGEST_WHOLE):
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
