"""Whole tokens are found in text and PDF; everything else gives a hint, and nothing raises."""

import io
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from hypothesis import given, strategies as st
from PIL import Image

from keys.encoding import b64url_encode
from keys.jws import split_token
from tests.published import LOOKUP
from tests.verifier.pdf import pdf_with, resaved, save
from tests.verifier.photographs import baked_png, baked_svg, code, huge_png, saved, sheet
from tests.world import SITE, World
from verifier.carrier import (
    DAMAGED,
    ELSEWHERE,
    EMPTY_PDF,
    ENCRYPTED,
    HEIC,
    NO_CODE,
    NOT_HERE,
    NOTHING,
    OTHER_LINK,
    PICTURE,
    SEVERAL_CODES,
    TOO_MANY_PIXELS,
    Candidates,
    credentials_in,
    pages_of,
    verify_carried,
)
from verifier.report import Outcome, Report, Verdict

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
    ("data", "hint"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(40), PICTURE),
        (b"<?xml version='1.0'?>\n<svg/>", PICTURE),
        (b"\xff\xd8\xff\xe0", PICTURE),
        (b"\0\0\0\x18ftypheic" + bytes(40), HEIC),
        (saved(Image.new("L", (300, 300), 255)), NO_CODE),
        (huge_png(), TOO_MANY_PIXELS),
    ],
    ids=["png", "svg", "jpeg", "heic", "no code", "20,000 x 20,000"],
)
def test_a_picture_without_a_certificate_says_what_helps(data: bytes, hint: str) -> None:
    assert credentials_in(data) == Candidates((), hint)
    assert report_on(data).verdict is Verdict.UNKNOWN
    assert report_on(data).check("token.form").case == hint


@pytest.mark.parametrize("bake", [baked_svg, lambda token: baked_png(b"\0\0\0\0" + token.encode())], ids=["svg", "png"])
def test_a_baked_credential_is_verified(bake: Callable[[str], bytes]) -> None:
    assert report_on(bake(TOKEN.decode())).verdict is Verdict.VALID


def test_two_baked_credentials_are_invalid() -> None:
    data = baked_png(*(b"\0\0\0\0" + token for token in (TOKEN, WORLD.issue())))
    assert report_on(data).verdict is Verdict.INVALID


def report_on(data: bytes, *bases: str, found: bytes | None = TOKEN) -> Report:
    materials = WORLD.materials()
    asked: list[str] = []

    def find(lookup: str) -> bytes | None:
        asked.append(lookup)
        return found

    report = verify_carried(data, materials, at=WORLD.now, now=WORLD.now, pages=pages_of(materials, find, *bases))
    assert set(asked) <= {LOOKUP}
    return report


LINKS = [
    f"{SITE}/c/{LOOKUP}",
    f"{SITE.upper()}/C/{LOOKUP}",
    f"https://mirror.example/c/{LOOKUP}.jwt",
    LOOKUP.lower(),
    "-".join([LOOKUP[:13], LOOKUP[13:]]),
    f"verify.river.example/c/{LOOKUP}",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_or_number_leads_to_its_certificate(link: str) -> None:
    assert report_on(f" {link}\n".encode(), "https://mirror.example").verdict is Verdict.VALID


@pytest.mark.parametrize("link", [LINKS[0], LINKS[1]])
def test_a_photograph_of_the_code_leads_to_its_certificate(link: str) -> None:
    assert report_on(saved(sheet(code(link)), "JPEG")).verdict is Verdict.VALID


def test_a_scanned_page_leads_to_its_certificate() -> None:
    """As a scanner or a telephone makes it: a PDF of one photograph."""
    assert report_on(saved(sheet(code(LINKS[1])), "PDF")).verdict is Verdict.VALID
    blank = report_on(saved(sheet(), "PDF"))
    assert (blank.verdict, blank.check("token.form").case) == (Verdict.UNKNOWN, EMPTY_PDF)
    broken = pdf_with(b"\xff\xd8\xff\xe0", compress=False)
    assert report_on(broken).check("token.form").case == EMPTY_PDF


def test_a_codes_picture_does_not_count_beside_a_credential() -> None:
    scan = saved(sheet(code("https://elsewhere.example/c/" + LOOKUP)), "JPEG")
    assert credentials_in(pdf_with(TOKEN, scan, compress=False)) == Candidates((TOKEN,), "")


@pytest.mark.parametrize("rest", [TOKEN + b"!", zlib.compress(TOKEN)[:-9]], ids=["one character more", "cut"])
def test_what_is_left_of_a_credential_is_not_made_good_by_the_code_of_another(rest: bytes) -> None:
    scan = saved(sheet(code(LINKS[1])), "JPEG")
    assert report_on(pdf_with(scan, compress=False)).verdict is Verdict.VALID
    report = report_on(pdf_with(rest, scan, compress=False))
    assert (report.verdict, report.check("token.form").case) == (Verdict.UNKNOWN, EMPTY_PDF)


def test_a_page_to_which_a_file_is_attached_is_no_scan() -> None:
    """Of a credential that is damaged in its first bytes nothing else is left to know it by."""
    with pikepdf.open(io.BytesIO(pdf_with(saved(sheet(code(LINKS[1])), "JPEG"), compress=False))) as pdf:
        attached = pikepdf.AttachedFileSpec(pdf, TOKEN, filename="credential.jwt")
        pdf.attachments["credential.jwt"] = attached
        whole = save(pdf, compress_streams=False)
    assert report_on(whole).verdict is Verdict.VALID
    report = report_on(whole.replace(TOKEN, b"?" + TOKEN[1:]))
    assert (report.verdict, report.check("token.form").case) == (Verdict.UNKNOWN, EMPTY_PDF)


def test_P04_of_many_photographs_in_a_pdf_the_largest_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr("verifier.carrier.codes_in", lambda data: seen.append(len(data)) or ())
    credentials_in(pdf_with(*(b"\xff\xd8\xff" + bytes(1000 * number) for number in range(1, 100)), compress=False))
    assert [round(size, -3) for size in seen] == [99_000, 98_000]


def test_a_certificate_that_is_not_in_this_copy_is_unknown() -> None:
    report = report_on(LINKS[0].encode(), found=None)
    assert (report.verdict, report.check("token.form").case) == (Verdict.UNKNOWN, NOT_HERE)


@pytest.mark.parametrize(
    ("link", "host"),
    [
        (f"https://verify-river.example/c/{LOOKUP}", "verify-river.example"),
        (f"http://verify.river.example/c/{LOOKUP}", "verify.river.example"),
        (f"https://verify.river.example@evil.example/c/{LOOKUP}", "evil.example"),
        (f"https://vеrify.river.example/c/{LOOKUP}", "xn--vrify-zwe.river.example"),  # a Cyrillic letter
    ],
)
@pytest.mark.parametrize("carry", [str.encode, lambda link: saved(sheet(code(link)))], ids=["text", "code"])
def test_Q06_a_code_that_leads_elsewhere_is_refused_with_its_host(
    link: str, host: str, carry: Callable[[str], bytes]
) -> None:
    check = report_on(carry(link)).check("token.form")
    assert check.case == ELSEWHERE
    assert f" leads to {host}, not to " in check.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "WIFI:S:a;;", f"{SITE}/orgs/a"])
def test_Q06_a_code_that_is_no_link_to_a_certificate_is_refused(link: str) -> None:
    check = report_on(saved(sheet(code(link)))).check("token.form")
    assert (check.case, check.outcome) == (OTHER_LINK, Outcome.UNKNOWN)


def test_the_codes_of_two_certificates_are_neither() -> None:
    other = LOOKUP[:-1] + "Z"
    data = saved(sheet(code(LINKS[0]), code(f"{SITE}/c/{other}")))
    assert report_on(data).check("token.form").case == SEVERAL_CODES


def test_a_code_of_somebody_else_beside_ours_takes_nothing_away() -> None:
    assert report_on(saved(sheet(code(LINKS[0]), code("https://shop.example/")))).verdict is Verdict.VALID


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
