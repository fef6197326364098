"""K03, K04, K10, K13 for shares: kept apart, typed or read, and a drill that proves them without writing a key."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.algorithms import Algorithm, generate_private_key
from keys.cli import main
from keys.encoding import canonical
from keys.files import SECRET, write_new
from keys.keyfile import public_path, read_public_key
from keys.offline_cli import open_home
from keys.possession import KeyUse, prove_possession
from keys.private_key import AnyPrivateKey, any_jwk_of
from keys.share_file import parse_share_file
from keys.transcript import Closed, verify_transcript
from keys.unlock_cli import open_private_key
from tests.keys.age import write_cheap_key
from tests.keys.keyboard import sit_down
from tests.keys.partner import FOUNDED, PARTNERS, TTMA

KEY = generate_private_key(Algorithm.ES256)
PASSPHRASE = "seven green kettles"
REFUSED = "handseal-ceremony: shares: do not make this key\n"


class Keepers:
    """A body whose key was split, and the commands that make it again."""

    def __init__(self, folder: Path, key: AnyPrivateKey = KEY, *, custodians: int = 1) -> None:
        self.folder, self.home, self.key = folder, folder / "home", key
        use = KeyUse.TRUST if isinstance(key, Ed25519PrivateKey) else KeyUse.COSIGN
        write_new(folder / "passphrase", f"{PASSPHRASE}\n".encode(), SECRET)
        write_cheap_key(folder / "body.key", key, PASSPHRASE)
        self.public = prove_possession(key, organisation=TTMA, use=use, created=FOUNDED, custodians=custodians)
        write_new(folder / "body.key.pub.json", canonical(self.public))

    def run(self, command: str, *arguments: object) -> int:
        own = ("--home", self.home, command, *arguments, "--online")
        return main([str(argument) for argument in own])

    def split(self, *more: object, out: str = "shares") -> int:
        given = ("--key", self.folder / "body.key", "--passphrase-file", self.folder / "passphrase")
        return self.run("split", *given, "--threshold", 2, "--shares", 3, "--out", self.folder / out, *more)

    def share(self, number: int, folder: str = "shares") -> Path:
        return self.folder / folder / f"share-{number}-of-3.toml"

    def words(self, number: int) -> str:
        return parse_share_file(self.share(number).read_bytes(), "share")

    def recover(self, *shares: Path, to: tuple[object, ...] = ("--drill",)) -> int:
        named = [argument for path in shares for argument in ("--share", path)]
        return self.run("recover", "--public", self.folder / "body.key.pub.json", *named, *to)

    def transcripts(self) -> list[Path]:
        return sorted((self.home / "transcripts").iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def closed(self) -> Closed:
        """The last transcript, whole."""
        return verify_transcript(self.transcripts()[-1].read_bytes().splitlines(keepends=True), "transcript")


@pytest.fixture
def keepers(tmp_path: Path) -> Keepers:
    made = Keepers(tmp_path)
    assert made.split() == 0
    return made


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The program's own last words, without the hint and where the transcript is."""
    lines = capsys.readouterr().err.splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("handseal-ceremony: "))


def test_split_writes_files_for_their_keepers_alone(keepers: Keepers) -> None:
    files = sorted((keepers.folder / "shares").iterdir())
    assert [path.name for path in files] == [f"share-{number}-of-3.toml" for number in (1, 2, 3)]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert all(keepers.public.kid in path.read_text() for path in files)
    assert [line.event for line in keepers.closed().lines] == ["opened", "split", "closed"]
    assert keepers.closed().key == keepers.public


@pytest.mark.parametrize("chosen", [(1, 2), (1, 3), (3, 2), (1, 2, 3)])
def test_K13_a_drill_proves_the_same_fingerprint_and_writes_no_key(
    keepers: Keepers, chosen: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(keepers.folder.rglob("*.key*"))
    assert keepers.recover(*map(keepers.share, chosen)) == 0
    assert f"fingerprint: {keepers.public.digest.hex()}\n" in capsys.readouterr().out
    assert sorted(keepers.folder.rglob("*.key*")) == before
    closed = keepers.closed()
    assert [line.event for line in closed.lines] == ["opened", "recovered", "closed"]
    assert closed.lines[0].details["command"] == "drill"
    assert closed.lines[1].details["shares"] == ", ".join(map(str, chosen))
    assert closed.key == keepers.public  # its signature is the proof


def test_K13_fewer_shares_give_nothing(keepers: Keepers, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert keepers.recover(keepers.share(1)) == 1
    shown = capsys.readouterr()
    assert (shown.out, keepers.public.digest.hex() in shown.err) == ("", False)
    events = [json.loads(line)["event"] for line in keepers.transcripts()[-1].read_text().splitlines()]
    assert events == ["opened", "shares-refused", "refused"]


def test_K03_whatever_is_wrong_with_shares_reads_alike(keepers: Keepers, capsys: pytest.CaptureFixture[str]) -> None:
    assert keepers.split(out="again") == 0
    flipped = keepers.folder / "flipped.toml"
    words = keepers.words(2).split()
    spoiled = keepers.share(2).read_bytes().replace(words[10].encode(), words[11].encode())
    write_new(flipped, spoiled, SECRET)
    for shares in (
        [keepers.share(1)],
        [keepers.share(1), keepers.share(1)],
        [keepers.share(1), keepers.share(2, "again")],
        [keepers.share(1), flipped],
        [keepers.share(1), keepers.share(3), flipped],
    ):
        capsys.readouterr()
        assert keepers.recover(*shares) == 1
        assert told(capsys) == REFUSED


def test_K08_shares_of_another_key_do_not_pass_for_this_one(
    keepers: Keepers, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Keepers(tmp_path_factory.mktemp("other"), generate_private_key(Algorithm.ES256))
    assert other.split() == 0
    capsys.readouterr()
    assert keepers.recover(other.share(1), other.share(2)) == 1
    assert told(capsys) == REFUSED


def test_a_key_is_put_back_under_new_passphrases(keepers: Keepers) -> None:
    spoken = [keepers.folder / "new"]
    write_new(spoken[0], b"under the mango tree\n", SECRET)
    back = keepers.folder / "back.key"
    to = ("--out", back, "--passphrase-file", spoken[0])
    assert keepers.recover(keepers.share(1), keepers.share(3), to=to) == 0
    assert read_public_key(public_path(back)) == keepers.public
    assert any_jwk_of(open_private_key(back, keepers.public, spoken)) == any_jwk_of(KEY)
    assert keepers.closed().key == keepers.public


def test_a_holders_key_is_split_and_proven(tmp_path: Path) -> None:
    keepers = Keepers(tmp_path, Ed25519PrivateKey.generate())
    assert keepers.split() == 0
    assert keepers.recover(keepers.share(2), keepers.share(3)) == 0


def test_shares_are_typed_by_their_keepers_with_four_letters_a_word(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = keepers.words(1).split(), keepers.words(3).split()
    short = [word[:4] for word in second]
    typed = sit_down(monkeypatch, " ".join(first[:30]), "nosuchword", " ".join(first[30:]), *short)
    assert keepers.recover() == 0
    assert typed.asked[:3] == ["share 1, word 1 of 33", "share 1, word 31 of 33", "share 1, word 31 of 33"]
    assert typed.asked[3:] == [f"share 2, word {number} of 33" for number in range(1, 34)]
    assert "word 31 is not in the list" in capsys.readouterr().err


def test_K03_a_share_is_typed_three_times_at_most_and_each_is_taken_down(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = " ".join(reversed(keepers.words(1).split()))
    typed = sit_down(monkeypatch, *[wrong] * 4)
    capsys.readouterr()
    assert keepers.recover() == 1
    assert (told(capsys), len(typed.asked)) == (REFUSED, 3)
    events = [json.loads(line)["event"] for line in keepers.transcripts()[-1].read_text().splitlines()]
    assert events == ["opened", *["share-refused"] * 3, "shares-refused", "refused"]


def test_without_a_terminal_shares_come_from_files(keepers: Keepers, capsys: pytest.CaptureFixture[str]) -> None:
    assert keepers.recover() == 2
    assert "hint: use --share FILE" in capsys.readouterr().err


def test_K04_a_share_that_others_may_read_is_refused(keepers: Keepers, capsys: pytest.CaptureFixture[str]) -> None:
    keepers.share(1).chmod(0o644)
    capsys.readouterr()
    assert keepers.recover(keepers.share(1), keepers.share(2)) == 1
    assert "may be read by others" in told(capsys)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_K04_shares_and_keys_are_not_written_into_a_git_work_tree(
    keepers: Keepers, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = keepers.folder / "tree"
    subprocess.run(["git", "init", "--quiet", str(tree)], check=True)
    assert keepers.split(out="tree/shares") == 1
    spoken = ("--passphrase-file", keepers.folder / "passphrase")
    to = ("--out", tree / "back.key", *spoken)
    assert keepers.recover(keepers.share(1), keepers.share(2), to=to) == 1
    assert capsys.readouterr().err.count("lies in a git work tree") == 2
    assert [path.name for path in tree.iterdir()] == [".git"]


def test_where_shares_and_keys_cannot_go_is_said_before_anything_is_asked(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed, before = sit_down(monkeypatch, PASSPHRASE), keepers.transcripts()
    given = ("--key", keepers.folder / "body.key", "--threshold", 2, "--shares", 3)
    assert keepers.run("split", *given, "--out", keepers.folder / "shares") == 1
    assert "shares: exists already" in told(capsys)
    assert keepers.recover(to=("--out", keepers.folder / "body.key")) == 1
    assert "body.key: exists already" in told(capsys)
    assert (typed.asked, keepers.transcripts()) == ([], before)


def test_a_home_of_another_body_neither_splits_nor_recovers(
    keepers: Keepers, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_home(keepers.home) as home:
        home.remember("owner", PARTNERS[0])
    capsys.readouterr()
    assert keepers.split(out="again") == 1
    assert keepers.recover(keepers.share(1), keepers.share(2)) == 1
    assert told(capsys).count(f"belongs to {PARTNERS[0]}") == 2
    assert not (keepers.folder / "again").exists()


def test_I10_K05_nothing_is_overwritten(keepers: Keepers) -> None:
    assert keepers.split() == 1
    spoken = ("--passphrase-file", keepers.folder / "passphrase")
    shares = (keepers.share(1), keepers.share(2))
    assert keepers.recover(*shares, to=("--out", keepers.folder / "body.key", *spoken)) == 1
    write_new(keepers.folder / "back.key.pub.json", b"{}")
    assert keepers.recover(*shares, to=("--out", keepers.folder / "back.key", *spoken)) == 1
    assert not (keepers.folder / "back.key").exists()


def test_a_recovery_that_fails_leaves_no_key(keepers: Keepers) -> None:
    to = ("--out", keepers.folder / "no" / "back.key", "--passphrase-file", keepers.folder / "passphrase")
    assert keepers.recover(keepers.share(1), keepers.share(2), to=to) == 1
    assert not (keepers.folder / "no").exists()


@pytest.mark.parametrize("to", [(), ("--drill", "--out", "back.key")])
def test_recover_writes_a_key_or_is_a_drill(keepers: Keepers, to: tuple[str, ...]) -> None:
    assert keepers.recover(keepers.share(1), keepers.share(2), to=to) == 2


def test_K10_neither_key_nor_words_are_left_anywhere(keepers: Keepers, capsys: pytest.CaptureFixture[str]) -> None:
    assert keepers.recover(keepers.share(1), keepers.share(2)) == 0
    assert keepers.recover(keepers.share(1), keepers.share(1)) == 1
    shown = capsys.readouterr()
    number = KEY.private_numbers().private_value
    words = [keepers.words(share).split() for share in (1, 2, 3)]
    runs = [" ".join(share[first : first + 4]) for share in words for first in range(0, 32, 4)]
    # The first words of a share say which set it is of, and are the same in all.
    traces = [PASSPHRASE, f"{number:x}", str(number), "PRIVATE KEY", *(run for run in runs if run != runs[0])]
    shutil.rmtree(keepers.folder / "shares")
    (keepers.folder / "passphrase").unlink()
    written = [path.read_bytes() for path in keepers.folder.rglob("*") if path.is_file()]
    for text in (*written, shown.out.encode(), shown.err.encode()):
        assert number.to_bytes(32, "big") not in text
        assert not [trace for trace in traces if trace.encode() in text]
