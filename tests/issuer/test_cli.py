"""The clinic's program from the first cohort to a revoked certificate, as it is typed."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from issuer.cli import cli, main
from issuer.database import writing
from issuer.models import Learner, State
from keys.aloud import word_rows
from keys.encoding import digest_words, format_time
from tests.issuer.clinic import Clinic
from tests.issuer.desk import open_desk, run, tick
from tests.world import HARBOUR, TTMA, list_of
from verifier.report import Verdict
from verifier.verify import verify


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return open_desk(tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_from_proposal_to_revocation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_desk(tmp_path, issue_key=True)
    clinic.enrol(["Ada Lovelace", "สมชาย ปิ่นทอง"])
    request, answers = tmp_path / "request.jsonl", [tmp_path / "ttma.jsonl", tmp_path / "harbour.jsonl"]
    assert run(clinic, "propose", "autumn", "--out", request, "--json") == 0
    proposed = said(capsys)
    assert (proposed["count"], proposed["new"]) == (2, 2)
    tick(clinic)
    for path, partner in zip(answers, (TTMA, HARBOUR), strict=True):
        path.write_bytes(clinic.respond(request.read_bytes(), partner))
    assert run(clinic, "receive", answers[0]) == 0
    assert "North College co-signed 0 of 2" in capsys.readouterr().err
    key = clinic.workspace.folder / "keys/passphrase"
    command = ("issue", "autumn", answers[1], "--workers", 1, "--passphrase-file", key)
    assert run(clinic, *command, "--json") == 0
    done = said(capsys)
    assert (len(done["issued"]), done["waiting"], done["refused"]) == (2, [], [])
    assert run(clinic, *command) == 0
    assert capsys.readouterr().out == "0 issued\n"
    pdfs = sorted(clinic.workspace.certificates.iterdir())
    assert [pdf.read_bytes()[:5] for pdf in pdfs] == [b"%PDF-", b"%PDF-"]
    before = [pdf.read_bytes() for pdf in pdfs]
    assert run(clinic, "doctor") == 0
    assert run(clinic, "revoke", done["issued"][0], "--reason", "issued to the wrong person") == 0
    token = clinic.records()[0].token or b""
    tick(clinic)
    assert verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict is Verdict.REVOKED
    pdfs[0].unlink()
    assert run(clinic, "render", "--workers", 1) == 0
    assert [pdf.read_bytes() for pdf in clinic.workspace.certificates.iterdir()] == before[1:] or pdfs[0].exists()


def test_bare_it_says_the_next_step(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clinic) == 0
    assert "No cohort is enrolled yet." in capsys.readouterr().out
    clinic.enrol(["Ada"])
    assert run(clinic) == 0
    assert capsys.readouterr().out == (
        "autumn (1 learners, 1 ready): 1 passed and can be proposed to the partner bodies\n"
        "  handseal propose autumn --out autumn-request.jsonl\n"
    )


def test_the_words_of_a_request_are_said(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(["Ada"])
    assert run(clinic, "propose", "autumn", "--out", tmp_path / "r.jsonl") == 0
    digest = clinic.records()[0].request_digest or b""
    assert "\n".join(word_rows(digest_words(digest))) in capsys.readouterr().err


def test_nothing_is_proposed_in_the_future(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(["Ada"])
    later = format_time(datetime.now(UTC) + timedelta(days=2))
    assert run(clinic, "propose", "autumn", "--out", tmp_path / "r.jsonl", "--now", later) == 2
    assert "is in the future" in capsys.readouterr().err
    assert clinic.records() == []
    assert run(clinic, "propose", "autumn", "--out", tmp_path / "r.jsonl") == 0  # the clock of the records stands


def test_a_request_holds_names_and_is_its_owners_alone(clinic: Clinic, tmp_path: Path) -> None:
    clinic.enrol(["Ada"])
    old = os.umask(0)
    try:
        assert run(clinic, "propose", "autumn", "--out", tmp_path / "r.jsonl") == 0
    finally:
        os.umask(old)
    assert (tmp_path / "r.jsonl").stat().st_mode & 0o777 == 0o600


def test_recall(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(["Ada"])
    clinic.propose()
    (record,) = clinic.records()
    assert run(clinic, "recall", record.lookup_id.lower(), "--reason", "typo") == 0
    assert clinic.records()[0].state is State.RECALLED
    assert run(clinic, "recall", record.lookup_id, "--reason", "typo") == 0
    assert "was recalled already" in capsys.readouterr().out
    assert run(clinic, "show", record.lookup_id, "--json") == 0
    assert said(capsys)["reason"] == "typo"


def test_suspend_and_reinstate(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    assert run(clinic, "suspend", lookup_id, "--reason", "review") == 0
    index = clinic.records()[0].status.list_index
    tick(clinic)
    assert clinic.list("suspension").is_set(index)
    assert run(clinic, "reinstate", lookup_id, "--reason", "done") == 0
    tick(clinic)
    assert not clinic.list("suspension").is_set(index)
    assert run(clinic, "reinstate", lookup_id, "--reason", "done") == 1
    assert "is not suspended" in capsys.readouterr().err


def test_all_or_none_of_several_ids(clinic: Clinic) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    assert run(clinic, "revoke", lookup_id, "0" * 26, "--reason", "x") == 1
    assert not clinic.records()[0].status.revoked


def test_a_change_that_cannot_be_published_is_recorded_and_said(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    (lookup_id,) = clinic.issue_all(["Ada"])
    clinic.workspace.status_key.unlink()
    assert run(clinic, "revoke", lookup_id, "--reason", "x") == 2
    assert "recorded, but the status lists are not on the site yet" in capsys.readouterr().err
    assert clinic.records()[0].status.revoked


def test_publish(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.issue_all(["Ada"])
    clinic.site.remove(next(clinic.site.names("c")))
    assert run(clinic, "publish") == 0
    assert capsys.readouterr().out == "3 status lists signed\n1 certificates put back on the site\n"


def test_list_and_show(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = clinic.issue_all(["Ada", "Grace"])
    assert run(clinic, "list", "--json") == 0
    assert [entry["lookupId"] for entry in said(capsys)] == [first, second]
    assert run(clinic, "list", "grace") == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert run(clinic, "show", first) == 0
    assert "co-signed by  harbour-hospital, ttma (2 needed)" in capsys.readouterr().out
    assert run(clinic, "show", "0" * 26) == 1


def test_receive_takes_what_it_can(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(["Ada"])
    _, request = clinic.propose()
    good, bad, status = (tmp_path / name for name in ("good.jsonl", "bad.jsonl", "list.jwt"))
    good.write_bytes(clinic.respond(request))
    bad.write_bytes(good.read_bytes()[:-20])
    status.write_text(clinic.world.status_token(list_of(HARBOUR)))
    assert run(clinic, "receive", bad, good, status, "--json") == 1
    news = said(capsys)
    assert [entry["kind"] for entry in news] == ["response", "response", "list"]
    assert ["fault" in entry for entry in news] == [True, False, False]
    assert clinic.site.read("status/harbour-hospital/revocation/1.jwt")


def test_a_learner_may_forbid_the_page_later(clinic: Clinic) -> None:
    clinic.issue_all(["Ada"])
    with writing(clinic.engine) as session:
        session.execute(update(Learner).values(consent_page=False))
    assert run(clinic, "doctor") == 1
    assert run(clinic, "publish") == 0
    assert not list(clinic.site.names("c"))


def test_two_cohorts_are_one_too_many(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clinic, "issue", "autumn", "spring") == 2
    assert "takes one cohort" in capsys.readouterr().err


def test_outside_a_workspace_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert "is in no workspace" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert main(["unknown"]) == 2


def test_every_command_has_an_example() -> None:
    for name, command in cli.commands.items():
        group = getattr(command, "commands", None) or {name: command}
        for each in group.values():
            assert f"handseal {name}" in (each.help or ""), name
