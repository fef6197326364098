"""A trust list's first months, by the three programs as processes; each step shown to an employer who remembers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keys.transcript import verify_transcript
from tests.endtoend import scenario
from tests.endtoend.golden import Names, differences, told
from tests.endtoend.play import Play, Report
from tests.endtoend.scenario import COLLEGE, HARBOUR, TTMA

SPRING = {HARBOUR: "cosign", TTMA: "cosign"}
SUMMER = {HARBOUR: "cosign", COLLEGE: "cosign", TTMA: "cosign-2030"}


class Played:
    """What was seen after each step: the employer's reports, what people read, and the transcripts."""

    def __init__(self, folder: Path) -> None:
        # Ten years on: a ceremony is refused before the day on which the program was made.
        self.play = Play(folder, datetime(2030, 3, 4, 9, tzinfo=UTC))
        self.reports: dict[str, list[Report]] = {}
        self.golden: dict[str, str] = {}
        self.refused = ""
        self._names = Names(folder)
        self._seen: set[Path] = set()

    def act(self) -> None:
        play = self.play
        scenario.make_keys(play)
        self._after("founding", scenario.found(play), [])
        play.wait_until("2030-03-11")
        spring = scenario.certify(play, "spring", 0, SPRING)
        self._after("spring", "", spring)
        play.wait_until("2030-04-15")
        self._after("rotation", scenario.rotate_partner_key(play), spring)
        scenario.keep_list(play, 2)
        play.wait_until("2030-04-22")
        both = [*spring, *scenario.certify(play, "summer", 2, SUMMER)]
        self._after("summer", "", both)
        play.wait_until("2030-05-20")
        self.refused = scenario.go_on_with_old_key(play, "summer")
        play.clinic("publish")
        scenario.withdraw(play, HARBOUR, "cosign", both[0])
        scenario.withdraw(play, TTMA, "cosign-2030", both[2])
        self._after("withdrawal", "", both)
        play.wait_until("2030-06-03")
        shown = scenario.declare_compromise(play)
        self._after("compromise", shown + scenario.list_affected(play), both)
        play.wait_until("2030-06-10")
        self._after("root", scenario.rotate_root(play), both)
        old = scenario.serve_old_list(play, 2)
        self.reports["old list"] = play.reports(both, site=old)
        self.reports["old list, to a stranger"] = play.reports(both, site=old, state=None)

    def _after(self, step: str, shown: str, pdfs: list[str]) -> None:
        parts = [told("what people read", self._names.replace_in(shown))] if shown else []
        for path in self.play.transcripts():
            if path not in self._seen:
                self._seen.add(path)
                title = f"transcript of {path.parents[1].name}: {path.name.split('-', 1)[1].rpartition('-')[0]}"
                parts.append(told(title, self._names.replace_in(path.read_text("utf-8"))))
        self.golden[f"{step}.txt"] = "\n".join(parts)
        if pdfs:
            self.reports[step] = self.play.reports(pdfs)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    made = Played(tmp_path_factory.mktemp("play"))
    made.act()
    return made


@pytest.mark.parametrize(
    ("step", "verdicts"),
    [
        ("spring", ["valid", "valid"]),
        ("rotation", ["valid", "valid"]),
        ("summer", ["valid", "valid", "valid", "valid"]),
        ("withdrawal", ["withdrawn", "valid", "valid", "valid"]),
        ("compromise", ["withdrawn", "valid", "invalid", "invalid"]),
        ("root", ["withdrawn", "valid", "invalid", "invalid"]),
        ("old list", ["withdrawn", "unknown", "invalid", "invalid"]),
        ("old list, to a stranger", ["withdrawn", "unknown", "unknown", "unknown"]),
    ],
)
def test_each_step_changes_the_verdicts_it_should(played: Played, step: str, verdicts: list[str]) -> None:
    assert [report["verdict"] for report in played.reports[step]] == verdicts


def text(report: Report, code: str) -> str:
    return next(check["text"] for check in report["checks"] if check["code"] == code)


def partners(report: Report) -> dict[str, str]:
    return {partner["id"].rpartition("/")[2]: partner["outcome"] for partner in report["partners"]}


def test_a_withdrawn_co_signature_counts_no_more(played: Played) -> None:
    withdrawn, _, noted, _ = played.reports["withdrawal"]
    assert partners(withdrawn) == {HARBOUR: "withdrawn", COLLEGE: "not-signed", TTMA: "signed"}
    assert text(withdrawn, "cosignature.quorum") == "Partner bodies withdrew: 1 of 2 required co-signatures remain."
    assert partners(noted) == {HARBOUR: "signed", COLLEGE: "signed", TTMA: "withdrawn"}
    assert text(noted, "status.partners").endswith("The certificate does not depend on it.")


def test_both_keys_of_a_body_hold_and_the_old_one_signs_no_more(played: Played) -> None:
    assert all(partners(report)[TTMA] == "signed" for report in played.reports["summer"])
    assert "is not valid at 2030-05-20" in played.refused
    assert not (played.play.folder / "late.jsonl").exists()


def test_a_stolen_clinic_key_leaves_what_was_witnessed_before(played: Played) -> None:
    _, held, fallen, _ = played.reports["compromise"]
    assert text(held, "key.validity").endswith("a partner body's co-signature proves an earlier date.")
    assert text(fallen, "key.validity").endswith("and nothing proves that this was made before.")


def test_an_old_trust_list_raises_the_alarm(played: Played) -> None:
    _, remembered, *_ = played.reports["old list"]
    assert text(remembered, "state.rollback").startswith("Alarm: ")
    assert "trust list 2, and list 4 was seen before" in text(remembered, "state.rollback")
    _, new, *_ = played.reports["old list, to a stranger"]
    assert text(new, "trust.fresh").startswith("Alarm: this trust list is older than the one")


def test_every_transcript_is_whole_or_says_why_not(played: Played) -> None:
    broken = []
    for path in played.play.transcripts():
        lines = path.read_bytes().splitlines(keepends=True)
        if b'"event":"refused"' in lines[-1]:
            broken.append(path.name)
        else:
            verify_transcript(lines, path.name)
    assert len(broken) == 1


def test_people_and_transcripts_are_told_the_same_each_time(played: Played, rewrite_golden: bool) -> None:
    """`make golden` writes what is told now: read the difference before it is kept."""
    found = differences(played.golden, rewrite=rewrite_golden)
    assert not found, "\n".join(line[:400] for line in found)
