"""A plan says everything that people do, before anybody sits down, on any machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.aloud import word_lines
from keys.ceremony_file import ceremony_digest
from keys.cli import main
from keys.encoding import digest_words
from keys.phase import Phase
from keys.plan import Plan, read_plan
from tests.conftest import ROOT

FOLDER = ROOT / "templates" / "ceremony"
EXAMPLES = sorted(FOLDER.glob("*.toml"))
SECOND = '[[person]]\nname = "Mai Tran"\nrole = "custodian"\n'


def plan_of(path: Path, more: str = "") -> Plan:
    return read_plan(path.read_bytes() + more.encode("utf-8"), path.name)[1]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_steps_are_numbered_through_all_phases_and_name_who_acts(path: Path) -> None:
    plan = plan_of(path)
    assert [step.number for step in plan.steps] == list(range(1, len(plan.steps) + 1))
    assert [step for phase in Phase for step in plan.of(phase)] == list(plan.steps)
    assert plan.steps[-1].phase is Phase.CLOSE
    for step in plan.steps:
        assert step.do
        assert step.who == "Everybody" or step.who.partition(": ")[2] in {person.name for person in plan.people}
    for part in ("say", "write", "stop"):
        assert any(getattr(step, part) for step in plan.steps), part


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_input_and_output_is_named(path: Path) -> None:
    plan = plan_of(path)
    assert all(": " in line for line in (*plan.bring, *plan.makes))
    assert bool(plan.bring) == (plan.kind != "keygen")
    assert plan.makes


@pytest.mark.parametrize("kind", ["keygen", "cosign", "recover"])
def test_two_custodians_are_told_that_both_passphrases_open_the_key(kind: str) -> None:
    alone, both = plan_of(FOLDER / f"{kind}.toml"), plan_of(FOLDER / f"{kind}.toml", f"\n{SECOND}")
    said = "the key opens with both"
    assert not any(said in step.do for step in alone.steps)
    (step,) = (step for step in both.steps if said in step.do)
    assert step.who == "Custodian: Somchai Pinthong, Mai Tran"


def test_the_root_is_read_in_groups_however_it_is_written(tmp_path: Path) -> None:
    text = (FOLDER / "cosign.toml").read_text("utf-8")
    for root in ("0123456789abcdef" * 4, "0123 4567 89ab cdef " * 4):
        inputs = f'[inputs]\ntrust = "trust"\nroot = "{root}"'
        (tmp_path / "cosign.toml").write_text(text.replace("[inputs]", inputs))
        said = [step.say for step in plan_of(tmp_path / "cosign.toml").steps]
        assert "The first sixteen digits of the root: 0123 4567 89ab cdef." in said


def test_it_is_printed_as_text_json_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = FOLDER / "cosign.toml", tmp_path / "plan.html"
    words = digest_words(ceremony_digest(path.read_bytes()))
    assert main(["plan", str(path), "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert "\n".join(word_lines("  Words:", words)) in told.out
    assert "  Bring roster: roster.csv\n" in told.out
    assert f"plan to print: {out}" in told.err
    assert main(["plan", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["words"]) == ("cosign", " ".join(words))
    assert main(["plan", str(path), "--out", str(out)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_stated_digest_stands_in_the_plan(tmp_path: Path) -> None:
    text = (FOLDER / "cosign.toml").read_text("utf-8")
    stated = f'{{ file = "request.jsonl", sha256 = "{"ab" * 32}" }}'
    path = tmp_path / "c.toml"
    path.write_text(text.replace('"request.jsonl" ', f"{stated} "), encoding="utf-8")
    assert f"request: request.jsonl (sha256 {'ab' * 32})" in plan_of(path).bring
