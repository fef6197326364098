"""A programme's page shows all that its syllabus says, in the reader's language, and embeds nothing."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec import convert
from msgspec.structs import replace

from keys.encoding import canonical, sha256, sri
from keys.names import syllabus_path
from keys.syllabus import Percent, Syllabus
from tests.served import Page, Served
from tests.world import NORTH, SITE, World, make_syllabus
from verifier.course_data import data_block
from verifier.report import Verdict

SLUG = "deep-tissue-foundations"
ADDRESS = f"/programmes/{SLUG}/1"
DIGEST = f"sha256-{'A' * 43}="
FULL: dict[str, Any] = {
    "mode": "cohort",
    "taughtIn": ["th", "lo", "en"],
    "attempts": {"counts": "best", "most": 3},
    "renewal": {"criteria": ["live"], "withinMonths": 6},
    "price": {"amount": "4500", "currency": "THB"},
    "callToAction": {"text": {"en": "Ask for a place", "th": "สอบถามที่นั่ง"}, "url": "https://www.example.org/ask"},
    "story": {
        "situation": {"en": "Her back hurt.", "th": "หลังของเธอปวด"},
        "outcome": {"en": "It no longer does."},
        "callToAction": {"text": {"en": "Book a session"}, "url": "https://www.example.org/book"},
        "documentary": {
            "url": "https://media.example.org/film.mp4",
            "digestSRI": DIGEST,
            "seconds": 90,
            "captions": [
                {"language": "en", "url": "https://media.example.org/en.vtt", "digestSRI": DIGEST},
                {"language": "th", "region": "TH", "url": "https://media.example.org/th.vtt", "digestSRI": DIGEST},
            ],
        },
    },
}


def full_syllabus() -> Syllabus:
    document = json.loads(canonical(make_syllabus())) | FULL
    document["criteria"][1]["evidence"] = document["criteria"][2]["remote"] = True
    return convert(document, Syllabus)


def served_with(folder: Path, syllabus: Syllabus) -> Served:
    world = World()
    world.syllabus, world.syllabus_bytes = syllabus, canonical(syllabus)
    return Served(folder, world)


def follow(served: Served, before: Syllabus, **changes: Any) -> Syllabus:
    """Publishes the version after `before`."""
    version = before.version + 1
    members = {"id": f"{before.programme}/{version}", "version": version, "published": date(2026, 11, 1)}
    after = replace(before, **(members | {"previous": sri(sha256(canonical(before)))} | changes))
    served.published.write(syllabus_path(SLUG, version), canonical(after))
    return after


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return served_with(tmp_path_factory.mktemp("site"), full_syllabus()).client()


def test_the_page_says_everything(full: FlaskClient) -> None:
    page = Page(full.get(ADDRESS).text)
    expected = (
        "36 hours · in a group · in Thai, Lao and English",
        "4,500 THB",
        "Ask for a place",
        "A story from practice Her back hurt. It no longer does. Book a session",
        "The film (1 min 30 s, on another site); captions: English , Thai (TH)",
        "a link or file is recorded",
        "may be moderated from afar",
        "the best of at most 3 attempts counts",
        "36 months from the day it is awarded",
        "Live skill check, passed again within 6 months before the certificate expires",
        "At least 2 of these 3 partner bodies: Harbour Hospital Rehabilitation",
        f"Digest of the film: {DIGEST}",
    )
    assert [words for words in expected if words not in page.text] == []
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert {"https://www.example.org/ask", "https://media.example.org/film.mp4"} <= links


def test_nothing_is_embedded_or_fetched(full: FlaskClient, no_socket: list[str]) -> None:
    answer = full.get(ADDRESS)
    tags = {tag for tag, _ in Page(answer.text).tags}
    assert tags.isdisjoint({"video", "audio", "iframe", "img", "object", "embed", "source", "track"})
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_reader_chooses_a_language(full: FlaskClient) -> None:
    answer = full.get(f"{ADDRESS}?lang=th")
    page = Page(answer.text)
    assert "อังกฤษ · ไทย พื้นฐานการนวดเนื้อเยื่อส่วนลึก Deep Tissue Foundations" in page.text
    assert "หลังของเธอปวด It no longer does." in page.text  # what is not translated stays in the main language
    assert {"th", "en"} <= {attributes.get("lang") for tag, attributes in page.tags if tag == "bdi"}
    assert full.get(f"{ADDRESS}?lang=xx").text == full.get(ADDRESS).text
    assert full.get(f"{ADDRESS}?lang=<script>").text == full.get(ADDRESS).text


def test_the_data_block_is_a_course_and_its_credential(full: FlaskClient) -> None:
    text = full.get(ADDRESS).text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    data = json.loads(block)
    course, credential = data["@graph"]
    identity = f"{SITE}{ADDRESS}"
    assert data["@context"] == "https://schema.org"
    assert (course["@type"], course["url"], course["name"]) == ("Course", identity, "Deep Tissue Foundations")
    assert course["provider"]["name"] == "River Clinic"
    assert course["hasCourseInstance"] == {"@type": "CourseInstance", "courseWorkload": "PT36H", "duration": "P6W"}
    assert course["inLanguage"] == ["th", "lo", "en"]
    assert course["offers"] | {"@type": "Offer"} == {
        "@type": "Offer",
        "price": "4500",
        "priceCurrency": "THB",
        "category": "Paid",
        "url": "https://www.example.org/ask",
    }
    assert course["video"]["duration"] == "PT90S"
    assert course["video"]["caption"][1]["inLanguage"] == "th-TH"
    assert course["educationalCredentialAwarded"] == {"@id": credential["@id"]}
    assert credential["@type"] == "EducationalOccupationalCredential"
    assert credential["validFor"] == "P36M"
    assert [body["name"] for body in credential["recognizedBy"]][:1] == ["Harbour Hospital Rehabilitation"]
    assert credential["competencyRequired"] == course["teaches"]


def test_no_text_leaves_the_data_block() -> None:
    hostile = "</script><!-- <script> & \u2028\u2029 ]]>"
    block = data_block({"name": hostile})
    assert re.search("[<>&\u2028\u2029]", block) is None
    assert json.loads(block) == {"name": hostile}


def test_a_plain_programme_has_no_empty_parts(tmp_path: Path) -> None:
    text = Page(Served(tmp_path).client().get(ADDRESS).text).text
    assert "the best of any number of attempts counts" in text
    assert "A story" not in text
    assert "Renewal" not in text
    assert "What is new" not in text
    assert '"offers"' not in text


def test_versions_know_each_other(tmp_path: Path) -> None:
    served = served_with(tmp_path, make_syllabus())
    second = follow(served, served.world.syllabus, weeks=7)
    follow(served, second, weeks=8)
    client = served.client()
    first = Page(client.get(ADDRESS).text).text
    assert "This is version 1, as certificates name it. Version 3 is the newest." in first
    page = Page(client.get(f"/programmes/{SLUG}/2").text).text
    assert "What is new since version 1 Weeks: 6 → 7" in page
    assert "the newest" not in Page(client.get(f"/programmes/{SLUG}/3").text).text


# -- the certificate's page --------------------------------------------------------------------------------------------


def certificate_text(served: Served) -> str:
    lookup = served.add(served.issue(Verdict.VALID))
    answer = served.client().get(f"/c/{lookup}")
    assert answer.headers["Handseal-Verdict"] == "valid"
    return Page(answer.text).text


def test_the_certificate_says_what_changed_since(tmp_path: Path) -> None:
    served = served_with(tmp_path, make_syllabus())
    before = served.world.syllabus
    quiz = replace(before.criteria[0], scale=Percent(passing=90))
    partners = tuple(one for one in before.recognition.cosigners if one != NORTH)
    second = follow(served, before, weeks=7, criteria=(quiz, *before.criteria[1:]))
    follow(served, second, weeks=8, recognition=replace(before.recognition, cosigners=partners))
    text = certificate_text(served)
    expected = (
        "The course since then Earned against version 1. The clinic published version 3 on 1 November 2026; it takes "
        "nothing from this certificate. What is different: Weeks: 6 → 8 Theory quiz, pass mark: 80% → 90% "
        "Partner body no longer asked: North College Questions"
    )
    assert expected in text


def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    served = served_with(tmp_path, make_syllabus())
    before = served.world.syllabus
    criteria = tuple(replace(one, minutes=50, evidence=True, name={"en": f"{one.id} new"}) for one in before.criteria)
    follow(served, before, criteria=criteria)
    assert "and 3 more" in certificate_text(served)


def test_a_new_price_concerns_no_certificate(tmp_path: Path) -> None:
    served = served_with(tmp_path, make_syllabus())
    follow(served, served.world.syllabus, price=full_syllabus().price)
    text = certificate_text(served)
    assert "What is taught, assessed and asked for is the same." in text
    assert "4,500" not in text


def test_the_newest_version_has_no_news(tmp_path: Path) -> None:
    assert "The course since then" not in certificate_text(served_with(tmp_path, make_syllabus()))


@pytest.mark.parametrize(
    "changes",
    [
        {"previous": DIGEST},
        {"issuer": f"{SITE}/orgs/another"},
        {"version": 3, "id": f"{SITE}/programmes/{SLUG}/3"},
        {"programme": f"{SITE}/programmes/other", "id": f"{SITE}/programmes/other/2"},
    ],
)
def test_a_version_outside_the_chain_is_no_news(tmp_path: Path, changes: dict[str, Any]) -> None:
    served = served_with(tmp_path, make_syllabus())
    before = served.world.syllabus
    members = {"id": f"{before.programme}/2", "version": 2, "previous": sri(sha256(canonical(before))), "weeks": 7}
    other = replace(before, **(members | changes))
    served.published.write(syllabus_path(SLUG, 2), canonical(other))
    assert "The course since then" not in certificate_text(served)


def test_a_broken_newer_version_changes_nothing(tmp_path: Path) -> None:
    served = served_with(tmp_path, make_syllabus())
    served.published.write(syllabus_path(SLUG, 2), b"{}")
    assert "The course since then" not in certificate_text(served)
