"""The starter workspace beside a site with a trust list, as its commands find it, and a database without them."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from issuer.config import Workspace
from issuer.database import open_database
from issuer.init_cli import make_workspace, write_root
from keys.encoding import sha256
from tests.issuer.entries import NOW, new_database, policy
from tests.keys.trust_holders import founded
from tests.world import SITE


@pytest.fixture(scope="session")
def _font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled by the first test that needs fonts."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture
def starter_clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _font_cache: Path) -> Workspace:
    """Without keys; the working folder is the workspace."""
    workspace = make_workspace(
        tmp_path / "clinic", slug="river-clinic", name="River Clinic", site=SITE, passphrase=None, created=NOW
    )
    (workspace.folder / ".cache").symlink_to(_font_cache)
    files = founded(policy().list)
    trust = tmp_path / "site" / "trust"
    trust.mkdir(parents=True)
    for name, data in files.items():
        (trust / name).write_bytes(data)
    monkeypatch.chdir(workspace.folder)
    return write_root(workspace, sha256(files["1.root.json"]).hex())


@pytest.fixture(scope="session")
def _starter_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("database")
    new_database(folder).dispose()
    return folder / "handseal.db"


@pytest.fixture
def starter_database(_starter_database: Path, tmp_path: Path) -> Engine:
    """With the starter programme published and one assessor; each test has its own."""
    path = Path(shutil.copy(_starter_database, tmp_path))
    return open_database(f"sqlite:///{path}")
