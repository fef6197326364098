"""What is written is read back, whatever the order; anything else is refused with its line."""

from __future__ import annotations

import random
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given, settings, strategies as st

from keys.encoding import canonical, format_time, sha256
from keys.errors import FormatError, HandsealError
from keys.request import RequestReader, write_request
from keys.response import ResponseReader, write_response
from tests.keys.partner import CLINIC, NOW, SYLLABUS, TTMA, build_core, build_cores, build_request

REQUEST = build_request()
CREATED = range(REQUEST.index(format_time(NOW).encode()), REQUEST.index(format_time(NOW).encode()) + 20)
DIGEST = sha256(b"a request")
TOKENS = ("e30.e30.AAAA", "e30.e30.BBBB", "e30.e30.CCCC")


def rows(data: bytes) -> list[bytes]:
    return [row.raw for row in RequestReader(BytesIO(data))]


def response(tokens: tuple[str, ...] = TOKENS) -> bytes:
    stream = BytesIO()
    write_response(stream, request=DIGEST, signer=TTMA, endorsements=tokens, status_list="e30.e30.DDDD")
    return stream.getvalue()


@given(
    st.lists(st.text(st.sampled_from("Adaßéสมชาย王小 '-"), min_size=1, max_size=30), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30)
def test_a_request_reads_back_in_one_order_whatever_the_order_it_was_written_in(
    names: list[str], chance: random.Random
) -> None:
    cores = [canonical(core) for core in build_cores(names)]
    one = build_request(cores)
    chance.shuffle(cores)
    assert build_request(cores) == one
    reader = RequestReader(BytesIO(one))
    found = list(reader)
    assert [row.raw for row in found] == sorted(cores, key=sha256)
    assert [row.number for row in found] == list(range(1, len(cores) + 1))
    assert all(row.digest == sha256(row.raw) for row in found)
    header = reader.header
    assert (header.created, header.issuer, header.count) == (NOW, CLINIC, len(cores))
    assert reader.syllabus_bytes == SYLLABUS


def test_write_request_returns_the_digest_that_the_header_carries() -> None:
    stream = BytesIO()
    cores = [canonical(core) for core in build_cores()]
    digest = write_request(stream, issuer=CLINIC, created=NOW, syllabus=SYLLABUS, cores=iter(cores))
    expected = sha256(b"handseal-request/1\n" + sha256(SYLLABUS) + b"".join(sorted(map(sha256, cores))))
    assert digest == expected == RequestReader(BytesIO(stream.getvalue())).header.digest


@given(st.integers(0, len(REQUEST) - 1).filter(lambda place: place not in CREATED), st.integers(1, 255))
@settings(max_examples=300)
def test_a_request_with_one_byte_changed_is_refused(place: int, change: int) -> None:
    """`created` is the one member that the digest does not cover: it says how far a clock is off, and no more."""
    changed = bytearray(REQUEST)
    changed[place] ^= change
    with pytest.raises(HandsealError, match=r"^request line \d+: "):
        rows(bytes(changed))


@given(st.integers(0, len(REQUEST) - 1))
@settings(max_examples=60)
def test_a_request_that_ends_early_is_refused(length: int) -> None:
    with pytest.raises(HandsealError, match=r"^request line \d"):
        rows(REQUEST[:length])


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"row,name\n1,Ada\n", b'{"type":"handseal-response"}\n', b"PK\x03\x04"]
)
def test_another_file_is_said_to_be_no_request(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^request line 1: .*: this file is no request$") as fault:
        RequestReader(BytesIO(data))
    assert "handseal propose" in fault.value.hint


def test_a_damaged_request_is_not_said_to_be_none() -> None:
    with pytest.raises(FormatError, match="request line 1: ") as fault:
        RequestReader(BytesIO(build_request().replace(b'"count":5', b'"count":x')))
    assert "no request" not in str(fault.value)


def test_an_empty_request_is_not_written() -> None:
    with pytest.raises(HandsealError, match="1 to 100000"):
        build_request([])


def test_reading_takes_no_more_memory_for_more_rows() -> None:
    def peak(data: bytes) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in RequestReader(BytesIO(data))) > 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = (build_request([build_core(n, "Ada") for n in range(count)]) for count in (20, 600))
    peak(many)  # names seen once are remembered, so many of them at most
    assert peak(many) - peak(few) < (len(many) - len(few)) / 3


@given(st.lists(st.text(st.sampled_from("AbZ09_-."), min_size=1, max_size=200), max_size=6))
def test_a_response_reads_back(tokens: list[str]) -> None:
    reader = ResponseReader(BytesIO(response(tuple(tokens))))
    assert (reader.header.request, reader.header.signer, reader.header.count) == (DIGEST, TTMA, len(tokens))
    assert list(reader) == tokens
    assert reader.status_list == "e30.e30.DDDD"


def test_a_response_shows_its_status_list_only_once_it_was_read_whole() -> None:
    reader = ResponseReader(BytesIO(response()))
    with pytest.raises(FormatError, match="not read to its end"):
        _ = reader.status_list


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda data: b"", 1),
        (lambda data: data.replace(b'"count":3', b'"count":4'), 5),
        (lambda data: data.replace(b'"count":3', b'"count":2'), 4),
        (lambda data: data.replace(b'"count":3', b'"count":-1'), 1),
        (lambda data: data.replace(b"handseal-response", b"handseal-request"), 1),
        (lambda data: data + b"\n", 6),
        (lambda data: data[:-1], 5),
        (lambda data: data.replace(b"BBBB", b"B" * 70_000), 3),
        (lambda data: data.replace(b'"e30.e30.BBBB"', b'["e30.e30.BBBB"]'), 3),
        (lambda data: data.replace(b"\n", b"\r\n"), 1),
        (lambda data: data.replace(b"sha256-", b"sha512-"), 1),
    ],
)
def test_a_spoiled_response_is_refused_with_its_line(spoil, line: int) -> None:
    with pytest.raises(FormatError, match=f"^response line {line}: "):
        list(ResponseReader(BytesIO(spoil(response()))))


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        (REQUEST + rows(REQUEST)[-1] + b"\n", "is more than line 1 counts"),
        (REQUEST[:-1], "is cut off, or longer than"),
        (REQUEST[:-1] + b" " * 70_000 + b"\n", "is cut off, or longer than"),
    ],
    ids=["a row too many", "no newline", "a long row"],
)
def test_C20_a_request_of_another_length_is_refused_for_that(spoilt: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        list(RequestReader(BytesIO(spoilt)))


def test_a_request_of_too_many_rows_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keys.request.MAX_ROWS", 4)
    with pytest.raises(HandsealError, match="holds 1 to 4 certificates, not 5"):
        build_request()
