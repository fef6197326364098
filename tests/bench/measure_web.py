"""What a verifier's server bears: pages at 300 a second, questions of the API, and numbers that are not there.

The server has two processes of its own, as it is served on two cores; whoever asks it needs some of that time.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.encoding import sha256
from keys.names import lookup_id
from tests.served import BUSY, Served
from tests.world import SITE
from verifier.report import Verdict
from verifier.web import Settings

PAGES = 300  # a second
SECONDS = 10
CLIENTS = 12
UNKNOWN = 100_000
SERVER = """
import sys
from datetime import datetime
from pathlib import Path
from verifier.rates import Rates
from verifier.sources import Site
from verifier.server import serve
from verifier.web import Settings, create_app
folder, root, now, base = sys.argv[1:]
moment, settings = datetime.fromisoformat(now), Settings(base, rates=Rates.of(10**9))
app = create_app(site=Site(Path(folder), root, None), clock=lambda: moment, settings=settings)
serve(app, host="127.0.0.1", port=0, workers=2, ready=lambda port: print(port, flush=True))
"""

Ask = Callable[[http.client.HTTPConnection], None]


@contextmanager
def server(served: Served) -> Iterator[int]:
    command = [sys.executable, "-c", SERVER, str(served.published.folder), served.published.root]
    with subprocess.Popen([*command, served.world.now.isoformat(), SITE], stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.terminate()


def asked(method: str, path: str, body: bytes = b"") -> Ask:
    headers = {"Content-Type": "application/json"} if body else {}

    def ask(connection: http.client.HTTPConnection) -> None:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    return ask


def latencies(port: int, ask: Ask, rate: float, count: int) -> list[float]:
    """Seconds from the moment a question was due, so that a slow answer also counts for those behind it."""
    taken: list[float] = []
    begun = time.perf_counter() + 0.5

    def client(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, count, CLIENTS):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            ask(connection)
            taken.append(time.perf_counter() - due)
        connection.close()

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return sorted(taken)


def memory() -> float:
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def unknown(served: Served, lookup: str) -> Iterator[tuple[str, float]]:
    client = served.app(settings=Settings(SITE, rates=BUSY)).test_client()
    client.get(f"/c/{lookup}")  # from now on an unknown number takes the same work
    lots, held = [], 0.0
    for lot in range(10):
        begun = time.process_time()
        for number in range(UNKNOWN // 10):
            client.get(f"/c/{lookup_id(sha256(f'{lot} {number}'.encode()))}")
        lots.append((time.process_time() - begun) / (UNKNOWN // 10))
        held = held or memory()
    yield f"an unknown number, the first of {UNKNOWN:,}", lots[0]
    yield f"an unknown number, the last of {UNKNOWN:,} ({memory() - held:+.1f} MB since the first 10,000)", lots[-1]


def runs() -> Iterator[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        token = served.issue(Verdict.VALID)
        lookup = served.add(token)
        load = f"load {os.getloadavg()[0]:.1f}"
        with server(served) as port:
            page = asked("GET", f"/c/{lookup}")
            latencies(port, page, PAGES, PAGES)
            taken = latencies(port, page, PAGES, PAGES * SECONDS)
            yield f"a certificate's page at {PAGES} a second, median ({load})", taken[len(taken) // 2]
            yield f"a certificate's page at {PAGES} a second, 99 of 100 within ({load})", taken[len(taken) * 99 // 100]
            verify = asked("POST", "/api/verify", json.dumps({"credential": token.decode()}).encode())
            begun = time.perf_counter()
            latencies(port, verify, 1e9, 4000)
            yield f"POST /api/verify, {CLIENTS} clients at once ({load})", (time.perf_counter() - begun - 0.5) / 4000
        yield from unknown(served, lookup)
