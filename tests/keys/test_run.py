"""A planned ceremony is run as its plan says, by the same acts as the commands that stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.aloud import typed_words
from keys.ceremony_file import ceremony_digest
from keys.cli import main
from keys.encoding import digest_words, sri
from keys.files import file_digest
from keys.keyfile import read_public_key
from keys.paper_cli import read_transcript
from keys.transcript import Closed
from tests.keys.desk import REQUEST, WORDS, Desk, make_desk
from tests.keys.partner import NAMES, TTMA

PEOPLE = """
[[person]]
name = "สมชาย ใจดี"
role = "custodian"
[[person]]
name = "José <b>Álvarez</b>"
role = "witness"
"""
ENDINGS = {
    "trust-init": '[inputs]\nfounding = "founding.toml"\n[outputs]\ndraft = "draft"\n',
    "split": '[inputs]\nkey = "ttma.key"\n[outputs]\nshares = "shares"\nrecord = "record.html"\n',
    "drill": (
        '[inputs]\npublic = "ttma.key.pub.json"\nshares = ["shares/share-1-of-3.toml", "shares/share-3-of-3.toml"]\n'
        '[outputs]\nrecord = "drill.html"\n'
    ),
    "recover": (
        '[inputs]\npublic = "ttma.key.pub.json"\nshares = ["shares/share-3-of-3.toml", "shares/share-2-of-3.toml"]\n'
        '[outputs]\nkey = "again.key"\nrecord = "again.html"\n'
    ),
    "cosign": (
        '[inputs]\nkey = "ttma.key"\nrequest = "request.jsonl"\ntrust = "trust"\nroot = "ROOT"\n'
        '[outputs]\nresponse = "response.jsonl"\nrecord = "record.html"\n'
    ),
    "status": (
        '[inputs]\nkey = "ttma.key"\ntrust = "trust"\nroot = "ROOT"\n'
        '[outputs]\nlist = "list.jwt"\nrecord = "record.html"\n'
    ),
    "withdraw": (
        '[inputs]\nkey = "ttma.key"\nrequest = "request.jsonl"\n[outputs]\nlist = "list.jwt"\nrecord = "record.html"\n'
    ),
}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Desk]:
    """A body's table with no state yet."""
    yield make_desk(tmp_path, real_key=False)
    assert not list(tmp_path.glob("*.part"))


def write(desk: Desk, kind: str, more: str = "", **changes: str) -> Path:
    path = desk.folder / f"{kind}.toml"
    text = f'kind = "{kind}"\norganisation = "{TTMA}"\n{more}{PEOPLE}{ENDINGS[kind]}'.replace("ROOT", desk.root)
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def run(desk: Desk, path: Path, *more: str, confirm: str = " ".join(WORDS)) -> int:
    given = ("--passphrase-file", str(desk.folder / "passphrase"), "--confirm", confirm)
    return desk.run("run", str(path), *given, "--online", *more)


def closed(desk: Desk) -> Closed:
    return read_transcript(desk.transcripts()[-1])


def steps(text: str) -> list[str]:
    return re.findall(r"^ *(\d+\. .*)$", text, re.MULTILINE)


def test_a_request_is_cosigned_as_planned(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(fresh, "cosign", "exclude = [2]\n")
    assert main(["plan", str(path)]) == 0
    planned = capsys.readouterr().out
    assert run(fresh, path) == 0
    shown = capsys.readouterr().err
    assert steps(shown) == steps(planned)
    assert len(steps(shown)) >= 10
    assert shown.index("Read the syllabus") < shown.index(NAMES[3]) < shown.index("Read the twelve words")
    assert len(fresh.tokens("response.jsonl")) == len(NAMES) - 1
    assert f"{len(NAMES) - 1} co-signatures in " in shown
    done = closed(fresh)
    assert [line.event for line in done.lines] == [
        "opened", "plan", "present", "present", "trust-list", "reviewed", "planned", "warned", "words-confirmed",
        "response-written", "closed",
    ]  # fmt: skip
    digest = ceremony_digest(path.read_bytes())
    assert done.lines[1].details == {"digest": sri(digest), "kind": "cosign"}
    assert typed_words(re.findall(r"Words:((?:\s+\d+ [a-z]+){12})", shown)[0]) == digest_words(digest)
    assert done.lines[2].details == {"name": "สมชาย ใจดี", "role": "custodian"}
    page = (fresh.folder / "record.html").read_text("utf-8")
    assert "José &lt;b&gt;Álvarez&lt;/b&gt;" in page
    assert all(word in page for word in digest_words(done.digest))


def test_status_and_withdrawal_are_run_as_planned(fresh: Desk) -> None:
    assert run(fresh, write(fresh, "status")) == 0
    assert (fresh.folder / "list.jwt").exists()
    for name in ("list.jwt", "record.html"):
        (fresh.folder / name).unlink()
    assert run(fresh, write(fresh, "cosign")) == 0
    withdrawal = write(fresh, "withdraw", **{"record.html": "another.html"})
    assert run(fresh, withdrawal, confirm="4") == 1
    assert run(fresh, withdrawal, confirm=str(len(NAMES))) == 0
    assert closed(fresh).lines[5].details["certificates"] == str(len(NAMES))


def test_a_key_is_made_as_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "passphrase").write_text("six random words would be better\n")
    (tmp_path / "passphrase").chmod(0o600)
    path = tmp_path / "keygen.toml"
    ending = '[outputs]\nkey = "t.key"\nrecord = "r.html"\n'
    path.write_text(f'kind = "keygen"\norganisation = "{TTMA}"\nuse = "trust"\n{PEOPLE}{ending}', encoding="utf-8")
    home = tmp_path / "home"
    arguments = ["--home", str(home), "run", str(path), "--passphrase-file", str(tmp_path / "passphrase"), "--online"]
    assert main(arguments) == 0
    made = read_public_key(tmp_path / "t.key.pub.json")
    assert (made.organisation, made.use.value) == (TTMA, "trust")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert made.kid in page
    assert all(f"<li>{word}</li>" in page for word in digest_words(made.digest))
    capsys.readouterr()
    assert main(arguments) == 1  # K05
    assert "exists already" in capsys.readouterr().err
    text = path.read_text("utf-8").replace("t.key", "u.key").replace("r.html", "s.html")
    path.write_text(text.replace("/orgs/ttma", "/orgs/north-college"), encoding="utf-8")
    assert main(arguments) == 1
    assert f"belongs to {TTMA}" in capsys.readouterr().err
    assert not (tmp_path / "u.key").exists()


def test_a_key_is_split_proven_and_recovered_as_planned(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fresh, write(fresh, "split", "threshold = 2\nshares = 3\n")) == 0
    assert len(list((fresh.folder / "shares").iterdir())) == 3
    for kind in ("drill", "recover"):
        path = write(fresh, kind)
        assert main(["plan", str(path)]) == 0
        planned = capsys.readouterr().out
        assert run(fresh, path) == 0
        assert steps(capsys.readouterr().err) == steps(planned)
        assert closed(fresh).lines[0].details["command"] == kind
    assert read_public_key(fresh.folder / "again.key.pub.json") == read_public_key(fresh.folder / "ttma.key.pub.json")
    assert [name for name in ("record", "drill", "again") if not (fresh.folder / f"{name}.html").exists()] == []
    (fresh.folder / "shares" / "share-1-of-3.toml").unlink()
    (fresh.folder / "drill.html").unlink()
    assert run(fresh, write(fresh, "drill")) == 2
    assert "share-1-of-3.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"request.jsonl": "missing.jsonl"}, "missing.jsonl"),
        ({'"request.jsonl"': f'{{ file = "request.jsonl", sha256 = "{"0" * 64}" }}'}, "not the file that was planned"),
        ({"response.jsonl": "request.jsonl"}, "request.jsonl: exists already"),
        ({"response.jsonl": "record.html"}, "is named twice under outputs"),
        ({"response.jsonl": "no/response.jsonl"}, "its folder is not there"),
        ({"/orgs/ttma": "/orgs/north-college"}, "is a key of"),
        ({'trust = "trust"': 'trust = "trust2"'}, "trust2: is not a folder"),
        (
            {"[inputs]": '[[person]]\nname = "Ada"\nrole = "custodian"\n[inputs]'},
            "its key has custodians: 1, and the ceremony names 2",
        ),
    ],
)
def test_what_is_not_ready_is_said_before_a_key_is_touched(
    tmp_path: Path, changes: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No transcript is begun: nothing was asked of the key."""
    desk = make_desk(tmp_path, real_key=False)
    path = write(desk, "cosign", **changes)
    before = sorted(tmp_path.rglob("*"))
    assert run(desk, path) in (1, 2)
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["drill", "recover"])
def test_shares_of_another_bodys_key_are_said_before_anybody_sits_down(
    fresh: Desk, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(fresh, write(fresh, "split", "threshold = 2\nshares = 3\n")) == 0
    before = sorted(fresh.folder.rglob("*"))
    capsys.readouterr()
    path = write(fresh, kind, **{"/orgs/ttma": "/orgs/north-college"})
    assert run(fresh, path) == 1
    assert "is a key of" in capsys.readouterr().err
    assert sorted(fresh.folder.rglob("*")) == sorted([*before, path])


def test_a_stated_digest_that_fits_is_taken(fresh: Desk) -> None:
    digest = file_digest(fresh.folder / "request.jsonl").hex()
    stated = {'"request.jsonl"': f'{{ file = "request.jsonl", sha256 = "{digest}" }}'}
    assert run(fresh, write(fresh, "cosign", **stated)) == 0
    assert (fresh.folder / "request.jsonl").read_bytes() == REQUEST


def test_a_key_of_another_use_is_refused(fresh: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = fresh.folder / "sign.toml"
    ending = '[inputs]\nkey = "ttma.key"\ndraft = "trust"\n[outputs]\nrecord = "r.html"\n'
    path.write_text(f'kind = "trust-sign"\norganisation = "{TTMA}"\n{PEOPLE}{ending}', encoding="utf-8")
    assert run(fresh, path) == 1
    assert "its use is 'cosign', not 'trust'" in capsys.readouterr().err


@pytest.mark.parametrize("turn", [1, 2], ids=["while they sat down", "while they compared the clock"])
def test_C25_a_stated_file_that_is_exchanged_while_people_read_is_refused(
    fresh: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], turn: int
) -> None:
    """The words of the request do not cover the roster; its digest in the plan does."""
    roster, waits = fresh.folder / "roster.csv", iter((1, 2))
    roster.write_text("".join(f"{line}\n" for line in ("name", NAMES[0])), encoding="utf-8")
    stated = f'request = "request.jsonl"\nroster = {{file = "roster.csv", sha256 = "{file_digest(roster).hex()}"}}\n'

    def meanwhile() -> None:
        if next(waits) == turn:
            roster.write_text("".join(f"{line}\n" for line in ("name", *NAMES)), encoding="utf-8")

    monkeypatch.setattr("keys.guide_cli._wait_at_terminal", meanwhile)
    path = write(fresh, "cosign", **{'request = "request.jsonl"\n': stated})
    assert run(fresh, path) == 1
    assert "roster.csv: is not the file that was planned with" in capsys.readouterr().err
    assert not (fresh.folder / "response.jsonl").exists()


def test_C25_a_founding_that_is_exchanged_while_people_compare_the_clock_makes_no_draft(
    fresh: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    founding, waits = fresh.folder / "founding.toml", iter((1, 2))
    founding.write_text('site = "https://verify.river.example"\n', encoding="utf-8")
    stated = f'founding = {{file = "founding.toml", sha256 = "{file_digest(founding).hex()}"}}'

    def meanwhile() -> None:
        if next(waits) == 2:
            founding.write_text('site = "https://verify.other.example"\n', encoding="utf-8")

    monkeypatch.setattr("keys.guide_cli._wait_at_terminal", meanwhile)
    path = write(fresh, "trust-init", **{'founding = "founding.toml"': stated})
    assert run(fresh, path) == 1
    told = capsys.readouterr().err
    assert "This machine's clock shows" in told
    assert "founding.toml: is not the file that was planned with" in told
    assert not (fresh.folder / "draft").exists()
