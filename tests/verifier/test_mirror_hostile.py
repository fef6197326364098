"""A site in other hands takes nothing away from its mirror (R19), fills no disk and holds nobody up."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keys.errors import HandsealError
from tests.verifier.test_mirror import SYLLABUS, Desk
from verifier.cli import main
from verifier.report import Verdict


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Chatter(socketserver.StreamRequestHandler):
    """Says that it will answer, again and again."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@contextmanager
def chattering() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Chatter) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_R19_a_site_in_other_hands_takes_no_syllabus_away(desk: Desk) -> None:
    """A syllabus is not signed: certificates hold its digest, and without its bytes none of them is valid."""
    desk.mirror()
    before = desk.copied()
    forged = desk.world.syllabus_bytes.replace(b"2026", b"2025", 1)
    assert forged != desk.world.syllabus_bytes
    desk.published.write(SYLLABUS, forged)
    desk.index()
    done = desk.mirror()
    assert list(done.refused) == [SYLLABUS]
    assert "a published one stays" in done.refused[SYLLABUS]
    assert desk.copied() == before
    assert desk.verdict() is Verdict.VALID


def test_what_a_copy_holds_is_bounded_over_all_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.mirror()
    held = sum(max(len(data), 4096) for name, data in desk.copied().items() if not name.startswith("c/"))
    monkeypatch.setattr("verifier.mirror.MAX_COPY_BYTES", held + 8192)
    before = desk.copied()
    for number in (1, 2, 3):
        desk.published.write(f"orgs/filler-{number}.json", b"{}")
        desk.index()
        if number < 3:
            desk.mirror()
            before = desk.copied()
        else:
            with pytest.raises(HandsealError, match="more than a copy may hold"):
                desk.mirror()
    assert desk.copied() == before


def test_a_host_that_never_comes_to_the_point_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line of it arrives in time, so that no wait for a single one ever ends the run."""
    monkeypatch.setattr("verifier.mirror_cli.PATIENCE", 0.3)
    with chattering() as address:
        assert main(["mirror", address, str(desk.copy), "--root", desk.published.root]) == 3
    assert "took longer than 0 seconds" in capsys.readouterr().err
    assert desk.copied() == {}
    desk.mirror()  # nobody holds the copy
