"""Attacks P and W on archives: what anybody sends costs little, and no name in one is a path."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from tests.verifier.pdf import pdf_with
from tests.world import World
from verifier.bulk import Given
from verifier.bulk_files import archived
from verifier.carrier import NOTHING
from verifier.zip_files import DAMAGED, ENCRYPTED, FREE_BYTES, MAX_ENTRIES, NESTED, TOO_MUCH, Archive

LIMIT, ENTRY_LIMIT = 20_000_000, 5_000_000


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()


def given(data: bytes) -> list[Given]:
    archive = Archive(io.BytesIO(data), limit=LIMIT, entry_limit=ENTRY_LIMIT)
    return list(archived(archive, "a.zip"))


def cases(data: bytes) -> list[str]:
    return [one.case for one in given(data)]


def bounded(act: Callable[[], list[str]]) -> list[str]:
    """What `act` gives; it may take neither 5 seconds nor 60 MB."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        found = act()
        assert time.process_time() - begun < 5
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    return found


def test_an_honest_archive_is_read_whole() -> None:
    pdf = pdf_with(World().issue())
    one, two = given(
        packed(("a.pdf", pdf), ("folder/ข.pdf", pdf), ("folder/", b""), ("__MACOSX/a.pdf", b"x"), (".a", b""))
    )
    assert (one.source, one.data, one.case) == ("a.zip/a.pdf", pdf, "")
    assert two.source == "a.zip/folder/ข.pdf"


def test_P04_a_bomb_is_inflated_no_further_than_its_ratio() -> None:
    bomb = packed(("bomb.pdf", bytes(4_900_000)), ("honest.txt", b"x"))
    assert len(bomb) < 10_000
    assert bounded(lambda: cases(bomb)) == [TOO_MUCH, ""]
    assert cases(packed(("fine.pdf", bytes(FREE_BYTES)))) == [""]
    assert cases(packed(("much.pdf", bytes(FREE_BYTES + 1)))) == [TOO_MUCH]


def test_P04_many_entries_together_are_bounded() -> None:
    each = bytes(range(256)) * 16_000  # 4 MB; stored, so that the ratio is harmless
    found = cases(packed(*((f"{number}.pdf", each) for number in range(6)), method=zipfile.ZIP_STORED))
    assert found == [""] * 4 + [TOO_MUCH] * 2


def test_P04_overlapping_entries_are_bounded_together() -> None:
    """Entries of the list that all point to the same bytes: each is small, together they are not."""
    one = packed(("a.pdf", bytes(FREE_BYTES)))
    end = one.rindex(b"PK\x05\x06")
    start = one.rindex(b"PK\x01\x02")
    listed = one[start:end] * 3_000
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 3_000, 3_000, len(listed), start, 0)
    found = bounded(lambda: cases(one[:start] + listed + tail))
    assert len(found) == 3_000
    assert found.count("") <= LIMIT // FREE_BYTES
    assert set(found[20:]) <= {TOO_MUCH, DAMAGED}


def test_P04_a_hundred_thousand_entries_are_refused_unread() -> None:
    crowd = packed(*((f"{number}", b"") for number in range(100_000)), method=zipfile.ZIP_STORED)
    assert bounded(lambda: cases(crowd)) == [TOO_MUCH]


def test_P04_entries_are_counted_on_both_sides_of_the_limit() -> None:
    files = [(f"{number}", b"x") for number in range(MAX_ENTRIES + 1)]
    assert len(cases(packed(*files[:-1]))) == MAX_ENTRIES
    assert cases(packed(*files)) == [TOO_MUCH]


def test_P04_what_an_archive_says_of_its_sizes_is_not_believed() -> None:
    lie = bytearray(packed(("a.pdf", bytes(4_000_000))))
    directory = lie.rindex(b"PK\x01\x02")
    struct.pack_into("<I", lie, directory + 24, 10)  # uncompressed, it says, 10 bytes
    assert cases(bytes(lie)) in ([DAMAGED], [TOO_MUCH])


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\windows\\a.pdf", "a\\..\\..\\b", "=1+1", "CON"]
)
def test_W10_a_name_is_shown_and_never_a_path(name: str) -> None:
    (one,) = given(packed((name, b"x")))
    assert one.source.startswith("a.zip/")
    assert one.data == b"x"


def test_P06_an_archive_within_an_archive_is_not_opened() -> None:
    inner = packed(("a.pdf", b"x"))
    assert cases(packed(("inner.zip", inner), ("inner.pdf", inner), ("empty.zip", packed()))) == [NESTED] * 3


def test_P07_an_encrypted_entry_is_said_to_be() -> None:
    data = bytearray(packed(("a.pdf", b"x" * 100)))
    for place in (data.index(b"PK\x03\x04") + 6, data.rindex(b"PK\x01\x02") + 8):
        data[place] |= 1
    assert cases(bytes(data)) == [ENCRYPTED]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_P04_only_what_every_program_writes_is_unpacked(method: int) -> None:
    assert cases(packed(("a.pdf", b"x" * 1000), method=method)) == [DAMAGED]


def test_P07_half_an_archive_and_none_at_all() -> None:
    whole = packed(("a.pdf", b"x" * 1000), ("b.pdf", b"y" * 1000))
    assert cases(whole[: len(whole) // 2]) == [DAMAGED]
    assert cases(b"PK\x03\x04 and no more") == [DAMAGED]
    assert cases(packed()) == [NOTHING]
    broken = bytearray(whole)
    broken[40] ^= 0xFF  # within the first file's bytes
    assert cases(bytes(broken)) == [DAMAGED, ""]
