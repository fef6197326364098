"""KEY-LOST.md: its commands are there and do what it says, and every way it sends people leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from keys.algorithms import Algorithm, generate_private_key
from keys.cli import main
from keys.encoding import canonical
from keys.files import SECRET, write_new
from keys.possession import KeyUse, prove_possession
from tests.conftest import ROOT
from tests.keys.age import write_cheap_key
from tests.keys.partner import FOUNDED, TTMA
from tests.runbook import TEXT as RUNBOOK, mentioned, require_command

TEXT = (ROOT / "templates" / "ceremony" / "KEY-LOST.md").read_text("utf-8")
PROMPTED = re.findall(r"^ *body\$ (.+)$", TEXT, re.MULTILINE)
PARTS = re.findall(r"^## (\d)\. (.+)$", TEXT, re.MULTILINE)
PASSPHRASE = "anchor basket copper dentist"


@pytest.mark.parametrize("line", sorted({*PROMPTED, *mentioned(TEXT)}))
def test_each_command_exists_with_its_options(line: str) -> None:
    require_command(line)


def test_the_table_leads_to_every_part_and_each_part_ends() -> None:
    anchors = [(number, title.lower().replace(" ", "-")) for number, title in PARTS]
    assert re.findall(r"\[(\d)\]\(#\d-([a-z0-9-]+)\)", TEXT) == anchors
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        assert "**END**" in part or "**GO TO** 8" in part


def test_it_goes_to_parts_that_are_there() -> None:
    assert set(re.findall(r"\*\*GO TO\*\* (\d)", TEXT)) <= {number for number, _ in PARTS}
    named = set(re.findall(r"[Pp]art\s(\d+)", TEXT))
    assert named <= set(re.findall(r"^## (\d+)\. ", RUNBOOK, re.MULTILINE))
    sections = set(re.findall(r"\b(5[a-z])\b(?=[^`]*?RUNBOOK)", TEXT))
    assert sections <= set(re.findall(r"^### (5[a-z])\. ", RUNBOOK, re.MULTILINE))


def test_the_shares_of_its_commands_bring_a_key_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Split as part 9 says, prove as parts 5 and 9 say, lose the key, and make it again as part 2 says."""
    monkeypatch.chdir(tmp_path)
    key = generate_private_key(Algorithm.ES256)
    write_cheap_key(tmp_path / "cosign.key", key, PASSPHRASE)
    shown = prove_possession(key, organisation=TTMA, use=KeyUse.COSIGN, created=FOUNDED)
    write_new(tmp_path / "cosign.key.pub.json", canonical(shown))
    write_new(tmp_path / "passphrase", PASSPHRASE.encode(), SECRET)
    (split,) = {line for line in PROMPTED if " split " in line}
    (drill,) = {line for line in PROMPTED if "--drill" in line and "--share " in line}
    (again,) = {line for line in PROMPTED if "--out cosign.key " in line}
    spoken = ["--passphrase-file", "passphrase", "--online"]
    assert main([*shlex.split(split)[1:], *spoken]) == 0
    for share in (tmp_path / "shares").iterdir():
        share.rename(tmp_path / share.name)
    assert main([*shlex.split(drill)[1:], "--online"]) == 0
    (tmp_path / "cosign.key").unlink()
    assert main([*shlex.split(again)[1:], *spoken]) == 0
    assert (tmp_path / "cosign.key").exists()
