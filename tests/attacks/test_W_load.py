"""Attacks W with large bodies, many questions and failures: nothing is kept, nothing is told (attacks.md, Web)."""

from __future__ import annotations

import io
import logging
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.served import Served
from verifier.report import Verdict
from verifier.state import State


def form(parts: int, *, files: bool) -> bytes:
    kind = '; filename="a"' if files else ""
    part = f'--x\r\nContent-Disposition: form-data; name="n"{kind}\r\n\r\nv\r\n'
    return (part * parts + "--x--\r\n").encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a" * 10_000_001, "application/json"),
        (form(10_000, files=True), "multipart/form-data; boundary=x"),
        (form(1_000, files=False), "multipart/form-data; boundary=x"),
        (
            form(1, files=False).replace(b"\r\nv\r\n", b"\r\n" + b"v" * 300_000 + b"\r\n"),
            "multipart/form-data; boundary=x",
        ),
    ],
)
@pytest.mark.parametrize("address", ["/", "/api/verify"])
def test_W05_large_and_crowded_bodies_are_refused(client: FlaskClient, address: str, body: bytes, kind: str) -> None:
    if address == "/" and kind == "application/json":
        kind = "multipart/form-data; boundary=x"
    answer = client.post(address, data=body, content_type=kind)
    assert answer.status_code == 413
    assert len(answer.data) < 5_000


@pytest.mark.parametrize(("line", "status"), [(b"\n", 400), (b"xy\n", 413)])
def test_W05_millions_of_lines_take_little_memory(client: FlaskClient, line: bytes, status: int) -> None:
    """They took 170 MB a request, and a verifier answers eight at once."""
    body = line * (9_900_000 // len(line))
    tracemalloc.start()
    try:
        answer = client.post("/api/verify/bulk", data=body, content_type="application/x-ndjson")
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body)
    finally:
        tracemalloc.stop()
    assert answer.status_code == status


def test_W05_a_long_boundary_and_a_long_header_end_quietly(client: FlaskClient) -> None:
    for kind in (
        f"multipart/form-data; boundary={'x' * 10_000}",
        "multipart/form-data; boundary=",
        "multipart/form-data",
    ):
        assert client.post("/api/verify", data=form(2, files=True), content_type=kind).status_code in (400, 413)


def test_W07_no_log_line_names_anybody(
    served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    core = served.world.core("Ngozi Okonkwo-Secret", "Latin-Secret")
    token = served.world.issue(core=core)
    lookup = served.add(token)
    good = served.client()
    broken = served.failing_client(f"Ngozi Okonkwo-Secret {lookup} {token.decode()}")
    for number in range(220):  # 1,056 verifications, of which 176 crash
        for client in (good, broken) if number % 5 == 0 else (good,):
            client.get(f"/c/{lookup}")
            client.get(f"/c/{lookup}-mistyped")
            client.post("/api/verify", json={"credential": token.decode()})
            client.post("/", data={"text": lookup, "file": (io.BytesIO(b""), "")})
            client.post("/api/verify/bulk", data=f'{{"id": "{lookup}"}}', content_type="application/x-ndjson")
    output = capfd.readouterr()
    lines = "\n".join((caplog.text, output.out, output.err))
    assert "a request failed: RuntimeError at served.py" in lines  # crashes are seen, without their content
    secrets = (lookup, lookup[:8], "Secret", core.id, core.id[-12:], token.decode()[:20], token.decode()[-20:])
    assert [secret for secret in secrets if secret in lines] == []


def test_W07_an_error_page_tells_nothing_of_the_error(served: Served, lookups: dict[Verdict, str]) -> None:
    broken = served.failing_client("Secret of the inside")
    for address in (f"/c/{lookups[Verdict.VALID]}", "/healthz"):
        for accept in ("text/html", "application/json"):
            answer = broken.get(address, headers={"Accept": accept})
            assert answer.status_code == 500
            assert not any(word in answer.text for word in ("Secret", "RuntimeError", "Traceback", ".py"))
            assert "says nothing about the certificate" in answer.text


def post_file(client: FlaskClient, data: bytes) -> Any:
    """With a body made here: the test client would put a large one into a temporary file."""
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = start + data + b"\r\n--x--\r\n"
    return client.post("/api/verify", data=body, content_type="multipart/form-data; boundary=x")


def tree(*folders: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_W13_asking_again_and_again_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch, memory = tmp_path / "tmp", tmp_path / "state"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    served = Served(tmp_path / "site")
    token = served.issue(Verdict.VALID)
    client = served.app(state=State(memory)).test_client()
    upload = token + b" " * 700_000  # larger than what is usually kept out of temporary files
    assert client.post("/api/verify", json={"credential": token.decode()}).get_json()["verdict"] == "valid"
    before = tree(scratch, memory, served.published.folder)
    descriptors = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    first = post_file(client, upload).data
    for _ in range(100):
        client.post("/api/verify", json={"credential": token.decode()})
        assert post_file(client, upload).data == first
    assert tree(scratch, memory, served.published.folder) == before
    if descriptors:
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 1
