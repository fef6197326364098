"""A receipt says what was answered about which bytes; signed, it names nobody and nothing in it can be changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from flask.testing import FlaskClient
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from keys.encoding import canonical, format_time, sha256, sri
from keys.errors import FormatError, HandsealError, SignatureError
from keys.jws import Header, compact_jws, split_token
from keys.keyfile import create_key, open_key_file
from keys.possession import KeyUse
from keys.receipt_signer import ReceiptSigner, create_receipt_key, open_receipt_key, read_receipt_key
from tests.published import LOOKUP
from tests.served import Served
from tests.verifier.pdf import pdf_with
from tests.verifier.test_cli import Desk
from tests.world import CLINIC, SITE
from verifier.cli import main
from verifier.fonts import lent_fonts
from verifier.language import LANGUAGES, words_in
from verifier.receipt import Answered, Operator, read_receipt, receipt_of, signed_receipt
from verifier.receipt_page import receipt_pdf
from verifier.receipt_sheet import sheet_of
from verifier.report import CODES, Verdict
from verifier.web import Settings

NAMES = ("สมชาย ปิ่นทอง", "محمد عبد الرحمن", "阮文安", "Đỗ Thị Hằng", "Enki \U00012000")
PLAIN = Operator(SITE, "handseal 1")


def pem_of(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, passphrase: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> ReceiptSigner:
    path = tmp_path_factory.mktemp("keys") / "receipts.key"
    create_receipt_key(path)
    return open_receipt_key(path)


@pytest.fixture(scope="module")
def client(served: Served, signer: ReceiptSigner) -> FlaskClient:
    return served.app(settings=Settings(SITE, signer=signer)).test_client()


def answered(served: Served, verdict: Verdict, name: str = NAMES[0]) -> Answered:
    token, world = served.issue(verdict, name), served.world
    report = world.verify(token)
    assert report.verdict is verdict
    return Answered(report, world.materials(), token, world.now)


def text_of(pdf: bytes) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run([program, "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("verdict", Verdict)
def test_a_page_says_verdict_bytes_time_and_lists(served: Served, verdict: Verdict) -> None:
    given = answered(served, verdict)
    text = text_of(receipt_pdf(given, PLAIN, words_in("en"), lent_fonts()))
    words = words_in("en")
    assert words.say(f"verdict.{verdict.word}.title") in text
    assert sha256(given.data).hex() in text
    assert "22 November 2026, 09:00:00 UTC" in text
    assert f"Trust list, version {served.world.trust_list().version}" in text
    assert all(code in text for code in CODES)
    assert text.count("\f") == 1
    assert ("Somchai Pinthong" in text) is (given.report.certificate is not None)


@pytest.mark.parametrize("name", NAMES)
def test_P11_a_name_of_any_script_is_on_it_or_spelt_by_code(served: Served, name: str) -> None:
    given = answered(served, Verdict.VALID, name)
    sheet = sheet_of(given, PLAIN, words_in("en"), lent_fonts())
    assert sheet.name is not None
    assert sheet.name.text == name.replace("\U00012000", "[U+12000]")
    assert receipt_pdf(given, PLAIN, words_in("en"), lent_fonts()).startswith(b"%PDF")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_one_page_in_every_language(served: Served, language: str) -> None:
    given = answered(served, Verdict.WITHDRAWN, "Ю" * 120)
    assert text_of(receipt_pdf(given, PLAIN, words_in(language), lent_fonts())).count("\f") == 1


def test_the_same_answer_gives_the_same_bytes(served: Served) -> None:
    given = answered(served, Verdict.VALID)
    assert receipt_pdf(given, PLAIN, words_in("en"), lent_fonts()) == receipt_pdf(
        given, PLAIN, words_in("en"), lent_fonts()
    )


def test_a_signed_receipt_is_read_back_and_by_another_library(served: Served, signer: ReceiptSigner) -> None:
    given = answered(served, Verdict.VALID)
    operator = Operator(SITE, "handseal 1", signer)
    token = signed_receipt(given, operator)
    assert token is not None
    receipt = read_receipt(token.encode(), signer.public, "receipt")
    assert receipt == receipt_of(given, operator)
    assert receipt.token == sri(sha256(given.data))
    assert receipt.content == sri(given.report.digest or b"")
    assert [check.code for check in receipt.checks] == list(CODES)
    assert {entry.id for entry in receipt.lists} == {entry.id for entry in given.report.lists}
    other = JWS()
    other.deserialize(token, JWK.from_json(canonical(signer.public.jwk).decode()))
    assert json.loads(other.payload)["verdict"] == "valid"


@pytest.mark.parametrize("verdict", Verdict)
def test_W07_a_signed_receipt_names_nobody(served: Served, signer: ReceiptSigner, verdict: Verdict) -> None:
    given = answered(served, verdict)
    token = signed_receipt(given, Operator(SITE, "handseal 1", signer)) or ""
    payload = split_token(token.encode()).payload.decode()
    assert "สมชาย" not in payload
    assert "Somchai" not in payload
    assert "urn:uuid" not in payload
    assert "programmes" not in payload


def test_a_changed_receipt_and_another_key_are_refused(served: Served, signer: ReceiptSigner, tmp_path: Path) -> None:
    token = (signed_receipt(answered(served, Verdict.REVOKED), Operator("", "x", signer)) or "").encode()
    parts = split_token(token)
    forged = compact_jws(
        Header(alg="ES256", kid=signer.public.kid),
        parts.payload.replace(b'"revoked"', b'"valid"'),
        lambda _: parts.signature,
    )
    with pytest.raises(SignatureError):
        read_receipt(forged.encode(), signer.public, "receipt")
    other = create_receipt_key(tmp_path / "other.key")
    with pytest.raises(SignatureError, match="not signed by this key"):
        read_receipt(token, other, "receipt")
    with pytest.raises(FormatError):
        read_receipt(signer.sign(b"{}").encode(), signer.public, "receipt")


def test_K04_the_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "receipts.key"
    made = create_receipt_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_receipt_key(tmp_path / "receipts.key.pub.json") == made
    with pytest.raises(HandsealError, match="exists already"):
        create_receipt_key(path)
    path.chmod(0o644)
    with pytest.raises(HandsealError, match="may be read by others"):
        open_receipt_key(path)


@pytest.mark.parametrize(
    ("pem", "complaint"),
    [
        (b"", "not a whole receipt key"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()))[:150], "not a whole receipt key"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()), b"locked"), "not a whole receipt key"),
        (pem_of(ec.generate_private_key(ec.SECP384R1())), "a key of another kind"),
        (pem_of(ed25519.Ed25519PrivateKey.generate()), "a key of another kind"),
    ],
    ids=["nothing", "half", "locked", "another curve", "no curve"],
)
def test_what_is_no_receipt_key_is_told(tmp_path: Path, pem: bytes, complaint: str) -> None:
    path = tmp_path / "receipts.key"
    create_receipt_key(path)
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first + pem)
    with pytest.raises(HandsealError, match=f"receipts.key: is {complaint}"):
        open_receipt_key(path)


def test_a_public_half_under_another_kid_is_refused(tmp_path: Path) -> None:
    made, other = (create_receipt_key(tmp_path / name) for name in ("a.key", "b.key"))
    path = tmp_path / "a.key.pub.json"
    path.write_bytes(path.read_bytes().replace(made.kid.encode(), other.kid.encode()))
    with pytest.raises(FormatError, match="kid: is not the key's"):
        read_receipt_key(path)


def test_a_public_half_that_cannot_be_written_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise HandsealError(f"{path}: No space left on device")

    monkeypatch.setattr("keys.receipt_signer.write_new", full)
    with pytest.raises(HandsealError, match="No space left"):
        create_receipt_key(tmp_path / "receipts.key")
    assert list(tmp_path.iterdir()) == []


def test_K04_an_organisations_key_signs_no_receipts_and_this_one_nothing_else(tmp_path: Path) -> None:
    status, receipts = tmp_path / "status.key", tmp_path / "receipts.key"
    now = datetime(2026, 11, 22, tzinfo=UTC)
    create_key(status, organisation=CLINIC, use=KeyUse.STATUS, passphrase=None, created=now)
    create_receipt_key(receipts)
    with pytest.raises(HandsealError, match="no receipt key"):
        open_receipt_key(status)
    with pytest.raises(HandsealError, match="unencrypted"):
        open_key_file(receipts, None)


def test_the_page_offers_receipts_and_they_answer(served: Served, client: FlaskClient, signer: ReceiptSigner) -> None:
    lookup = served.add(served.issue(Verdict.VALID))
    page = client.get(f"/c/{lookup}").text
    for ending, kind in (("pdf", "application/pdf"), ("jws", "application/jose")):
        assert f'href="/c/{lookup}/receipt.{ending}"' in page
        answer = client.get(f"/c/{lookup}/receipt.{ending}")
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert answer.headers["Handseal-Verdict"] == "valid"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"] == f"attachment; filename=receipt-20261122T090000Z.{ending}"
    assert read_receipt(answer.data, signer.public, "receipt").verifier == SITE
    assert client.get("/receipt-key.json").data == canonical(signer.public)


def test_an_upload_gets_its_receipt_by_a_form(served: Served, client: FlaskClient) -> None:
    token = served.issue(Verdict.REVOKED)
    page = client.post("/", data={"text": token.decode()}).text
    assert 'action="/receipt.pdf"' in page
    answer = client.post("/receipt.jws", data={"text": token.decode()})
    assert answer.headers["Handseal-Verdict"] == "revoked"


def test_Q03_no_receipt_of_an_unknown_number(client: FlaskClient, served: Served) -> None:
    for path in (f"/c/{LOOKUP}/receipt.pdf", "/c/x/receipt.pdf", f"/c/{LOOKUP}/receipt.html"):
        assert client.get(path).status_code == 404
    assert client.post("/receipt.pdf", data={}).status_code == 400
    unsigned = served.client()
    assert unsigned.get("/receipt-key.json").status_code == 404
    assert unsigned.post("/receipt.jws", data={"text": "x"}).status_code == 404


def test_a_signed_receipt_where_nobody_signs_is_another_matter_than_an_unknown_number(served: Served) -> None:
    lookup = served.add(served.issue(Verdict.VALID))
    page = served.client().get(f"/c/{lookup}/receipt.jws")
    assert (page.status_code, "There is nothing at this address" in page.text) == (404, True)
    unknown = served.client().get(f"/c/{LOOKUP}/receipt.pdf").text
    assert "No certificate has this number" in unknown


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Desk(tmp_path)


def test_a_command_writes_a_receipt_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    out = desk.folder / "receipt.pdf"
    assert main([desk.valid, *desk.options, "--receipt", str(out)]) == 0
    assert "Valid certificate" in text_of(out.read_bytes())
    assert main([desk.valid, *desk.options, "--receipt", str(out)]) == 3, "1 would say: not valid"
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["receipt.txt", "receipt.jws"])
def test_a_receipt_that_cannot_be_written_is_refused_before_the_check(
    desk: Desk, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([desk.valid, *desk.options, "--receipt", str(desk.folder / name)]) == 2
    assert main([desk.valid, desk.invalid, *desk.options, "--receipt", "one.pdf"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert not (desk.folder / name).exists()


def test_a_signed_receipt_at_the_terminal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key, out, second = desk.folder / "receipts.key", desk.folder / "receipt.jws", desk.folder / "second.jws"
    assert main(["receipt-key", str(key)]) == 0
    assert main([desk.valid, *desk.options, "--receipt", str(second), "--receipt-key", str(key)]) == 0
    config = desk.folder / "config" / "handseal" / "verify.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'receipt-key = "{key}"\n', "utf-8")
    at = datetime.now(UTC) + timedelta(days=9000)
    assert main([desk.valid, *desk.options, "--at", format_time(at), "--receipt", str(out)]) == 1
    capsys.readouterr()
    asked = ["receipt", str(out), "--key", f"{key}.pub.json"]
    assert main([*asked, "--of", desk.valid]) == 0
    shown = capsys.readouterr().out
    assert f"About        {desk.valid}" in shown
    assert f"Signed by    the key {read_receipt_key(Path(f'{key}.pub.json')).kid}" in shown
    assert "Answer       Expired or not yet valid" in shown
    assert f"Asked about  {format_time(at)}" in shown
    assert f"Certificate  SHA-256 {sha256(desk.token).hex()}" in shown
    assert main([*asked, "--of", desk.file("bare.jwt", desk.token + b"\n")]) == 0
    other = desk.world.issue(core=desk.world.core("Anna Smith"))
    for files in (pdf_with(other), pdf_with(desk.token, other)):
        assert main([*asked, "--of", desk.file("other.pdf", files)]) == 1
        assert "is about something else" in capsys.readouterr().err
    out.write_bytes(out.read_bytes()[:-4] + b"AAAA")
    assert main(asked) == 1


def test_the_halves_of_a_key_and_a_pdf_are_told_apart(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key, out = desk.folder / "receipts.key", desk.folder / "receipt.jws"
    assert main(["receipt-key", str(key)]) == 0
    signing = [desk.valid, *desk.options, "--receipt", str(out), "--receipt-key"]
    assert main([*signing, f"{key}.pub.json"]) == 3
    assert f"hint: the key itself: {key}\n" in capsys.readouterr().err
    assert main([*signing, str(key)]) == 0
    assert main(["receipt", str(out), "--key", str(key)]) == 1
    assert f"hint: its public half: {key}.pub.json\n" in capsys.readouterr().err
    assert main(["receipt", "receipt.pdf", "--key", f"{key}.pub.json"]) == 2
    assert "what can be checked is a .jws" in capsys.readouterr().err
