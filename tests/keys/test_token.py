"""Keys in a token, for real: SoftHSM holds them, and only signatures come out."""

from __future__ import annotations

import json
import sys
import time
from io import BytesIO
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.algorithms import Algorithm, generate_private_key
from keys.cli import main
from keys.encoding import digest_words
from keys.errors import ConfigurationError, HandsealError
from keys.keyfile import open_key_file, public_path, read_public_key
from keys.possession import KeyUse, require_signature
from keys.request import RequestReader
from keys.review import review_request
from keys.transcript import verify_transcript
from keys.trust_edit import found, open_draft, progress
from keys.trust_folder_cli import read_folder, write_folder
from keys.unlock_cli import unlocked
from tests.attacks.sitting import PEOPLE
from tests.keys.desk import NOW, Desk, make_desk
from tests.keys.keyboard import sit_down
from tests.keys.partner import KEYS, TTMA, build_cores, build_request
from tests.keys.tokens import PIN, WRONG_PIN, Token
from tests.keys.trust_holders import CLINIC, HOLDERS, LIST, holders

COHORT = 1_000
SECONDS = 5.0


def keygen(folder: Path, token: Token, label: str, *more: str, use: str = "cosign") -> int:
    given = ["--token", token.uri(label), "--passphrase-file", str(token.pin_file)]
    named = ["--org", TTMA, "--use", use, "--out", str(folder / label), "--online"]
    return main(["--home", str(folder / "home"), "keygen", *named, *given, *more])


def plan_keygen(form: Path, use: str, uri: str) -> None:
    """A ceremony's file, beside which `new.key` is made."""
    form.write_text(
        f'kind = "keygen"\norganisation = "{TTMA}"\nuse = "{use}"\ntoken = "{uri}"\n{PEOPLE}'
        '[outputs]\nkey = "new.key"\nrecord = "record.html"\n'
    )


def count(token: Token, label: str) -> int:
    """How many objects of that name the token holds."""
    with pkcs11.lib(token.module).get_token(token_label=token.label).open(user_pin=PIN) as session:
        return len(list(session.get_objects({pkcs11.Attribute.LABEL: label})))


@pytest.fixture
def desk(tmp_path: Path, token: Token) -> Desk:
    """A partner body whose key is in the token; the trust list knows it."""
    desk = make_desk(tmp_path, real_key=False)
    for path in (desk.folder / "ttma.key", public_path(desk.folder / "ttma.key")):
        path.unlink()
    token.keep(desk.folder / "ttma.key", KEYS[TTMA]._key, TTMA, KeyUse.COSIGN)
    (desk.folder / "passphrase").write_text(f"{PIN}\n")
    return desk


def test_keygen_makes_a_key_that_cannot_be_taken_out(tmp_path: Path, token: Token) -> None:
    assert keygen(tmp_path, token, "cosign") == 0
    path = tmp_path / "cosign"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (f"{token.uri('cosign')}\n", 0o600)
    public = read_public_key(public_path(path))
    with pkcs11.lib(token.module).get_token(token_label=token.label).open(user_pin=PIN) as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="cosign")
        kept = (pkcs11.Attribute.SENSITIVE, pkcs11.Attribute.ALWAYS_SENSITIVE, pkcs11.Attribute.NEVER_EXTRACTABLE)
        assert [key[attribute] for attribute in kept] == [True, True, True]
        assert key[pkcs11.Attribute.EXTRACTABLE] is False
    with unlocked(path, public, [token.pin_file]) as signer:
        require_signature(public, b"message", signer.sign(b"message"), "does not hold")
    (written,) = (tmp_path / "home" / "transcripts").iterdir()
    lines = verify_transcript(written.read_bytes().splitlines(keepends=True), "transcript").lines
    assert lines[1].details["token"] == "TTMA"
    assert PIN.encode() not in written.read_bytes() + path.read_bytes() + public_path(path).read_bytes()


@pytest.mark.parametrize("use", ["cosign", "trust"])
def test_a_planned_ceremony_makes_its_key_in_a_token(
    tmp_path: Path, token: Token, capsys: pytest.CaptureFixture[str], use: str
) -> None:
    uri, form = token.uri(f"planned-{use}"), tmp_path / "keygen.toml"
    plan_keygen(form, use, uri)
    given = ("--online", "--passphrase-file", str(token.pin_file))
    assert main(["--home", str(tmp_path / "home"), "run", str(form), *given]) == 0
    said = capsys.readouterr().err
    assert f"Bring token: {uri}" in said
    assert "type its PIN" in said
    assert "passphrase" not in said
    public = read_public_key(tmp_path / "new.key.pub.json")
    assert (tmp_path / "new.key").read_text() == f"{uri}\n"
    assert public.kid in (tmp_path / "record.html").read_text("utf-8")
    with unlocked(tmp_path / "new.key", public, [token.pin_file]) as signer:
        require_signature(public, b"message", signer.sign(b"message"), "does not hold")


def test_a_planned_ceremony_loads_no_driver_from_elsewhere(
    tmp_path: Path, token: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before people sit down, as anything else in the file that cannot be."""
    (tmp_path / "driver.so").write_bytes(b"")
    uri, form = token.uri("planned").replace(token.module, str(tmp_path / "driver.so")), tmp_path / "keygen.toml"
    plan_keygen(form, "cosign", uri)
    given = ("--online", "--passphrase-file", str(token.pin_file))
    assert main(["--home", str(tmp_path / "home"), "run", str(form), *given]) == 1
    said = capsys.readouterr().err
    assert "token: module-path:" in said
    assert "Pull the network cable" not in said
    assert not (tmp_path / "home").exists()


def test_a_holders_key_in_a_token_is_ed25519(tmp_path: Path, token: Token) -> None:
    assert keygen(tmp_path, token, "holder", use="trust") == 0
    public = read_public_key(public_path(tmp_path / "holder"))
    with unlocked(tmp_path / "holder", public, [token.pin_file]) as signer:
        public.ed25519.verify(signer.sign(b"message"), b"message")


def test_K05_a_key_of_that_name_in_the_token_stays(
    tmp_path: Path, token: Token, capsys: pytest.CaptureFixture[str]
) -> None:
    token.take(generate_private_key(Algorithm.ES256), "mine")
    assert keygen(tmp_path, token, "mine") == 1
    assert "holds a key of that name" in capsys.readouterr().err
    assert (count(token, "mine"), (tmp_path / "mine").exists()) == (2, False)  # its private and its public half


def test_a_keygen_that_fails_leaves_no_key_in_the_token(tmp_path: Path, token: Token) -> None:
    assert keygen(tmp_path, token, "folder-is-missing", "--out", str(tmp_path / "no" / "key")) == 1
    assert count(token, "folder-is-missing") == 0


@pytest.mark.parametrize("more", [["--custodians", "2"], ["--unattended"], ["--algorithm", "RS256"]])
def test_what_a_token_cannot_do_is_refused(tmp_path: Path, token: Token, more: list[str]) -> None:
    assert keygen(tmp_path, token, "odd", *more) == 2


def test_a_body_cosigns_and_withdraws_with_its_token(desk: Desk) -> None:
    assert desk.cosign("response.jsonl", *desk.brought) == 0
    assert desk.cosign("again.jsonl") == 0
    # A token's signature is another each time; the state folder gives the one that was made first.
    assert desk.tokens("again.jsonl") == desk.tokens("response.jsonl")
    request, out = str(desk.folder / "request.jsonl"), str(desk.folder / "list.jwt")
    assert desk.run("withdraw", "--request", request, *desk.secret, "--confirm", "5", "--out", out) == 0


def test_a_thousand_co_signatures_take_one_login_and_less_than_five_seconds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = build_request(build_cores((f"Learner {n}" for n in range(COHORT)), now=NOW), created=NOW)
    (desk.folder / "request.jsonl").write_bytes(request)
    words = " ".join(review_request(RequestReader(BytesIO(request))).words)
    typed = sit_down(monkeypatch, PIN)
    begun = time.process_time()  # the token is a library of this process; a busy machine fails no test
    named = ["--key", str(desk.folder / "ttma.key"), "--online", "--confirm", words, *desk.brought]
    out = str(desk.folder / "response.jsonl")
    assert desk.run("cosign", str(desk.folder / "request.jsonl"), *named, "--out", out) == 0
    seconds = time.process_time() - begun
    assert typed.asked == ["PIN of token TTMA"]  # without a PIN there is no login
    assert len(desk.tokens("response.jsonl")) == COHORT
    assert seconds < SECONDS


def test_K03_a_wrong_pin_is_tried_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = sit_down(monkeypatch, WRONG_PIN, PIN)
    assert desk.run("status", *desk.secret[:2], "--online", *desk.brought, "--out", str(desk.folder / "list.jwt")) == 1
    assert typed.asked == ["PIN of token TTMA"]
    lines = [json.loads(line) for line in desk.transcripts()[-1].read_text().splitlines()]
    assert [line["event"] for line in lines][-2:] == ["key-not-opened", "refused"]
    assert WRONG_PIN not in desk.transcripts()[-1].read_text()


def refused(desk: Desk, token: Token) -> HandsealError:
    path = desk.folder / "ttma.key"
    with (
        pytest.raises(HandsealError) as fault,
        unlocked(path, read_public_key(public_path(path)), [token.pin_file]),
    ):
        pytest.fail("it opened")
    return fault.value


def test_K08_another_key_of_the_token_is_refused(desk: Desk, token: Token) -> None:
    token.take(generate_private_key(Algorithm.ES256), "another")
    (desk.folder / "ttma.key").write_text(f"{token.uri('another')}\n")
    assert "does not belong to its public file" in str(refused(desk, token))


def test_K08_a_holders_key_of_the_token_is_no_co_signers(desk: Desk, token: Token) -> None:
    token.take(Ed25519PrivateKey.generate(), "ed25519")
    (desk.folder / "ttma.key").write_text(f"{token.uri('ed25519')}\n")
    assert str(refused(desk, token)).startswith(str(desk.folder / "ttma.key"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("object=", "object=no-"), "0 keys in the token fit, not one"),
        (("token=TTMA", "token=ELSE"), "0 tokens fit, not one"),
        (("object=", "serial=00;object="), "0 tokens fit, not one"),
        (("libsofthsm2", "libnothing"), "module-path: "),
    ],
)
def test_a_key_that_is_not_found_is_named(desk: Desk, token: Token, change: tuple[str, str], told: str) -> None:
    path = desk.folder / "ttma.key"
    path.write_text(path.read_text().replace(*change))
    assert f"{path}: {told}" in str(refused(desk, token))


def test_a_file_of_a_token_that_others_may_change_is_refused(desk: Desk, token: Token) -> None:
    (desk.folder / "ttma.key").chmod(0o666)  # it names the driver, which is a program
    assert "may be read by others" in str(refused(desk, token))


def test_a_token_that_was_pulled_out_signs_no_more(desk: Desk, token: Token) -> None:
    path = desk.folder / "ttma.key"
    with unlocked(path, read_public_key(public_path(path)), [token.pin_file]) as signer:
        signer.sign(b"message")
    with pytest.raises(HandsealError, match="the token failed: SessionHandleInvalid"):
        signer.sign(b"message")


def test_without_the_package_the_extra_is_named(desk: Desk, token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    fault = refused(desk, token)
    assert isinstance(fault, ConfigurationError)
    assert fault.hint == "install handseal[hsm]"


def test_a_key_of_a_token_has_no_file_to_read(desk: Desk) -> None:
    with pytest.raises(HandsealError, match="is a key in a token, which it never leaves"):
        open_key_file(desk.folder / "ttma.key", PIN)


def test_a_holder_signs_the_trust_list_with_a_token(tmp_path: Path, token: Token) -> None:
    draft, key = tmp_path / "draft", tmp_path / "trust.key"
    write_folder(draft, found(LIST, holders()))
    token.keep(key, HOLDERS[CLINIC], CLINIC, KeyUse.TRUST)
    words = " ".join(digest_words(open_draft(read_folder(draft)).digest))
    given = ["--key", str(key), "--passphrase-file", str(token.pin_file), "--confirm", words, "--online"]
    assert main(["--home", str(tmp_path / "home"), "trust", "sign", str(draft), *given]) == 0
    assert [part.signed for part in progress(read_folder(draft))] == [(CLINIC,), (CLINIC,)]
