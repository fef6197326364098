"""A transcript that was touched names the line; one without its end says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.algorithms import Algorithm, generate_private_key, sign
from keys.aloud import word_rows
from keys.encoding import b64url_decode, digest_words, sha256
from keys.errors import HandsealError
from keys.jws import Header, compact_jws
from keys.possession import KeyUse, prove_possession
from keys.transcript import CLOSED, Closed, Transcript, require_closed_by, verify_transcript

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TTMA = "https://verify.riverclinic.example/orgs/ttma"
KEY = generate_private_key(Algorithm.ES256)
PUBLIC = prove_possession(KEY, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)


def written(*, closed: bool = True, clock: Callable[[], datetime] = lambda: NOW) -> bytes:
    lines: list[bytes] = []
    transcript = Transcript(lines.append, clock)
    transcript.add("opened", network="none")
    transcript.add("reviewed", title="พื้นฐานการนวด", count="5")
    if closed:
        transcript.close(PUBLIC, lambda message: sign(KEY, message))
    return b"".join(lines)


def verify(data: bytes) -> Closed:
    return verify_transcript(data.splitlines(keepends=True), "t.jsonl")


def refused(data: bytes) -> str:
    with pytest.raises(HandsealError) as fault:
        verify(data)
    return str(fault.value)


WHOLE = written()
LINES = WHOLE.splitlines(keepends=True)


def test_a_closed_transcript_verifies_and_names_its_key() -> None:
    closed = verify(WHOLE)
    assert [line.event for line in closed.lines] == ["opened", "reviewed", "closed"]
    assert closed.lines[1].details == {"title": "พื้นฐานการนวด", "count": "5"}
    assert closed.key == PUBLIC


def test_a_trust_list_key_closes_a_transcript_as_well() -> None:
    key = Ed25519PrivateKey.generate()
    public = prove_possession(key, organisation=TTMA, use=KeyUse.TRUST, created=NOW)
    lines: list[bytes] = []
    transcript = Transcript(lines.append, lambda: NOW)
    transcript.add("opened")
    transcript.close(public, key.sign)
    assert verify(b"".join(lines)).key == public


@pytest.mark.parametrize("change", [0x01, 0x02, 0x08, 0x20, 0x80, 0xFF])
def test_a_changed_byte_is_found_and_its_line_named(change: int) -> None:
    end = WHOLE.index(f'"{CLOSED}"'.encode()) + 1
    for place in range(len(WHOLE)):
        spoiled = bytearray(WHOLE)
        spoiled[place] ^= change
        number = WHOLE[:place].count(b"\n") + 1
        expected = [f"t.jsonl: line {number}: ", f"t.jsonl: line {number + 1}: "]
        if end <= place < end + len(CLOSED):  # under another name it is a line like any other, and no last one
            expected.append("t.jsonl: its last line is missing")
        assert refused(bytes(spoiled)).startswith(tuple(expected)), (place, change)


@pytest.mark.parametrize("extra", [b" ", b"\n", b"\r", b"\x00", b"\xef\xbb\xbf", b"{", b'"', b",", b"0", b"\xff"])
def test_a_byte_more_is_found_and_its_line_named(extra: bytes) -> None:
    for place in range(len(WHOLE)):
        number = WHOLE[:place].count(b"\n") + 1
        expected = tuple(f"t.jsonl: line {n}: " for n in (number, number + 1))
        assert refused(WHOLE[:place] + extra + WHOLE[place:]).startswith(expected), place


def test_a_byte_less_is_found_and_its_line_named() -> None:
    for place in range(len(WHOLE)):
        number = WHOLE[:place].count(b"\n") + 1
        expected = (f"t.jsonl: line {number}: ", f"t.jsonl: line {number + 1}: ", "t.jsonl: its last line is missing")
        assert refused(WHOLE[:place] + WHOLE[place + 1 :]).startswith(expected), place


def test_every_shorter_transcript_is_refused() -> None:
    for end in range(len(WHOLE)):
        assert refused(WHOLE[:end]).startswith("t.jsonl: ")


def test_whose_transcript_it_is_can_be_asked() -> None:
    closed = verify(WHOLE)
    words = " ".join(digest_words(PUBLIC.digest))
    require_closed_by(closed, "t.jsonl", key=PUBLIC, words=f" {words.upper()} ")
    require_closed_by(closed, "t.jsonl", key=PUBLIC, words="\n".join(word_rows(digest_words(PUBLIC.digest))))
    other = prove_possession(generate_private_key(Algorithm.ES256), organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    with pytest.raises(HandsealError, match=r"t.jsonl: was closed by .*, not by "):
        require_closed_by(closed, "t.jsonl", key=other, words=None)
    with pytest.raises(HandsealError, match="a key with other words"):
        require_closed_by(closed, "t.jsonl", key=None, words=" ".join(digest_words(other.digest)))


def test_the_digest_of_the_last_line_stands_for_all() -> None:
    assert verify(WHOLE).digest == sha256(LINES[-1][:-1])


def test_a_last_line_under_another_name_is_none() -> None:
    assert "its last line is missing" in refused(WHOLE.replace(b'"closed"', b'"clowed"'))


def test_a_line_dropped_repeated_or_moved_is_found() -> None:
    assert refused(b"".join(LINES[1:])).startswith("t.jsonl: line 1: ")
    assert refused(LINES[0] + LINES[2]).startswith("t.jsonl: line 2: ")
    assert refused(LINES[0] + LINES[0] + b"".join(LINES[1:])).startswith("t.jsonl: line 2: ")
    assert refused(LINES[1] + LINES[0] + LINES[2]).startswith("t.jsonl: line 1: ")


def test_a_transcript_that_was_broken_off_says_so() -> None:
    for data in (b"", LINES[0], written(closed=False)):
        assert "its last line is missing" in refused(data)
    assert refused(WHOLE[:-1]) == "t.jsonl: line 3: is cut off"


def test_nothing_follows_the_last_line() -> None:
    assert refused(WHOLE + LINES[0]) == "t.jsonl: line 4: stands after the last line"


def test_another_chain_cannot_borrow_the_last_line() -> None:
    other = written(clock=lambda: NOW + timedelta(seconds=1)).splitlines(keepends=True)
    assert refused(b"".join(other[:2]) + LINES[2]).startswith("t.jsonl: line 3: ")


def test_a_seal_by_another_key_is_refused() -> None:
    lines: list[bytes] = []
    transcript = Transcript(lines.append, lambda: NOW)
    transcript.add("opened")
    other = generate_private_key(Algorithm.ES256)
    transcript.close(PUBLIC, lambda message: sign(other, message))
    assert refused(b"".join(lines)) == "t.jsonl: line 2: seal: does not belong to this key"


def test_a_seal_under_another_keys_name_is_refused() -> None:
    """The key signed these very bytes: the name in their header is the other's all the same."""
    other = prove_possession(generate_private_key(Algorithm.ES256), organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    seal = verify(WHOLE).lines[-1].details["seal"]
    payload = b64url_decode(seal.split(".")[1])
    spoiled = compact_jws(Header(alg=PUBLIC.alg, kid=other.kid), payload, lambda message: sign(KEY, message))
    assert refused(WHOLE.replace(seal.encode(), spoiled.encode())) == "t.jsonl: line 3: seal: names another key"


def test_K07_a_line_dated_before_the_one_before_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by a program that does not look at its clock; chain and seal are whole."""
    moments = iter([NOW, NOW - timedelta(seconds=1), NOW])
    monkeypatch.setattr(Transcript, "_moment", lambda transcript: next(moments))
    assert refused(written()) == "t.jsonl: line 2: is dated before the line before it"


def test_K07_a_clock_that_goes_back_stops_the_ceremony() -> None:
    moments = iter([NOW, NOW - timedelta(seconds=1)])
    with pytest.raises(HandsealError, match="clock: went back"):
        written(clock=lambda: next(moments))


def test_a_detail_that_cannot_be_read_is_written_as_escapes() -> None:
    lines: list[bytes] = []
    transcript = Transcript(lines.append, lambda: NOW)
    transcript.add("opened", file="a\x1b[31m\udcff.jsonl")
    transcript.close(PUBLIC, lambda message: sign(KEY, message))
    assert verify(b"".join(lines)).lines[0].details == {"file": "a\\x1b[31m\\udcff.jsonl"}
