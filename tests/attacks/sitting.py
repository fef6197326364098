"""A planned co-signing at a terminal, as two people sit down to it, and what is left when it ends early."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from keys.encoding import digest_words
from keys.request import RequestReader, RequestRow
from tests.keys.desk import Desk, make_desk
from tests.keys.partner import TTMA
from tests.keys.typist import Typist

PEOPLE = '[[person]]\nname = "Ada"\nrole = "custodian"\n[[person]]\nname = "Bea"\nrole = "witness"\n'
PROMPT = "passphrase: "
ENTER = "Press Enter when this is done"


def sit_down(desk: Desk, *, before: Callable[[], None] | None = None) -> Typist:
    """The planned ceremony as a process at a terminal."""
    return Typist(["--home", "home", "run", "cosign.toml", "--online"], folder=desk.folder, before=before)


def until_words(typist: Typist) -> None:
    """People do what they do before the words are asked for."""
    for _ in range(2):
        typist.wait_for(ENTER)
        typist.type("")
    typist.wait_for("q: stop --")
    typist.type("a")


def answer(typist: Typist, words: tuple[str, ...]) -> None:
    """Types the three words that are asked for."""
    for _ in range(3):
        asked = re.search(r"word (\d+), as it is read aloud", typist.wait_for("as it is read aloud"))
        assert asked is not None
        typist.type(words[int(asked[1]) - 1])


def finish(desk: Desk) -> list[str]:
    """Runs the ceremony again, to its end; the tokens of its response."""
    given = ("--confirm", " ".join(words_of(desk)), "--passphrase-file", str(desk.folder / "passphrase"))
    assert desk.run("run", str(desk.folder / "cosign.toml"), "--online", *given) == 0
    return desk.tokens("stick/response.jsonl")


def words_of(desk: Desk) -> tuple[str, ...]:
    with (desk.folder / "request.jsonl").open("rb") as stream:
        return digest_words(RequestReader(stream).header.digest)


def kept(desk: Desk) -> dict[bytes, str]:
    """The committed endorsements of the state folder, by content."""
    path = desk.folder / "home" / "state.sqlite3"
    if not path.exists():
        return {}
    database = sqlite3.connect(path, timeout=60)
    try:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'endorsement'").fetchone():
            return {}  # the disk was full before there was a table
        return dict(database.execute("SELECT digest, token FROM endorsement"))
    finally:
        database.close()


def events(path: Path) -> list[str]:
    return re.findall(r'"event":"([a-z-]+)"', path.read_text("utf-8"))


def last_transcript(desk: Desk) -> Path:
    return desk.transcripts()[-1]


def outcome(desk: Desk) -> list[str]:
    """What lies on the stick and beside the plan: nothing of a ceremony that was cut short."""
    return sorted(path.name for path in (desk.folder / "stick").iterdir() if not path.name.endswith(".part"))


def rows(desk: Desk) -> Iterator[RequestRow]:
    with (desk.folder / "request.jsonl").open("rb") as stream:
        yield from RequestReader(stream)


def lay_table(folder: Path) -> Desk:
    """A body's table with a planned ceremony and no state yet."""
    desk = make_desk(folder, real_key=False)
    (folder / "stick").mkdir()
    (folder / "cosign.toml").write_text(
        f'kind = "cosign"\norganisation = "{TTMA}"\n{PEOPLE}[inputs]\nkey = "ttma.key"\nrequest = "request.jsonl"\n'
        f'trust = "trust"\nroot = "{desk.root}"\n'
        '[outputs]\nresponse = "stick/response.jsonl"\nrecord = "record.html"\n'
    )
    return desk
