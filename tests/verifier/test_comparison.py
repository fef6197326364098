"""Every difference between two versions of a syllabus is said, and nothing is said where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import convert
from msgspec.structs import replace

from keys.encoding import canonical
from keys.syllabus import Syllabus
from tests.world import NORTH, make_syllabus
from verifier.comparison import Change, compare, concerning_certificates

SRI = f"sha256-{'A' * 43}="
ACTION = {"text": {"en": "Book"}, "url": "https://www.example.org/"}
STORY = {"situation": {"en": "Hurt"}, "outcome": {"en": "Healed"}}
RUBRIC = {"type": "Rubric", "levels": [{"id": "competent", "name": {"en": "Competent"}}], "pass": "competent"}


def changed(**members: Any) -> Syllabus:
    """The world's syllabus with other members; a path's parts are joined by two underscores."""
    document: Any = json.loads(canonical(make_syllabus()))
    for path, value in members.items():
        *parents, last = path.split("__")
        here = document
        for part in parents:
            here = here[int(part) if part.isdecimal() else part]
        if value is None:
            del here[int(last) if last.isdecimal() else last]
        else:
            here[int(last) if last.isdecimal() else last] = value
    return convert(document, Syllabus)


def said(after: Syllabus, before: Syllabus | None = None) -> list[str]:
    return [change.text for change in compare(before or make_syllabus(), after)]


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"weeks": 7}, ["Weeks: 6 → 7"]),
    ({"title__en": "Deeper"}, ["Title: “Deep Tissue Foundations” → “Deeper”"]),
    ({"title__th": "นวด"}, ["Title: other wording in Thai"]),
    ({"minutes__practice": 1110}, ["Practice: 18 hours → 18 hours 30 minutes", "In total: 36 hours → 36 hours 30 min"]),
    ({"outcomes__0__text__en": "Refer"}, ["Outcome: “Screen a client for contra", ]),
    ({"outcomes__0__atWork__en": "Asks"}, ["Outcome “Screen a client for contraindications and refer where needed”"]),
    ({"outcomes__0__withinDays": 7}, ["needed”, days until use: 14 → 7"]),
    ({"outcomes__0__touch": True}, ["needed”, touches a client: no → yes"]),
    ({"criteria__0__scale__pass": 85}, ["Theory quiz, pass mark: 80% → 85%"]),
    ({"criteria__2__scale__pass": "proficient"}, ["Live skill check, passing level: “Competent” → “Proficient”"]),
    ({"criteria__2__scale__levels__0": None}, ["Live skill check, levels: Developing, Competent, Proficient → Compet"]),
    ({"criteria__2__scale__levels__0__name": {"en": "Developing", "th": "ก"}}, ["level developing: other wording"]),
    ({"criteria__0__scale": RUBRIC}, ["Theory quiz, passing level: 80% → “Competent”", "Theory quiz, levels: Comp"]),
    ({"criteria__0__kind": "live"}, ["Theory quiz, kind: Quiz → Live, judged"]),
    ({"criteria__0__pillar": "practice"}, ["Theory quiz, pillar: Theory → Practice"]),
    ({"criteria__0__minutes": 30}, ["Theory quiz, minutes: 45 → 30"]),
    ({"criteria__0__name__en": "Quiz"}, ["Criterion: “Theory quiz” → “Quiz”"]),
    ({"criteria__0__outcomes": ["screen", "session"]}, ["Theory quiz, shows: Screen a client"]),
    ({"criteria__0__evidence": True}, ["Theory quiz, evidence: a link or file is recorded"]),
    ({"criteria__2__remote": True}, ["Live skill check, from afar: may be moderated from afar"]),
    ({"criteria__0": None}, ["No longer: Theory quiz, 80%"]),
    ({"assessor__qualification__en": "Physician"}, ["Assessor's qualification: “Licensed massage practitioner” → “Ph"]),
    ({"assessor__shown": "qualification"}, ["What certificates say of the assessor: name and qualification → quali"]),
    ({"attempts": {"counts": "last", "most": 2}}, ["Attempts: the best of any number of attempts counts → the last"]),
    ({"validityMonths": 24}, ["Certificates are valid: 36 months → 24 months"]),
    ({"validityMonths": None}, ["Certificates are valid: 36 months → without limit"]),
    ({"renewal": {"criteria": ["live"], "withinMonths": 6}}, ["Renewal: Live skill check, passed again within 6"]),
    ({"recognition__threshold": 3}, ["Partner bodies that must co-sign: 2 → 3"]),
    ({"mode": "cohort"}, ["Taught: in a group"]),
    ({"taughtIn": ["th"]}, ["Languages it is taught in: Thai"]),
]  # fmt: skip
OFFERS: list[tuple[dict[str, Any], str]] = [
    ({"price": {"amount": "4500", "currency": "THB"}}, "Price: 4,500 THB"),
    ({"callToAction": ACTION}, "Call to action: “Book” (https://www.example.org/)"),
    ({"story": STORY}, "The story is new"),
]


@pytest.mark.parametrize(("members", "expected"), CASES)
def test_what_changed_is_said(members: dict[str, Any], expected: list[str]) -> None:
    texts = said(changed(**members))
    assert len(texts) == len(expected)
    assert all(part in text for part, text in zip(expected, texts, strict=True)), texts


@pytest.mark.parametrize(("members", "expected"), OFFERS)
def test_the_offer_concerns_no_certificate(members: dict[str, Any], expected: str) -> None:
    changes = compare(make_syllabus(), changed(**members))
    assert [change.text for change in changes] == [expected]
    assert concerning_certificates(changes) == ()
    back = compare(changed(**members), make_syllabus())
    assert [change.kind for change in back] == ["removed"]


def test_outcomes_come_and_go() -> None:
    after = changed(outcomes__0__id="refer", criteria__0__outcomes=["refer"])
    sentence = "Outcome: “Screen a client for contraindications and refer where needed”"
    assert said(after)[:2] == [f"New: {sentence}", f"No longer: {sentence}"]
    assert [change.kind for change in compare(make_syllabus(), after)][:2] == ["added", "removed"]


def test_partner_bodies_are_called_by_their_names() -> None:
    before = make_syllabus()
    rest = tuple(one for one in before.recognition.cosigners if one != NORTH)
    after = replace(before, recognition=replace(before.recognition, cosigners=rest))
    assert said(after) == ["Partner body no longer asked: north-college"]
    (change,) = compare(after, before, {NORTH: "North College"}.__getitem__)
    assert change == Change("partners", "added", "New partner body: North College")


def test_number_and_date_alone_are_no_change() -> None:
    before = make_syllabus()
    after = replace(before, version=2, id=f"{before.programme}/2", previous=SRI, published=before.published)
    assert compare(before, after) == ()


def test_order_alone_is_said() -> None:
    before = make_syllabus()
    (change,) = compare(before, replace(before, outcomes=before.outcomes[::-1]))
    assert "Only order or wording" in change.text
