"""Bytes, digests and times have one spelling each, and foreign JSON one reader."""

from __future__ import annotations

import base64
import hashlib
import math
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, strategies as st
from mnemonic import Mnemonic

from keys.encoding import (
    MAX_BYTES,
    MAX_INTEGER,
    b64url_decode,
    b64url_encode,
    canonical,
    digest_words,
    format_time,
    parse,
    parse_sri,
    parse_time,
    require_utc,
    sha256,
    sri,
    strict_json,
)
from keys.errors import FormatError
from keys.text import require_text

ascii_names = st.text(st.characters(max_codepoint=0x7F), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=20)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_names, inner, max_size=4),
    max_leaves=20,
)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    text: str = ""
    narrative: str = ""


# -- canonical form -------------------------------------------------------------------------------------------------


@given(documents)
def test_canonical_is_rfc_8785(document: Any) -> None:
    assert canonical(document) == rfc8785.dumps(document)


@given(st.builds(Line, number=st.integers(-MAX_INTEGER, MAX_INTEGER), text=st.text(), narrative=st.text()))
def test_canonical_of_a_struct_is_that_of_its_members(line: Line) -> None:
    assert canonical(line) == rfc8785.dumps({"number": line.number, "text": line.text, "narrative": line.narrative})


@pytest.mark.parametrize(
    "value",
    [
        *(1.5, 1.0, -0.0, math.nan, math.inf, -math.inf, 1e300, MAX_INTEGER + 1, -MAX_INTEGER - 1, 10**30),
        *({"é": 1}, {1: 2}, {None: 1}, {"a": [{"b": 0.5}]}, [2**53], (1, 2.0), {1, 2}, frozenset(), b"x", bytearray()),
        *("\ud800", ["\udfff"], object(), 1j),
    ],
)
def test_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(FormatError):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (MAX_INTEGER, b"9007199254740991"),
        (-MAX_INTEGER, b"-9007199254740991"),
        (True, b"true"),
        ((1, 2), b"[1,2]"),
        ('\b\t\n\f\r\x00\x1f\x7f"\\/', b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\\"\\\\/"'),
        ({"b": 1, "a": 2, "": 3, "A": 4, "10": 5, "9": 6}, b'{"":3,"10":5,"9":6,"A":4,"a":2,"b":1}'),
    ],
)
def test_canonical_spellings(value: object, data: bytes) -> None:
    assert canonical(value) == data


# -- the strict reader ----------------------------------------------------------------------------------------------


def readable(text: str) -> bool:
    try:
        require_text(text, "x")
    except FormatError:
        return False
    return True


readable_text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "M"))).filter(readable)


@given(
    st.dictionaries(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)), readable_text | st.integers(0, 9))
)
def test_strict_json_reads_what_canonical_writes(document: dict[str, Any]) -> None:
    assert strict_json(canonical(document), "x") == document


SPELLINGS = [
    *(b'{"number":1,"number":1}', b'{"number":1,"number":2}', b'{ "number":1}', b'{"number": 1}', b'{"number":1} '),
    *(b'\n{"number":1}', b'{"number":1}\n', b"\xef\xbb\xbf" + b'{"number":1}', '{"number":1}'.encode("utf-16")),
    *('{"number":1}'.encode("utf-16-le"), b'{"number":1.0}', b'{"number":1e0}', b'{"number":-0}', b'{"number":01}'),
    *(b'{"number":NaN}', b'{"number":Infinity}', b'{"number":1e400}', b'{"number":0x1}', b'{"number":+1}'),
    *(b'{"\\u006eumber":1}', b'{"number":1,"text":"\\u0061"}', b'{"number":1,"text":"\\/"}', b'{"number":1,}'),
    *(b'{"number":1,"text":"\\ud800"}', b'{"number":1,"text":"\xed\xa0\x80"}', b'{"number":1,"text":"\xff"}'),
    *(b'{"number":1}{"number":1}', b"{number:1}", b"{'number':1}", b"// x\n{}", b"", b"null", b"\0", b"{"),
    *(b'{"number":1,"text":"\\u0000"}', b'{"number":1,"text":"\\n"}', b'{"number":1,"text":"\\u001b"}'),
    *(b'{"number":1,"text":"\x7f"}', b'{"number":1,"text":"\xc2\x9b"}', b'{"number":1,"text":"e\xcc\x81"}'),
    *(b'{"number":1,"text":"\xe2\x80\xae"}', b'{"number":' + b"9" * 5000 + b"}", b'{"number":-' + b"9" * 400 + b"}"),
    b'{"narrative":"","number":1,"text":"\\n"}',
    b'{"narrative":"\\t","number":1,"text":""}',
    b'{"narrative":"\\r\\n","number":1,"text":""}',
    b'{"narrative":"","number":1,"text":"\\\\\\n"}',
]


@pytest.mark.parametrize("data", SPELLINGS, ids=range(len(SPELLINGS)))
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^line: "):
        parse(data, Line, "line")
    if data != b"null":
        with pytest.raises(FormatError, match=r"^line: "):
            strict_json(data, "line")


def test_parse_reads_its_own_form() -> None:
    line = Line(number=MAX_INTEGER, text='a "b" \\ c \\n ปิ่น', narrative="one\ntwo\n\u0e01")
    assert parse(canonical(line), Line, "line") == line
    assert strict_json(canonical(line), "line") == msgspec.to_builtins(line)


@pytest.mark.parametrize("narrative", ["a\n\u0303b", "\u0e01\n\u0e49", "\\\n\u0303"])
def test_a_mark_after_a_newline_does_not_join_its_escape(narrative: str) -> None:
    line = Line(number=1, narrative=narrative)
    assert parse(canonical(line), Line, "line") == line


def test_a_text_that_looks_like_a_narrative_member() -> None:
    line = Line(number=1, text='"narrative":"\n"')
    with pytest.raises(FormatError, match="newline"):
        parse(canonical(line), Line, "line")


@pytest.mark.parametrize("data", [b'{"number":1,"other":2}', b"{}", b'{"number":"1"}', b'{"number":true}', b"[1]"])
def test_parse_is_closed(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^line: "):
        parse(data, Line, "line")


def test_a_fault_is_short() -> None:
    with pytest.raises(FormatError) as fault:
        parse(b'{"number":1,"' + b"k" * 50_000 + b'":1}', Line, "line")
    assert len(str(fault.value)) < 300


def test_sizes() -> None:
    longest = canonical(Line(number=1, text="x" * (MAX_BYTES - len(canonical(Line(number=1))))))
    assert len(longest) == MAX_BYTES
    assert parse(longest, Line, "x").number == 1
    assert strict_json(longest, "x")["number"] == 1
    for read in (lambda data: parse(data, Line, "x"), lambda data: strict_json(data, "x")):
        with pytest.raises(FormatError, match="larger than 65536 bytes"):
            read(longest.replace(b"xx", b"xxx", 1))
    with pytest.raises(FormatError, match="larger"):
        parse(b"{}", Line, "x", limit=1)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth(opening: bytes, closing: bytes) -> None:
    strict_json(opening * 16 + b"1" + closing * 16, "x")
    with pytest.raises(FormatError, match="deeper than 16"):
        strict_json(opening * 17 + b"1" + closing * 17, "x")
    assert strict_json(b'["' + b"[{" * 40 + b'"]', "x") == ["[{" * 40]
    assert strict_json(b'["\\"' + b"[{" * 40 + b'"]', "x") == ['"' + "[{" * 40]
    assert strict_json(b"[[]," * 15 + b"1" + b"]" * 15, "x")


@pytest.mark.parametrize(
    "data", [b'"' + b'\\"' * 32_000, b'"' * 65_000, b"\\" * 65_000, b'"\\' * 32_000, b"[" * 65_000, b'[""' * 16_000]
)
def test_hostile_bytes_take_no_time(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(FormatError):
        strict_json(data, "x")
    assert time.process_time() - started < 0.2


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = strict_json(data, "x")
    except FormatError:
        return
    assert rfc8785.dumps(value) == data


# -- base64url, digests, words --------------------------------------------------------------------------------------


@given(st.binary(max_size=80))
def test_base64url_round_trip(data: bytes) -> None:
    text = b64url_encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert b64url_decode(text) == data


@given(st.text(alphabet="AQgwZ09-_=+/ \n\té", max_size=9))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = b64url_decode(text)
    except FormatError:
        return
    assert b64url_encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AB", "AAB", "AA==", "AA=", "A+AA", "A/AA", "AA\n", " AA", "AAAAA", "éAAA", "\0AAA", "\udcffAAA"]
)
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        b64url_decode(text)


def test_sri() -> None:
    digest = sha256(b"x")
    assert (digest, sri(digest)) == (hashlib.sha256(b"x").digest(), "sha256-" + base64.b64encode(digest).decode())
    assert parse_sri(sri(digest)) == digest
    good = sri(digest)
    for text in (good[:-1], good + "=", good[7:], "sha256-sha256-" + good[7:], good.replace("sha256", "sha512"), ""):
        with pytest.raises(FormatError):
            parse_sri(text)
    for text in ("sha256-" + "A" * 42 + "B=", sri(b"x" * 31), sri(b"x" * 33), good + " " + good, "sha256-é"):
        with pytest.raises(FormatError):
            parse_sri(text)


@given(st.binary(min_size=32, max_size=32))
def test_words_are_the_first_132_bits_in_the_bip_39_list(digest: bytes) -> None:
    words = digest_words(digest)
    wordlist = Mnemonic("english").wordlist
    bits = "".join(f"{wordlist.index(word):011b}" for word in words)
    assert bits == "".join(f"{byte:08b}" for byte in digest)[:132]
    # Eleven words of `mnemonic`'s own coding of the first 128 bits are the same; its twelfth ends in a checksum.
    assert tuple(Mnemonic("english").to_mnemonic(digest[:16]).split()[:11]) == words[:11]


# -- times ----------------------------------------------------------------------------------------------------------


@given(st.integers(-30_000_000_000, 253_402_300_799))
def test_times_round_trip(seconds: int) -> None:
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    moment = whole + timedelta(microseconds=1)
    assert parse_time(format_time(moment)) == whole
    assert msgspec.json.encode(whole) == f'"{format_time(moment)}"'.encode()


def test_times_are_written_in_utc() -> None:
    bangkok = timezone(timedelta(hours=7))
    assert format_time(datetime(2026, 11, 20, 6, 59, 59, 999_999, tzinfo=bangkok)) == "2026-11-19T23:59:59Z"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-11-20",
            "2026-11-20T08:00:00",
            "2026-11-20T08:00:00+00:00",
            "2026-11-20T08:00:00.0Z",
            "2026-02-30T00:00:00Z",
        ),
        *("2026-11-20t08:00:00z", " 2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z\n", "2026-1-2T08:00:00Z", ""),
        *("2026-02-30T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T23:59:60Z", "0999-01-01T00:00:00Z"),
        *("๒๐๒๖-11-20T08:00:00Z", "now"),
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(FormatError, match="is not a time"):
        parse_time(text)


def test_moments_on_the_wire_are_utc_and_whole() -> None:
    require_utc(datetime(2026, 11, 20, tzinfo=UTC), msgspec.UNSET)
    for moment in (
        datetime(2026, 11, 20, microsecond=1, tzinfo=UTC),
        datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=7))),
        datetime(2026, 11, 20),  # noqa: DTZ001  # the naive one that is refused
    ):
        with pytest.raises(ValueError, match="UTC"):
            require_utc(moment)
