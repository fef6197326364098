"""`python -m tests.bench.cohort N` issues a cohort of N in a folder of its own and prints seconds and memory as JSON.

A process for each size, because memory that was once used never looks free again.
"""

import json
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

from issuer.stage import Stage

INTERVAL = 0.05  # seconds between two looks at the memory


class Memory:
    """The most memory this process used since the first certificate was printed (opening a key takes more)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            if self.peak or any(self.folder.glob("*.pdf")):
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                self.peak = max(self.peak, pages * resource.getpagesize())


def main() -> None:
    learners = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name), "https://verify.clinic.example", lambda step: None)
        stage.reach_cosignatures(learners)
        begun = time.perf_counter()
        with Memory(stage.clinic_folder / "certificates") as memory:
            issued = stage.issue()
        seconds = time.perf_counter() - begun
    print(json.dumps({"issued": len(issued), "seconds": seconds, "megabytes": memory.peak / 2**20}))


if __name__ == "__main__":
    main()
