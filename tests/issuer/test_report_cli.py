"""`handseal report` from the starter's learners: text, JSON, and a page that stands alone."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

import templates
from issuer import report_page, report_text
from issuer.config import Workspace
from issuer.counts import Scope
from issuer.figures import STANDINGS, Checks, Expiring, Figures, Passing, Share, Spread, Step, Stop
from tests.issuer.entries import SLUG, Output, said
from tests.served import Page
from verifier.report import Verdict
from verifier.tally import Count, Tally

FOLDER = Path(templates.__file__).parent
HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m'
DAY = date(2026, 11, 22)


@pytest.fixture
def clinic(starter_clinic: Workspace, capsys: Output) -> Workspace:
    said(capsys, "programme", "publish", f"programmes/{SLUG}.toml")
    said(capsys, "assessors", "import", "assessors.csv")
    said(capsys, "enrol", "cohorts/example.csv", "--programme", SLUG)
    said(capsys, "assess", "results/example.csv")
    return starter_clinic


def made(name: str = "Theory quiz", **changes: object) -> Figures:
    """Figures of 48 learners with one criterion of this name."""
    days = tuple(Count(date(2026, 10, 1) + timedelta(days=n), SLUG, "valid", n % 5 + 1) for n in range(40))
    plain = Figures(
        scope=Scope(SLUG, cohort="autumn"),
        title=name,
        language="en",
        version=3,
        day=DAY,
        cohorts=1,
        enrolled=48,
        completed=Share(30, 44),
        learning=4,
        target=80,
        steps=(Step("enrolled", "Enrolled", "", 48), Step("quiz", name, "theory", 30)),
        stops=(Stop("quiz", name, "theory", 8, 6),),
        passing=(Passing("quiz", name, "theory", Share(20, 42), Share(30, 42), (30, 8, 4, 0, 0)),),
        to_complete=Spread(30, 20, 33, 41),
        to_certificate=Spread(3),
        standings=dict.fromkeys(STANDINGS, 0) | {"issued": 20, "revoked": 2},
        expiring=(Expiring(7, 1), Expiring(30, 4), Expiring(60, 9)),
        expired=2,
        checks=Checks({verdict.word: 0 for verdict in Verdict} | {"valid": 120, "revoked": 3}, days),
    )
    return replace(plain, **changes)


def render(figures: Figures, clinic: str = "River Clinic") -> str:
    return report_page.render(
        figures,
        clinic=clinic,
        template=(FOLDER / "report" / "report.html").read_text("utf-8"),
        style=(FOLDER / "static" / "page.css").read_text("utf-8"),
        read_font=lambda name: (FOLDER / "static" / name).read_bytes(),
    )


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_text_says_who_came_how_far(clinic: Workspace, capsys: Output) -> None:
    text = said(capsys, "report", "example")
    assert text.startswith(f"Deep Tissue Foundations ({SLUG}, version 1)\ncohort example, counted on ")
    for line in ("enrolled        3", "  3  Enrolled", "  1  Live skill check", "  0  Certificate issued"):
        assert line in text.splitlines()
    assert "%" not in text.replace("the target is 85 %", "")  # of three people


def test_json_and_page_come_together(clinic: Workspace, capsys: Output, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    document = json.loads(said(capsys, "report", SLUG, "--json", "--html", str(page)))
    assert (document["enrolled"], document["completed"]["target"], document["checks"]) == (3, 85, None)
    assert "Deep Tissue Foundations" in Page(page.read_text("utf-8")).text
    assert page.stat().st_size < 200_000


def test_nothing_is_overwritten(clinic: Workspace, capsys: Output, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine")
    assert "exists already" in said(capsys, "report", SLUG, "--html", str(page), code=1)
    assert page.read_text() == "mine"


def test_what_it_is_about_can_be_narrowed(clinic: Workspace, capsys: Output) -> None:
    later = json.loads(said(capsys, "report", SLUG, "--from", "2990-01-01", "--json"))
    assert (later["enrolled"], later["from"]) == (0, "2990-01-01")
    assert "--until: is before --from" in said(
        capsys, "report", SLUG, "--from", "2026-02-01", "--until", "2026-01-01", code=2
    )
    assert "does not match the format" in said(capsys, "report", SLUG, "--from", "1.2.2026", code=2)


def test_an_unknown_name_is_told_what_there_is(clinic: Workspace, capsys: Output) -> None:
    complaint = said(capsys, "report", "winter", code=1)
    assert '"winter": is no programme and no cohort' in complaint
    assert f"there are: {SLUG}, example" in complaint


def test_checks_come_from_the_folder_that_was_told(clinic: Workspace, capsys: Output, tmp_path: Path) -> None:
    assert "holds no counts" in said(capsys, "report", SLUG, "--tally", str(tmp_path), code=2)
    Tally(tmp_path / "tally")
    assert (
        json.loads(said(capsys, "report", SLUG, "--tally", str(tmp_path / "tally"), "--json"))["checks"]["total"] == 0
    )
    (tmp_path / "tally" / "counts" / "2026-11.json").write_bytes(
        b'{"counts":[{"count":7,"day":"2026-11-22","programme":"deep-tissue-foundations","verdict":"valid"}],'
        b'"month":"2026-11"}'
    )
    toml = clinic.folder / "clinic.toml"
    toml.write_text(f'{toml.read_text("utf-8")}\n[report]\ntally = "{tmp_path / "tally"}"\n', "utf-8")
    assert json.loads(said(capsys, "report", SLUG, "--json"))["checks"]["verdicts"]["valid"] == 7
    assert "7  valid" in said(capsys, "report", SLUG)


def test_a_programme_whose_file_is_gone_has_no_target(clinic: Workspace, capsys: Output) -> None:
    (clinic.programmes / f"{SLUG}.toml").unlink()
    assert json.loads(said(capsys, "report", SLUG, "--json"))["completed"]["target"] is None


# -- text --------------------------------------------------------------------------------------------------------------


def test_columns_stay_straight_beside_any_name() -> None:
    for name in ("Theory quiz", "深层组织按摩", "แบบทดสอบ", "اختبار نظري"):
        lines = list(report_text.plain_lines(made(name)))
        assert f"  30  {name}" in lines
        assert f"  20 of 42 (48 %)  30 of 42 (71 %)  {name}" in lines
        assert "  start to last criterion passed    median 33, half take 20 to 41 (30)" in lines
        assert "  award to certificate              3 of them, too few for a median" in lines
        assert "completed       30 of 44 (68 %) whose course is over, the target is 80 %" in lines


def test_a_name_does_not_reach_the_terminal() -> None:
    text = "\n".join(report_text.plain_lines(made(HOSTILE)))
    assert "\x1b" not in text
    assert "\u202e" not in text


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_else() -> None:
    html = render(made("Théorie — แบบทดสอบ"))
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "a", "form"})
    assert not [
        name for _, attributes in page.tags for name in attributes if name in {"src", "href"} or name[:2] == "on"
    ]
    assert {match[:10] for match in re.findall(r"url\(([^)]*)", html)} == {"data:font/"}
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_each_drawing_has_words_and_a_table() -> None:
    page = Page(render(made()))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("svg") == tags.count("desc") == tags.count("figure") == 8
    assert tags.count("details") == tags.count("table") == 8
    assert page.headings() == ["h1", *["h2"] * 8]
    assert tags.count("th") == sum(attributes.get("scope") in {"col", "row"} for _, attributes in page.tags)


def test_only_the_letters_that_are_needed_are_inside() -> None:
    latin, thai, arabic = (render(made(name)) for name in ("Quiz", "แบบทดสอบ", "اختبار"))
    assert latin.count("@font-face") < thai.count("@font-face")
    assert "U+E01-E3A" in thai
    assert "U+621-63A" in arabic
    assert "U+600-6FF" not in thai


def test_what_people_wrote_is_escaped_on_the_page() -> None:
    html = render(made(HOSTILE.replace("\x1b", "")), clinic=HOSTILE)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_few_people_have_no_percentage_on_the_page() -> None:
    few = Share(2, 3)
    figures = made(
        enrolled=3,
        completed=few,
        target=None,
        steps=(Step("enrolled", "Enrolled", "", 3), Step("quiz", "Quiz", "theory", 2)),
        passing=(Passing("quiz", "Quiz", "theory", few, few, (3, 0, 0, 0, 0)),),
        to_complete=Spread(3),
    )
    text = Page(render(figures).partition("<main>")[2]).text
    assert "%" not in text
    assert "2 of 3 at first" in text
    assert "3 learners, too few for a median" in text


def test_nobody_yet_is_said() -> None:
    nothing = made(enrolled=0, standings=dict.fromkeys(STANDINGS, 0), checks=None, expired=0)
    page = Page(render(nothing))
    assert "Nobody is enrolled yet" in page.text
    assert "svg" not in [tag for tag, _ in page.tags]


@pytest.mark.parametrize(("length", "label"), [(62, "1 October 2026"), (63, "October 2026")])
def test_checks_are_drawn_by_days_and_a_longer_time_by_months(length: int, label: str) -> None:
    first = date(2026, 10, 1)
    days = tuple(Count(first + timedelta(days=n), SLUG, "valid", 1) for n in (0, length - 1))
    svg = render(made(checks=Checks({"valid": 2}, days)))
    assert f"\u2068{label}\u2069" in svg
