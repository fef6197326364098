"""The listening server in processes of its own: it answers until it is told to end, and then all of it ends."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.published import LOOKUP
from tests.served import Served
from verifier.report import Verdict

SERVER = """
import os
import sys
from datetime import datetime
from pathlib import Path
from verifier.server import serve
from verifier.sources import Site
from verifier.web import Settings, create_app
folder, root, now, workers = sys.argv[1:]
moment = datetime.fromisoformat(now)
app = create_app(site=Site(Path(folder), root, None), clock=lambda: moment, settings=Settings("http://127.0.0.1:8000"))
app.add_url_rule("/who", "who", lambda: str(os.getpid()))
app.add_url_rule("/slow/<path:gate>", "slow", lambda gate: Path("/", gate).read_text())
serve(
    app,
    host="127.0.0.1",
    port=0,
    workers=int(workers),
    ready=lambda port: print(port, flush=True),
    ended=lambda: print("ended", flush=True),
)
"""


class Running(NamedTuple):
    """A server of its own and the port at which it answers."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, path: str) -> tuple[int, bytes]:
        """Over a connection of its own, which any of the processes may take."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.status, answer.read()
        assert answer.headers["Server"] is None
        connection.close()
        return said

    def workers(self, count: int) -> set[int]:
        """The processes that answer, all of them: whoever is asked at the same time leaves the next to another one."""
        found: set[int] = set()
        while len(found) < count:
            found.add(int(self.ask("/who")[1]))
        return found

    def ended(self) -> tuple[str, str, int]:
        """What it said, and its exit code."""
        said, errors = self.process.communicate(timeout=20)
        return said, errors, self.process.returncode


Start = Callable[[int], AbstractContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    served = Served(tmp_path)
    served.published.write_certificate(served.issue(Verdict.VALID))
    site = [str(served.published.folder), served.published.root, served.world.now.isoformat()]

    @contextmanager
    def started(workers: int) -> Iterator[Running]:
        command = [sys.executable, "-W", "error", "-c", SERVER, *site, str(workers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield Running(process, int(process.stdout.readline()))
            finally:
                process.kill()

    return started


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_served_until_it_is_told_to_end(start: Start, workers: int, told: signal.Signals) -> None:
    with start(workers) as server:
        assert json.loads(server.ask("/healthz")[1])["status"] == "ok"
        assert server.ask(f"/c/{'0' * 26}")[0] == 404
        assert len(server.workers(workers)) == workers
        server.process.send_signal(told)
        assert server.ended() == ("ended\n" * workers, "", 0)


def test_an_answer_under_way_is_finished_however_often_the_end_is_told(start: Start, tmp_path: Path) -> None:
    """systemd tells all processes of a service, and the first of them tells the others again."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with start(2) as server:
        told = [server.process.pid, *server.workers(2)]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", f"/slow{gate}")
        with gate.open("w") as opened:  # once the answer is under way
            for process in told:
                os.kill(process, signal.SIGTERM)
            assert select.select([connection.sock], [], [], 0.5)[0] == []  # else it was cut
            opened.write("whole")
        assert connection.getresponse().read() == b"whole"
        connection.close()
        assert server.ended() == ("ended\n" * 2, "", 0)


def test_each_process_writes_receipts(start: Start) -> None:
    """What typesets them does not survive a fork once it has run: nothing before the fork may have run it."""
    with start(2) as server:
        for _ in server.workers(2):
            code, data = server.ask(f"/c/{LOOKUP}/receipt.pdf")
            assert (code, data[:5]) == (200, b"%PDF-")


def test_where_one_process_is_lost_all_end(start: Start) -> None:
    """A service manager begins anew what has ended, not what is half there."""
    with start(2) as server:
        os.kill(min(server.workers(2)), signal.SIGKILL)
        said, errors, code = server.ended()
        assert (said, code) == ("ended\n", 1)
        assert "a worker ended by itself, so all were stopped" in errors


def test_where_the_first_process_is_lost_nobody_keeps_the_port(start: Start) -> None:
    with start(2) as server:
        server.workers(2)
        server.process.kill()
        assert server.ended() == ("ended\n" * 2, "", -signal.SIGKILL)  # read to the end: nobody holds the pipe
        with pytest.raises(ConnectionRefusedError):
            server.ask("/healthz")
