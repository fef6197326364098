"""A process dies without a word before each of its writes in turn: what it leaves must be enough to go on from."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

MAX_WRITES = 500
_CHANGES = frozenset({"os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove", "os.truncate"})


def deaths(act: Callable[[], object], before: Callable[[], object] = lambda: None) -> Iterator[int]:
    """Runs `act` in a child that is killed before its first write, its second, and so on until one lives to its end.

    `before` puts things back first, here. Yields the number of the write after each death.
    """
    for number in itertools.count(1):
        assert number < MAX_WRITES
        before()
        child = os.fork()
        if child == 0:
            _live_until(number, act)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "it failed where nobody killed it"
            return
        yield number


def _live_until(number: int, act: Callable[[], object]) -> None:
    left = number

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)
