"""Many first questions at once end well: a server's threads meet every struct for the first time together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keys.encoding import canonical
from keys.jws import split_token
from tests.world import World

# In a process of its own: nothing may have been decoded before, and a crash must not take the other tests along.
PARSING = """
import sys, threading
from pathlib import Path
from keys.credential import Certificate
from keys.encoding import parse
from keys.syllabus import Syllabus
from keys.trust import TrustList

sys.setswitchinterval(1e-6)
form = {"Certificate": Certificate, "Syllabus": Syllabus, "TrustList": TrustList}[sys.argv[1]]
data = Path(sys.argv[2]).read_bytes()
together = threading.Barrier(8)
done = []

def ask():
    together.wait()
    for _ in range(5):
        done.append(parse(data, form, "test"))

threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(done) == 40
assert all(value == done[0] for value in done)
"""


@pytest.mark.parametrize("form", ["Certificate", "Syllabus", "TrustList"])
def test_threads_may_parse_the_first_bytes_together(tmp_path: Path, form: str) -> None:
    world = World()
    payloads = {
        "Certificate": split_token(world.issue(), "certificate").payload,
        "Syllabus": world.syllabus_bytes,
        "TrustList": canonical(world.trust_list()),
    }
    (tmp_path / "bytes").write_bytes(payloads[form])
    command = [sys.executable, "-W", "error", "-c", PARSING, form, str(tmp_path / "bytes")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
