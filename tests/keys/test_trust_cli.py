"""A founding and a change, run as the holders run them: folders, key files, words."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.console import run
from keys.encoding import canonical, digest_words, sha256
from keys.errors import ConfigurationError, HandsealError
from keys.files import write_new
from keys.keyfile import write_trust_key
from keys.possession import KeyUse, prove_possession
from keys.trust_changes import Founding
from keys.trust_cli import read_folder, read_toml, require_words, trust, write_folder
from keys.trust_edit import open_draft
from tests.keys.trust_holders import CLINIC, COLLEGE, FOUNDED, HOLDERS, SITE, STRANGER, TTMA, founded

FOUNDING = f"""
site = "{SITE}"
holders = ["river-clinic.pub.json", "ttma.pub.json", "north-college.pub.json"]
[[organisation]]
slug = "river-clinic"
name.en = "River Clinic"
[[organisation]]
slug = "ttma"
name.en = "Thai Traditional Massage Association"
[[organisation]]
slug = "north-college"
name.en = "North College"
[[programme]]
slug = "deep-tissue-foundations"
issuers = ["river-clinic"]
threshold = 2
cosigners = ["ttma", "north-college"]
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def handseal(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `handseal-ceremony trust …`: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run("handseal-ceremony trust", trust, [str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the description, and each holder's key; unencrypted, because opening one takes a second."""
    (tmp_path / "founding.toml").write_text(FOUNDING)
    write_new(tmp_path / "passphrase", b"not needed\n", 0o600)
    for organisation, key in (*HOLDERS.items(), (f"{SITE}/orgs/stranger", STRANGER)):
        name = organisation.rpartition("/")[2]
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(tmp_path / f"{name}.key", pem, 0o600)
        shown = prove_possession(key, organisation=organisation, use=KeyUse.TRUST, created=FOUNDED)
        write_new(tmp_path / f"{name}.pub.json", canonical(shown))
    return tmp_path


def words(folder: Path) -> str:
    return " ".join(digest_words(open_draft(read_folder(folder)).digest))


def sign(handseal: Run, desk: Path, draft: str, holder: str, *more: object) -> tuple[int, str, str]:
    key, passphrase = desk / f"{holder}.key", desk / "passphrase"
    confirm = ("--confirm", words(desk / draft)) if "--confirm" not in more else ()
    return handseal("sign", desk / draft, "--key", key, "--passphrase-file", passphrase, *confirm, *more)


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
    assert f"Words: {words(desk / 'draft')}" in out
    assert "NEW organisation" in out
    code, out, err = sign(handseal, desk, "draft", "north-college")
    assert (code, "Root:" in out) == (0, False)
    assert f"1.root.json: signed by {COLLEGE} (2 needed)" in out
    assert "pass the folder on" in err
    code, out, _ = sign(handseal, desk, "draft", "river-clinic")
    digest = sha256((desk / "draft" / "1.root.json").read_bytes())
    assert code == 0
    assert f"Root: {digest.hex()}\nWords: {' '.join(digest_words(digest))}" in out
    code, _, err = sign(handseal, desk, "draft", "ttma")
    assert (code, "nothing to sign" in err) == (0, True)
    assert sorted(path.name for path in (desk / "draft").iterdir()) == ["1.list.json", "1.root.json", "targets.json"]


def test_show_prints_what_holds(published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    code, out, _ = handseal("show", folder, "--root", root)
    assert code == 0
    for part in (TTMA, "'River Clinic'", "2 of 3 for a new list", "hold until"):
        assert part in out
    code, out, _ = handseal("show", folder, "--root", root, "--json")
    document = json.loads(out)
    assert (code, document["root"], document["rootVersion"], document["expired"]) == (0, root, 1, False)
    assert document["holders"] == sorted(HOLDERS)
    assert document["thresholds"] == {"root": 2, "targets": 2}
    assert [o["id"] for o in document["list"]["organisations"]] == [CLINIC, TTMA, COLLEGE]


def test_show_says_that_a_list_expired(tmp_path: Path, handseal: Run) -> None:
    write_folder(tmp_path / "old", founded(life=timedelta(days=30)))
    root = sha256((tmp_path / "old" / "1.root.json").read_bytes()).hex()
    code, out, _ = handseal("show", tmp_path / "old", "--root", root)
    assert (code, "EXPIRED 2026-01-31T00:00:00Z" in out) == (0, True)


def test_a_change_is_proposed_signed_and_shown(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    (desk / "changes.toml").write_text('[[rename]]\norganisation = "ttma"\nname.en = "Massage Association"\n')
    code, out, _ = handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")
    assert (code, "RENAMED to en 'Massage Association'" in out) == (0, True)
    known = ("--held", folder, "--root", root)
    assert sign(handseal, desk, "next", "ttma", *known)[0] == 0
    code, _, err = handseal("show", desk / "next", "--root", root)
    assert (code, "1 of 2 required signatures" in err) == (1, True)
    assert sign(handseal, desk, "next", "north-college", *known)[0] == 0
    assert "'Massage Association'" in handseal("show", desk / "next", "--root", root)[1]


def test_new_holders_come_by_a_new_root(desk: Path, published: tuple[Path, str], handseal: Run) -> None:
    folder, root = published
    (desk / "changes.toml").write_text('[root]\nholders = ["ttma.pub.json", "north-college.pub.json"]\n')
    assert handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")[0] == 0
    for holder in ("ttma", "north-college"):
        assert sign(handseal, desk, "next", holder, "--held", folder, "--root", root)[0] == 0
    document = json.loads(handseal("show", desk / "next", "--root", root, "--json")[1])
    assert (document["rootVersion"], document["holders"]) == (2, [COLLEGE, TTMA])


def test_after_the_founding_a_holder_compares_with_its_own_copy(
    desk: Path, published: tuple[Path, str], handseal: Run
) -> None:
    folder, root = published
    (desk / "changes.toml").write_text("")
    assert handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")[0] == 0
    code, _, err = sign(handseal, desk, "next", "ttma")
    assert (code, "--held: is missing" in err) == (2, True)
    code, _, err = sign(handseal, desk, "next", "ttma", "--held", folder)
    assert (code, "go together" in err) == (2, True)
    (desk / "own.toml").write_text(FOUNDING.replace("threshold = 2", "threshold = 1"))
    assert handseal("init", desk / "own.toml", "--out", desk / "own")[0] == 0
    for holder in ("ttma", "river-clinic"):
        assert sign(handseal, desk, "own", holder)[0] == 0
    own_root = sha256((desk / "own" / "1.root.json").read_bytes()).hex()
    code, _, err = sign(handseal, desk, "next", "ttma", "--held", desk / "own", "--root", own_root)
    assert code == 1
    assert "is not the one you hold" in err


def test_wrong_words_sign_nothing(desk: Path, handseal: Run) -> None:
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    before = read_folder(desk / "draft")
    code, _, err = sign(handseal, desk, "draft", "ttma", "--confirm", "abandon " * 12)
    assert (code, "not the words" in err) == (1, True)
    code, _, err = handseal(
        "sign", desk / "draft", "--key", desk / "ttma.key", "--passphrase-file", desk / "passphrase"
    )
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
        ("threshold = 2", "threshhold = 2", 2, "founding.toml: Object contains unknown field `threshhold`"),
        ("threshold = 2", 'threshold = "2"', 2, "Expected `int`"),
        ("threshold = 2", "threshold = 3", 1, "threshold 3 of 2"),
        ('"ttma.pub.json"', '"nobody.pub.json"', 2, "nobody.pub.json"),
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
    (desk / "last.jwt").write_bytes(b"e30.e30.AAAA")
    (desk / "changes.toml").write_text(f'[[freeze]]\nid = "{SITE}/status/ttma/revocation/1"\nfile = "last.jwt"\n')
    code, out, _ = handseal("propose", folder, desk / "changes.toml", "--root", root, "--out", desk / "next")
    assert (code, "FROZEN for ever" in out) == (0, True)


def test_an_encrypted_key_signs(desk: Path, handseal: Run) -> None:
    (desk / "ttma.key").unlink()
    write_trust_key(desk / "ttma.key", HOLDERS[TTMA], "not needed")
    handseal("init", desk / "founding.toml", "--out", desk / "draft")
    code, out, _ = sign(handseal, desk, "draft", "ttma")
    assert (code, f"signed by {TTMA} (2 needed)" in out) == (0, True)


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


def test_twelve_words_are_the_words(tmp_path: Path) -> None:
    digest = sha256(b"draft")
    require_words(digest, "  ".join(digest_words(digest)).upper())
    with pytest.raises(HandsealError, match="not the words"):
        require_words(digest, " ".join(digest_words(digest)[:11]))


@pytest.mark.parametrize("command", ["init", "propose", "sign", "show"])
def test_help_has_an_example(handseal: Run, command: str) -> None:
    code, out, _ = handseal(command, "--help")
    assert (code, f"handseal-ceremony trust {command} " in out) == (0, True)
