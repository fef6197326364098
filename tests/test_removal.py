"""The proof of `tests.removal` itself: it finds each refusal, takes it out alone, and sees whether a test minds."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.removal import scope
from tests.removal.steps import find
from tests.removal.weakening import answers, weakenings

ROOT = Path(__file__).parents[1]

TOY = '''
"""A door."""

from collections.abc import Iterator
from functools import lru_cache


@lru_cache
def require_age(age: int, *, asked: bool) -> None:
    if age < 18:
        raise ValueError("too young")
    if age > 120 or not asked:
        raise ValueError("not believed")


class Door:
    def open(self, age: int) -> str:
        require_age(age, asked=True)
        return "open"


def first_grown_up(ages: Iterator[int]) -> int:
    for age in ages:
        if age < 0:
            raise ValueError("not believed")
        if age > 17:
            return age
    raise ValueError("nobody")


def warnings(age: int) -> Iterator[str]:
    if age > 65:
        yield "mind the step"
'''
TESTS = """
from itertools import repeat

import pytest
from toy.door import Door, first_grown_up, require_age


@pytest.mark.parametrize("age", [17, 121])
def test_ages(age):
    with pytest.raises(ValueError):
        require_age(age, asked=True)


def test_a_door_asks():
    with pytest.raises(ValueError):
        Door().open(17)
    assert Door().open(18) == "open"


def test_nobody_waits_for_ever():
    with pytest.raises(ValueError):
        first_grown_up(repeat(-1))
"""
PROVE = """
from tests.removal.proof import Broken, prove

try:
    verdicts = prove(["toy.door"], ["toy/test_door.py"], patience=3)
    for verdict in sorted(verdicts, key=lambda verdict: verdict.step[2:]):
        said = "red" if "::" in verdict.red else verdict.red or "green"
        print(verdict.step.line, verdict.step.text, "|", said, verdict.tried)
except Broken as fault:
    print("broken:", str(fault).splitlines()[0])
"""


def _prove(folder: Path, tests: str) -> list[str]:
    (folder / "toy").mkdir()
    for name, text in {"__init__.py": "", "door.py": TOY, "test_door.py": tests}.items():
        (folder / "toy" / name).write_text(text)
    command = [sys.executable, "-c", PROVE]
    ran = subprocess.run(command, cwd=folder, env={"PYTHONPATH": f"{folder}:{ROOT}"}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_step_is_held_only_where_a_test_turns_red_without_it(tmp_path: Path) -> None:
    assert _prove(tmp_path, TESTS) == [
        "11 raise ValueError('too young') | red 2",
        "13 if age > 120 or not asked: without age > 120 | red 1",
        "13 if age > 120 or not asked: without not asked | green 1",
        "13 raise ValueError('not believed') | red 1",
        "18 require_age(age, asked=True) | red 1",
        "25 raise ValueError('not believed') | its tests no longer end 1",
        "28 raise ValueError('nobody') | green 0",
        "33 yield 'mind the step' | green 0",
    ]


def test_tests_that_fail_anyway_prove_nothing(tmp_path: Path) -> None:
    assert _prove(tmp_path, TESTS.replace("[17, 121]", "[17, 18]")) == [
        "broken: with nothing taken out, toy/test_door.py::test_ages[18] fails"
    ]


@pytest.mark.parametrize(
    ("condition", "smaller"),
    [
        ("a", []),
        ("a < b", []),
        ("a or b", ["False or b", "a or False"]),
        ("a and (b or c)", ["a and (False or c)", "a and (b or False)"]),
        ("not (a and b)", ["not (True and b)", "not (a and True)"]),
        ("not a < b <= c", ["not b <= c", "not a < b"]),
        ("a or not 1 <= b <= 2", ["False or not 1 <= b <= 2", "a or not b <= 2", "a or not 1 <= b"]),
        ("not a < b < c < d", ["not (b < c and c < d)", "not (a < b and c < d)", "not (a < b and b < c)"]),
        ("(a, b, c) != (d, e, f)", ["(b, c) != (e, f)", "(a, c) != (d, f)", "(a, b) != (d, e)"]),
        ("(a, *b) != (c, d)", []),
    ],
)
def test_a_condition_loses_one_part_at_a_time(condition: str, smaller: list[str]) -> None:
    found = [ast.unparse(new) for _, new in weakenings(ast.parse(condition, mode="eval").body)]
    assert found == smaller


def test_an_answer_is_tried_as_always_yes_always_no_and_in_parts() -> None:
    found = [ast.unparse(new) for _, new in answers(ast.parse("a and b", mode="eval").body)]
    assert found == ["False", "True", "True and b", "a and True"]


REFUSALS = """
def act(findings, alarms, thing):
    _require_form(thing)
    verify_transcript(thing)
    thing.require_root()
    use(thing)
    value = require_text(thing)
    findings.failed("a")
    alarms.append(Alarm("b"))
    names.append("c")
    if thing:
        return Check("d", Outcome.UNKNOWN)
    if thing > 1:
        return "reason"
    if thing > 2:
        return ""
    if thing > 3:
        return thing
    if thing > 4:
        yield thing
    if thing > 5:
        yield f"finding {thing}"
    if thing > 6:
        yield Difference(thing)
    if value:
        text = "e"
        findings.unknown(text)
    try:
        yield 1
    except ValueError:
        raise
    def inner():
        raise LookupError
    return value

class Known:
    def is_old(self) -> bool:
        if self.new:
            return False
        return self.age > 3
"""


def test_what_counts_as_a_refusal() -> None:
    steps = [removal.step for removal in find("m", ast.parse(REFUSALS))]
    assert [f"{step.function} {step.text}" for step in steps] == [
        "act _require_form(thing)",
        "act verify_transcript(thing)",
        "act thing.require_root()",
        "act findings.failed('a')",
        "act alarms.append(Alarm('b'))",
        "act return Check('d', Outcome.UNKNOWN)",
        "act return 'reason'",
        "act yield f'finding {thing}'",
        "act yield Difference(thing)",
        "act findings.unknown(text)",
        "act if value",
        "act raise",
        "act raise LookupError",
        "Known.is_old return False: always True",
        "Known.is_old return self.age > 3: always False",
        "Known.is_old return self.age > 3: always True",
    ]


def test_every_exception_is_a_step_and_gives_a_reason() -> None:
    known = {
        removal.step.key
        for module in scope.modules()
        for removal in find(module, ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8")))
    }
    assert set(scope.EXCEPTIONS) <= known
    assert all(len(reason.split()) > 5 for reason in scope.EXCEPTIONS.values())
