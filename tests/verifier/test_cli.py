"""`handseal-verify` end to end: what is printed, where, and the exit code."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.published import LOOKUP, PublishedSite
from tests.verifier.pdf import pdf_with
from tests.world import CLINIC, SITE, World, list_of
from verifier.cli import main
from verifier.report import CODES


class Desk:
    """An employer's machine: files in a folder, a copy of the site, the root as told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(now=datetime.now(UTC).replace(microsecond=0))
        self.published = PublishedSite(folder / "site", self.world)
        self.core = self.world.core()
        self.token = self.world.issue(core=self.core)
        self.options = ["--site", str(self.published.folder), "--root", self.published.root]

    def file(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    @property
    def valid(self) -> str:
        return self.file("valid.pdf", pdf_with(self.token))

    @property
    def invalid(self) -> str:
        return self.file("invalid.jwt", self.token[:-5] + b"AAAAA")

    @property
    def unknown(self) -> str:
        return self.file("unknown.txt", b"hello")

    @property
    def missing(self) -> str:
        return str(self.folder / "missing.pdf")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Desk(tmp_path)


def test_a_valid_certificate(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.valid, *desk.options]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == f"Valid certificate: {desk.valid}"
    assert [line.strip() for line in lines[1:]] == [
        "Issued by River Clinic, co-signed by 2 of 2 required partner bodies.",
        "Compare the name with the person's identity card. A valid certificate can be shown by the wrong person.",
        "Name         สมชาย ปิ่นทอง (Somchai Pinthong)",
        "Programme    Deep Tissue Foundations",
        "Clinic       River Clinic",
        "Partner      Harbour Hospital Rehabilitation: co-signed on 21 November 2026",
        "Partner      North College: did not sign",
        "Partner      Thai Traditional Massage Association: co-signed on 21 November 2026",
        "Awarded      19 November 2026",
        "Valid until  19 November 2029",
        "Not checked  state.rollback: Rollback was not checked: this verifier keeps no state.",
        lines[-1].strip(),
    ]
    assert re.fullmatch(r"As of        [0-9-]{10}T[0-9:]{8}Z, the date of the oldest list used", lines[-1].strip())
    assert captured.err == ""


def test_options_may_stand_before_the_files(desk: Desk) -> None:
    assert main([*desk.options, desk.valid]) == 0


def test_with_a_state_rollback_is_checked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.valid, *desk.options, "--state", str(desk.folder / "state")]) == 0
    assert "Not checked" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["valid"], 0),
        (["unknown"], 3),
        (["invalid"], 1),
        (["missing"], 2),
        (["valid", "unknown"], 3),
        (["invalid", "unknown", "valid"], 1),
        (["missing", "invalid", "unknown", "valid"], 2),
        (["valid", "missing"], 2),
    ],
)
def test_exit_codes(desk: Desk, kinds: list[str], code: int) -> None:
    assert main([*(getattr(desk, kind) for kind in kinds), *desk.options]) == code


def test_a_missing_file_does_not_hide_the_others(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.missing, desk.valid, *desk.options]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith("Valid certificate")
    hint = "hint: a file, a link, or the number beside the code: 26 letters and digits\n"
    assert captured.err == f"handseal-verify: {desk.missing}: No such file or directory\n{hint}"


def test_a_folder_is_no_file(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(desk.folder), *desk.options]) == 2
    assert "handseal-verify bulk" in capsys.readouterr().err


def test_the_command_may_be_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", desk.valid, *desk.options]) == 0
    assert main(["check", "--help"]) == 0
    assert "Usage: handseal-verify check [OPTIONS] FILE..." in capsys.readouterr().out


@pytest.mark.parametrize("asked", [LOOKUP, f"{SITE}/c/{LOOKUP}"])
def test_a_site_that_is_not_there_says_nothing_of_a_number(
    desk: Desk, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    assert main([asked, "--site", str(desk.folder / "none"), *desk.options[2:]]) == 3
    out = capsys.readouterr().out
    assert "its folder is missing, or is not a published site" in out
    assert "does not have the certificate" not in out


def test_json_is_an_array_of_reports(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.valid, desk.unknown, desk.missing, "--json", *desk.options]) == 2
    first, second = json.loads(capsys.readouterr().out)
    assert (first["source"], first["verdict"]) == (desk.valid, "valid")
    assert first["credential"]["credentialSubject"]["identifier"][0]["identityHash"] == "สมชาย ปิ่นทอง"
    assert [partner["outcome"] for partner in first["partners"]] == ["signed", "not-signed", "signed"]
    for report in (first, second):
        assert list(report) == ["source", "verdict", "asOf", "checks", "partners", "credential"]
        assert tuple(check["code"] for check in report["checks"]) == CODES
    assert (second["source"], second["verdict"], second["credential"]) == (desk.unknown, "unknown", None)


def test_json_of_nothing_is_an_empty_array(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.missing, "--json", *desk.options]) == 2
    assert json.loads(capsys.readouterr().out) == []


def test_standard_input(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdin: Any = io.TextIOWrapper(io.BytesIO(desk.token + b"\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["-", *desk.options]) == 0
    assert capsys.readouterr().out.startswith("Valid certificate: -\n")


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        ("2029-11-19T23:59:59Z", 0, "Valid certificate"),
        ("2029-11-20T00:00:00Z", 1, "Expired or not yet valid"),
        ("2029-11-20", 1, "Expired or not yet valid"),
        ("2026-11-19", 1, ""),
    ],
)
def test_another_moment(desk: Desk, capsys: pytest.CaptureFixture[str], at: str, code: int, words: str) -> None:
    assert main([desk.valid, "--at", at, *desk.options]) == code
    assert capsys.readouterr().out.startswith(words)


@pytest.mark.parametrize("at", ["tomorrow", "2026-02-30", "2026-11-20T08:00:00", "2026-11-20T08:00:00+07:00"])
def test_a_moment_that_is_none(desk: Desk, at: str) -> None:
    assert main([desk.valid, "--at", at, *desk.options]) == 2


def test_a_revoked_certificate_says_so_first(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.world.revoke(list_of(CLINIC), desk.core.credential_status.index)
    desk.published.write_lists()
    assert main([desk.valid, *desk.options]) == 1
    out = capsys.readouterr().out
    assert out.startswith("Revoked: ")
    assert "Not passed   status.revocation: The clinic has revoked it." in out
    assert "River Clinic: +66 53 000 000" in out


def test_what_a_file_is_called_cannot_move_the_cursor(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    name = desk.file("a\x1b[2Jb\x1b]8;;x\x07.txt", b"hello")
    assert main([name, name + "missing", *desk.options]) == 2
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "\\u{1b}" in captured.out


def test_an_alarm_is_told_on_standard_error(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*desk.options, "--state", str(desk.folder / "state")]
    assert main([desk.valid, *options]) == 0
    desk.published.write("trust/targets.json", b"")
    assert main([desk.valid, *options]) == 0
    captured = capsys.readouterr()
    assert "alarm: The trust list is not to be used: trust/targets.json" in captured.err
    (desk.folder / "site").rename(desk.folder / "gone")
    assert main([desk.valid, *options]) == 3
    assert "list 1, is in use" in capsys.readouterr().err
    assert main([desk.valid, *desk.options]) == 3
    assert "There is no trust list to check against" in capsys.readouterr().out


def test_the_root_is_never_taken_from_the_site(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([desk.valid, "--site", str(desk.published.folder)]) == 2
    assert "root: was not told" in capsys.readouterr().err
    assert main([desk.valid, *desk.options[:2], "--root", "ab" * 32]) == 3
    out = capsys.readouterr().out
    assert "is not the root that was told" in out
    assert "This copy of the site cannot be checked against the root that was told." in out
    assert "check --site and --root" in out
    assert "Try again later" not in out


def test_the_configuration_file(desk: Desk) -> None:
    folder = desk.folder / "config" / "handseal"
    folder.mkdir(parents=True)
    (folder / "verify.toml").write_text(f'site = "{desk.published.folder}"\nroot = "{desk.published.root}"\n')
    assert main([desk.valid]) == 0
    (folder / "verify.toml").write_text("colour = 'blue'")
    assert main([desk.valid]) == 2


def test_a_file_named_like_a_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.file("serve", desk.token)
    monkeypatch.chdir(desk.folder)
    assert main(["./serve", *desk.options]) == 0


@pytest.mark.parametrize(
    "arguments", [[], ["--nope"], ["x", "--nope"], ["serve", "--nope"], ["serve", "--port", "x"], [""]]
)
def test_wrong_usage(desk: Desk, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "handseal-verify" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"], ["x", "-h"]])
def test_help_has_an_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "Example: handseal-verify" in out
    assert "--root" in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"handseal-verify, version {version('handseal')}\n"


def test_a_port_that_is_taken_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["serve", *desk.options, "--port", str(other.getsockname()[1])]) == 2
    assert "take another one with --port" in capsys.readouterr().err


def test_a_base_url_that_is_none_is_refused_at_start(desk: Desk) -> None:
    assert main(["serve", *desk.options, "--base-url", "https://x.example/path"]) == 2


def test_a_name_with_markup_and_controls_is_not_shown_raw(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    core = desk.core
    identity = replace(core.credential_subject.identifier[0], identity_hash="A\u200d\u0a4dB <b>")
    subject = replace(core.credential_subject, identifier=(identity,))
    token = desk.world.issue(core=replace(core, credential_subject=subject))
    main([desk.file("x.jwt", token), *desk.options])
    assert "\u200d" not in capsys.readouterr().out


def test_serving(desk: Desk) -> None:
    desk.published.write_certificate(desk.token)
    command = [sys.executable, "-m", "verifier", "serve", *desk.options, "--port", "0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as served:
        assert served.stderr is not None
        try:
            match = re.fullmatch(r"Listening on http://(127\.0\.0\.1:[0-9]+)\n", served.stderr.readline())
            assert match is not None
            connection = http.client.HTTPConnection(match[1], timeout=20)
            connection.request("GET", f"/c/{LOOKUP}", headers={"Accept": "application/json"})
            assert json.load(connection.getresponse())["verdict"] == "valid"
            connection.close()
        finally:
            served.send_signal(signal.SIGTERM)
            assert served.wait(20) == 0
