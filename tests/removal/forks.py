"""Tests run in forked children of one process that has everything loaded, so that each starts fresh and at once."""

import builtins
import contextlib
import gc
import io
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from tests.removal.steps import REACHED

WORKERS = max(2, os.cpu_count() or 2)
_NO_EXIT_CODE = -1
_MAX_MEMORY = 6 << 30  # bytes that a process may write: what goes round without an end may also grow without one
_QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # all is imported already, asserts as they are
_FORK = multiprocessing.get_context("fork")

Line = tuple[str, int]  # module and line


class Task(NamedTuple):
    """Tests to run on changed code."""

    change: Callable[[], None]  # what to do to the code before
    files: Sequence[str]
    wanted: Sequence[str] | None  # of their tests; all of them with None
    seconds: float  # after which it is killed: without a bound some test may never end


class Ran(NamedTuple):
    """How a run of tests in a child ended."""

    code: int  # pytest's exit code: 0 green, 1 red
    late: bool  # whether it had to be killed
    failed: str  # the first test that failed
    seconds: Mapping[str, float]
    reached: Mapping[Line, list[str]]  # by which tests each step's line was
    output: str


class _Watching:
    """A plugin: runs the wanted tests only, in their order, and notes what they reach and how long they take."""

    def __init__(self, wanted: Sequence[str] | None) -> None:
        self._order = None if wanted is None else {name: place for place, name in enumerate(wanted)}
        self._now = ""
        self.failed = ""
        self.seconds: dict[str, float] = defaultdict(float)
        self.reached: dict[Line, dict[str, None]] = defaultdict(dict)

    def note(self, module: str, line: int) -> None:
        if self._now:
            self.reached[module, line][self._now] = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._order is not None:
            order = self._order
            items[:] = sorted((i for i in items if i.nodeid in order), key=lambda item: order[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._now = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid


def load(files: Sequence[str]) -> None:
    """Imports the tests and pytest's plugins as pytest does, so that no child has to."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *_QUIET, *files])
    if code:
        raise RuntimeError(f"the tests cannot be collected\n{said.getvalue()}")


def run_each(tasks: Sequence[Task], *, first_only: bool) -> Iterator[tuple[int, Ran]]:
    """Runs each task in a child of its own, WORKERS at a time.

    Yields its number and how it ended, in the order in which they end.
    """
    gc.freeze()  # what is loaded stays: no child looks through it again
    waiting, running = list(enumerate(tasks)), {}
    with tempfile.TemporaryDirectory(prefix="removal-", ignore_cleanup_errors=True) as folder:
        while waiting or running:
            while waiting and len(running) < WORKERS:
                number, task = waiting.pop(0)
                ours, theirs = _FORK.Pipe(duplex=False)
                scratch = Path(folder, str(number))
                child = _FORK.Process(target=_child, args=(theirs, scratch, task, first_only))
                child.start()
                theirs.close()
                running[ours] = _Running(number, child, scratch, time.monotonic() + task.seconds)
            for pipe in _ended(running):
                ended = running.pop(pipe)
                yield ended.number, _result(pipe, ended)
                shutil.rmtree(ended.scratch, ignore_errors=True)


class _Running(NamedTuple):
    number: int
    child: BaseProcess
    scratch: Path
    until: float

    @property
    def late(self) -> bool:
        return time.monotonic() > self.until


def _ended(running: dict[Connection, _Running]) -> list[Connection]:
    ready: list[Any] = wait(list(running), timeout=1)
    late = [pipe for pipe, task in running.items() if task.late and pipe not in ready]
    for pipe in late:
        running[pipe].child.kill()
    return [*ready, *late]


def _result(pipe: Connection, task: _Running) -> Ran:
    # What a killed child started may still hold the pipe: then there is no end to wait for.
    ran: Ran | None = None
    with pipe, contextlib.suppress(EOFError):
        ran = pipe.recv() if pipe.poll() else None
    task.child.join()
    if ran is not None:
        return ran
    said = f"the process ended with {task.child.exitcode}\n{_tail(task.scratch / 'output')}"
    return Ran(_NO_EXIT_CODE, task.late, "", {}, {}, said)


def _child(answer: Connection, scratch: Path, task: Task, first_only: bool) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY, resource.RLIM_INFINITY))
    scratch.mkdir()
    with (scratch / "output").open("w+") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    answer.send(_tests_run(scratch, task, first_only))
    os._exit(0)  # whatever threads the tests left


def _tests_run(scratch: Path, task: Task, first_only: bool) -> Ran:
    # Examples of what fails without a check are worth nothing to the next run.
    settings.register_profile("removal", deadline=None, database=None, derandomize=True)
    settings.load_profile("removal")
    watching = _Watching(task.wanted)
    setattr(builtins, REACHED, watching.note)
    task.change()
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={scratch / 'tmp'}", "--tb=short", *_QUIET]
    code = pytest.main([*options, *(["-x"] if first_only else []), *task.files], plugins=[watching])
    reached = {line: list(names) for line, names in watching.reached.items()}
    return Ran(int(code), False, watching.failed, dict(watching.seconds), reached, _tail(scratch / "output"))


def _tail(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")[-3000:]
