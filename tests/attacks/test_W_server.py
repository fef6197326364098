"""Attacks W on the listening server itself, in a process of its own (attacks.md, Web)."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.published import PublishedSite
from tests.verifier.test_server import SERVER
from tests.world import World
from verifier.server import THREADS

LOOPBACK = "the server answers on a port of this machine"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A served verifier in a process of its own."""
    world = World()
    published = PublishedSite(tmp_path, world)
    command = [sys.executable, "-c", SERVER, str(tmp_path), published.root, world.now.isoformat(), "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()
        server.communicate(timeout=20)


def exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        with suppress(ConnectionResetError):  # it hangs up on what it did not read
            while part := connection.recv(65536):
                answer += part
    return answer


def test_W05_W10_W11_what_the_server_itself_refuses(port: int) -> None:
    end = b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    stalled = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3 * THREADS)]
    try:
        for connection in stalled:  # bodies that never come hold no thread
            connection.sendall(b"POST /api/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
        answers = {
            exchange(port, b"GET /healthz" + end): b" 200 ",
            exchange(port, b"GET /c/../../etc/passwd" + end): b" 404 ",
            exchange(port, b"GET //evil.example/%2e%2e" + end): b" 404 ",
            exchange(port, b"GET /console?__debugger__=yes&cmd=resource" + end): b" 404 ",
            exchange(port, b"GET /" + b"a" * 20_000 + end): b" 431 ",
            exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\nConnection: close\r\n\r\n"): b" 4",
            exchange(port, b"POST /api/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"): b" 413 ",
        }
    finally:
        for connection in stalled:
            connection.close()
    for answer, status in answers.items():
        assert status in answer.partition(b"\r\n")[0], answer[:200]
        assert not any(word in answer for word in (b"waitress", b"Werkzeug", b"Python", b"Traceback", b"Server:"))
