"""A syllabus is closed, consistent, in its main language throughout, and describes the achievement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest
import rfc8785

from keys.encoding import canonical
from keys.errors import FormatError
from keys.syllabus import MAX_SYLLABUS_BYTES, achievement_of, parse_syllabus, valid_until
from tests.world import CLINIC, PROGRAMME, SITE, make_syllabus

SYLLABUS = make_syllabus()
DATA = canonical(SYLLABUS)

Edit = Callable[[dict[str, Any]], object]


def edited(change: Edit) -> bytes:
    members: dict[str, Any] = msgspec.json.decode(DATA)
    change(members)
    return rfc8785.dumps(members)


def test_it_reads_what_it_writes() -> None:
    assert parse_syllabus(DATA) == SYLLABUS
    assert rfc8785.dumps(msgspec.json.decode(DATA)) == DATA
    assert (SYLLABUS.minutes.total, SYLLABUS.text(SYLLABUS.title)) == (2160, "Deep Tissue Foundations")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(id=f"{PROGRAMME}/2"), "not programme and version"),
        (lambda m: m.update(version=2), "not programme and version"),
        (lambda m: m.update(programme=f"{SITE}/programmes/other"), "not programme and version"),
        (lambda m: m.update(issuer="River Clinic"), "issuer: is not the id"),
        (lambda m: m.update(issuer="https://other.example/orgs/river-clinic"), "not the issuer's"),
        (lambda m: m.update(previous="sha256-" + "A" * 43 + "="), "version 1 has none"),
        (lambda m: m.update(version=2, id=f"{PROGRAMME}/2"), "names the version before"),
        (lambda m: m.update(language="th"), "summary: has no text in the main language 'th'"),
        (lambda m: m.update(title={"th": "นวด"}), "title: has no text"),
        (lambda m: m.update(title={"en": "A", "English": "B"}), "not a language"),
        (lambda m: m["outcomes"][0].update(atWork={}), "atWork: has no text"),
        (lambda m: m["criteria"][1]["scale"]["levels"][0].update(name={}), "level developing: has no text"),
        (lambda m: m["outcomes"].append(m["outcomes"][0]), "ids of outcomes and criteria are unique"),
        (lambda m: m["criteria"].append(m["criteria"][0]), "ids of outcomes and criteria are unique"),
        (lambda m: m["criteria"][0].update(outcomes=["other"]), "does not exist"),
        (lambda m: m["criteria"][1]["scale"].update({"pass": "expert"}), "passing level does not exist"),
        (lambda m: m["criteria"][1].update(name=m["criteria"][0]["name"]), "names of criteria are unique"),
        (lambda m: m["recognition"].update(threshold=4), "at least the threshold"),
        (lambda m: m["recognition"]["cosigners"].reverse(), "sorted"),
    ],
)
def test_each_rule(change: Edit, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as fault:
        parse_syllabus(edited(change), "course.json")
    assert str(fault.value).startswith("course.json: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(extra=1),
        lambda m: m.pop("outcomes"),
        lambda m: m.update(outcomes=[]),
        lambda m: m.update(criteria=[]),
        lambda m: m.update(weeks=0),
        lambda m: m.update(weeks=True),
        lambda m: m.update(version=0),
        lambda m: m.update(published="2026-9-1"),
        lambda m: m.update(published="2569-02-30"),
        lambda m: m["minutes"].update(theory=-1),
        lambda m: m["outcomes"][0].update(id="Screen"),
        lambda m: m["outcomes"][0].update(withinDays=0),
        lambda m: m["criteria"][0].update(kind="essay"),
        lambda m: m["criteria"][0]["scale"].update({"pass": 101}),
        lambda m: m["criteria"][0]["scale"].update(type="Points"),
        lambda m: m["criteria"][1]["scale"].update(levels=[]),
        lambda m: m["recognition"].update(threshold=0),
        lambda m: m.update(validityMonths=0),
        lambda m: m.update(title={"en": ""}),
        lambda m: m.update(title={"en": "a\u202eb"}),
        lambda m: m.update(title={"en": "one\ntwo"}),
    ],
)
def test_another_form(change: Edit) -> None:
    with pytest.raises(FormatError):
        parse_syllabus(edited(change))


def test_a_second_version_names_the_first() -> None:
    def second(members: dict[str, Any]) -> None:
        members.update(id=f"{PROGRAMME}/2", version=2, previous="sha256-" + "A" * 43 + "=")

    assert parse_syllabus(edited(second)).version == 2


def test_the_exact_bytes_count() -> None:
    for data in (DATA + b"\n", b" " + DATA, DATA.replace(b'"weeks":6', b'"weeks":6.0'), b"", b"{}", b"x" * 300_000):
        with pytest.raises(FormatError):
            parse_syllabus(data)
    with pytest.raises(FormatError, match=f"larger than {MAX_SYLLABUS_BYTES} bytes"):
        parse_syllabus(b"x" * (MAX_SYLLABUS_BYTES + 1))


def test_the_achievement_is_the_syllabuss() -> None:
    achievement = achievement_of(SYLLABUS)
    assert (achievement.id, achievement.criteria.id, achievement.in_language) == (SYLLABUS.id, SYLLABUS.id, "en")
    assert (achievement.name, achievement.description) == (SYLLABUS.title["en"], SYLLABUS.summary["en"])
    lines = achievement.criteria.narrative.split("\n")
    assert lines == [
        f"- {o.text['en']} (at work within {o.within_days} days: {o.at_work['en']})" for o in SYLLABUS.outcomes
    ]
    quiz, video, _ = achievement.result_description
    assert (quiz.id, quiz.result_type, quiz.required_value) == (f"{SYLLABUS.id}#quiz", "Percent", "80")
    assert (quiz.value_min, quiz.value_max) == ("0", "100")
    assert (video.result_type, video.required_level) == ("RubricCriterionLevel", f"{SYLLABUS.id}#video.competent")
    assert isinstance(video.rubric_criterion_level, tuple)
    assert [level.name for level in video.rubric_criterion_level] == ["Developing", "Competent", "Proficient"]
    assert SYLLABUS.issuer == CLINIC


STORY = {
    "situation": {"en": "A baker could not lift her arm."},
    "outcome": {"en": "Six sessions later she kneads again."},
    "callToAction": {"text": {"en": "Ask for a certified therapist"}, "url": "https://clinic.example/book"},
    "documentary": {
        "url": "https://clinic.example/film.mp4",
        "digestSRI": "sha256-" + "A" * 43 + "=",
        "seconds": 90,
        "captions": [
            {
                "language": "th",
                "region": "TH",
                "url": "https://clinic.example/th.vtt",
                "digestSRI": "sha256-" + "A" * 43 + "=",
            }
        ],
    },
}
OPTIONAL = {
    "mode": "cohort",
    "taughtIn": ["en", "th"],
    "attempts": {"counts": "last", "most": 3},
    "renewal": {"criteria": ["live"], "withinMonths": 6},
    "price": {"amount": "4500", "currency": "THB"},
    "callToAction": {"text": {"en": "Enrol"}, "url": "https://clinic.example/enrol"},
    "story": STORY,
}


def test_every_optional_member_may_be_there() -> None:
    syllabus = parse_syllabus(edited(lambda members: members.update(OPTIONAL)))
    assert msgspec.json.decode(canonical(syllabus)).items() >= OPTIONAL.items()


@pytest.mark.parametrize(
    "members",
    [
        {"mode": "self"},
        {"taughtIn": []},
        {"taughtIn": ["English!"]},
        {"attempts": {"counts": "first"}},
        {"attempts": {"counts": "best", "most": 0}},
        {"renewal": {"criteria": ["nothing"], "withinMonths": 6}},
        {"price": {"amount": "4,500", "currency": "THB"}},
        {"price": {"amount": "4500", "currency": "baht"}},
        {"callToAction": {"text": {"th": "ลงทะเบียน"}, "url": "https://clinic.example"}},
        {"callToAction": {"text": {"en": "Enrol"}, "url": "javascript:alert(1)"}},
        {"story": {"situation": {"en": "…"}}},
        {"story": {**STORY, "outcome": {"th": "…"}}},
        {"story": None},
    ],
)
def test_an_optional_member_has_its_form(members: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_syllabus(edited(lambda all_members: all_members.update(members)))


@pytest.mark.parametrize(
    ("awarded", "months", "last"),
    [("2026-11-20", 36, "2029-11-20"), ("2026-01-31", 1, "2026-02-28"), ("2028-02-29", 12, "2029-02-28")],
)
def test_validity_ends_on_the_same_day_of_the_month(awarded: str, months: int, last: str) -> None:
    syllabus = msgspec.structs.replace(SYLLABUS, validity_months=months)
    assert str(valid_until(syllabus, date.fromisoformat(awarded))) == f"{last} 23:59:59+00:00"


def test_without_a_validity_a_certificate_does_not_expire() -> None:
    syllabus = msgspec.structs.replace(SYLLABUS, validity_months=msgspec.UNSET)
    assert valid_until(syllabus, date(2026, 11, 20)) is msgspec.UNSET
