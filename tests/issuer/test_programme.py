"""The starter programme keeps every rule; one change breaks one rule. A published version is frozen."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from issuer.database import open_database, writing
from issuer.models import SyllabusVersion
from issuer.programme import AssessorTable, Hours, Programme
from issuer.rules import check_file, check_programme, require_programme
from issuer.syllabuses import latest_version, open_syllabus, publish_version, require_version
from keys.encoding import sri
from keys.errors import ConfigurationError, HandsealError
from keys.syllabus import Percent, Rubric
from tests.issuer.entries import NOW, PROGRAMME_FILE, SLUG, publish, starter
from tests.world import CLINIC, PARTNERS, World

STARTER = PROGRAMME_FILE.read_text(encoding="utf-8")


def codes(programme: Programme) -> set[str]:
    findings = check_programme(programme, clinic="river-clinic")
    assert all(finding.place and finding.text for finding in findings.errors)
    return {finding.code for finding in findings.errors}


def with_outcome(number: int, **changes: object) -> Programme:
    programme = starter()
    outcomes = list(programme.outcomes)
    outcomes[number] = replace(outcomes[number], **changes)
    return replace(programme, outcomes=tuple(outcomes))


def with_criterion(number: int, **changes: object) -> Programme:
    programme = starter()
    criteria = list(programme.criteria)
    criteria[number] = replace(criteria[number], **changes)
    return replace(programme, criteria=tuple(criteria))


def test_the_starter_keeps_every_rule() -> None:
    findings = check_programme(starter(), clinic="river-clinic")
    assert (findings.errors, findings.warnings) == ((), ())


def outcomes(count: int) -> Programme:
    """With so many outcomes, each assessed by every criterion."""
    programme = starter()
    some = tuple(replace(programme.outcomes[0], id=f"o{number}") for number in range(count))
    ids = tuple(outcome.id for outcome in some)
    criteria = tuple(replace(criterion, outcomes=ids or ("o0",)) for criterion in programme.criteria)
    return replace(programme, outcomes=some, criteria=criteria)


@pytest.mark.parametrize(("count", "fine"), [(2, False), (3, True), (5, True), (6, False)])
def test_MC01_three_to_five_outcomes(count: int, fine: bool) -> None:
    assert codes(outcomes(count)) == (set() if fine else {"MC01"})


@pytest.mark.parametrize(("practice", "fine"), [(21.98, True), (22, False)])
def test_MC02_under_forty_hours(practice: float, fine: bool) -> None:
    hours = Hours(theory=10, demonstration=8, practice=practice)
    assert codes(replace(starter(), hours=hours)) == (set() if fine else {"MC02"})


@pytest.mark.parametrize(("weeks", "fine"), [(1, False), (2, True), (8, True), (9, False)])
def test_MC03_two_to_eight_weeks(weeks: int, fine: bool) -> None:
    assert codes(replace(starter(), weeks=weeks)) == (set() if fine else {"MC03"})


def test_MC04_every_pillar_has_hours_and_a_criterion() -> None:
    hours = Hours(theory=10, demonstration=0, practice=18)
    assert codes(replace(starter(), hours=hours)) == {"MC04", "MC12"}
    assert codes(with_criterion(0, pillar="practice")) == {"MC04"}


def test_MC05_a_live_practical_check() -> None:
    assert "MC05" in codes(with_criterion(2, kind="video"))
    assert "MC05" in codes(with_criterion(2, pillar="demonstration"))


def test_MC06_every_outcome_is_assessed_and_a_touch_outcome_live() -> None:
    assert codes(with_criterion(0, outcomes=("posture",))) == {"MC06"}
    assert codes(with_criterion(2, outcomes=("session", "posture"))) == {"MC06"}  # strokes only on video
    assert codes(with_criterion(0, outcomes=("screen", "stranger"))) == {"MC06"}
    assert codes(with_criterion(1, outcomes=())) == {"MC06"}


@pytest.mark.parametrize(("mark", "fine"), [(0, False), (1, True), (100, True), (101, False), ("good", False)])
def test_MC07_a_pass_mark(mark: object, fine: bool) -> None:
    assert codes(with_criterion(0, passing=mark)) == (set() if fine else {"MC07"})


@pytest.mark.parametrize("changes", [{"passing": "brilliant"}, {"passing": 80}, {"levels": ("competent",) * 2}])
def test_MC07_a_passing_level_that_exists(changes: dict[str, object]) -> None:
    assert codes(with_criterion(2, **changes)) == {"MC07"}


@pytest.mark.parametrize(("days", "fine"), [(0, False), (1, True), (14, True), (15, False)])
def test_MC08_used_at_work_within_fourteen_days(days: int, fine: bool) -> None:
    assert codes(with_outcome(1, within_days=days)) == (set() if fine else {"MC08"})
    assert codes(with_outcome(1, at_work={})) == {"MC08"}


@pytest.mark.parametrize(
    ("cosigners", "threshold", "fine"),
    [
        (("ttma",), 1, True),
        (("ttma",), 0, False),
        (("ttma",), 2, False),
        ((), 1, False),
        (("ttma", "ttma"), 2, False),
        (("ttma", "river-clinic"), 1, False),
        (tuple(f"p{number}" for number in range(8)), 8, True),
        (tuple(f"p{number}" for number in range(9)), 2, False),
    ],
)
def test_MC09_threshold_and_cosigners(cosigners: tuple[str, ...], threshold: int, fine: bool) -> None:
    assert codes(replace(starter(), cosigners=cosigners, threshold=threshold)) == (set() if fine else {"MC09"})


def test_MC10_texts_in_the_main_language() -> None:
    assert codes(replace(starter(), title={"th": "นวด"})) == {"MC10"}
    assert codes(replace(starter(), summary={"en": " "})) == {"MC10"}
    assert codes(with_criterion(0, name={})) == {"MC10"}
    assert codes(with_criterion(0, name={"en": "Live skill check"})) == {"MC10"}
    assert codes(with_outcome(0, at_work={"th": "นวด"})) == {"MC10"}


def test_MC11_the_assessor_is_qualified() -> None:
    assert codes(replace(starter(), assessor=AssessorTable())) == {"MC11"}


@pytest.mark.parametrize(("minutes", "fine"), [(600, True), (601, False), (0, False)])
def test_MC12_assessing_fits_the_hours(minutes: int, fine: bool) -> None:
    assert codes(with_criterion(0, minutes=minutes)) == (set() if fine else {"MC12"})


@pytest.mark.parametrize("text", ["Understand anatomy", "know the strokes", "Be aware of posture"])
def test_MC13_is_a_warning(text: str) -> None:
    findings = check_programme(with_outcome(0, text={"en": text}), clinic=None)
    assert findings.errors == ()
    assert [(finding.code, finding.place) for finding in findings.warnings] == [("MC13", "outcome screen: text")]
    assert check_programme(with_outcome(0, text={"en": "Knowingly apply"}), clinic=None).warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "place", "fragment"),
    [
        ("weeks = 6", "week = 6", "", "unknown key 'week'"),
        ('kind = "quiz"', 'kind = "exam"', "criterion[0].kind", "Invalid enum value 'exam'"),
        ("theory = 10", "theory = nan", "hours.theory", "expected `float` >= 0"),
        ("theory = 10", 'theory = "10"', "hours.theory", "expected `float`"),
        ("pass = 80", "pass = true", "criterion[0].pass", "got `bool`"),
        ('id = "screen"', 'id = "Screen client"', "outcome Screen client: id", "is not a slug"),
        ('id = "strokes"', 'id = "screen"', "outcome screen", "is there twice"),
        ('title]\nen = "Deep', 'title]\nen = "Deep\u200b', "title.en", "U+200B"),
        ("[title]\nen", "[title]\nEnglish", "title", "'English' is not a language"),
        ("[title]", "[title", "", "is not TOML"),
    ],
)
def test_the_form_of_the_file(tmp_path: Path, old: str, new: str, place: str, fragment: str) -> None:
    path = tmp_path / "p.toml"
    assert old in STARTER
    path.write_text(STARTER.replace(old, new, 1), encoding="utf-8")
    programme, findings = check_file(path, clinic=None)
    assert programme is None
    assert findings.errors[0].code == "MC00"
    assert findings.errors[0].place == place
    assert fragment in findings.errors[0].text


def test_an_empty_programme_breaks_nearly_every_rule(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('slug = "p"\nlanguage = "en"\n', encoding="utf-8")
    _, findings = check_file(path, clinic=None)
    assert [finding.code for finding in findings.errors] == sorted(finding.code for finding in findings.errors)
    expected = {"MC01", "MC03", "MC04", "MC05", "MC09", "MC10", "MC11"}
    assert {finding.code for finding in findings.errors} == expected
    with pytest.raises(HandsealError, match=r"p\.toml: MC01: outcome: there are 0"):
        require_programme(path, clinic=None)
    with pytest.raises(ConfigurationError):
        require_programme(tmp_path / "none.toml", clinic=None)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'handseal.db'}", create=True)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with writing(engine) as session:
        yield session


def test_a_version_holds_what_the_programme_says(session: Session) -> None:
    done = publish(session)
    syllabus = open_syllabus(done.record)
    assert (done.new, syllabus.version, syllabus.id) == (True, 1, done.record.syllabus_id)
    assert (syllabus.minutes.theory, syllabus.minutes.total, syllabus.weeks) == (600, 36 * 60, 6)
    assert syllabus.recognition.cosigners == tuple(sorted(PARTNERS))
    assert isinstance(syllabus.criteria[0].scale, Percent)
    live = syllabus.criteria[2].scale
    assert isinstance(live, Rubric)
    assert [level.name["th"] for level in live.levels] == ["กำลังพัฒนา", "มีสมรรถนะ", "ชำนาญ"]


def test_nothing_changed_is_no_new_version(session: Session) -> None:
    first = publish(session)
    again = publish(session, today=date(2026, 12, 1))
    assert not again.new
    assert again.record is first.record


def test_a_change_is_the_next_version_and_names_the_one_before(session: Session) -> None:
    first = publish(session).record
    second = publish(session, replace(starter(), weeks=7), date(2026, 10, 1)).record
    third = publish(session, starter(), date(2026, 11, 1)).record
    assert [record.version for record in (first, second, third)] == [1, 2, 3]
    assert open_syllabus(third).previous == sri(second.digest)
    assert latest_version(session, SLUG) is third
    assert not publish(session).new


def test_a_level_is_called_by_its_id_unless_it_has_a_name(session: Session) -> None:
    criteria = (*starter().criteria[:2], replace(starter().criteria[2], level_names={}))
    live = open_syllabus(publish(session, replace(starter(), criteria=criteria)).record).criteria[2].scale
    assert isinstance(live, Rubric)
    assert live.levels[0].name == {"en": "Developing"}


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"cosigners": ("ttma", "north-college")}, "found north-college, ttma, the trust list has harbour-hospital, "),
        ({"threshold": 3}, "threshold: found 3, the trust list has 2"),
        ({"slug": "another"}, "no policy in force"),
    ],
)
def test_partners_are_the_trust_lists(session: Session, changes: dict[str, object], fragment: str) -> None:
    with pytest.raises(HandsealError, match=fragment):
        publish(session, replace(starter(), **changes))
    assert latest_version(session, SLUG) is None


def test_another_clinic_may_not_publish_it(session: Session) -> None:
    other = CLINIC.replace("orgs/river", "orgs/other")
    with pytest.raises(HandsealError, match="may not issue it"):
        publish_version(
            session, starter(), organisation=other, trust=World().trust(), moment=NOW, today=date(2026, 9, 1)
        )


def test_a_row_that_was_changed_is_noticed(session: Session) -> None:
    record: SyllabusVersion = publish(session).record
    record.body = record.body.replace(b'"weeks":6', b'"weeks":2')
    with pytest.raises(HandsealError, match="is not what was published"):
        open_syllabus(record)


def test_what_is_not_published_is_said(session: Session) -> None:
    with pytest.raises(HandsealError, match="is not published"):
        require_version(session, "another")
