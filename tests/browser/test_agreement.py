"""The browser gives the server's answer to every question that the attack tests ask, and to bytes changed at random."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.scripts import page_in
from tests.conftest import ROOT

ASKING = [
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests" / "attacks").glob("test_[CJRS]_*.py"))),
    "tests/attacks/test_P_carrier.py",
    "tests/keys/test_profile.py",
    "tests/keys/test_status.py",
    "tests/keys/test_syllabus.py",
    "tests/keys/test_trust_chain.py",
    "tests/keys/test_trust_rules.py",
    "tests/verifier/test_carrier.py",
    "tests/verifier/test_sources.py",
    "tests/verifier/test_tampering.py",
    "tests/verifier/test_verify.py",
    "tests/verifier/test_verify_status.py",
]
# Else the recording lost some.
LEAST = {"verify": 2000, "list": 2000, "trust": 500, "carrier": 80, "certificate": 500, "syllabus": 50}
VERDICTS = {"valid", "unknown", "incomplete", "expired", "suspended", "withdrawn", "superseded", "revoked", "invalid"}
AT_ONCE = 200


class Recording:
    """Questions with Python's answers, and the parts that they share."""

    def __init__(self, file: Path) -> None:
        told = json.loads(file.read_text("utf-8"))
        self._parts: dict[str, Any] = told["parts"]
        self.questions: list[dict[str, Any]] = told["questions"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [question for question in self.questions if question["kind"] == kind]

    def parts_of(self, questions: list[dict[str, Any]]) -> dict[str, Any]:
        named = {word for question in questions for word in _strings(question)}
        return {name: self._parts[name] for name in named & self._parts.keys()}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _strings(member)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    file = tmp_path_factory.mktemp("recording") / "questions.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.browser.recording", "-p", "no:cacheprovider", *ASKING]
    environment = os.environ | {"HANDSEAL_RECORDING": str(file)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    return Recording(file)


@pytest.fixture(scope="module")
def replaying(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_in(tmp_path_factory.mktemp("stick"), Path(__file__).with_name("replay.js")))
    yield page
    context.close()


def disagreements(page: Page, recording: Recording, questions: list[dict[str, Any]]) -> list[str]:
    found = []
    for start in range(0, len(questions), AT_ONCE):
        asked = questions[start : start + AT_ONCE]
        answers = page.evaluate("([asked, parts]) => replay(asked, parts)", [asked, recording.parts_of(asked)])
        found += [
            f"the server: {question['answer']}\nthe browser: {answer}"
            for question, answer in zip(asked, answers, strict=True)
            if answer != question["answer"]
        ]
    return found


@pytest.mark.parametrize("kind", LEAST)
def test_the_browser_says_what_the_server_says(replaying: Page, recording: Recording, kind: str) -> None:
    questions = recording.of(kind)
    assert len(questions) >= LEAST[kind]
    found = disagreements(replaying, recording, questions)
    assert not found, f"{len(found)} of {len(questions)}\n" + "\n".join(found[:3])


def test_every_verdict_and_every_check_in_every_outcome_was_asked_for(recording: Recording) -> None:
    """Agreement on what nobody asked would prove nothing."""
    answers = [question["answer"] for question in recording.of("verify")]
    assert {answer["verdict"] for answer in answers} == VERDICTS
    seen = {(check["code"], check["outcome"]) for answer in answers for check in answer["checks"]}
    codes = {code for code, _ in seen}
    assert {code for code, outcome in seen if outcome == "pass"} == codes
    never_fail = {"syllabus.match", "trust.fresh"}  # they end in `unknown` only
    assert {code for code, outcome in seen if outcome == "fail"} == codes - never_fail
    assert never_fail <= {code for code, outcome in seen if outcome == "unknown"}
