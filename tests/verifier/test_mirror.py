"""A mirror holds what was checked, keeps what its site drops, and follows who was erased."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from keys import names
from keys.encoding import canonical, sha256, sri
from keys.errors import ConfigurationError, FormatError, HandsealError, UndecidedError
from tests.published import LOOKUP, PublishedSite
from tests.verifier.pdf import pdf_with
from tests.world import CLINIC, SITE, World, list_of
from verifier.cli import main
from verifier.folder import INDEX, Folder, publish_index
from verifier.mirror import Mirrored, media_type, mirror, parse_index
from verifier.origin import FolderOrigin, Origin, WebOrigin, open_origin
from verifier.published import certificate_card
from verifier.report import Verdict
from verifier.sources import Site
from verifier.state import State
from verifier.verify import verify

CARD = b"\x89PNG\r\n\x1a\n and the rest"
SYLLABUS = names.syllabus_path("deep-tissue-foundations", 1)
REVOCATION = names.status_list_path(names.parse_status_list_id(list_of(CLINIC), "list"))


class Desk:
    """A published site, and an empty place for its mirror."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.published = PublishedSite(folder / "site", self.world)
        self.token = self.world.issue()
        self.published.write_certificate(self.token)
        self.copy = folder / "mirror"
        self.index()

    @property
    def site(self) -> Folder:
        return Folder(self.published.folder)

    def index(self) -> None:
        publish_index(self.site)

    def mirror(self, origin: Origin | None = None, state: State | None = None) -> Mirrored:
        return mirror(
            origin or FolderOrigin(self.published.folder),
            self.copy,
            root=self.published.root,
            state=state or State(None),
            now=self.world.now,
        )

    def copied(self) -> dict[str, bytes]:
        return files(self.copy)

    def verdict(self) -> Verdict:
        materials = Site(self.copy, self.published.root, None).materials(self.world.now)
        return verify(self.token, materials, at=self.world.now, now=self.world.now).verdict


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class Handler(http.server.SimpleHTTPRequestHandler):
    """A plain static host."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/trust/moved"):
            self.send_response(302)
            self.send_header("Location", "/index.json")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    kind = type("Handler", (Handler,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_mirror_of_a_folder_answers_alone(desk: Desk) -> None:
    done = desk.mirror()
    assert (done.certificates, done.removed, done.refused, done.alarms) == (1, 0, {}, ())
    assert desk.verdict() is Verdict.VALID
    assert Site(desk.copy, desk.published.root, None).certificate(LOOKUP) == desk.token
    assert files(desk.published.folder) == desk.copied()
    assert [path for path in desk.copy.parent.iterdir() if path.name.endswith(".part")] == []


def test_again_it_copies_what_is_new(desk: Desk) -> None:
    desk.mirror()
    assert desk.mirror().copied == ()
    desk.world.revoke(list_of(CLINIC), 7)
    desk.published.write_lists()
    desk.index()
    assert REVOCATION in desk.mirror().copied
    assert SYLLABUS not in desk.mirror().copied


def test_over_http_only_what_differs_is_asked_for_and_no_certificate(desk: Desk) -> None:
    with served(desk.published.folder) as (address, asked):
        done = desk.mirror(WebOrigin(address))
        assert (done.certificates, desk.verdict()) == (None, Verdict.VALID)
        assert not [path for path in asked if path.lower().startswith("/c/")]
        assert not (desk.copy / "c").exists()
        asked.clear()
        desk.mirror(WebOrigin(f"{address}/"))
        assert asked == ["/index.json"]


def test_certificates_of_a_folder_mirror_stay_when_it_is_fed_from_the_web(desk: Desk) -> None:
    desk.mirror()
    with served(desk.published.folder) as (address, _):
        desk.mirror(WebOrigin(address))
    assert Site(desk.copy, desk.published.root, None).certificate(LOOKUP) == desk.token


def test_who_was_erased_is_erased_here_too(desk: Desk) -> None:
    desk.published.write(certificate_card(LOOKUP), CARD)
    assert desk.mirror().certificates == 2
    for path in (names.certificate_path(LOOKUP), certificate_card(LOOKUP)):
        (desk.published.folder / path).unlink()
    assert desk.mirror().removed == 2
    assert not [name for name in desk.copied() if name.startswith("c/")]


def test_a_site_without_certificates_takes_none_away(desk: Desk) -> None:
    desk.mirror()
    (desk.published.folder / names.certificate_path(LOOKUP)).unlink()
    (desk.published.folder / "c" / LOOKUP[:2]).rmdir()
    (desk.published.folder / "c").rmdir()
    assert desk.mirror().certificates is None
    assert names.certificate_path(LOOKUP) in desk.copied()


def test_what_the_site_drops_stays(desk: Desk) -> None:
    desk.mirror()
    before = desk.copied()
    for path in (SYLLABUS, REVOCATION):
        (desk.published.folder / path).unlink()
    desk.index()
    assert desk.mirror().copied == ()
    assert desk.copied() == before
    assert desk.verdict() is Verdict.VALID


def test_files_that_are_no_site_s_are_not_taken(desk: Desk) -> None:
    for name in ("evil.html", "static/x.js", "trust/notes.txt", "programmes/a/b.json", "status/x.jwt"):
        desk.published.write(name, b"{}")
    desk.index()
    assert not {"evil.html", "static/x.js", "trust/notes.txt", "programmes/a/b.json", "status/x.jwt"} & {
        *desk.mirror().copied
    }
    assert not (desk.copy / "evil.html").exists()


@pytest.mark.parametrize("name", ["../evil.json", "/etc/passwd", "c/01/0123456789ABCDEFGHJKMNPQRS.jwt", "ns.json/.."])
def test_no_path_of_an_index_leaves_the_site(name: str) -> None:
    assert parse_index(canonical({"files": {name: sri(sha256(b""))}})) == {}
    assert media_type(name) == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"files":{"ns.json":"sha256-AA"}}', b'{"files":{}, "more":1}', b'{"files":{"ns.json":7}}'],
    ids=["empty", "list", "digest", "member", "number"],
)
def test_an_index_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"index\.json"):
        parse_index(data)


def test_an_index_names_no_more_files_than_a_site_has() -> None:
    many = {f"status/a/revocation/{number}.jwt": sri(sha256(b"")) for number in range(1, 20_002)}
    with pytest.raises(FormatError, match="more than 20000 files"):
        parse_index(canonical({"files": many}))


def test_a_file_that_is_not_what_the_index_says_stops_it(desk: Desk) -> None:
    desk.published.write(SYLLABUS, b"{}")
    with pytest.raises(HandsealError, match=r"1\.json: is not what index\.json lists"):
        desk.mirror()
    assert desk.copied() == {}


def test_R03_a_site_that_went_back_changes_nothing(desk: Desk) -> None:
    older = desk.published.trust_files
    desk.published.write_trust(desk.published.next_trust_list(desk.world.now - timedelta(hours=2)))
    desk.index()
    desk.mirror()
    before = desk.copied()
    desk.published.write_trust(older)
    desk.index()
    with pytest.raises(HandsealError, match="list 2 was seen before"):
        desk.mirror()
    assert desk.copied() == before


def test_a_site_of_another_root_is_refused(desk: Desk, tmp_path: Path) -> None:
    stranger = PublishedSite(tmp_path / "stranger", World())
    publish_index(Folder(stranger.folder))
    with pytest.raises(HandsealError, match="is not the root that was told"):
        desk.mirror(FolderOrigin(stranger.folder))
    assert desk.copied() == {}


def test_S17_a_list_that_would_not_be_accepted_stays_as_it_was(desk: Desk) -> None:
    desk.mirror()
    before = desk.copied()
    suspension = (desk.published.folder / REVOCATION.replace("revocation", "suspension")).read_bytes()
    desk.published.write(REVOCATION, suspension)
    desk.index()
    assert list(desk.mirror().refused) == [REVOCATION]
    assert desk.copied() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("programmes/deep-tissue-foundations/2.json", "copy of 1"),
        ("programmes/deep-tissue-foundations/1/card-16x9.png", "<script>"),
        ("orgs/river-clinic.json", "<script>"),
    ],
)
def test_a_file_of_another_form_is_not_taken(desk: Desk, name: str, data: str) -> None:
    desk.published.write(name, desk.world.syllabus_bytes if data == "copy of 1" else data.encode())
    desk.index()
    assert list(desk.mirror().refused) == [name]
    assert not (desk.copy / name).exists()


def test_a_state_folder_remembers_beyond_the_copy(desk: Desk, tmp_path: Path) -> None:
    older = desk.published.trust_files
    desk.published.write_trust(desk.published.next_trust_list(desk.world.now - timedelta(hours=2)))
    desk.index()
    desk.mirror(state=State(tmp_path / "state"))
    desk.copy = tmp_path / "another"
    desk.published.write_trust(older)
    desk.index()
    with pytest.raises(HandsealError, match="list 2 was seen before"):
        desk.mirror(state=State(tmp_path / "state"))


def test_W06_a_redirect_is_not_followed(desk: Desk) -> None:
    with served(desk.published.folder) as (address, asked):
        with pytest.raises(UndecidedError, match="answered 302"):
            WebOrigin(address).read("trust/moved", 100)
        assert asked == ["/trust/moved"]


def test_a_site_that_cannot_be_reached_is_undecided(desk: Desk) -> None:
    with served(desk.published.folder) as (address, _):
        pass
    with pytest.raises(UndecidedError, match="cannot be reached"):
        desk.mirror(WebOrigin(address))


def test_a_file_larger_than_its_limit_is_refused(desk: Desk) -> None:
    with served(desk.published.folder) as (address, _), pytest.raises(HandsealError, match="larger than 10 bytes"):
        WebOrigin(address).read("index.json", 10)


@pytest.mark.parametrize("site", ["http://verify.example", "https://user@host", "https://host/path", "./nowhere"])
def test_what_is_neither_a_site_nor_a_folder_is_wrong_usage(site: str) -> None:
    with pytest.raises(ConfigurationError):
        open_origin(site)


def test_the_command(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["mirror", str(desk.published.folder), str(desk.copy), "--root", desk.published.root]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["certificates"] == 1
    assert main(arguments) == 0
    assert "0 files copied" in capsys.readouterr().out
    assert main(["mirror", str(tmp_path), str(desk.copy), "--root", desk.published.root]) == 1
    assert "index.json: is missing" in capsys.readouterr().err
    assert main(arguments[:3]) == 2
    assert INDEX in desk.copied()
    assert SITE.startswith("https://")


def test_a_pdf_is_checked_with_a_site_that_has_no_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(now=datetime.now(UTC).replace(microsecond=0))
    published = PublishedSite(tmp_path / "site", world)
    publish_index(Folder(published.folder))
    with served(published.folder) as (address, _):
        assert main(["mirror", address, str(tmp_path / "mirror"), "--root", published.root]) == 0
    pdf = tmp_path / "certificate.pdf"
    pdf.write_bytes(pdf_with(world.issue()))
    assert not (tmp_path / "mirror" / "c").exists()
    assert main([str(pdf), "--site", str(tmp_path / "mirror"), "--root", published.root]) == 0
    assert "Valid certificate" in capsys.readouterr().out
