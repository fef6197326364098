"""A card says only what is published or verified, in one language and inside its safe area."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from issuer import cards
from issuer.cards import Card, Shape, certificate_card, languages_of, picture, programme_card, require_language
from issuer.certificate import Design, PublishedAddress
from issuer.share_words import words_of as words_in
from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.syllabus import CallToAction, Story, Syllabus
from tests.issuer.printing import (
    ADDRESS,
    LOOKUP_ID,
    ORGANISATIONS,
    Word,
    classic,
    overlapping,
    reworded,
    verified,
    words_of,
)
from tests.world import make_syllabus, midnight
from verifier.report import VerifiedCredential
from verifier.seal import seal_svg

SITE = "https://verify.riverclinic.example"
PARTNERS = ORGANISATIONS[:3]
NO_PAGE = PublishedAddress(SITE, None)
TITLES = {
    "en": "Deep Tissue Foundations",
    "th": "พื้นฐานการนวดเนื้อเยื่อส่วนลึก",
    "ar": "أساسيات تدليك الأنسجة العميقة",
    "zh": "深层组织按摩基础",
}
OUTCOMES = {
    "en": "Screen a client for contraindications and refer where needed",
    "th": "คัดกรองข้อห้ามของผู้รับบริการและส่งต่อเมื่อจำเป็น",
    "ar": "فحص العميل بحثًا عن موانع العلاج وإحالته عند الحاجة",
    "zh": "筛查客户的禁忌症，并在需要时转介",
}
ACTIONS = {"en": "Book a place", "th": "จองที่นั่ง", "ar": "احجز مكانك", "zh": "预订名额"}
LONG_TITLE = "Advanced Neuromuscular Rehabilitation and Deep-Tissue Techniques for Experienced Practitioners"
LONG_NAME = "Maximiliane-Theodora von und zu Hohenlohe-Waldenburg-Schillingsfürst"


def speaking(title: dict[str, str] = TITLES, count: int = 4) -> Syllabus:
    """The world's syllabus in four languages, with a call to action."""
    plain = make_syllabus()
    return replace(
        plain,
        title=title,
        summary=title,
        outcomes=tuple(replace(plain.outcomes[0], text=OUTCOMES) for _ in range(count)),
        call_to_action=CallToAction(text=ACTIONS, url="https://riverclinic.example/book"),
    )


@pytest.fixture(scope="module")
def design() -> Design:
    return classic()


@pytest.fixture(scope="module")
def base() -> VerifiedCredential:
    return verified()


def card_of(syllabus: Syllabus, language: str, design: Design, partners: tuple[str, ...] = PARTNERS) -> Card:
    body = canonical(syllabus)
    return programme_card(syllabus, body, language, clinic="River Clinic", partners=partners, site=SITE, design=design)


def learner_card(
    base: VerifiedCredential, design: Design, language: str = "en", address: PublishedAddress = NO_PAGE
) -> Card:
    return certificate_card(base, language, address, design, consent_share=True)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def touching_lines(words: Sequence[Word]) -> list[tuple[str, str]]:
    """Pairs that overlap and stand on different lines: pdftotext cuts words with marks into parts that overlap."""
    pairs = ((one, other) for n, one in enumerate(words) for other in words[n + 1 :])
    return [
        (one.text, other.text)
        for one, other in pairs
        if abs(one.bottom - other.bottom) > 0.35 * min(one.bottom - one.top, other.bottom - other.top)
        and overlapping([one, other])
    ]


def require_layout(card: Card, shape: Shape, design: Design, folder: Path) -> None:
    """No word touches another, and between the frame and the safe area there is nothing but white."""
    words = words_of(cards._compiled(card, shape, design, "pdf"), folder)
    assert words
    assert touching_lines(words) == []
    if "".join(word.text for word in words).isascii():
        assert overlapping(words) == []
    page = opened(picture(card, shape, design))
    assert page.size == shape.size
    side, top, bottom = shape.safe
    inside = 42  # where the frame ends
    blank = Image.new("RGB", page.size, "white")
    changed = ImageChops.difference(page, blank)
    changed.paste((0, 0, 0), (0, 0, page.width, inside))
    changed.paste((0, 0, 0), (0, page.height - inside, page.width, page.height))
    changed.paste((0, 0, 0), (0, 0, inside, page.height))
    changed.paste((0, 0, 0), (page.width - inside, 0, page.width, page.height))
    box = changed.getbbox()
    assert box is not None
    slack = 8  # a letter may reach a little below its line
    assert box[0] >= side - slack
    assert box[1] >= top - slack
    assert box[2] <= page.width - side + slack
    assert box[3] <= page.height - bottom + slack


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("language", TITLES)
def test_a_programme_keeps_to_the_safe_area(design: Design, tmp_path: Path, shape: Shape, language: str) -> None:
    require_layout(card_of(speaking(), language, design), shape, design, tmp_path)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(
    ("name", "latin"),
    [
        (LONG_NAME, None),
        ("สมชาย ปิ่นทอง", "Somchai Pinthong"),
        ("ليلى عبد الرحمن", "Layla Abd al-Rahman"),
        ("王秀英", "Wang Xiuying"),
        ("Ng", None),
    ],
)
def test_a_learner_keeps_to_the_safe_area(
    base: VerifiedCredential, design: Design, tmp_path: Path, shape: Shape, name: str, latin: str | None
) -> None:
    named = reworded(base, name=name, latin=latin, title=LONG_TITLE)
    require_layout(learner_card(named, design, address=ADDRESS), shape, design, tmp_path)


@pytest.mark.parametrize("shape", Shape)
def test_long_words_and_many_partners_keep_to_the_safe_area(design: Design, tmp_path: Path, shape: Shape) -> None:
    syllabus = speaking({"en": LONG_TITLE}, count=5)
    long = replace(syllabus.outcomes[0], text={"en": OUTCOMES["en"] + ", before each session and after it"})
    syllabus = replace(syllabus, outcomes=(long,) * 5)
    require_layout(card_of(syllabus, "en", design, ORGANISATIONS[:5]), shape, design, tmp_path)
    unbroken = speaking({"en": "Rückenmuskulaturtiefengewebsbehandlungsgrundlagen"})
    require_layout(card_of(unbroken, "en", design), shape, design, tmp_path)


def test_equal_input_gives_equal_bytes_and_other_input_others(design: Design) -> None:
    card = card_of(speaking(), "th", design)
    assert picture(card, Shape.SQUARE, design) == picture(card_of(speaking(), "th", design), Shape.SQUARE, design)
    assert picture(replace(card, clinic="Other Clinic"), Shape.SQUARE, design) != picture(card, Shape.SQUARE, design)


def test_the_bytes_do_not_depend_on_the_hour(base: VerifiedCredential, design: Design) -> None:
    png = picture(learner_card(base, design), Shape.WIDE, design)
    assert png == picture(learner_card(base, design), Shape.WIDE, design)
    assert Image.open(io.BytesIO(png)).info.keys() <= {"dpi", "gamma", "srgb"}  # no date, no name


def test_a_programme_says_what_its_syllabus_says(design: Design) -> None:
    syllabus = speaking()
    card = card_of(syllabus, "th", design)
    assert (card.title, card.action, card.outcomes) == (TITLES["th"], ACTIONS["th"], (OUTCOMES["th"],) * 4)
    assert card.facts == "6\u00a0สัปดาห์ · 36\u00a0ชั่วโมง"
    assert "2" in card.bodies_label
    assert card.bodies == PARTNERS
    assert card.host == "verify.riverclinic.example"
    assert card.seal == seal_svg(sha256(canonical(syllabus)))
    assert (card.name, card.id, card.qr) == (None, None, None)


def test_what_is_not_written_in_a_language_is_left_out(design: Design) -> None:
    syllabus = speaking()
    partly = replace(
        syllabus, outcomes=(syllabus.outcomes[0], replace(syllabus.outcomes[1], text={"en": OUTCOMES["en"]}))
    )
    assert card_of(partly, "en", design).outcomes == (OUTCOMES["en"],) * 2
    assert card_of(partly, "th", design).outcomes == (OUTCOMES["th"],)


def test_the_storys_call_to_action_stands_in_for_the_programmes(design: Design) -> None:
    story = Story(
        situation={"en": "Before"},
        outcome={"en": "After"},
        call_to_action=CallToAction(text={"en": "Come and see"}, url="https://riverclinic.example/see"),
    )
    plain = make_syllabus()
    assert card_of(plain, "en", design).action is None
    assert card_of(replace(plain, story=story), "en", design).action == "Come and see"
    assert card_of(replace(speaking(), story=story), "en", design).action == ACTIONS["en"]


def test_languages_are_those_of_title_and_summary() -> None:
    syllabus = speaking()
    assert languages_of(syllabus) == ("en", "ar", "th", "zh")
    assert languages_of(replace(syllabus, summary={"en": "Short", "zh": "短"})) == ("en", "zh")
    assert require_language(syllabus, "zh") == "zh"
    with pytest.raises(HandsealError, match="--language fr") as refused:
        require_language(syllabus, "fr")
    assert "en, ar, th, zh" in refused.value.hint


def test_a_learner_is_shown_with_consent_alone(base: VerifiedCredential, design: Design) -> None:
    with pytest.raises(HandsealError, match="did not agree"):
        certificate_card(base, "en", NO_PAGE, design, consent_share=False)


def test_neither_code_nor_number_without_a_page(base: VerifiedCredential, design: Design) -> None:
    hidden = learner_card(base, design)
    assert (hidden.id, hidden.qr) == (None, None)
    shown = learner_card(base, design, address=ADDRESS)
    assert shown.id is not None
    assert "".join(shown.id).replace(" ", "") == LOOKUP_ID
    assert shown.qr is not None
    assert shown.qr != hidden.qr


def test_a_learner_is_shown_as_certified(base: VerifiedCredential, design: Design) -> None:
    card = learner_card(base, design)
    assert card.name is not None
    assert card.latin_name is not None
    assert (card.name.text, card.latin_name.text) == ("สมชาย ปิ่นทอง", "Somchai Pinthong")
    assert card.facts == "awarded\u00a019\u00a0November\u00a02026"
    assert card.clinic == "River Clinic"
    assert card.bodies == tuple(partner.name for partner in base.partners)
    assert card.seal == seal_svg(base.digest)
    assert card.alternative == "สมชาย ปิ่นทอง: Deep Tissue Foundations. River Clinic. awarded 19 November 2026"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"title": {"en": "Deep 𓀀 Tissue"}}, "programme title"),
        ({"call_to_action": CallToAction(text={"en": "Book 𓀀"}, url="https://a.example")}, "call to action"),
    ],
)
def test_a_character_no_font_has_is_refused_before_it_is_set(
    design: Design, change: dict[str, object], place: str
) -> None:
    with pytest.raises(HandsealError, match=f"{place}.*no font has the character"):
        card_of(replace(speaking(), **change), "en", design)
    with pytest.raises(HandsealError, match=r"organisation.*no font has the character"):
        card_of(speaking(), "en", design, ("Guild 𓀀",))


def test_a_name_no_font_has_is_refused(base: VerifiedCredential, design: Design) -> None:
    with pytest.raises(HandsealError, match="no font has the character"):
        learner_card(reworded(base, name="𓀀𓀁"), design)


def test_more_than_a_card_holds_is_refused_with_its_place(design: Design) -> None:
    card = card_of(speaking({"en": LONG_TITLE * 12}), "en", design)
    with pytest.raises(HandsealError, match=r"1x1.*more text than the card holds") as refused:
        picture(card, Shape.SQUARE, design)
    assert "shorten the title" in refused.value.hint


def test_markup_in_texts_is_shown_as_it_is(design: Design, tmp_path: Path) -> None:
    card = card_of(speaking({"en": "#panic() *bold* $x$ \\"}), "en", design)
    shown = {word.text for word in words_of(cards._compiled(card, Shape.SQUARE, design, "pdf"), tmp_path)}
    assert {"#panic()", "*bold*", "$x$", "\\"} <= shown


def test_words_of_a_language_without_a_row_are_english() -> None:
    assert words_in("sw").language == "en"
    assert words_in("zh-Hant").language == "zh"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "9 March 2026"), ("th", "9 มีนาคม ค.ศ. 2026"), ("ar", "9 مارس 2026"), ("zh", "2026年3月9日")],
)
def test_dates_are_written_as_in_the_language(language: str, expected: str) -> None:
    assert words_in(language).day(midnight("2026-03-09")) == expected


@pytest.mark.parametrize(
    ("weeks", "minutes", "expected"),
    [(1, 60, "1 week · 1 hour"), (6, 2160, "6 weeks · 36 hours"), (2, 90, "2 weeks · 1 hour · 30 minutes")],
)
def test_durations_are_counted(weeks: int, minutes: int, expected: str) -> None:
    assert words_in("en").duration(weeks, minutes).replace("\u00a0", " ") == expected
