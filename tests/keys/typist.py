"""Somebody at a terminal: the program as a process of its own, which sees what it would see from a person."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60  # seconds; on a busy machine a key takes a while to open


class Typist:
    """Starts `handseal-ceremony` at a terminal, reads the screen and types; kills it at the end, if it still runs."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        within: Sequence[str] = (),
        before: Callable[[], None] | None = None,
    ) -> None:
        self._terminal, theirs = pty.openpty()
        self.screen = ""
        self.program = subprocess.Popen(
            [*within, sys.executable, "-m", "keys", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            start_new_session=True,
            preexec_fn=before,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb", "COLUMNS": "300"},
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        os.close(self._terminal)

    def wait_for(self, text: str) -> str:
        """What came on the screen up to `text`, since the last wait."""
        while text not in self.screen:
            assert self._read(), f"never said {text!r}, but:\n{self.screen}"
        seen, _, self.screen = self.screen.partition(text)
        return seen + text

    def type(self, line: str) -> None:
        os.write(self._terminal, f"{line}\n".encode())

    def watch(self, happened: Callable[[], bool]) -> None:
        """Until it has happened, or the program has ended."""
        deadline = time.monotonic() + PATIENCE
        while not happened() and self.program.poll() is None:
            assert time.monotonic() < deadline, f"still waiting after:\n{self.screen}"

    def end(self) -> int:
        """Its exit code; the rest of the screen is read."""
        while self._read():
            pass
        return self.program.wait(PATIENCE)

    def kill(self) -> None:
        """As a power cut would: no handler runs."""
        if self.program.poll() is None:
            os.kill(self.program.pid, signal.SIGKILL)
        self.program.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], PATIENCE)
        assert ready, f"silent for {PATIENCE} s after:\n{self.screen}"
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)
