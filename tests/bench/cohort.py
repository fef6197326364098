"""`python -m tests.bench.cohort N` issues a cohort of N in a folder of its own and prints seconds and memory as JSON.

The command runs in a process of its own, as a clinic runs it: what came before does not count as its memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from issuer.stage import Stage

INTERVAL = 0.05  # seconds between two looks at the memory


def watch(command: subprocess.Popen[bytes], printed: Path) -> int:
    """The most bytes the command used since it printed its first certificate (opening a key takes more)."""
    peak = 0
    while command.poll() is None:
        if peak or any(printed.glob("*.pdf")):
            try:
                pages = int(Path(f"/proc/{command.pid}/statm").read_text().split()[1])
            except (OSError, IndexError):  # it ended between the two looks
                break
            peak = max(peak, pages * resource.getpagesize())
        time.sleep(INTERVAL)
    return peak


def main() -> None:
    learners = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name), "https://verify.clinic.example", lambda step: None)
        stage.reach_cosignatures(learners)
        clinic = stage.clinic_folder
        passphrase = clinic / "keys" / "issue.key.age.passphrase"
        arguments = ["--workspace", str(clinic), "issue", "demo", "--passphrase-file", str(passphrase)]
        begun = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "issuer", *arguments], stdout=subprocess.DEVNULL) as command:
            peak = watch(command, clinic / "certificates")
        seconds = time.perf_counter() - begun
        issued = len(list((clinic / "certificates").glob("*.pdf")))
    print(json.dumps({"issued": issued, "seconds": seconds, "megabytes": peak / 2**20}))


if __name__ == "__main__":
    main()
