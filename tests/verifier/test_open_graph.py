"""A link to a programme shows what its page shows; one to a learner shows nothing without a published card."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from PIL import Image

from keys.encoding import canonical
from keys.names import syllabus_path
from tests.served import Page, Served
from tests.world import SITE, World, make_syllabus
from verifier.open_graph import MAX_DESCRIPTION, OpenGraph, of_programme, shortened, tags
from verifier.published import MAX_PICTURE_BYTES, certificate_card, programme_card, published
from verifier.report import Verdict

SLUG = "deep-tissue-foundations"
ADDRESS = f"/programmes/{SLUG}/1"


def png(size: int = 4) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (size, size), "white").save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


def meta(client: FlaskClient, address: str) -> dict[str, str]:
    """The meta tags of a page by property or name."""
    answer = client.get(address)
    assert answer.status_code == 200
    found = [attributes for tag, attributes in Page(answer.text).tags if tag == "meta"]
    return {str(tag.get("property") or tag.get("name")): str(tag["content"]) for tag in found if "content" in tag}


def open_graph(client: FlaskClient, address: str) -> dict[str, str]:
    return {name: text for name, text in meta(client, address).items() if name.startswith(("og:", "twitter:"))}


def test_a_programme_always_says_what_it_is(served: Served) -> None:
    found = meta(served.client(), ADDRESS)
    assert found["og:title"] == "Deep Tissue Foundations"
    assert found["og:description"] == found["description"]
    assert found["description"].startswith("Safe deep-tissue work")
    assert found["og:url"] == SITE + ADDRESS
    assert found["og:site_name"] == "River Clinic"
    assert found["twitter:card"] == "summary"
    assert "og:image" not in found
    assert "robots" not in found


def test_a_programme_with_a_card_shows_it(served: Served) -> None:
    served.published.write(programme_card(SLUG, 1), png())
    client = served.client()
    found = meta(client, ADDRESS)
    assert found["og:image"] == f"{SITE}{ADDRESS}/card-16x9.png"
    assert (found["og:image:width"], found["og:image:height"]) == ("1920", "1080")
    assert found["og:image:type"] == "image/png"
    assert found["twitter:card"] == "summary_large_image"
    picture = client.get(found["og:image"].removeprefix(SITE))
    assert (picture.status_code, picture.mimetype, picture.data) == (200, "image/png", png())
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" in picture.headers["Cache-Control"]
    assert client.get(f"{ADDRESS}/card-16x9.png", headers={"If-None-Match": picture.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        f"/programmes/{SLUG}/1/card-16x9",
        f"/programmes/{SLUG}/1/card-1x1.png",
        f"/programmes/{SLUG}/1/../1/card-16x9.png",
        f"/programmes/{SLUG}/01/card-16x9.png",
        f"/programmes/{SLUG}/2/card-16x9.png",
        f"/programmes/{SLUG}/1/card-16x9.png/",
        f"/programmes/{SLUG}/1/..%2f..%2f..%2ftrust/targets.json",
        f"/programmes/{SLUG.upper()}/1/card-16x9.png",
    ],
)
def test_no_other_address_reaches_a_picture(served: Served, address: str) -> None:
    served.published.write(programme_card(SLUG, 1), png())
    served.published.write(f"programmes/{SLUG}/1/card-1x1.png", png())
    assert served.client().get(address).status_code == 404


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG", png() + bytes(MAX_PICTURE_BYTES)])
def test_what_is_no_small_png_is_not_served(served: Served, data: bytes) -> None:
    served.published.write(programme_card(SLUG, 1), data)
    lookup = served.add(served.issue(Verdict.VALID))
    served.published.write(certificate_card(lookup), data)
    client = served.client()
    assert client.get(f"{ADDRESS}/card-16x9.png").status_code == 404
    assert client.get(f"/c/{lookup}.png").status_code == 404
    assert "og:image" not in meta(client, ADDRESS)
    assert open_graph(client, f"/c/{lookup}") == {}


def test_a_picture_of_the_largest_size_is_served(served: Served) -> None:
    data = png() + bytes(MAX_PICTURE_BYTES - len(png()))
    served.published.write(programme_card(SLUG, 1), data)
    assert served.client().get(f"{ADDRESS}/card-16x9.png").data == data


def test_a_link_that_leads_elsewhere_is_not_followed(served: Served, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.png"
    outside.write_bytes(png())
    card = served.published.folder / programme_card(SLUG, 1)
    card.parent.mkdir(parents=True)
    card.symlink_to(outside)
    assert served.client().get(f"{ADDRESS}/card-16x9.png").status_code == 404


def test_a_learner_without_a_card_is_never_described(served: Served) -> None:
    lookup = served.add(served.issue(Verdict.VALID))
    client = served.client()
    assert open_graph(client, f"/c/{lookup}") == {}
    assert client.get(f"/c/{lookup}.png").status_code == 404
    assert meta(client, f"/c/{lookup}")["robots"] == "noindex"


def test_a_learner_with_a_card_is_described(served: Served) -> None:
    lookup = served.add(served.issue(Verdict.VALID))
    served.published.write(certificate_card(lookup), png())
    client = served.client()
    found = meta(client, f"/c/{lookup.lower()}")
    assert found["og:title"] == "สมชาย ปิ่นทอง: Deep Tissue Foundations"
    assert found["og:description"] == (
        "Certificate of River Clinic, awarded 19 November 2026, "
        "co-signed by Harbour Hospital Rehabilitation and Thai Traditional Massage Association."
    )
    assert found["og:url"] == f"{SITE}/c/{lookup}"
    assert found["og:image"] == f"{SITE}/c/{lookup}.png"
    assert found["robots"] == "noindex"
    picture = client.get(f"/c/{lookup}.png")
    assert (picture.status_code, picture.mimetype, picture.data) == (200, "image/png", png())
    assert picture.headers["Cache-Control"] == "no-store"
    assert "noindex" in picture.headers["X-Robots-Tag"]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.VALID])
def test_what_does_not_stand_is_not_shared(served: Served, verdict: Verdict) -> None:
    lookup = served.add(served.issue(verdict))
    served.published.write(certificate_card(lookup), png())
    client = served.client()
    assert open_graph(client, f"/c/{lookup}") == {}
    assert client.get(f"/c/{lookup}.png").status_code == 404


def test_a_card_without_a_certificate_is_nothing(served: Served) -> None:
    served.add(served.issue(Verdict.VALID))
    unknown = "0" * 26
    served.published.write(certificate_card(unknown), png())
    client = served.client()
    assert client.get(f"/c/{unknown}.png").status_code == 404
    assert client.get(f"/c/{unknown}").status_code == 404
    assert client.get("/c/nonsense.png").status_code == 404


def test_an_upload_is_never_described(served: Served) -> None:
    token = served.issue(Verdict.VALID)
    served.published.write(certificate_card(served.add(token)), png())
    page = Page(served.client().post("/", data={"text": token.decode()}).text)
    assert not any("og:" in str(attributes.get("property")) for tag, attributes in page.tags if tag == "meta")


def test_the_words_are_in_the_language_of_the_page(tmp_path: Path) -> None:
    world = World()
    thai = replace(make_syllabus(), language="th")
    texts = {"title": {"th": "พื้นฐานการนวด"}, "summary": {"th": "หลักสูตรหกสัปดาห์"}}
    graph = of_programme(replace(thai, **texts), "River Clinic", SITE, has_card=False)
    assert (graph.title, graph.description, graph.language) == ("พื้นฐานการนวด", "หลักสูตรหกสัปดาห์", "th")
    assert 'lang="th"' in tags(graph)
    served = Served(tmp_path, world)
    served.published.write(syllabus_path(SLUG, 1), canonical(make_syllabus()))
    served.published.write(programme_card(SLUG, 1), png())
    client = served.client()
    assert meta(client, ADDRESS)["og:title"] == "Deep Tissue Foundations"
    found = meta(client, f"{ADDRESS}?lang=th")
    assert found["og:title"] == "พื้นฐานการนวดเนื้อเยื่อส่วนลึก"
    assert found["og:url"] == f"{SITE}{ADDRESS}?lang=th"
    assert found["og:image"] == f"{SITE}{ADDRESS}/card-16x9.png"
    assert meta(client, f'{ADDRESS}?lang="><script>')["og:url"] == SITE + ADDRESS


def test_texts_cannot_leave_their_attribute() -> None:
    evil = '"><script>alert(1)</script>'
    graph = OpenGraph(evil, evil, "en", SITE, evil, f"{SITE}/card.png", evil)
    page = Page(tags(graph))
    assert {tag for tag, _ in page.tags} == {"meta"}
    assert page.texts == []
    assert sum(attributes["content"] == evil for _, attributes in page.tags) == 5


def test_a_long_description_ends_with_a_whole_word() -> None:
    assert shortened("one  two\nthree") == "one two three"
    assert shortened("x" * MAX_DESCRIPTION) == "x" * MAX_DESCRIPTION
    words = shortened("practise " * 60)
    assert len(words) <= MAX_DESCRIPTION
    assert words.endswith("practise…")
    thai = shortened("นี้" * 150)
    assert len(thai) <= MAX_DESCRIPTION
    assert thai == "นี้" * 99 + "…"


def test_addresses_of_pictures_are_closed() -> None:
    found = published(programme_card(SLUG, 12))
    assert found is not None
    assert (found.path, found.media_type) == (f"programmes/{SLUG}/12/card-16x9.png", "image/png")
    assert published(f"programmes/{SLUG}/12.json") is None
