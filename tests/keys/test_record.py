"""The record is the transcript on paper: whole, without help from anywhere, and nothing in a name acts in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from keys.algorithms import Algorithm, generate_private_key, sign
from keys.encoding import canonical, digest_words, parse, sha256
from keys.files import write_new
from keys.paper_cli import papers, read_transcript, write_plan, write_record
from keys.plan import read_plan
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.private_key import AnyJwk
from keys.qr import bytes_svg
from keys.record import record_page
from keys.transcript import Transcript
from keys.webfonts import faces_for
from tests.conftest import ROOT
from tests.keys.partner import TTMA

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>" onload="x" $words ${kid}'
NAMES = ("สมชาย ปิ่นทอง", "María-José Núñez", "محمد علي", HOSTILE)


def write(
    folder: Path, names: Sequence[str] = NAMES, algorithm: Algorithm = Algorithm.ES256
) -> tuple[Path, PublicKeyFile]:
    """A closed transcript with these people."""
    key = generate_private_key(algorithm)
    public = prove_possession(key, organisation=TTMA, use=KeyUse.COSIGN, created=NOW)
    lines: list[bytes] = []
    transcript = Transcript(lines.append, lambda: NOW)
    transcript.add("opened", command="cosign", handseal="0.1.0", network="none")
    for name in names:
        transcript.add("present", name=name, role="witness")
    transcript.close(public, lambda message: sign(key, message))
    path = folder / "20261125T090000Z-cosign-abcdef.jsonl"
    write_new(path, b"".join(lines))
    return path, public


class Page(HTMLParser):
    """Tags, addresses and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def record(tmp_path: Path) -> tuple[str, PublicKeyFile]:
    path, public = write(tmp_path)
    write_record(path, tmp_path / "record.html")
    return (tmp_path / "record.html").read_text("utf-8"), public


def test_it_says_who_was_there_what_happened_and_which_key(record: tuple[str, PublicKeyFile], tmp_path: Path) -> None:
    page, public = Page(record[0]), record[1]
    for said in (*NAMES, TTMA, public.kid, "A request was co-signed", "2026-11-25 09:00:00 UTC"):
        assert said in page.text
    closed = read_transcript(next(tmp_path.glob("*.jsonl")))
    for digest in (public.digest, closed.digest):
        assert digest.hex() in page.text.replace(" ", "")
        assert "".join(digest_words(digest)) in page.text
    assert (tmp_path / "record.html").stat().st_mode & 0o777 == 0o600


def test_nothing_in_it_acts_or_is_fetched(record: tuple[str, PublicKeyFile]) -> None:
    page = Page(record[0])
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "a", "form"})
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "href", "onload", "onclick"})
    assert re.findall(r"url\((?!data:font/woff2;base64,)", record[0]) == []
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; font-src data:") in page.attributes


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.RS256])
def test_its_code_holds_the_public_key(tmp_path: Path, algorithm: Algorithm) -> None:
    path, public = write(tmp_path, algorithm=algorithm)
    page = record_page(read_transcript(path), path.name, papers())
    code = re.search(r"<svg.*?</svg>", page)
    assert code is not None
    read = decode(code[0])
    assert parse(read, AnyJwk, "code") == public.jwk
    assert sha256(read) == public.digest


def test_a_code_of_many_bytes_is_read_back() -> None:
    data = bytes(range(32, 127)) * 8
    assert decode(bytes_svg(data)) == data


def decode(svg: str) -> bytes:
    """What a phone reads: the picture's bars drawn with four pixels a module."""
    (size,) = map(int, re.findall(r'viewBox="0 0 (\d+) ', svg))
    image = Image.new("L", (size * 4, size * 4), 255)
    draw = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg):
        draw.rectangle((int(x) * 4, int(y) * 4, (int(x) + int(width)) * 4 - 1, int(y) * 4 + 3), 0)
    (found,) = zxingcpp.read_barcodes(image)
    return bytes(found.bytes)


def test_where_nobody_was_named_there_are_lines_for_two(tmp_path: Path) -> None:
    path, _ = write(tmp_path, names=())
    page = record_page(read_transcript(path), path.name, papers())
    assert page.count("class=sign") == 2


def test_the_letters_of_the_names_come_along(record: tuple[str, PublicKeyFile], tmp_path: Path) -> None:
    faces = re.findall(r"unicode-range:([^}]+)", record[0])
    for first in ("U+E01-E3A", "U+60C, U+61B", "U+20-7E"):
        assert any(ranges.startswith(first) for ranges in faces)
    assert not any(ranges.startswith("U+900") for ranges in faces)
    css = (ROOT / "templates" / "static" / "page.css").read_text("utf-8")
    assert {file for _, file in faces_for(css, "ა")} == {
        "fonts/handseal-sans-georgian-400.woff2",
        "fonts/handseal-sans-georgian-700.woff2",
    }


def test_a_plan_is_a_page_as_well(tmp_path: Path) -> None:
    data = (ROOT / "templates" / "ceremony" / "cosign.toml").read_bytes()
    _, plan = read_plan(data.replace(b"Ada Okafor", "<b>Ada</b> สมชาย".encode()), "cosign.toml")
    write_plan(plan, tmp_path / "plan.html")
    text = (tmp_path / "plan.html").read_text("utf-8")
    page = Page(text)
    for step in plan.steps:
        assert step.do in page.text
    assert "".join(plan.words) in page.text
    assert "<b>Ada" not in text
    assert plan.digest == sha256(data.replace(b"Ada Okafor", "<b>Ada</b> สมชาย".encode()))
    assert canonical([step.number for step in plan.steps]) == canonical(list(range(1, len(plan.steps) + 1)))


@pytest.mark.skipif(
    shutil.which("chromium") is None or shutil.which("pdfinfo") is None, reason="needs chromium and poppler-utils"
)
def test_it_prints_on_one_a4_page(tmp_path: Path) -> None:
    path, _ = write(tmp_path, names=NAMES[:3])
    write_record(path, tmp_path / "record.html")
    printed = tmp_path / "record.pdf"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}",
         f"--print-to-pdf={printed}", f"file://{tmp_path / 'record.html'}"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    told = subprocess.run(["pdfinfo", str(printed)], check=True, capture_output=True, text=True).stdout
    assert re.search(r"^Pages: +1$", told, re.MULTILINE)
    assert "(A4)" in told
