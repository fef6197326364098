"""No attack opens a socket: a test that needs the loopback says so in its module's `LOOPBACK`."""

from __future__ import annotations

import pytest

from tests.site_fixtures import client as client, lookups as lookups, served as served
from tests.world import World


@pytest.fixture(autouse=True)
def _no_socket_in_this_folder(request: pytest.FixtureRequest) -> None:
    if not getattr(request.module, "LOOPBACK", ""):
        request.getfixturevalue("no_socket")


@pytest.fixture
def world() -> World:
    """A clinic, three partner bodies and a trust list with fresh keys."""
    return World()
