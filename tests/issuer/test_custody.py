"""The clinic signs with whatever its issue key lives in: a file of two custodians, or a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from keys.encoding import canonical
from keys.files import SECRET, write_new
from keys.keyfile import public_path
from keys.possession import KeyUse, prove_possession
from tests.issuer.clinic import Clinic
from tests.issuer.desk import open_desk, run, tick
from tests.keys.age import write_cheap_key
from tests.keys.tokens import Token
from tests.world import CLINIC, FOUNDED, HARBOUR, TTMA
from verifier.report import Verdict
from verifier.verify import verify


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """Two learners' certificates have their co-signatures; the issue key is still to be brought."""
    clinic = open_desk(tmp_path)
    clinic.enrol(["Ada Lovelace", "สมชาย ปิ่นทอง"])
    _, request = clinic.propose()
    tick(clinic)
    for partner in (HARBOUR, TTMA):
        clinic.receive(clinic.respond(request, partner))
    public_path(clinic.workspace.issue_key).unlink()
    return clinic


def verdicts(clinic: Clinic) -> list[Verdict]:
    tick(clinic)
    tokens = [record.token or b"" for record in clinic.records()]
    return [verify(token, clinic.materials(), at=clinic.now, now=clinic.now).verdict for token in tokens]


def test_an_issue_key_in_a_token_signs_all_in_one_login(
    clinic: Clinic, token: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    token.keep(clinic.workspace.issue_key, clinic.world.issue_key._key, CLINIC, KeyUse.ISSUE)
    command = ("issue", "--workers", 1, "--passphrase-file", token.pin_file)
    assert run(clinic, *command) == 0
    assert verdicts(clinic) == [Verdict.VALID] * 2
    signed = [record.token for record in clinic.records()]
    assert run(clinic, *command) == 0
    assert "0 issued" in capsys.readouterr().out
    assert [record.token for record in clinic.records()] == signed  # though a token signs otherwise each time


def test_two_custodians_open_the_issue_key(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private, path = clinic.world.issue_key._key, clinic.workspace.issue_key
    write_cheap_key(path, private, "seven green kettles under the mango tree")
    shown = prove_possession(private, organisation=CLINIC, use=KeyUse.ISSUE, created=FOUNDED, custodians=2)
    write_new(public_path(path), canonical(shown))
    files = [tmp_path / name for name in ("first", "second")]
    for file, spoken in zip(files, ("seven green kettles", "under the mango tree"), strict=True):
        write_new(file, spoken.encode(), SECRET)
    assert run(clinic, "issue", "--workers", 1, "--passphrase-file", files[0]) == 2
    assert "this key takes 2 of them" in capsys.readouterr().err
    assert run(clinic, "issue", "--workers", 1, "--passphrase-file", files[0], "--passphrase-file", files[1]) == 0
    assert verdicts(clinic) == [Verdict.VALID] * 2


def test_K08_a_key_that_is_not_its_public_files_signs_nothing(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cheap_key(clinic.workspace.issue_key, clinic.world.new_signer()._key, "seven green kettles")
    shown = prove_possession(clinic.world.issue_key._key, organisation=CLINIC, use=KeyUse.ISSUE, created=FOUNDED)
    write_new(public_path(clinic.workspace.issue_key), canonical(shown))
    write_new(tmp_path / "spoken", b"seven green kettles", SECRET)
    assert run(clinic, "issue", "--workers", 1, "--passphrase-file", tmp_path / "spoken") == 1
    assert "does not belong to" in capsys.readouterr().err
    assert [record.token for record in clinic.records()] == [None, None]
