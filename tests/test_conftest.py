"""The guards of the test suite guard."""

import socket
from pathlib import Path

import pytest


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match="must not reach the network"):
        socket.getaddrinfo("handseal.invalid", 443)


def test_no_host_is_reached() -> None:
    with socket.socket() as client, pytest.raises(AssertionError, match="must not reach the network"):
        client.connect(("192.0.2.1", 443))


def test_a_datagram_is_not_sent() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
        pytest.raises(AssertionError, match="must not reach the network"),
    ):
        client.sendto(b"x", ("192.0.2.1", 53))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
        assert client.getpeername() == server.getsockname()


def test_an_opened_socket_is_seen(no_socket: list[str]) -> None:
    socket.socket().close()
    assert no_socket == ["socket.__new__"]
    no_socket.clear()


def test_the_vectors_are_a_folder(shared_data: Path) -> None:
    assert (shared_data / "README.md").is_file()
