"""From an empty folder to who may be certified, through the commands of `handseal`."""

import json
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from issuer.cli import main
from issuer.config import Workspace, open_workspace
from issuer.init_cli import make_workspace
from keys.errors import HandsealError
from keys.keyfile import open_key_file, public_path, read_public_key
from keys.names import organisation_id
from keys.possession import KeyUse
from keys.signer import MemorySigner
from keys.syllabus import parse_syllabus
from tests.issuer.entries import SLUG, said
from tests.world import SITE

Output = pytest.CaptureFixture[str]
PROGRAMME = f"programmes/{SLUG}.toml"


def test_the_starter_goes_from_programme_to_who_may_be_certified(starter_clinic: Workspace, capsys: Output) -> None:
    assert "keeps every rule" in said(capsys, "check", PROGRAMME)
    assert "version 1 is published" in said(capsys, "programme", "publish", PROGRAMME)
    assert "nothing changed since version 1" in said(capsys, "programme", "publish", PROGRAMME)
    assert said(capsys, "assessors", "import", "assessors.csv") == "assessors.csv: 1 new, 0 unchanged\n"
    assert (
        said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG) == "example: 3 new, 0 unchanged, 0 updated\n"
    )
    assert said(capsys, "assess", "results/example.csv") == "example.csv: 7 new, 0 unchanged\n"
    assert said(capsys, "assess", "results/example.csv") == "example.csv: 0 new, 7 unchanged\n"
    assert said(capsys, "eligible", "example").splitlines() == [
        "RC-001 สมชาย ปิ่นทอง: may be certified",
        "RC-002 Nguyễn Thị Ánh: Live skill check: not yet assessed",
        "RC-003 Maria da Conceição Silva: Video demonstration: not yet assessed; Live skill check: not yet assessed",
    ]
    published = starter_clinic.site_folder / "programmes" / SLUG / "1.json"
    assert parse_syllabus(published.read_bytes()).id == f"{SITE}/programmes/{SLUG}/1"


def test_what_reports_does_so_as_json(starter_clinic: Workspace, capsys: Output) -> None:
    assert json.loads(said(capsys, "check", PROGRAMME, "--json")) == {"errors": [], "warnings": []}
    published = json.loads(said(capsys, "programme", "publish", PROGRAMME, "--json"))
    assert published == {"id": f"{SITE}/programmes/{SLUG}/1", "version": 1, "new": True}
    counts = {"new": 3, "unchanged": 0, "updated": 0, "warnings": []}
    enrolled = said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG, "--json")
    assert json.loads(enrolled) == {"cohort": "example", **counts}
    assessors = json.loads(said(capsys, "assessors", "import", "assessors.csv", "--json"))
    assert assessors == {"file": "assessors.csv", **counts, "new": 1}
    assert json.loads(said(capsys, "assess", "results/example.csv", "--json"))["new"] == 7
    standing = json.loads(said(capsys, "eligible", "example", "--json"))
    assert standing["eligible"] == [{"learnerId": "RC-001", "name": "สมชาย ปิ่นทอง"}]
    assert standing["notEligible"][0]["missing"] == ["Live skill check: not yet assessed"]


def test_a_programme_with_faults_is_not_published(starter_clinic: Workspace, capsys: Output) -> None:
    path = starter_clinic.folder / PROGRAMME
    path.write_text(path.read_text("utf-8").replace("weeks = 6", "weeks = 9"), "utf-8")
    assert main(["check", PROGRAMME]) == 1
    assert capsys.readouterr().out.startswith("error MC03: weeks: 9, expected 2 to 8")
    assert main(["check", PROGRAMME, "--json"]) == 1
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error == {"code": "MC03", "place": "weeks", "text": "weeks: 9, expected 2 to 8", "hint": "weeks = 6"}
    assert "MC03" in said(capsys, "programme", "publish", PROGRAMME, code=1)
    assert not (starter_clinic.site_folder / "programmes").exists()


def test_checking_needs_no_workspace_and_knows_it_where_there_is_one(
    starter_clinic: Workspace, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = starter_clinic.folder / PROGRAMME
    path.write_text(path.read_text("utf-8").replace('"ttma"', '"river-clinic"'), "utf-8")
    assert main(["check", str(path)]) == 1
    assert "river-clinic is the clinic itself" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(path)]) == 1
    elsewhere = shutil.copytree(path.parent, tmp_path / "elsewhere")
    assert main(["check", str(elsewhere / path.name)]) == 0
    assert main(["check", "none.toml"]) == 2


def test_every_fault_stands_on_its_own_line(starter_clinic: Workspace, capsys: Output) -> None:
    path = starter_clinic.folder / "cohorts" / "example.csv"
    path.write_text(path.read_text("utf-8").replace("2026-11-15", "31/02/2026"), "utf-8")
    lines = said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG, code=1).splitlines()
    expected = 'handseal: example.csv: row {}, column end: found "31/02/2026", expected a date as 2026-11-20'
    assert lines[:3] == [expected.format(row) for row in (2, 3, 4)]
    assert lines[3:] == ["handseal: 3 faults", "hint: nothing was taken in: put it right and run the command again"]


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        (["eligible", "nobody"], 1, "there is none of this name"),
        (["enrol", "cohorts/example.csv"], 2, "--programme"),
        (["enrol", "cohorts/example.csv", "--programme", "other"], 2, "there is no file"),
        (["enrol", "cohorts/example.csv", "--programme", "../x"], 1, "is not a slug"),
        (["enrol", "cohorts/none.csv", "--programme", SLUG], 2, "No such file"),
        (["enrol", "cohorts", "--programme", SLUG], 2, "directory"),
        (["assess", "results/example.csv", "--cohort", "nobody"], 1, "there is none of this name"),
        (["assess", "results/example.csv"], 1, '"RC-001" is not enrolled'),
        (["--workspace", "/nowhere", "eligible", "example"], 2, "No such file"),
        (["eligible", "example", "--workspace", "/nowhere"], 2, "No such file"),
    ],
)
def test_what_cannot_be_done_is_said(
    starter_clinic: Workspace, capsys: Output, arguments: list[str], code: int, fragment: str
) -> None:
    assert fragment in said(capsys, *arguments, code=code)


def test_a_workspace_may_be_named(starter_clinic: Workspace, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    folder = str(starter_clinic.folder)
    file = str(starter_clinic.folder / "assessors.csv")
    assert "1 new" in said(capsys, "--workspace", folder, "assessors", "import", file)
    assert "1 unchanged" in said(capsys, "assessors", "import", file, "--workspace", folder)


def test_evidence_is_hashed_beside_its_table(starter_clinic: Workspace, capsys: Output) -> None:
    said(capsys, "programme", "publish", PROGRAMME)
    said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG)
    (starter_clinic.folder / "results" / "video.mp4").write_bytes(b"video")
    table = starter_clinic.folder / "results" / "more.csv"
    row = "RC-001,video,competent,2026-11-06,{}\n"
    table.write_text("learner_id,criterion,result,date,evidence_file\n" + row.format("video.mp4"))
    assert said(capsys, "assess", "results/more.csv").startswith("more.csv: 1 new")
    table.write_text("learner_id,criterion,result,date,evidence_file\n" + row.format("gone.mp4"))
    assert "row 2, column evidence_file" in said(capsys, "assess", "results/more.csv", code=1)


def test_init_makes_keys_that_only_their_owner_reads(tmp_path: Path, capsys: Output) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery staple\n")
    secret.chmod(0o600)
    folder = tmp_path / "new" / "clinic"
    options = ["--name", 'The "Tide" คลินิก', "--slug", "tide", "--site", "https://tide.example"]
    assert main(["init", str(folder), *options, "--passphrase-file", str(secret)]) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    workspace = open_workspace(folder)
    assert workspace.organisation == organisation_id("https://tide.example", "tide")
    assert workspace.config.clinic.name == 'The "Tide" คลินิก'
    uses = {workspace.issue_key: KeyUse.ISSUE, workspace.status_key: KeyUse.STATUS}
    for path, use in uses.items():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        shown = read_public_key(public_path(path))
        assert (shown.organisation, shown.use) == (workspace.organisation, use)
    assert MemorySigner(open_key_file(workspace.status_key, None), "https://tide.example").kid.startswith(
        "https://tide.example/"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "passphrase"]
    assert [path.name for path in folder.parent.iterdir()] == ["clinic"]


def test_init_overwrites_nothing_and_leaves_nothing(tmp_path: Path, capsys: Output) -> None:
    full, target = tmp_path / "full", tmp_path / "target"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    for name in ("full", "link"):
        assert main(["init", str(tmp_path / name), "--no-keys"]) == 1
    assert main(["init", str(tmp_path / "fresh"), "--no-keys", "--site", "https://tide.example/path"]) == 1
    assert main(["init", str(tmp_path / "fresh"), "--no-keys", "--slug", "The Tide"]) == 1
    assert main(["init", str(tmp_path / "fresh"), "--passphrase-file", str(tmp_path / "none")]) == 2
    assert main(["init", str(tmp_path / "full" / "notes.txt"), "--no-keys"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "link", "target"]
    assert [path.name for path in full.iterdir()] == ["notes.txt"]
    assert main(["init", str(target), "--no-keys"]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_workspace_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HandsealError):
        make_workspace(
            tmp_path / "file" / "clinic",
            slug="a",
            name="A",
            site=SITE,
            passphrase=None,
            created=datetime(2026, 1, 1, tzinfo=UTC),
        )
