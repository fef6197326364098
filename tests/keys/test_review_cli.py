"""An officer sees every row of a request, a screenful at a time, and each name on a line of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path

import click
import pytest

from keys.request import RequestReader
from keys.review import Review, review_request, row_contents
from keys.review_cli import Pages, plain_lines, show_review
from keys.review_text import row_ranges
from tests.keys.partner import build_cores, build_request


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def review(request: bytes) -> Review:
    return review_request(RequestReader(BytesIO(request)))


Shown = Callable[[list[str], str], str]


@pytest.fixture
def at_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Shows a request of these names to somebody who types these keys at a terminal of 80 by 24."""

    def show(names: list[str], keys: str) -> str:
        path = tmp_path / "request.jsonl"
        path.write_bytes(build_request(build_cores(names)))
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("LINES", "24")
        monkeypatch.setattr(sys, "stdin", Terminal(keys))
        for stream in ("stdout", "stderr"):
            monkeypatch.setattr(sys, stream, Terminal())
        try:
            show_review(review(path.read_bytes()), path)
        finally:
            shown = sys.stdout.getvalue()
        return shown

    return show


def test_K15_three_hundred_names_are_paged_and_none_is_left_out(at_a_terminal: Shown) -> None:
    names = ["[bold]Ada[/bold]", ":smile: Bea", *(f"Learner {number} {'x' * 150}" for number in range(298))]
    shown = at_a_terminal(names, "\n" * 1000)
    assert sorted(re.findall(r"^  row \d+: (.*)$", shown, flags=re.MULTILINE)) == sorted(names)
    assert at_a_terminal(names, "\na\n") == shown


def test_K15_who_stops_before_the_last_row_goes_no_further(at_a_terminal: Shown) -> None:
    with pytest.raises(click.Abort):
        at_a_terminal([f"Learner {number}" for number in range(300)], "\nq\n")


@pytest.mark.parametrize(("columns", "lines"), [(80, 22), (20, 5), (200, 60), (40, 1)])
def test_K15_no_page_is_higher_than_the_screen(columns: int, lines: int) -> None:
    height, pages, screen = 0, [0], []

    def ask() -> str:
        pages.append(0)
        return ""

    def write(line: str) -> None:
        width = len(line) + sum(not character.isascii() for character in line)
        pages[-1] += max(1, -(-width // columns))
        screen.append(line)

    given = ["short", "", "x" * 40, "ก" * 20, "y" * 19] * 40
    paged = Pages(write, ask, columns, lines)
    for line in given:
        paged.write(line)
    assert screen == given
    height = max(1, *(-(-40 // columns), lines))
    assert max(pages) <= height
    assert len(pages) > 2


def test_K15_who_ends_the_pages_early_has_reviewed_nothing() -> None:
    screen: list[str] = []
    paged = Pages(screen.append, lambda: " Q ", 80, 2)
    paged.write("first")
    paged.write("second")
    with pytest.raises(click.Abort):
        paged.write("third")
    assert screen == ["first", "second"]


def test_K15_a_name_from_right_to_left_stands_last_on_its_line_and_moves_no_cell() -> None:
    names = ["\u05d0\u05d1\u05d2 123", "\u0645\u062d\u0645\u062f", "Ada", "\u05d0\u05d1\u05d2 123"]
    request = build_request(build_cores(names))
    seen = review(request)
    for line in plain_lines(seen, row_contents(seen, BytesIO(request))):
        rtl = re.search("[\u0590-\u06ff]", line)
        if rtl:
            before, after = line[: rtl.start()], line[rtl.start() :]
            assert re.fullmatch(r" +rows? [\d, -]+: ", before), line  # a Latin letter first: the line runs to the right
            assert after in names, line


def test_rows_are_said_as_ranges() -> None:
    assert row_ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert row_ranges([]) == ""
