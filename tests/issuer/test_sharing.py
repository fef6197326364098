"""A share kit says what is published or verified, in each language, and how it is to be used."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from issuer.captions import NETWORKS, Caption, caption_file, count_in_x, fitting, programme_caption
from issuer.certificate import Design
from issuer.share_plan import LAST_DAY, audiences, posts, programme_plan
from issuer.sharing import (
    Consent,
    Learner,
    Subject,
    add_to_profile,
    certificate_kit,
    programme_kit,
    site_card,
    site_certificate_card,
)
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.syllabus import CallToAction, Captions, Documentary, Story, Syllabus
from tests.issuer.printing import LOOKUP_ID, classic, verified
from tests.served import Page
from tests.world import PARTNERS, make_syllabus
from verifier.report import VerifiedCredential

SITE = "https://verify.river.example"
PAGE = f"{SITE}/c/{LOOKUP_ID}"
FILM = "https://film.example/deep-tissue.mp4"
DIGEST = sri(sha256(b"film"))
TEXTS = {
    "title": {"en": "Deep Tissue Foundations", "th": "พื้นฐานการนวดเนื้อเยื่อส่วนลึก", "zh": "深层组织按摩基础"},
    "summary": {"en": "Safe deep-tissue work.", "th": "การนวดเนื้อเยื่อส่วนลึกอย่างปลอดภัย", "zh": "安全的深层组织按摩。"},
    "situation": {"en": "A weaver could not turn her neck.", "th": "ช่างทอผ้าหันคอไม่ได้"},
    "outcome": {"en": "After three sessions she weaves again.", "th": "หลังนวดสามครั้งเธอกลับมาทอผ้าได้"},
    "action": {"en": "Book a place", "th": "จองที่นั่ง", "zh": "预订名额"},
}


def film(*captions: tuple[str, str | None]) -> Documentary:
    entries = tuple(
        Captions(language=language, url=f"{FILM}.{language}.vtt", digest_sri=DIGEST, region=region or UNSET)
        for language, region in captions
    )
    return Documentary(url=FILM, digest_sri=DIGEST, seconds=185, captions=entries)


def told(documentary: Documentary | None = None, *, story: bool = True, action: bool = True) -> Syllabus:
    """The world's syllabus in three languages, with a story in two of them."""
    plain = replace(make_syllabus(), title=TEXTS["title"], summary=TEXTS["summary"])
    if action:
        plain = replace(plain, call_to_action=CallToAction(text=TEXTS["action"], url="https://river.example/book"))
    if not story:
        return plain
    block = Story(situation=TEXTS["situation"], outcome=TEXTS["outcome"], documentary=documentary or UNSET)
    return replace(plain, story=block)


def subject(syllabus: Syllabus) -> Subject:
    names = {syllabus.issuer: "River Clinic", **PARTNERS}
    return Subject(syllabus, canonical(syllabus), lambda identity, language: names[identity], SITE)


@pytest.fixture(scope="module")
def design() -> Design:
    return classic()


@pytest.fixture(scope="module")
def base() -> VerifiedCredential:
    return verified()


@pytest.fixture(scope="module")
def kit(design: Design) -> dict[str, bytes]:
    return programme_kit(subject(told(film(("th", "TH")))), design, has_card=True)


def learner(base: VerifiedCredential, *, page: bool = True, share: bool = True) -> Learner:
    return Learner(base, LOOKUP_ID, SITE, Consent(page, share))


def caption_of(syllabus: Syllabus, language: str, design: Design) -> Caption:
    return programme_caption(syllabus, subject(syllabus).card(language, design))


# -- the kit of a programme --------------------------------------------------------------------------------------------


def test_a_programmes_kit_has_every_language(kit: dict[str, bytes]) -> None:
    shapes = ("1x1", "9x16", "16x9")
    cards = {f"cards/{language}/card-{shape}.png" for language in TEXTS["title"] for shape in shapes}
    captions = {f"captions/{language}.txt" for language in TEXTS["title"]}
    assert set(kit) == cards | captions | {"plan.md", "open-graph.html", "README.md"}
    assert all(kit[name].startswith(b"\x89PNG") for name in cards)
    readme = kit["README.md"].decode()
    assert "Languages: en, th, zh." in readme
    assert "add-to-profile" not in readme


def test_equal_input_gives_equal_files(kit: dict[str, bytes], design: Design) -> None:
    assert programme_kit(subject(told(film(("th", "TH")))), design, has_card=True) == kit


def test_only_the_languages_that_were_chosen(design: Design) -> None:
    files = programme_kit(subject(told()), design, ("th",), has_card=False)
    assert {name for name in files if name.startswith("captions/")} == {"captions/th.txt"}
    assert "cards/en" not in files["plan.md"].decode()


def test_the_snippet_is_what_the_page_carries(kit: dict[str, bytes], design: Design) -> None:
    found = {str(tag.get("property")): tag["content"] for _, tag in Page(kit["open-graph.html"].decode()).tags}
    assert found["og:title"] == "Deep Tissue Foundations"
    assert found["og:image"] == f"{SITE}/programmes/deep-tissue-foundations/1/card-16x9.png"
    without = programme_kit(subject(told()), design, ("en",), has_card=False)["open-graph.html"].decode()
    assert "og:image" not in without


def test_the_sites_card_is_the_wide_one_in_the_main_language(kit: dict[str, bytes], design: Design) -> None:
    path, png = site_card(subject(told(film(("th", "TH")))), design)
    assert path == "programmes/deep-tissue-foundations/1/card-16x9.png"
    assert png == kit["cards/en/card-16x9.png"]


# -- captions ----------------------------------------------------------------------------------------------------------


def test_a_caption_is_made_of_the_programmes_own_sentences(design: Design) -> None:
    caption = caption_of(told(), "en", design)
    assert caption.short == (
        "Deep Tissue Foundations\n\nAfter three sessions she weaves again.\n\nBook a place\nhttps://river.example/book"
    )
    first, second, *_ = caption.long.split("\n\n")
    assert (first, second) == (TEXTS["situation"]["en"], TEXTS["outcome"]["en"])
    assert "– Screen a client for contraindications" in caption.long
    assert caption.long.endswith(f"{SITE}/programmes/deep-tissue-foundations/1")
    assert "#" not in caption.short + caption.long.replace("#0", "")
    assert caption.picture.startswith("Deep Tissue Foundations. River Clinic. 6 weeks")


def test_a_caption_keeps_to_its_language(design: Design) -> None:
    syllabus = told()
    chinese = caption_of(syllabus, "zh", design)
    assert TEXTS["situation"]["en"] not in chinese.long
    assert chinese.short == "深层组织按摩基础\n\n安全的深层组织按摩。\n\n预订名额\nhttps://river.example/book"
    assert not re.search(r"[A-Za-z]", re.sub(r"https://\S+", "", chinese.long))


def test_without_a_call_to_action_the_link_leads_to_the_programme(design: Design) -> None:
    caption = caption_of(told(action=False, story=False), "en", design)
    assert caption.short.endswith(f"\n\n{SITE}/programmes/deep-tissue-foundations/1")
    assert caption.long.count(f"{SITE}/programmes/") == 1


def test_a_short_post_fits_every_network(design: Design) -> None:
    long = replace(told(), summary={"en": "Practised at work. " * 40})
    long = replace(long, story=Story(situation={"en": "x" * 400}, outcome={"en": "y" * 400}))
    caption = caption_of(long, "en", design)
    assert len(fitting(caption.short)) == len(NETWORKS)
    assert "Screen a client" in caption.short  # the first outcome, where summary and story are too long


def test_lengths_are_counted_and_said() -> None:
    text = caption_file(Caption("en", "x" * 280, "y" * 301, "z"))
    assert "== Short post: 280 characters ==" in text
    assert "Fits: X (280), Bluesky (300)" in text
    assert "== Long post: 301 characters ==" in text
    assert "Too long for: X (280), Bluesky (300)" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", 3),
        ("สวัสดี", 6),
        ("你好", 4),
        ("a https://river.example/" + "x" * 90, 2 + 23),
        ("a\n\nhttps://b.example", 3 + 23),
        ("x" * 280, 280),
    ],
)
def test_x_counts_in_its_own_way(text: str, expected: int) -> None:
    assert count_in_x(text) == expected


def test_both_sides_of_a_limit() -> None:
    assert NETWORKS[0] in fitting("x" * 280)
    assert NETWORKS[0] not in fitting("x" * 281)
    assert NETWORKS[0] not in fitting("你" * 141)


# -- the plan ----------------------------------------------------------------------------------------------------------


def test_audiences_are_those_of_captions_and_of_the_programme() -> None:
    found = audiences(told(film(("th", "TH"), ("lo", "LA"), ("th", None))))
    assert [(entry.language, entry.region, entry.speaks, entry.captions is not None) for entry in found] == [
        ("en", "any", True, False),
        ("th", "TH", True, True),
        ("lo", "LA", False, True),
        ("th", "any", True, True),
        ("zh", "any", True, False),
    ]


def test_posts_come_from_the_parts_of_the_story_within_two_weeks() -> None:
    found = posts(told(film(("th", "TH"), ("lo", "LA"))))
    assert [post.day for post in found] == sorted(post.day for post in found)
    assert found[0].day >= 1
    assert found[-1].day <= LAST_DAY
    thai = [(post.part, post.what) for post in found if post.audience.region == "TH"]
    assert [part for part, _ in thai] == ["situation", "documentary", "outcome", "call to action"]
    assert thai[0][1].startswith("clip of up to 30 seconds")
    assert thai[1][1].endswith(f"with captions {FILM}.th.vtt")
    assert thai[-1][1] == "cards/th/card-9x16.png"
    lao = [post for post in found if post.audience.language == "lo"]
    assert {post.part for post in lao} == {"situation", "documentary", "outcome"}
    assert all("cards/" not in post.what and "captions/" not in post.caption for post in lao)
    english = {post.part: post.what for post in found if post.audience.language == "en"}
    assert english["situation"] == "cards/en/card-9x16.png"
    assert english["what is learned"] == "cards/en/card-16x9.png"
    assert "documentary" not in english


def test_nothing_is_planned_that_does_not_exist(kit: dict[str, bytes]) -> None:
    plan = kit["plan.md"].decode()
    assert set(re.findall(r"c[a-z]+/[a-z0-9x./-]+(?:png|txt)", plan)) <= set(kit)
    chinese = [post.part for post in posts(told()) if post.audience.language == "zh"]
    assert chinese == ["call to action"]  # the story is not told in Chinese


def test_without_a_story_the_summary_begins() -> None:
    english = [post.part for post in posts(told(story=False)) if post.audience.language == "en"]
    assert english == ["summary", "what is learned", "call to action"]
    assert all(post.part != "call to action" for post in posts(told(story=False, action=False)))


def test_a_plan_names_its_film_and_the_figures_to_watch() -> None:
    plan = programme_plan(told(film(("th", "TH"))), "deep-tissue-foundations")
    assert f"{FILM}, 3:05 minutes. Its digest is `{DIGEST}`." in plan
    assert "no captions yet in: en, zh" in plan
    assert "`handseal report deep-tissue-foundations`" in plan
    assert f"{SITE}/programmes/deep-tissue-foundations/1" in plan
    rows = [line for line in plan.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {7}


def test_a_plan_for_chosen_languages_names_no_other() -> None:
    found = posts(told(film(("th", "TH"), ("lo", "LA"))), ("th",))
    assert {post.audience.language for post in found} == {"th"}


# -- the kit of a learner ----------------------------------------------------------------------------------------------


def test_without_consent_to_share_there_is_no_kit(base: VerifiedCredential, design: Design) -> None:
    for page in (True, False):
        with pytest.raises(HandsealError, match="did not agree to sharing"):
            certificate_kit(learner(base, page=page, share=False), design, has_card=False)
        with pytest.raises(HandsealError, match="did not agree to sharing"):
            site_certificate_card(learner(base, page=page, share=False), design)


def test_without_a_page_nothing_leads_to_the_certificate(base: VerifiedCredential, design: Design) -> None:
    files = certificate_kit(learner(base, page=False), design, has_card=False)
    assert {"add-to-profile.txt", "open-graph.html"}.isdisjoint(files)
    texts = b"".join(data for name, data in files.items() if not name.endswith(".png")).decode()
    assert LOOKUP_ID not in texts.upper()
    assert "/c/" not in texts
    assert f"{SITE}/programmes/deep-tissue-foundations/1" in texts
    with pytest.raises(HandsealError, match="did not agree to a page"):
        site_certificate_card(learner(base, page=False), design)


def test_with_both_consents_the_kit_leads_to_the_page(base: VerifiedCredential, design: Design) -> None:
    files = certificate_kit(learner(base), design, has_card=True)
    assert set(files) == {
        *(f"cards/en/card-{shape}.png" for shape in ("1x1", "9x16", "16x9")),
        *("captions/en.txt", "plan.md", "add-to-profile.txt", "open-graph.html", "README.md"),
    }
    caption = files["captions/en.txt"].decode()
    assert "สมชาย ปิ่นทอง – Deep Tissue Foundations" in caption
    assert "River Clinic, awarded 19 November 2026" in caption
    assert PAGE in caption
    assert PAGE in files["open-graph.html"].decode()
    assert "add-to-profile.txt" in files["plan.md"].decode()
    path, png = site_certificate_card(learner(base), design)
    assert path == f"c/7F/{LOOKUP_ID}.png"
    assert png == files["cards/en/card-16x9.png"]
    unpublished = certificate_kit(learner(base), design, has_card=False)
    assert "open-graph.html" not in unpublished


def test_a_learners_kit_says_nothing_private(base: VerifiedCredential, design: Design) -> None:
    files = certificate_kit(learner(base), design, has_card=True)
    texts = b"".join(data for name, data in files.items() if not name.endswith(".png")).decode()
    certificate = base.certificate
    for private in (certificate.id, certificate.credential_subject.id, "Niran Chai", "proficient", base.token):
        assert private not in texts


def test_the_link_to_a_profile_is_made_of_public_facts(base: VerifiedCredential) -> None:
    link = urlsplit(add_to_profile(base, PAGE))
    assert f"{link.scheme}://{link.netloc}{link.path}" == "https://www.linkedin.com/profile/add"
    assert parse_qs(link.query, strict_parsing=True) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Deep Tissue Foundations"],
        "organizationName": ["River Clinic"],
        "issueYear": ["2026"],
        "issueMonth": ["11"],
        "expirationYear": ["2029"],
        "expirationMonth": ["11"],
        "certUrl": [PAGE],
    }
    endless = replace(base, certificate=replace(base.certificate, valid_until=UNSET, exp=UNSET))
    assert "expiration" not in add_to_profile(endless, PAGE)


def test_names_in_the_link_are_escaped(base: VerifiedCredential) -> None:
    named = replace(base, issuer=replace(base.issuer, name="Rivière & Söhne = #1"))
    link = urlsplit(add_to_profile(named, PAGE))
    assert parse_qs(link.query)["organizationName"] == ["Rivière & Söhne = #1"]
    assert link.fragment == ""
