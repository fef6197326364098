"""An application answers at a port until it is stopped: one process, or several, each of which has a core to itself."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EADDRINUSE
from multiprocessing.connection import wait
from types import FrameType
from typing import NoReturn

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from keys.errors import ConfigurationError, HandsealError

MAX_HEADER = 16 * 1024
MAX_BODY = 16 * 1024 * 1024  # refused before the application sees it
THREADS = 8
MAX_CONNECTIONS = 200
SILENCE = 30  # seconds without a byte until a connection is closed


def serve(
    app: Flask,
    *,
    host: str,
    port: int,
    workers: int = 1,
    ready: Callable[[int], None] | None = None,
    ended: Callable[[], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; answers under way are finished first. Only in the main thread.

    Port 0 is any free one; `ready` is told which. Of more than one of `workers` each is a process forked from this one:
    where one ends by itself, all end with a HandsealError, for whoever watches over them to begin again. `ended` is
    called in each process that answered. ConfigurationError where it cannot listen.
    """
    with _listening(host, port) as listening:

        def answer() -> None:
            try:
                _answer(app, listening)
            finally:
                if ended:
                    ended()

        if ready:
            ready(listening.getsockname()[1])
        if workers == 1:
            with _until_stopped():
                answer()
        else:
            _share(answer, workers)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=MAX_CONNECTIONS)
    except OSError as fault:
        taken = fault.errno == EADDRINUSE
        hint = "another program has this port: stop it, or take another one with --port" if taken else ""
        raise ConfigurationError(f"{host}:{port}: {fault.strerror or 'cannot listen'}", hint=hint) from fault


def _answer(app: Flask, listening: socket.socket) -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # else a line for each question that waits a moment
    everything: dict[int, socket.socket] = {}  # what listens and what is connected, by descriptor
    server = create_server(
        app,
        map=everything,
        sockets=[listening],
        threads=THREADS,
        connection_limit=MAX_CONNECTIONS,
        channel_timeout=SILENCE,
        cleanup_interval=SILENCE // 3,
        max_request_header_size=MAX_HEADER,
        max_request_body_size=MAX_BODY,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=not app.config["PROXIES"],  # else ProxyFix reads what exactly so many wrote
        ident=None,
    )
    try:
        server.run()
    finally:
        wasyncore.close_all(everything)


def _share(answer: Callable[[], None], workers: int) -> None:
    """Forked, not begun anew: a worker has all that was loaded, and the socket."""
    crew = [multiprocessing.get_context("fork").Process(target=_work, args=(answer,)) for _ in range(workers)]
    with _until_stopped():
        try:
            for worker in crew:
                worker.start()
            wait([worker.sentinel for worker in crew])
            raise HandsealError("a worker ended by itself, so all were stopped")
        finally:
            for worker in crew:
                if worker.pid:
                    worker.terminate()
                    worker.join()


def _work(answer: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the first one tells the others
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer()


def _end_with_parent() -> None:
    """A worker whose first process was killed would hold the port for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _until_stopped() -> Iterator[None]:
    handlers = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except SystemExit:
        pass
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Ends waitress's loop; it then lets the threads finish, however often it is told.

    A service manager tells every process of a service, and the first one tells the others once more.
    """
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, signal.SIG_IGN)
    raise SystemExit(0)
