"""R01, R03, R15, R19 at the clinic: a trust folder that arrives goes on from the last one, or changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from issuer.cosigning import receive_trust
from issuer.receiving import take_trust
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.trust_chain import in_writing_order, load_trust
from keys.trust_edit import Holder, propose, propose_root, sign
from keys.trust_folder_cli import folder_reader
from tests.issuer.clinic import Clinic, found_clinic
from tests.killed import deaths
from tests.world import CLINIC, TTMA

DAY = timedelta(days=1)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def rotated(clinic: Clinic, days: int = 1) -> dict[str, bytes]:
    """A second list under a second root, whose holders have other keys."""
    old = clinic.trust.list
    issued = clinic.now + days * DAY
    new = replace(old, version=2, issued=issued, previous=sri(sha256(canonical(old))))
    fresh = {owner: Ed25519PrivateKey.generate() for owner in (CLINIC, TTMA)}
    named = [Holder.of(owner, key.public_key()) for owner, key in fresh.items()]
    draft = propose(clinic.trust_files, new)
    files = propose_root(draft, named, root_threshold=2, targets_threshold=2, made=issued)
    for key in (*clinic.holders, *fresh.values()):
        files = sign(files, key)
    return files


def on_site(clinic: Clinic) -> dict[str, bytes]:
    return {name: clinic.site.read(f"trust/{name}") or b"" for name in rotated_names(clinic)}


def rotated_names(clinic: Clinic) -> list[str]:
    return [name.removeprefix("trust/") for name in clinic.site.names("trust")]


def test_R15_killed_between_its_writes_a_receipt_is_repeated(clinic: Clinic) -> None:
    files, seen = rotated(clinic), []
    for _ in deaths(lambda: receive_trust(clinic.workspace, files)):
        there = on_site(clinic)
        assert set(there) <= {*files}
        assert all(there[name] in (files[name], clinic.trust_files.get(name)) for name in there)  # none of them half
        seen.append(len(there))
    assert clinic.trust.list.version == 2
    assert seen == sorted(seen)
    assert not receive_trust(clinic.workspace, files).changed


def test_R15_at_every_stage_of_writing_readers_find_a_whole_list_or_none(clinic: Clinic) -> None:
    """Roots, then lists, `targets.json` last: what is there is never another list than one that was signed."""
    files = rotated(clinic)
    new = [name for name in in_writing_order(files) if clinic.site.read(f"trust/{name}") != files[name]]
    assert new == ["2.root.json", "2.list.json", "targets.json"]
    for name in new[:-1]:
        clinic.site.write(f"trust/{name}", files[name])
        with pytest.raises(HandsealError, match=r"targets\.json"):
            load_trust(folder_reader(clinic.site.path("trust")), root_digest=clinic.workspace.root_digest)
    clinic.site.write("trust/targets.json", files["targets.json"])
    assert clinic.trust.list.version == 2
    with pytest.raises(HandsealError, match="0 of 2 required signatures by the targets keys of root 2"):
        receive_trust(clinic.workspace, clinic.trust_files)


@pytest.mark.parametrize("written", [1, 2])
def test_R03_a_half_written_list_is_not_replaced_by_an_older_one(clinic: Clinic, written: int) -> None:
    files, first = rotated(clinic), clinic.trust_files
    for name in ("2.root.json", "2.list.json")[:written]:
        clinic.site.write(f"trust/{name}", files[name])
    with pytest.raises(HandsealError):
        receive_trust(clinic.workspace, first)
    assert receive_trust(clinic.workspace, files).trust.list.version == 2


def test_R19_another_list_than_the_one_half_written_is_refused(clinic: Clinic) -> None:
    files, rival = rotated(clinic), rotated(clinic, days=2)
    clinic.site.write("trust/2.root.json", files["2.root.json"])
    with pytest.raises(HandsealError):
        receive_trust(clinic.workspace, rival)
    assert clinic.site.read("trust/2.root.json") == files["2.root.json"]
    assert receive_trust(clinic.workspace, files).changed


def test_R19_another_second_list_is_refused(clinic: Clinic) -> None:
    files, rival = rotated(clinic), rotated(clinic, days=2)
    assert receive_trust(clinic.workspace, files).changed
    before = on_site(clinic)
    with pytest.raises(HandsealError):
        receive_trust(clinic.workspace, rival)
    assert on_site(clinic) == before


def test_R01_a_root_that_the_old_holders_did_not_sign_changes_nothing(clinic: Clinic, tmp_path: Path) -> None:
    files = dict(rotated(clinic))
    own = found_clinic(tmp_path / "other", clinic.world).trust_files
    before = on_site(clinic)
    for bad in ({**files, "2.root.json": own["1.root.json"]}, {**files, "1.root.json": own["1.root.json"]}, own):
        with pytest.raises(HandsealError):
            receive_trust(clinic.workspace, bad)
        assert on_site(clinic) == before


@pytest.mark.parametrize("name", ["2.root.json", "2.list.json", "targets.json"])
def test_R15_a_folder_that_lacks_a_file_changes_nothing(clinic: Clinic, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    for each, data in rotated(clinic).items():
        (folder / each).write_bytes(data if each != name else data[: len(data) // 2])
    before = on_site(clinic)
    with pytest.raises(HandsealError):
        take_trust(clinic.workspace, [folder])
    (folder / name).unlink()
    if name != "targets.json":  # without targets the site's own go on: nothing new is named
        with pytest.raises(HandsealError):
            take_trust(clinic.workspace, [folder])
    assert on_site(clinic) == before
