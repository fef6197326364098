"""Attacks W on what the pages show and say (attacks.md, Web)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec import convert, to_builtins
from msgspec.structs import replace

from keys.credential import Evidence
from keys.encoding import canonical
from keys.syllabus import Syllabus
from keys.trust import NameFrom, TrustList
from tests.served import Page, Served
from tests.verifier.test_web import WORDS
from tests.world import FOUNDED, NORTH, SITE, World
from verifier.language import LANGUAGES, words_in
from verifier.report import Verdict

MARKUP = (
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{7*7}} {% raw %} ${7*7}",
    "&#x3c;b&#x3e; &amp;lt;",
    "javascript:alert(1)",
    "</title><h1>Valid certificate</h1>",
)
TAGS = frozenset(
    "html head meta title link body a header p b main section h1 h2 span div figure svg g path figcaption ul ol li "
    "details summary footer form label input button article code script nav bdi video".split()
)


def hostile(markup: str, folder: Path) -> Served:
    """A world in which everybody writes `markup` wherever they may."""

    def change(trust_list: TrustList) -> TrustList:
        organisations = tuple(
            replace(
                organisation,
                contact=markup,
                **({"names": (NameFrom(since=FOUNDED, name={"en": markup}),)} if organisation.id == NORTH else {}),
            )
            for organisation in trust_list.organisations
        )
        return replace(trust_list, organisations=organisations)

    world = World(change_list=change)
    texts: dict[str, Any] = to_builtins(world.syllabus)
    texts["title"], texts["summary"] = {"en": markup, "th": markup}, {"en": markup}
    texts["assessor"]["qualification"] = {"en": markup}
    for number, outcome in enumerate(texts["outcomes"]):
        outcome["text"], outcome["atWork"] = {"en": f"{markup} {number}"}, {"en": markup}
    for number, criterion in enumerate(texts["criteria"]):
        criterion["name"] = {"en": f"{markup} {number}"}
        for level in criterion["scale"].get("levels", ()):
            level["name"] = {"en": f"{markup} {level['id']}"}
    action = {"text": {"en": markup}, "url": "https://www.example.org/'\"><script>"}
    film = {"url": action["url"], "digestSRI": f"sha256-{'A' * 43}=", "seconds": 90}
    film["captions"] = [{"language": "th", "url": action["url"], "digestSRI": film["digestSRI"]}]
    texts["callToAction"] = action
    texts["story"] = {"situation": {"en": markup}, "outcome": {"en": markup}, "callToAction": action} | {
        "documentary": film
    }
    world.syllabus = convert(texts, Syllabus)
    world.syllabus_bytes = canonical(world.syllabus)
    return Served(folder, world)


@pytest.mark.parametrize("markup", MARKUP)
@pytest.mark.parametrize("verdict", [Verdict.VALID, Verdict.REVOKED])
def test_W01_markup_in_every_field_is_shown_literally(tmp_path: Path, markup: str, verdict: Verdict) -> None:
    served = hostile(markup, tmp_path)
    evidence = Evidence(type=("Evidence",), name=f"{markup} 0", narrative=f"{markup}\n{markup}", genre=markup)
    core = replace(served.world.core(name=markup, latin=f"{markup} latin"), evidence=(evidence,))
    lookup = served.add(served.world.issue(core=core))
    if verdict is Verdict.REVOKED:
        served.world.revoke(f"{SITE}/status/river-clinic/revocation/1", core.credential_status.index)
        served.published.write_lists()
    client = served.client()
    for address, times in ((f"/c/{lookup}", 9), ("/programmes/deep-tissue-foundations/1", 9)):
        answer = client.get(address)
        assert answer.status_code == 200
        page = Page(answer.text)
        assert page.text.count(" ".join(markup.split())) >= times
        require_harmless(page)


SCRIPTS = {
    "/static/page.js": {"src", "defer", "data-root", "data-verifier", "data-words", "data-worker"},
    "/static/camera.js": {"src", "defer"},
}
"""The pages' own scripts with the attributes they have."""


def require_harmless(page: Page) -> None:
    """Fails on any tag or attribute that is not the template's own."""
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        ours = SCRIPTS.get(str(attributes.get("src", "")).partition("?v=")[0]) == attributes.keys()
        assert tag != "script" or ours or attributes == {"type": "application/ld+json"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", (tag, name)
            if name in ("href", "src", "action"):
                assert (value or "").startswith(("/", "#", "?lang=", "https://", "tel:")), value
    assert page.headings().count("h1") == 1


def test_W01_what_is_typed_comes_back_as_text(client: FlaskClient) -> None:
    for markup in MARKUP:
        for text in (f"https://{markup}/c/1", f"{markup}://x", markup, f"javascript:{markup}"):
            answer = client.post("/", data={"text": text})
            assert answer.status_code in (200, 400)
            require_harmless(Page(answer.text))


def test_W06_no_address_in_a_credential_is_fetched(served: Served, client: FlaskClient, no_socket: list[str]) -> None:
    evidence = Evidence(
        type=("Evidence",), name="Theory quiz", id="https://169.254.169.254/latest/meta-data", narrative="Seen."
    )
    core = replace(served.world.core(), evidence=(evidence,))
    lookup = served.add(served.world.issue(core=core))
    page = client.get(f"/c/{lookup}")
    assert page.headers["Handseal-Verdict"] == "valid"
    linked = [attributes for tag, attributes in Page(page.text).tags if attributes.get("href") == evidence.id]
    assert [link["rel"] for link in linked] == ["noreferrer nofollow"]  # the reader may; we do not
    client.get(f"/c/{lookup}", headers={"Accept": "application/json"})
    client.post("/", data={"text": "https://169.254.169.254/c/" + lookup})


@pytest.mark.parametrize("verdict", Verdict)
def test_W12_every_form_of_an_answer_says_the_same(
    client: FlaskClient, lookups: dict[Verdict, str], verdict: Verdict
) -> None:
    address = f"/c/{lookups[verdict]}"
    token = client.get(f"{address}.jwt").data
    as_json = client.get(address, headers={"Accept": "application/json"})
    posted = client.post("/api/verify", json={"credential": token.decode()})
    answers = [
        client.get(address),
        client.get(address, headers={"Accept": "*/*"}),
        client.get(address, headers={"Accept": "image/png"}),
        client.head(address),
        as_json,
        client.head(address, headers={"Accept": "application/json"}),
        posted,
        client.post("/api/verify", data={"file": (io.BytesIO(token), "x")}),
        client.post("/", data={"text": token.decode()}),
        client.post("/", data={"text": lookups[verdict]}),
    ]
    said = {(answer.status_code, answer.headers["Handseal-Verdict"]) for answer in answers}
    assert said == {(200, verdict.word)}
    assert as_json.get_json()["verdict"] == posted.get_json()["verdict"] == verdict.word


@pytest.mark.parametrize("verdict", Verdict)
def test_W15_words_come_first_and_colour_repeats_them(
    client: FlaskClient, lookups: dict[Verdict, str], verdict: Verdict
) -> None:
    page = Page(client.get(f"/c/{lookups[verdict]}").text)
    title, action = WORDS[verdict]
    menu = " ".join(words_in(language).say("language.name") for language in LANGUAGES)
    text = page.text.partition(menu)[2]  # behind title, header and the choice of languages
    assert 0 <= text.index(title) < 10
    if verdict is not Verdict.INVALID:
        assert text.index(title) < text.index("สมชาย ปิ่นทอง")
    if verdict is not Verdict.VALID:
        assert text.index(action) < text.index("Check")
    marks = [attributes for _, attributes in page.tags if attributes.get("class") == "mark"]
    assert [mark["aria-hidden"] for mark in marks] == ["true"]  # a sign is for the eye, the words are for everybody
    tone = {Verdict.VALID: "good", Verdict.UNKNOWN: "open", Verdict.REVOKED: "bad", Verdict.INVALID: "bad"}
    shown = [attributes["class"] for tag, attributes in page.tags if "verdict" in (attributes.get("class") or "")]
    assert shown == [f"verdict {tone.get(verdict, 'wait')}"]
    if verdict is not Verdict.VALID:
        assert "✓ Valid" not in page.text


def test_W15_a_reader_without_eyes_finds_the_way(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    for address in ("/", f"/c/{lookups[Verdict.VALID]}", "/nothing", "/programmes/deep-tissue-foundations/1"):
        page = Page(client.get(address).text)
        names = [tag for tag, _ in page.tags]
        assert names.count("h1") == 1
        assert [names.count(landmark) for landmark in ("header", "main", "footer")] == [1, 1, 1]
        assert page.headings()[0] == "h1"
        assert next(attributes for tag, attributes in page.tags if tag == "a")["href"] == "#main"
        assert next(attributes for tag, attributes in page.tags if tag == "html")["lang"] == "en"
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(set(ids)) == len(ids)
        pointed = [attributes.get(name) for _, attributes in page.tags for name in ("aria-labelledby", "for")]
        assert {name for name in pointed if name} <= set(ids)
