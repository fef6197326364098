"""Where a newcomer practises: a folder for a laptop, a voice that explains, and command lines that are really run."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

import click

from keys.aloud import word_lines
from keys.console import escape, talk
from keys.errors import HandsealError
from keys.files import replace_file, write_new

TRIES = 5


class Practice:
    """One rehearsal in `folder`; `alone` answers every question itself."""

    def __init__(self, folder: Path, program: click.Command, *, alone: bool) -> None:
        self.folder = folder
        self.laptop = folder / "association"
        self.passphrase = folder / "passphrase"
        self._program = program
        self._alone = alone
        self._chapter = 0

    def open_chapter(self, title: str, text: str) -> None:
        """A heading and what it is about; waits for the newcomer."""
        self._chapter += 1
        talk()
        click.secho(f"== {self._chapter}. {title} ==", bold=True, err=True)
        self.explain(text)
        self.pause()

    def explain(self, text: str) -> None:
        """Lines to read; their indentation is the source's."""
        talk()
        for line in text.strip().splitlines():
            talk(escape(line.strip()))

    def read_aloud(self, who: str, words: tuple[str, ...]) -> None:
        """Twelve words that somebody else says, and that the newcomer writes down; a file holds them too."""
        lines = tuple(word_lines("   ", words))
        paper = self.folder / "paper.txt"
        replace_file(paper, "\n".join((f"{who} read aloud:", *lines, "")).encode())
        talk()
        click.secho(f"{who} reads aloud:", bold=True, err=True)
        for line in lines:
            talk(line)
        self.explain(f"Write them down. (Or keep {paper} open in another window: that is your paper.)")
        self.pause()

    def pause(self) -> None:
        if not self._alone:
            click.prompt("Press Enter to go on", default="", show_default=False, err=True)

    def ask(self, question: str, answer: int) -> None:
        """Asks for a number until it is the right one; alone it says the answer itself."""
        if self._alone:
            talk(f"{question} {answer} (answered by the rehearsal)")
            return
        while click.prompt(question, type=int, err=True) != answer:
            talk("look again")

    def fill_in(self, template: str, name: str, **blanks: str) -> Path:
        """A file of the newcomer's, from its template."""
        text = files("templates").joinpath("rehearsal", template).read_text("utf-8")
        write_new(self.laptop / name, Template(text).substitute(blanks).encode())
        return self.laptop / name

    def run(self, form: Path, words: tuple[str, ...] = (), *, secret: bool = True) -> None:
        """`run FORM` with the state folder of this laptop; alone it gives the twelve words itself."""
        added = []
        if self._alone and words:
            talk("the rehearsal gives the words itself")
            added = ["--confirm", " ".join(words)]
        self.use_key("run", str(form), added=added, secret=secret)

    def use_key(self, *arguments: str, added: Sequence[str] = (), secret: bool = True) -> None:
        """A command with the state folder of this laptop, its network and its passphrase."""
        passphrase = ["--passphrase-file", str(self.passphrase)] if secret else []
        self.type("--home", str(self.laptop / "state"), *arguments, added=["--online", *passphrase, *added])

    def type(self, *arguments: str, added: Sequence[str] = ()) -> None:
        """One command line; what is `added` is not shown. Where it is refused, the newcomer may try again."""
        for left in reversed(range(TRIES)):
            talk()
            click.secho(f"$ handseal-ceremony {' '.join(arguments)}", bold=True, err=True)
            try:
                self._invoke([*arguments, *added])
            except HandsealError as fault:
                if self._alone or not left:
                    raise
                talk(f"handseal-ceremony: {escape(str(fault))}")
                self.explain("In earnest this would be the end for today. Here you may try it again.")
                self.pause()
            else:
                return

    def _invoke(self, arguments: list[str]) -> None:
        with (
            _nobody_at_terminal() if self._alone else contextlib.nullcontext(),
            self._program.make_context("handseal-ceremony", arguments) as context,
        ):
            self._program.invoke(context)


@contextlib.contextmanager
def _nobody_at_terminal() -> Iterator[None]:
    """Commands find no terminal to ask on, as in a script."""
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before
