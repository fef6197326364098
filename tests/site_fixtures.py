"""A published site with a certificate of each verdict and its verifier, made once for a module's tests."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.served import Served
from verifier.report import Verdict


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def lookups(served: Served) -> dict[Verdict, str]:
    return {verdict: served.add(served.issue(verdict)) for verdict in Verdict}


@pytest.fixture(scope="module")
def client(served: Served, lookups: dict[Verdict, str]) -> FlaskClient:
    return served.client()
