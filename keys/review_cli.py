"""A review on the screen: every row, nothing cut, and nothing in a name can move the cursor (attacks I11, K15)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from keys.console import escape
from keys.review import Review
from keys.review_text import ROW_HEADINGS, review_sections, row_cells


def show_review(review: Review, *, err: bool = False, words: bool = True) -> None:
    """The whole review: tables on a terminal, lines of tab-separated cells elsewhere."""
    stream = sys.stderr if err else sys.stdout
    if stream.isatty():
        console = Console(file=stream, markup=False, highlight=False, emoji=False)
        for table in _tables(review, words):
            console.print(table)
    else:
        for line in plain_lines(review, words=words):
            stream.write(f"{line}\n")
        stream.flush()


def plain_lines(review: Review, *, words: bool = True) -> Iterator[str]:
    """The review for a file or a pipe, escaped."""
    for title, lines in review_sections(review, words=words):
        yield f"{title}:"
        yield from (f"  {escape(label)}: {escape(text)}" for label, text in lines)
    yield "Rows:"
    yield "\t".join(ROW_HEADINGS)
    for row in review.rows:
        yield "\t".join(escape(cell) for cell in row_cells(row))


def _tables(review: Review, words: bool) -> Iterator[Table]:
    for title, lines in review_sections(review, words=words):
        table = Table(title=title, title_justify="left", show_header=False)
        table.add_column(overflow="fold")
        table.add_column(overflow="fold")
        for label, text in lines:
            table.add_row(_text(label), _text(text))
        yield table
    cells = [row_cells(row) for row in review.rows]
    used = [index for index in range(len(ROW_HEADINGS)) if any(row[index] for row in cells)]
    table = Table(title="Rows", title_justify="left", show_lines=True)
    for index in used:
        table.add_column(ROW_HEADINGS[index], overflow="fold")
    for row in cells:
        table.add_row(*(_text(row[index]) for index in used))
    yield table


def _text(text: str) -> Text:
    return Text(escape(text))
