"""A review on the screen: every row, nothing cut, and nothing in a name can move the cursor (attacks I11, K15)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import click

from keys.console import escape
from keys.files import opened, read_bounded
from keys.home import Home
from keys.request import RequestReader
from keys.review import Review, RowContent, review_request, row_contents
from keys.review_text import review_sections, row_lines, row_remarks
from keys.roster import MAX_ROSTER_BYTES, parse_roster

_PROMPT_LINES = 2  # the question, and the line it is answered on


def read_review(request: Path, roster: Path | None, home: Home | None) -> Review:
    """The request at `request`, read to its end, compared with the roster and with what the state folder remembers."""
    known = None if roster is None else parse_roster(read_bounded(roster, MAX_ROSTER_BYTES), str(roster))
    with opened(request) as stream:
        reader = RequestReader(stream)
        earlier = None if home is None else home.answered.earlier(reader.header.digest, reader.syllabus)
        return review_request(reader, known, earlier)


def show_review(review: Review, request: Path, *, err: bool = False, words: bool = True) -> None:
    """The whole review, with every row of the file `request`."""
    with opened(request) as source:
        show_lines(plain_lines(review, row_contents(review, source), words=words), err=err)


def show_lines(lines: Iterable[str], *, err: bool) -> None:
    """Lines that are escaped already: a screenful at a time where a person sits there."""
    stream = sys.stderr if err else sys.stdout
    write: Callable[[str], None] = partial(click.echo, err=err)
    if stream.isatty() and sys.stdin.isatty():
        columns, height = shutil.get_terminal_size()
        write = Pages(write, _ask, columns, height - _PROMPT_LINES).write
    for line in lines:
        write(line)


def plain_lines(review: Review, contents: Iterable[RowContent], *, words: bool = True) -> Iterator[str]:
    """The review line by line, escaped."""
    for title, lines in review_sections(review, words=words):
        yield f"{title}:"
        yield from (f"  {escape(label)}: {escape(text)}" for label, text in lines)
    yield "Rows:"
    remarks = row_remarks(review)
    for row in contents:
        (label, name), *others = row_lines(row, remarks.get(row.number, ""))
        yield f"  {label}: {escape(name)}"
        yield from (f"    {label}: {escape(text)}" for label, text in others)


class Pages:
    """Lines for a screen of so many columns and lines: before one would move the first away, `ask` waits.

    Its answer is `a` for all the rest at once, `q` to stop (click.Abort), anything else for the next page.
    """

    def __init__(self, write: Callable[[str], None], ask: Callable[[], str], columns: int, lines: int) -> None:
        self._write = write
        self._ask = ask
        self._columns = columns
        self._lines = max(lines, 1)
        self._used = 0

    def write(self, line: str) -> None:
        takes = 1 + max(0, _cells(line) - 1) // self._columns
        if self._lines and self._used and self._used + takes > self._lines:
            answer = self._ask().strip().casefold()
            if answer == "q":
                raise click.Abort
            self._used, self._lines = 0, 0 if answer == "a" else self._lines
        self._used += takes
        self._write(line)


def _cells(line: str) -> int:
    """At most so many columns: what is not ASCII may take two."""
    return len(line) + sum(not character.isascii() for character in line)


def _ask() -> str:
    return str(
        click.prompt(
            "-- Enter: go on, a: all the rest, q: stop -- ", default="", show_default=False, prompt_suffix="", err=True
        )
    )
