"""Plans and records become files that anybody can open and print."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from keys.console import escape, talk
from keys.errors import HandsealError
from keys.files import SECRET, read_bounded, write_new
from keys.plan import Plan
from keys.record import Papers, plan_page, record_page
from keys.transcript import MAX_TRANSCRIPT, Closed, verify_transcript


def read_transcript(path: Path) -> Closed:
    """The transcript at `path`, if it is whole and closed; HandsealError names the first bad line."""
    return verify_transcript(read_bounded(path, MAX_TRANSCRIPT).splitlines(keepends=True), str(path))


def write_record(transcript: Path, out: Path) -> None:
    """Reads the transcript back, checks it, and writes its record at `out`, which names people: mode 0600."""
    closed = read_transcript(transcript)
    try:
        write_new(out, record_page(closed, transcript.name, papers()).encode("utf-8"), SECRET)
    except HandsealError as fault:
        raise HandsealError(
            f"record: {fault}",
            hint="everything else is done: print it with `handseal-ceremony transcript record "
            f"{transcript} --out RECORD.html`",
        ) from fault
    talk(f"record to print: {escape(str(out))}")


def write_plan(plan: Plan, out: Path) -> None:
    write_new(out, plan_page(plan, papers()).encode("utf-8"), SECRET)


def papers() -> Papers:
    """The templates of this program."""
    folder = files("templates").joinpath("ceremony")
    names = ("record.html", "plan.html", "paper.css")
    return Papers(*(folder.joinpath(name).read_text("utf-8") for name in names))
