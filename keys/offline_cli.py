"""What every command that touches a private key shares: options, state folder, clock, words, a transcript.

A clock that cannot be right is refused by `require_clock`.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import click

from keys import RELEASED
from keys.aloud import typed_words
from keys.console import escape, talk
from keys.encoding import format_time
from keys.errors import ConfigurationError, HandsealError
from keys.files import require_absent, unfinished
from keys.guide_cli import Guide
from keys.home import Home
from keys.paper_cli import write_record
from keys.transcript import Transcript

TRIES = 3
WORDS_ASKED = 3

Command = TypeVar("Command", bound=Callable[..., Any])
file = click.Path(path_type=Path, dir_okay=False)
folder = click.Path(path_type=Path, file_okay=False)

home_option = click.option("--home", type=folder, help="State folder of this body; to be backed up with its key.")
online_option = click.option("--online", is_flag=True, help="Go on although this machine has a network; is recorded.")
passphrase_option = click.option(
    "--passphrase-file",
    "passphrase_files",
    type=file,
    multiple=True,
    help="First line is the passphrase; mode 0600. Twice for a key with two custodians.",
)
key_option = click.option("--key", "key_path", type=file, required=True, help="Key file, with KEY.pub.json beside it.")


def now() -> datetime:
    """The clock, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def open_home(chosen: Path | None) -> Home:
    """The state folder: `--home`, of the command or before it, or the usual place."""
    return Home(chosen or click.get_current_context().find_object(Path) or default_home())


@contextmanager
def existing_home(chosen: Path | None) -> Iterator[Home | None]:
    """As `open_home`, but nothing is made: None where there is no such folder yet."""
    named = chosen or click.get_current_context().find_object(Path)
    path = named or default_home()
    if path.is_dir():
        with Home(path) as home:
            yield home
    else:
        if named is not None:
            talk(f"{escape(str(path))}: is not there, so nothing is remembered of earlier requests")
        yield None


def default_home() -> Path:
    """`~/.local/share/handseal-ceremony`, or below `XDG_DATA_HOME`."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "handseal-ceremony"


def confirm_words(
    words: tuple[str, ...], confirm: str | None, transcript: Transcript, ask: Callable[[str], str] | None = None
) -> None:
    """HandsealError unless `confirm` holds all twelve words, or three of them are typed when asked (formats.md 7).

    `ask` puts one question and returns the answer; the terminal where it is None. Each wrong answer stands in the
    transcript, and the third ends it (K02).
    """
    if confirm is not None:
        if typed_words(confirm) != words:
            transcript.add("words-wrong", how="all twelve")
            raise HandsealError("words: are not those that were read", hint="nothing was signed; have them read again")
        transcript.add("words-confirmed", how="all twelve")
        return
    put = ask or _terminal("words", "twelve words", ", as it is read aloud")
    for _ in range(TRIES):
        places = sorted(secrets.SystemRandom().sample(range(len(words)), WORDS_ASKED))
        asked = ", ".join(str(place + 1) for place in places)
        given = [put(f"word {place + 1}").strip().casefold() for place in places]
        if given == [words[place] for place in places]:
            transcript.add("words-confirmed", asked=asked)
            return
        transcript.add("words-wrong", asked=asked)
        talk("these are not the words")
    raise HandsealError(f"words: wrong {TRIES} times", hint="nothing was signed; have them read again")


def confirm_count(
    count: int, confirm: str | None, transcript: Transcript, ask: Callable[[str], str] | None = None
) -> None:
    """As `confirm_words`, with the number of what is listed: for what cannot be undone, and nobody reads words of."""
    question = f"to take back all {count} for good, type their number"
    answers = (confirm,) if confirm is not None else _asked(question, ask or _terminal("count", "how many they are"))
    if not _confirmed("count", str(count), answers, transcript):
        raise HandsealError(f"count: is not {count}", hint="nothing was withdrawn; look at the list again")


def confirm_date(
    moment: datetime, confirm: str | None, transcript: Transcript, ask: Callable[[str], str] | None = None
) -> None:
    """As `confirm_words`, with the date of `moment`, which is not shown: people read it off another clock."""
    question = "today's date in UTC, from a watch or a telephone, as 2026-11-20"
    answers = (confirm,) if confirm is not None else _asked(question, ask or _terminal("date", "2026-11-20"))
    if not _confirmed("date", f"{moment:%Y-%m-%d}", answers, transcript):
        raise HandsealError("date: is not that of this machine's clock", hint="nothing was changed; set the clock")


def require_free(path: Path) -> None:
    """HandsealError where an output is there already; says what an earlier run, killed on the way, left of it."""
    require_absent(path)
    for part in unfinished(path):
        talk(f"{escape(str(part))}: is left of a run that was broken off, and may be deleted when no other one runs")


@contextmanager
def ceremony_transcript(
    home: Home, command: str, *, guide: Guide, check: Callable[[Home, datetime], None] | None = None, **details: str
) -> Iterator[Transcript]:
    """A transcript whose lines are on disk as they are added; closed, it is read back, and a record made of it.

    HandsealError where the clock cannot be right (K07), before anything is written: by `check`, or `require_clock`.
    """
    (check or require_clock)(home, now())
    guide.check(now())
    with home.new_transcript(command, now()) as (path, append):
        transcript = Transcript(append, now)
        transcript.add("opened", command=command, handseal=version("handseal"), **details)
        guide.introduce(transcript)
        try:
            yield transcript
        except HandsealError as fault:
            if not transcript.closed:
                transcript.add("refused", why=str(fault))
            talk(f"transcript: {escape(str(path))}")
            raise
    home.remember("clock", format_time(now()))
    talk(f"transcript: {escape(str(path))}")
    write_record(path, guide.record or home.records / f"{path.stem}.html")


def require_clock(home: Home, moment: datetime) -> None:
    """HandsealError where the clock stands before this program was made or before the last ceremony here (K07)."""
    require_released(moment)
    home.require_clock(moment)


def require_released(moment: datetime) -> None:
    """HandsealError where the clock stands before this program was made."""
    if moment < RELEASED:
        raise HandsealError(
            f"clock: shows {format_time(moment)}, before this version was made ({RELEASED:%Y-%m-%d})",
            hint="set this machine's clock",
        )


def _asked(question: str, ask: Callable[[str], str]) -> Iterator[str]:
    return (ask(question) for _ in range(TRIES))


def _confirmed(what: str, expected: str, answers: Iterable[str], transcript: Transcript) -> bool:
    """Whether one of the answers is the expected one, before they end; each stands in the transcript."""
    for answer in answers:
        if answer.strip() == expected:
            transcript.add(f"{what}-confirmed", **{what: expected})
            return True
        transcript.add(f"{what}-wrong")
        talk(f"that is not the {what}")
    return False


def _terminal(what: str, given: str, more: str = "") -> Callable[[str], str]:
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{what}: there is no terminal to ask on", hint=f'use --confirm "<{given}>"')
    return lambda question: str(click.prompt(f"{question}{more}", err=True))
