"""What RUNBOOK.md names is there: commands and options, forms, messages, and itself in the installed program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keys.settings import require_toml
from keys.trust_changes import Changes
from tests.conftest import ROOT
from tests.runbook import COMMANDS, FORMS, PROGRAMS, TEXT, Command, TomlFile, mentioned, require_command

CHANGES = [
    form
    for form in FORMS.values()
    if form.owner == "the first holder" and "kind =" not in form.text and form.name != "founding.toml"
]


@pytest.mark.parametrize("form", CHANGES, ids=lambda form: form.name)
def test_each_change_is_one_that_propose_reads(form: TomlFile) -> None:
    text = form.text.replace("UNTIL", "2027-01-01T00:00:00Z").replace("SINCE", "2026-11-01T00:00:00Z")
    assert require_toml(text.encode(), Changes, form.name, hint="") != Changes()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.part} {command.line}")
def test_each_command_is_acted_by_a_test_or_only_looks(command: Command) -> None:
    assert command.part in "12345678" or set(command.line.split()) & {"rehearse", "runbook"}


# The page on security points here too.
WRITTEN = TEXT + (ROOT / "SECURITY.md").read_text("utf-8")


@pytest.mark.parametrize("line", [*mentioned(WRITTEN), *sorted({item.line for item in COMMANDS})])
def test_each_command_exists_with_its_options(line: str) -> None:
    require_command(line)


def messages() -> list[str]:
    """What stands in the first column of the last table, cut where the program fills in."""
    rows = re.findall(r"^\| (`.+?) \| ", TEXT.partition("## A. ")[2], re.MULTILINE)
    return sorted({quoted for row in rows for quoted in re.findall(r"`([^`]+)`", row)})


# These come from the operating system or the terminal, not from a line of ours.
SYSTEM = {"No such file or directory", "No space left on device", "Read-only file system", "is a directory"}


@pytest.mark.parametrize("message", messages())
def test_each_message_is_one_the_program_says(message: str) -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "keys").rglob("*.py"))
    assert message in SYSTEM or message in source


def test_the_table_of_parts_leads_to_parts_that_are_there() -> None:
    anchors = set(re.findall(r"\(#([^)]+)\)", TEXT))
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    known = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert anchors <= known


def test_the_program_prints_it_and_hands_out_the_papers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert PROGRAMS["handseal-ceremony"].main(["runbook"]) == 0
    assert capsys.readouterr().out == TEXT
    papers = tmp_path / "papers"
    assert PROGRAMS["handseal-ceremony"].main(["runbook", "--out", str(papers)]) == 0
    assert (papers / "RUNBOOK.md").read_text("utf-8") == TEXT
    assert {path.name: path.read_text("utf-8") for path in (papers / "forms").iterdir()} == {
        name: form.text for name, form in FORMS.items()
    }
    assert {path.name for path in (papers / "examples").iterdir()} >= {"keygen.toml", "cosign.toml", "trust-sign.toml"}
    assert PROGRAMS["handseal-ceremony"].main(["runbook", "--out", str(papers)]) == 1
