"""A founding and a change, run as the holders run them: folders, key files, words."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from keys.aloud import grouped, word_lines
from keys.encoding import digest_words, sha256
from keys.errors import ConfigurationError, HandsealError
from keys.keyfile import read_public_key, write_key_file
from keys.offline_cli import now, open_home
from keys.transcript import verify_transcript
from keys.trust_changes import Founding
from keys.trust_cli import read_toml
from keys.trust_folder_cli import read_folder, write_folder
from tests.keys.trust_desk import FOUNDING, Run, lay_desk, program, sign, status_list, words
from tests.keys.trust_holders import CLINIC, COLLEGE, HOLDERS, SITE, TTMA, founded


@pytest.fixture
def handseal(capsys: pytest.CaptureFixture[str]) -> Run:
    return program(capsys)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return lay_desk(tmp_path)


@pytest.fixture
def published(desk: Path, handseal: Run) -> tuple[Path, str]:
    """A founded trust folder and the hex of its root."""
    assert handseal("init", desk / "founding.toml", "--out", desk / "draft")[0] == 0
    assert sign(handseal, desk, "draft", "ttma")[0] == 0
    code, out, _ = sign(handseal, desk, "draft", "river-clinic")
    assert code == 0
    return desk / "draft", re.search(r"^Root: ([0-9a-f]{64})$", out, re.MULTILINE)[1]


def test_a_founding_goes_from_hand_to_hand(desk: Path, handseal: Run) -> None:
    code, out, _ = handseal("init", desk / "founding.toml", "--out", desk / "draft")
    assert code == 0
    assert "\n".join(word_lines("Words:", words(desk / "draft").split())) in out
    assert "NEW organisation" in out
    code, out, err = sign(handseal, desk, "draft", "north-college")
    assert (code, "Root:" in out) == (0, False)
    assert f"1.root.json: signed by {COLLEGE} (2 needed)" in out
    assert "pass the folder on" in err
    code, out, _ = sign(handseal, desk, "draft", "river-clinic")
    digest = sha256((desk / "draft" / "1.root.json").read_bytes())
    assert code == 0
    assert f"Root: {digest.hex()}\n      {grouped(digest.hex()[:32])}\n" in out
    assert "\n".join(word_lines("Words:", digest_words(digest))) in out
    code, _, err = sign(handseal, desk, "draft", "ttma")
    assert (code, "nothing to sign" in err) == (0, True)
    assert sorted(path.name for path in (desk / "draft").iterdir()) == ["1.list.json", "1.root.json", "targets.json"]


def test_show_prints_what_holds(published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    code, out, _ = handseal("show", folder, "--root", root)
    assert code == 0
    for part in (
        TTMA,
        "'River Clinic'",
        "2 of 3 for a new list",
        "root 1 ends on",
        "trust list 1 ends on",
    ):
        assert part in out
    code, out, _ = handseal("show", folder, "--root", root, "--json")
    document = json.loads(out)
    assert (code, document["root"], document["rootVersion"], document["expired"]) == (0, root, 1, False)
    assert document["holders"] == sorted(HOLDERS)
    assert document["thresholds"] == {"root": 2, "targets": 2}
    assert [o["id"] for o in document["list"]["organisations"]] == [CLINIC, TTMA, COLLEGE]


def test_a_holder_is_shown_as_keygen_showed_the_key(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    digest = read_public_key(desk / "ttma.key.pub.json").digest
    told = digest_words(digest)
    line = f"Holder: {TTMA}, fingerprint {digest.hex()[:16]}…, words {' '.join(told[:4])} …\n"
    assert line in handseal("show", folder, "--root", root)[1]
    assert line in handseal("init", desk / "founding.toml", "--out", desk / "another")[1]
    document = json.loads(handseal("show", folder, "--root", root, "--json")[1])
    assert {"holder": TTMA, "fingerprint": digest.hex(), "words": " ".join(told)} in document["holderKeys"]


def test_show_says_that_a_list_expired(tmp_path: Path, handseal: Run) -> None:
    write_folder(tmp_path / "old", founded(life=timedelta(days=30)))
    root = sha256((tmp_path / "old" / "1.root.json").read_bytes()).hex()
    code, out, _ = handseal("show", tmp_path / "old", "--root", root)
    assert (code, "ENDED: root 1 ended on 2026-01-31\nENDED: trust list 1 ended on 2026-01-31\n" in out) == (0, True)


def test_a_change_is_proposed_signed_and_shown(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    (desk / "changes.toml").write_text('[[rename]]\norganisation = "ttma"\nname.en = "Massage Association"\n')
    code, out, _ = handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")
    assert (code, "RENAMED to en 'Massage Association'" in out) == (0, True)
    assert sign(handseal, desk, "next", "ttma", "--trust", folder, "--root", root)[0] == 0
    code, _, err = handseal("show", desk / "next", "--root", root)
    assert (code, "1 of 2 required signatures" in err) == (1, True)
    assert sign(handseal, desk, "next", "north-college", "--trust", folder, "--root", root)[0] == 0
    out = handseal("show", desk / "next", "--root", root)[1]
    assert "is called en 'Thai Traditional Massage Association'" in out
    assert "'Massage Association'" in out
    assert re.search(r"^List 2, issued [0-9TZ:-]+:\n  organisation ", out, re.MULTILINE)
    assert "NEW" not in out


def test_new_holders_come_by_a_new_root(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    (desk / "changes.toml").write_text('[root]\nholders = ["ttma.key.pub.json", "north-college.key.pub.json"]\n')
    assert handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")[0] == 0
    for holder in ("ttma", "north-college"):
        assert sign(handseal, desk, "next", holder, "--trust", folder, "--root", root)[0] == 0
    document = json.loads(handseal("show", desk / "next", "--root", root, "--json")[1])
    assert (document["rootVersion"], document["holders"]) == (2, [COLLEGE, TTMA])


def test_after_the_founding_a_holder_compares_with_the_list_it_knows(
    desk: Path, published: tuple[Path, str], handseal: Run
) -> None:
    folder, root = published
    (desk / "changes.toml").write_text("")
    assert handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")[0] == 0
    code, _, err = sign(handseal, desk, "next", "north-college")
    assert (code, "add --trust DIR --root HEX" in err) == (2, True)
    code, _, err = sign(handseal, desk, "next", "north-college", "--trust", folder, "--root", "00" * 32)
    assert (code, "is not the root that was told" in err) == (1, True)
    assert sign(handseal, desk, "next", "river-clinic")[0] == 0  # it completed the founding, so it knows list 1
    assert sign(handseal, desk, "next", "north-college", "--trust", folder, "--root", root)[0] == 0


def test_a_holder_signs_no_other_history(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    (desk / "own.toml").write_text(FOUNDING.replace("threshold = 2", "threshold = 1"))
    assert handseal("init", desk / "own.toml", "--out", desk / "own")[0] == 0
    before = read_folder(desk / "own")
    code, out, err = sign(handseal, desk, "own", "river-clinic")
    assert (code, "trust/1.root.json: is not the one you hold" in err) == (1, True)
    assert "Words:" not in out + err  # it is not even shown
    assert read_folder(desk / "own") == before


def test_a_home_of_another_body_signs_nothing(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    before = read_folder(desk / "draft")
    with open_home(desk / "ttma.home") as home:
        home.remember("owner", COLLEGE)
    code, _, err = sign(handseal, desk, "draft", "ttma")
    assert (code, f"belongs to {COLLEGE}" in err, read_folder(desk / "draft")) == (1, True, before)


def test_a_signature_leaves_a_closed_transcript(desk: Path, published: tuple[Path, str]) -> None:
    (path,) = (desk / "ttma.home" / "transcripts").iterdir()
    closed = verify_transcript(path.read_bytes().splitlines(keepends=True), path.name)
    assert [line.event for line in closed.lines] == ["opened", "reviewed", "words-confirmed", "signed", "closed"]
    assert closed.lines[3].details == {"files": "1.root.json, targets.json"}
    assert closed.key.organisation == TTMA


def test_K14_a_signature_cut_short_between_two_files_is_finished_later(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    unsigned = (desk / "draft" / "targets.json").read_bytes()
    assert sign(handseal, desk, "draft", "ttma")[0] == 0
    whole = read_folder(desk / "draft")
    (desk / "draft" / "targets.json").write_bytes(unsigned)  # killed after the root, before the targets
    code, out, _ = sign(handseal, desk, "draft", "ttma")
    assert (code, read_folder(desk / "draft")) == (0, whole)
    assert f"targets.json: signed by {TTMA} (2 needed)" in out


def test_a_key_of_another_name_signs_nothing(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    (desk / "ttma.key").write_bytes((desk / "north-college.key").read_bytes())
    code, _, err = sign(handseal, desk, "draft", "ttma")
    assert (code, "does not belong to" in err) == (1, True)


def test_wrong_words_sign_nothing(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    before = read_folder(desk / "draft")
    code, _, err = sign(handseal, desk, "draft", "ttma", "--confirm", "abandon " * 12)
    assert (code, "words: are not those" in err) == (1, True)
    own = ("--passphrase-file", desk / "passphrase", "--home", desk / "home", "--online")
    code, _, err = handseal("sign", desk / "draft", "--key", desk / "ttma.key", *own)
    assert (code, "no terminal" in err) == (2, True)
    assert read_folder(desk / "draft") == before


def test_a_strangers_key_signs_nothing(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    code, _, err = sign(handseal, desk, "draft", "stranger")
    assert (code, "no holder's" in err) == (1, True)


def test_nothing_is_overwritten(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    before = read_folder(folder)
    (desk / "changes.toml").write_text("")
    for call in (
        ("init", desk / "founding.toml", "--out", folder),
        ("propose", folder, desk / "changes.toml", "--root", root, "--out", folder),
    ):
        code, _, err = handseal(*call)
        assert (code, "exists already" in err) == (1, True)
    assert read_folder(folder) == before


@pytest.mark.parametrize(
    ("before", "after", "code", "fragment"),
    [
        (', "north-college.key.pub.json"]', "]", 1, "2 of 2 must sign: one lost key would end this trust list"),
        ("holders = [", "targets-threshold = 3\nholders = [", 1, "3 of 3 must sign: one lost key"),
        ("threshold = 2", "threshhold = 2", 2, "founding.toml: programme[0]: unknown key 'threshhold'"),
        ("threshold = 2", 'threshold = "2"', 2, "programme[0].threshold: expected `int`"),
        ("threshold = 2", "threshold = 3", 1, "threshold 3 of 2"),
        ('"ttma.key.pub.json"', '"nobody.key.pub.json"', 2, "nobody.key.pub.json"),
        ("[[organisation]]", "[[organisation", 2, "founding.toml"),
    ],
)
def test_a_fault_in_the_description_leaves_no_draft(
    desk: Path, handseal: Run, before: str, after: str, code: int, fragment: str
) -> None:
    (desk / "founding.toml").write_text(FOUNDING.replace(before, after))
    found, _, err = handseal("init", desk / "founding.toml", "--out", desk / "draft")
    assert (found, fragment in err) == (code, True)
    assert not any(".part" in path.name or path.name == "draft" for path in desk.iterdir())


def test_a_proposal_starts_from_a_trust_folder_that_verifies(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    (desk / "changes.toml").write_text("")
    root = sha256((desk / "draft" / "1.root.json").read_bytes()).hex()
    code, _, err = handseal("propose", desk / "draft", desk / "changes.toml", "--root", root, "--out", desk / "next")
    assert (code, "0 of 2 required signatures" in err) == (1, True)
    assert not (desk / "next").exists()


def test_a_frozen_list_is_read_beside_the_changes(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    (desk / "last.jwt").write_bytes(status_list(f"{SITE}/status/ttma/revocation/1", now()))
    (desk / "changes.toml").write_text(f'[[freeze]]\nid = "{SITE}/status/ttma/revocation/1"\nfile = "last.jwt"\n')
    code, out, _ = handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")
    assert (code, "FROZEN for ever" in out) == (0, True)


def test_a_key_that_lies_open_signs_nothing(desk: Path, handseal: Run) -> None:
    (desk / "ttma.key").unlink()
    write_key_file(desk / "ttma.key", HOLDERS[TTMA], None)
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    code, _, err = sign(handseal, desk, "draft", "ttma")
    assert (code, "lies unencrypted" in err) == (1, True)


def test_other_files_and_links_in_a_folder_are_no_trust_files(tmp_path: Path) -> None:
    files = founded()
    write_folder(tmp_path / "t", files)
    (tmp_path / "t" / "notes.txt").write_text("x")
    (tmp_path / "t" / "01.root.json").write_text("x")
    assert read_folder(tmp_path / "t") == files
    with pytest.raises(ConfigurationError, match="is not a folder"):
        read_folder(tmp_path / "missing")


def test_writing_into_a_missing_folder_fails_cleanly(tmp_path: Path) -> None:
    with pytest.raises(HandsealError, match="No such file"):
        write_folder(tmp_path / "missing" / "draft", {})


def test_toml_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'site = "\xff"')
    with pytest.raises(ConfigurationError, match=r"x\.toml"):
        read_toml(tmp_path / "x.toml", Founding)


@pytest.mark.parametrize("command", ["init", "propose", "sign", "show"])
def test_help_has_an_example(handseal: Run, command: str) -> None:
    code, out, _ = handseal(command, "--help")
    assert (code, f"handseal-ceremony trust {command} " in out) == (0, True)


def test_a_folder_with_more_files_than_any_trust_list_is_refused(tmp_path: Path) -> None:
    for number in range(1, 5_002):
        (tmp_path / f"{number}.list.json").touch()
    with pytest.raises(HandsealError, match="holds more than 5000 files"):
        read_folder(tmp_path)
