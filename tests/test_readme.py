"""What README.md shows is what the programs print."""

import contextlib
import doctest
import io
import json
import re
import shlex
from pathlib import Path

import pytest

import issuer.cli
import keys.cli
import verifier.cli
from tests.conftest import ROOT

PROGRAMS = {"handseal": issuer.cli, "handseal-ceremony": keys.cli, "handseal-verify": verifier.cli}
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^```console\n\$ (.+)\n((?:.*\n)*?)```$", README, re.MULTILINE)


def run(command: str, folder: Path) -> str:
    """What a person sees: both streams, in the order they come."""
    manifest = json.loads((folder / "demo" / "demo.json").read_text())
    words = shlex.split(command.replace("ROOT", manifest["root"]))
    arguments = [str(next(folder.glob(w.replace("....", "*.")))) if "...." in w else w for w in words[1:]]
    seen = io.StringIO()
    with contextlib.redirect_stdout(seen), contextlib.redirect_stderr(seen):
        PROGRAMS[words[0]].main(arguments)
    return seen.getvalue().replace(f"{folder}/", "")


def test_there_is_an_example_of_each_program() -> None:
    assert {command.split()[0] for command, _ in EXAMPLES} == set(PROGRAMS)


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command[:50] for command, _ in EXAMPLES])
def test_output_in_the_readme(command: str, shown: str, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo_folder.parent)
    printed = run(command, demo_folder.parent)
    options = doctest.ELLIPSIS
    assert doctest.OutputChecker().check_output(shown, printed, options), f"the program prints:\n{printed}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_in_the_readme_exists(program: str) -> None:
    group = getattr(PROGRAMS[program], "cli")  # noqa: B009  # three modules, one name
    named = re.findall(rf"`{program} ([a-z]+)[ `]", README)
    assert named
    for name in named:
        assert name in group.commands, name
