"""Every test runs without a network; the official vectors are found beside the repository or the test is skipped.

The guards are one audit hook: it sees each socket, also one that a library opens in C, and no test replaces it.
"""

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from issuer.cli import main as handseal
from tests.keys.tokens import Token, find_driver, start_token

ROOT = Path(__file__).parents[1]
NETWORK_EVENTS = frozenset(
    {"socket.__new__", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}
)

# Shared machines are slow at times: a deadline per example would fail for no fault of the code.
settings.register_profile("handseal", deadline=None)
settings.load_profile("handseal")


class _Watch:
    """What the audit hook has seen since a test asked; None while nobody asks."""

    opened: list[str] | None = None


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _host(event: str, args: tuple[Any, ...]) -> object:
    """The host a network event is about; None where it is about none (a new socket, a Unix path)."""
    if event == "socket.getaddrinfo":
        return args[0]
    address = args[1] if event in {"socket.connect", "socket.sendto"} else None
    return address[0] if isinstance(address, tuple) else None


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event not in NETWORK_EVENTS:
        return
    if _Watch.opened is not None:
        _Watch.opened.append(event)
    host = _host(event, args)
    if not _is_local(host):
        raise AssertionError(f"a test must not reach the network: {event} to {host!r}")


sys.addaudithook(_guard)


@pytest.fixture
def no_socket() -> Iterator[list[str]]:
    """The test fails if anything in it opens a socket or looks up a name, the loopback included."""
    _Watch.opened = opened = []
    try:
        yield opened
    finally:
        _Watch.opened = None
    assert opened == []


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of official vectors and schemas, `../shared/data` seen from the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the official vectors are not here: no folder ../shared/data beside the repository")
    return folder


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `handseal demo DIR --no-serve` leaves; made once, so a test that changes it takes a copy."""
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    assert handseal(["demo", str(folder), "--no-serve"]) == 0
    return folder


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """A token with a PIN, for all tests: a driver is loaded once in a process."""
    driver = find_driver()
    if driver is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    return start_token(tmp_path_factory.mktemp("token"), driver)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden/ anew from what is told now")


@pytest.fixture(scope="session")
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    rewrite: bool = request.config.getoption("--rewrite-golden")
    return rewrite
