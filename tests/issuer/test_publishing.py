"""The site on disk is whole at every moment and shows nobody who did not agree."""

from pathlib import Path

import msgspec
import pytest

from issuer import publishing
from keys.encoding import sha256, sri
from keys.errors import HandsealError
from keys.files import make_folder
from keys.trust_chain import is_trust_file
from tests.issuer.clinic import Clinic, found_clinic
from tests.world import CLINIC, SITE, World
from verifier.folder import Folder, publish_index

LOOKUP = "27M1G67RS6ENTQCR66AQA16S1V"


@pytest.fixture
def site(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "site")


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return found_clinic(tmp_path)


def test_a_file_is_written_once(site: Folder) -> None:
    assert site.write("a/b.json", b"{}")
    assert not site.write("a/b.json", b"{}")
    assert site.write("a/b.json", b"[]")
    assert site.read("a/b.json") == b"[]"
    assert [path.name for path in site.path("a").iterdir()] == ["b.json"]


def test_what_is_absent_is_none(site: Folder) -> None:
    assert site.read("nothing") is None
    assert list(site.names()) == []
    assert not site.remove("nothing")


def test_a_link_is_not_followed(site: Folder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    make_folder(site.folder)
    site.path("a").symlink_to(other)
    with pytest.raises(HandsealError, match="symbolic link"):
        site.write("a", b"mine")
    with pytest.raises(HandsealError, match="symbolic link"):
        site.write("a", b"yours")
    assert other.read_bytes() == b"mine"


def test_a_certificate_lies_under_its_id(site: Folder) -> None:
    assert publishing.publish_certificates(site, {LOOKUP: b"token"}) == 1
    assert publishing.publish_certificates(site, {LOOKUP: b"token"}) == 0
    assert site.read(f"c/27/{LOOKUP}.jwt") == b"token"
    assert list(publishing.published_certificates(site)) == [LOOKUP]
    assert publishing.withdraw_certificate(site, LOOKUP)
    assert list(publishing.published_certificates(site)) == []


def test_a_version_never_changes(site: Folder) -> None:
    world = World()
    assert publishing.publish_syllabus(site, world.syllabus.id, world.syllabus_bytes)
    assert not publishing.publish_syllabus(site, world.syllabus.id, world.syllabus_bytes)
    with pytest.raises(HandsealError, match="is not what was published"):
        publishing.publish_syllabus(site, world.syllabus.id, world.syllabus_bytes + b" ")


def test_the_index_names_all_but_certificates(clinic: Clinic) -> None:
    publishing.publish_certificates(clinic.site, {LOOKUP: b"token"})
    publish_index(clinic.site)
    index = msgspec.json.decode(clinic.site.read("index.json") or b"")["files"]
    names = {name for name in clinic.site.names() if not name.startswith("c/") and name != "index.json"}
    assert set(index) == names
    assert all(index[name] == sri(sha256(clinic.site.read(name) or b"")) for name in names)
    assert "status/river-clinic/revocation/1.jwt" in names


def test_others_find_organisations_and_keys(clinic: Clinic) -> None:
    profile = msgspec.json.decode(clinic.site.read("orgs/river-clinic.json") or b"")
    assert (profile["id"], profile["type"], profile["name"]) == (CLINIC, ["Profile"], "River Clinic")
    kid = clinic.world.issue_key.kid
    jwk = msgspec.json.decode(clinic.site.read(f"keys/{kid.rpartition('/')[2]}.json") or b"")
    assert jwk["kid"] == kid
    assert (jwk["kty"], jwk["crv"], jwk["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in jwk
    terms = msgspec.json.decode(clinic.site.read("ns.json") or b"")["@context"]
    assert terms["CosignaturePolicy"]["@id"] == f"{SITE}/ns#CosignaturePolicy"


def test_trust_files_end_with_targets(clinic: Clinic, tmp_path: Path) -> None:
    copy = Folder(tmp_path / "copy")
    make_folder(copy.path("trust"))
    copy.path("trust/targets.json").symlink_to(clinic.workspace.folder / "clinic.toml")
    with pytest.raises(HandsealError, match="symbolic link"):
        publishing.publish_trust(copy, clinic.trust_files)
    assert list(copy.names()) == ["trust/1.list.json", "trust/1.root.json", "trust/targets.json"]


def test_a_numbered_trust_file_never_changes(clinic: Clinic) -> None:
    with pytest.raises(HandsealError, match="other bytes"):
        publishing.publish_trust(clinic.site, {"1.root.json": b"{}"})


@pytest.mark.parametrize("name", ["targets.json", "1.root.json", "12.list.json"])
def test_trust_files_are_told_by_name(name: str) -> None:
    assert is_trust_file(name)


@pytest.mark.parametrize("name", ["0.root.json", "01.root.json", "a.list.json", "1.list.json.part", "list.json", "²"])
def test_other_files_are_no_trust_files(name: str) -> None:
    assert not is_trust_file(name)
