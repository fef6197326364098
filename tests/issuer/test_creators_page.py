"""The course creators' page of README.md shows programmes that can be published, and what `check` really says."""

import re
from pathlib import Path

import pytest

from issuer.cli import main
from issuer.comparison import draft
from issuer.programme import Programme
from issuer.rules import check_file
from keys.settings import require_toml
from keys.syllabus import Syllabus
from keys.trust_changes import Changes
from tests.conftest import ROOT
from tests.world import make_syllabus
from verifier.comparison import compare

PAGE = (ROOT / "README.md").read_text("utf-8").partition("## Course creators")[2].partition("\n## ")[0]
SNIPPETS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(SAID,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def written(folder: Path, text: str) -> Path:
    path = folder / "hand-massage-dementia.toml"
    path.write_text(text, "utf-8")
    return path


def checked(path: Path) -> Programme:
    programme, findings = check_file(path, clinic="river-clinic")
    assert (findings.errors, findings.warnings) == ((), ())
    assert programme is not None
    return programme


def test_the_whole_programme_keeps_every_rule(tmp_path: Path) -> None:
    programme = checked(written(tmp_path, SNIPPETS[0]))
    assert programme.title["en"] == "Hand Massage in Dementia Care"


def test_the_tables_that_may_follow_do(tmp_path: Path) -> None:
    programme = checked(written(tmp_path, "".join(SNIPPETS[:2])))
    syllabus: Syllabus = draft(programme, make_syllabus())
    offered = [change.place for change in compare(make_syllabus(), syllabus) if change.offer]
    assert offered == ["price", "call to action", "story"]
    assert len(SNIPPETS) == 3


def test_the_trust_list_takes_the_new_programme(tmp_path: Path) -> None:
    changes = require_toml(SNIPPETS[2].encode(), Changes, "changes.toml", hint="")
    programme = checked(written(tmp_path, SNIPPETS[0]))
    (listed,) = changes.programme
    assert (listed.slug, listed.threshold) == (programme.slug, programme.threshold)
    assert set(listed.cosigners) == set(programme.cosigners)


def test_the_keys_of_the_text_are_taken(tmp_path: Path) -> None:
    top = 'mode = "cohort"\ntaught-in = ["th", "en"]\ncompletion-target = 85\n'
    text = SNIPPETS[0].replace('kind = "live"\n', 'kind = "live"\nremote = true\n')
    programme = checked(
        written(tmp_path, top + text.replace("\nassessor.", '\nassessor.shown = "qualification"\nassessor.'))
    )
    assert (programme.mode, programme.criteria[2].remote) == ("cohort", True)
    assert programme.assessor.shown == "qualification"


def test_what_check_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = SNIPPETS[0].replace("weeks = 3", "weeks = 9").replace("pass = 80   ", "#")
    path = written(tmp_path, broken.replace('"Record a session', '"Know how to record a session'))
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out == SAID


def test_every_rule_is_named() -> None:
    assert {f"MC{number:02}" for number in range(14)} <= set(re.findall(r"MC\d\d", PAGE))
