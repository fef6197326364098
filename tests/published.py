"""A world's site on a disk, in the layout of formats.md section 8, with a trust list signed by its holders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from keys import names
from keys.encoding import canonical, sha256, sri
from keys.trust import TrustList
from keys.trust_edit import Holder, found, propose, propose_root, root_digest, sign
from tests.world import CLINIC, HARBOUR, TTMA, World
from verifier.report import Check, Report, Verdict
from verifier.sources import Site
from verifier.state import State
from verifier.verify import verify

HOLDERS = (CLINIC, HARBOUR, TTMA)
LOOKUP = "0123456789ABCDEFGHJKMNPQRS"


class PublishedSite:
    """Writes what `world` says now; each method may be called again after the world was changed."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self._holders = {holder: Ed25519PrivateKey.generate() for holder in HOLDERS}
        self._named = [Holder.of(name, key.public_key()) for name, key in self._holders.items()]
        self.newest = world.trust_list()
        self.trust_files = self._signed(found(self.newest, self._named))
        self.root = root_digest(self.trust_files)
        self.write_trust()
        self.write_lists()
        self.write(names.syllabus_path("deep-tissue-foundations", 1), world.syllabus_bytes)

    def write(self, path: str, data: bytes) -> Path:
        """As publishing does: beside, then renamed into place."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.part")
        beside.write_bytes(data)
        return beside.replace(target)

    def write_trust(self, files: dict[str, bytes] | None = None) -> None:
        for name, data in sorted((files or self.trust_files).items(), key=lambda item: item[0] == "targets.json"):
            self.write(f"trust/{name}", data)

    def write_list(self, list_id: str, token: str | None = None) -> Path:
        name = names.parse_status_list_id(list_id, "list")
        return self.write(names.status_list_path(name), (token or self.world.status_token(list_id)).encode())

    def write_lists(self) -> None:
        for list_id in self.world.list_ids():
            self.write_list(list_id)

    def write_certificate(self, token: bytes, lookup: str = LOOKUP) -> None:
        self.write(names.certificate_path(lookup), token)

    def next_trust_list(
        self, issued: datetime, change: Callable[[TrustList], TrustList] = lambda trust_list: trust_list
    ) -> dict[str, bytes]:
        """Trust files with one more, fully signed list; becomes `trust_files`, is not written."""
        old = self.newest
        new = change(replace(old, version=old.version + 1, issued=issued, previous=sri(sha256(canonical(old)))))
        self.newest, self.trust_files = new, self._signed(propose(self.trust_files, new))
        return self.trust_files

    def next_root(self, made: datetime) -> dict[str, bytes]:
        """Trust files with one more root by the same holders; becomes `trust_files`, is not written."""
        draft = propose_root(self.trust_files, self._named, root_threshold=2, targets_threshold=2, made=made)
        self.trust_files = self._signed(draft)
        return self.trust_files

    def replaced_holders(self, made: datetime) -> dict[str, bytes]:
        """Trust files with one more root by holders with other keys; becomes `trust_files`, is not written."""
        fresh = {holder: Ed25519PrivateKey.generate() for holder in HOLDERS}
        named = [Holder.of(name, key.public_key()) for name, key in fresh.items()]
        draft = propose_root(self.trust_files, named, root_threshold=2, targets_threshold=2, made=made)
        unsigned = msgspec.json.decode(draft["targets.json"]) | {"signatures": []}
        half = self._signed({**draft, "targets.json": canonical(unsigned)})
        self._holders, self._named = fresh, named
        self.trust_files = self._signed(half)
        return self.trust_files

    def _signed(self, files: dict[str, bytes]) -> dict[str, bytes]:
        for holder in (CLINIC, HARBOUR):  # two of three
            files = sign(files, self._holders[holder])
        return files


class Desk:
    """A verifier with a state folder, which may be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.published = PublishedSite(folder / "site", self.world)
        self.folder = folder / "state"
        self.core = self.world.core()
        self.token = self.world.issue(core=self.core)
        self.index = self.core.credential_status.index

    @property
    def now(self) -> datetime:
        return self.world.now

    def open(self) -> Site:
        return Site(self.published.folder, self.published.root, State(self.folder))

    def report(self, site: Site | None = None) -> Report:
        materials = (site or self.open()).materials(self.now)
        return verify(self.token, materials, at=self.now, now=self.now)

    def verdict(self, site: Site | None = None) -> Verdict:
        return self.report(site).verdict

    def rollback(self, site: Site | None = None) -> Check:
        return (site or self.open()).materials(self.now).rollback

    def files(self) -> dict[str, tuple[int, bytes]]:
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}
