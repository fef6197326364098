"""A key ceremony opens no socket: every test of `keys` fails if anything in it does (K01)."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_socket(no_socket: list[str]) -> None:
    """As `no_socket`, in each of them."""
