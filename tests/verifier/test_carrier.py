"""Whole tokens are found in text and PDF; everything else gives a hint, and nothing raises."""

import zlib

import pikepdf
import pytest
from hypothesis import given, strategies as st

from keys.encoding import b64url_encode
from keys.jws import split_token
from tests.verifier.pdf import pdf_with, resaved
from tests.world import World
from verifier.carrier import DAMAGED, EMPTY_PDF, ENCRYPTED, NOTHING, PICTURE, credentials_in, verify_carried
from verifier.report import Outcome, Verdict

WORLD = World()
TOKEN = WORLD.issue()


def test_a_token_is_its_own_carrier() -> None:
    assert credentials_in(b"  " + TOKEN + b"\r\n").tokens == (TOKEN,)


def test_a_token_broken_by_lines_goes_to_verification_as_it_is() -> None:
    broken = b"\n".join(TOKEN[i : i + 76] for i in range(0, len(TOKEN), 76))
    assert credentials_in(broken).tokens == (broken,)
    assert verify_carried(broken, WORLD.materials(), at=WORLD.now, now=WORLD.now).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "text",
    [
        b"e30." + b"e30" * 30 + b".",
        b".".join([TOKEN] * 2),
        b'{"payload":"e30","signatures":[]}',
        TOKEN + b"=" * 100,
    ],
    ids=["no header", "too many parts", "JSON serialisation", "padding"],
)
def test_what_is_meant_as_a_token_is_judged_as_one(text: bytes) -> None:
    assert credentials_in(text).tokens == (text,)


@pytest.mark.parametrize(
    "text",
    [b"", b"Dear Sir or Madam.", b"PK\x03\x04" + bytes(99), b"See my certificate: " + TOKEN, b"everything. " * 60],
    ids=["empty", "a sentence", "a document", "text around", "sentences"],
)
def test_other_files_have_a_hint_and_no_candidate(text: bytes) -> None:
    assert credentials_in(text) == credentials_in(b"")
    assert credentials_in(text).hint == NOTHING


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(40), b"<?xml version='1.0'?>\n<svg/>", b"\xff\xd8\xff\xe0"]
)
def test_pictures_say_so(data: bytes) -> None:
    assert credentials_in(data).hint == PICTURE


@pytest.mark.parametrize("compress", [True, False])
def test_an_attachment_is_found(compress: bool) -> None:
    assert credentials_in(pdf_with(TOKEN, compress=compress)).tokens == (TOKEN,)


def test_the_word_stream_in_a_text_hides_nothing() -> None:
    data = pdf_with(TOKEN)
    head, body = data[:20], data[20:]
    assert credentials_in(head + b"\n% (A live stream\ncourse)\n" + body).tokens == (TOKEN,)


def test_the_same_credential_twice_is_one() -> None:
    assert credentials_in(pdf_with(TOKEN, TOKEN)).tokens == (TOKEN,)


def test_another_signature_over_the_same_content_is_the_same_credential() -> None:
    other = World().sign(split_token(TOKEN).payload)
    assert other != TOKEN
    assert credentials_in(pdf_with(TOKEN, other)).tokens == (TOKEN,)


def test_two_credentials_are_invalid() -> None:
    data = pdf_with(TOKEN, WORLD.issue())
    assert len(credentials_in(data).tokens) == 2
    report = verify_carried(data, WORLD.materials(), at=WORLD.now, now=WORLD.now)
    assert report.verdict is Verdict.INVALID
    assert report.check("token.form").outcome is Outcome.FAIL


def test_a_carried_certificate_is_verified() -> None:
    report = verify_carried(pdf_with(TOKEN), WORLD.materials(), at=WORLD.now, now=WORLD.now)
    assert report.verdict is Verdict.VALID


def test_a_pdf_without_a_credential_is_unknown() -> None:
    assert credentials_in(pdf_with()).hint == EMPTY_PDF
    report = verify_carried(pdf_with(), WORLD.materials(), at=WORLD.now, now=WORLD.now)
    assert report.verdict is Verdict.UNKNOWN
    assert report.check("token.form").case == EMPTY_PDF
    assert report.check("token.form").text.startswith("This PDF carries no certificate")
    assert {check.outcome for check in report.checks[1:]} == {Outcome.NOT_RUN}


def test_encrypted_and_damaged_differ() -> None:
    assert credentials_in(resaved(pdf_with(TOKEN), encryption=pikepdf.Encryption(owner="o"))).hint == ENCRYPTED
    assert credentials_in(pdf_with(TOKEN)[:200]).hint == DAMAGED


def test_a_damaged_stream_is_no_candidate() -> None:
    packed = zlib.compress(TOKEN)
    data = pdf_with(TOKEN)
    assert packed in data
    assert credentials_in(data.replace(packed, packed[:-1] + bytes([packed[-1] ^ 1]))).tokens == ()


def test_a_token_as_large_as_may_be_is_found_and_a_larger_one_is_not() -> None:
    head = b64url_encode(b'{"alg":"ES256"}') + ".e30."
    largest = (head + "A" * (64 * 1024 - len(head))).encode()
    assert credentials_in(pdf_with(largest)).tokens == (largest,)
    assert credentials_in(pdf_with(largest + b"A")).tokens == ()
    assert credentials_in(pdf_with(largest + b"A", compress=False)).tokens == ()


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"%PDF-1.7 >>stream\n", b">>\nstream\r\neyJ", b"\x89PNG\r\n\x1a\n"])
)
def test_no_bytes_raise(data: bytes, head: bytes) -> None:
    found = credentials_in(head + data)
    assert bool(found.tokens) != bool(found.hint)
