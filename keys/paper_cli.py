"""Plans and records become files that anybody can open and print, on any machine and in years."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files
from pathlib import Path

from keys.console import escape, talk
from keys.errors import HandsealError
from keys.files import SECRET, read_bounded, write_new
from keys.plan import Plan
from keys.record import Papers, plan_page, record_page
from keys.transcript import MAX_TRANSCRIPT, Closed, verify_transcript
from keys.webfonts import faces_for

_STYLE = "<style>"


def read_transcript(path: Path) -> Closed:
    """The transcript at `path`, if it is whole and closed; HandsealError names the first bad line."""
    return verify_transcript(read_bounded(path, MAX_TRANSCRIPT).splitlines(keepends=True), str(path))


def write_record(transcript: Path, out: Path) -> None:
    """Reads the transcript back, checks it, and writes its record at `out`, which names people: mode 0600."""
    closed = read_transcript(transcript)
    try:
        write_new(out, _with_fonts(record_page(closed, transcript.name, papers())), SECRET)
    except HandsealError as fault:
        raise HandsealError(
            f"record: {fault}",
            hint="everything else is done: print it with `handseal-ceremony transcript record "
            f"{transcript} --out RECORD.html`",
        ) from fault
    talk(f"record to print: {escape(str(out))}")


def write_plan(plan: Plan, out: Path) -> None:
    """The plan as a page at `out`, which names people: mode 0600."""
    write_new(out, _with_fonts(plan_page(plan, papers())), SECRET)


def papers() -> Papers:
    """The templates of this program."""
    folder = files("templates").joinpath("ceremony")
    names = ("paper.html", "record.html", "plan.html", "paper.css")
    return Papers(*(folder.joinpath(name).read_text("utf-8") for name in names))


def _with_fonts(page: str) -> bytes:
    """The page with the faces of its characters in front of its style: those of the verifier's pages."""
    folder = files("templates").joinpath("static")
    rules = ""
    for rule, name in faces_for(folder.joinpath("page.css").read_text("utf-8"), page):
        letters = b64encode(folder.joinpath(name).read_bytes()).decode("ascii")
        rules += rule.replace(f"url({name})", f"url(data:font/woff2;base64,{letters})") + "\n"
    return page.replace(_STYLE, f"{_STYLE}\n{rules}", 1).encode("utf-8")
