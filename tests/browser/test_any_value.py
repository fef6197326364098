"""Any value in any place of each signed document: the browser refuses what Python refuses, and no more."""

from __future__ import annotations

import base64
import copy
import gzip
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import rfc8785
from playwright.sync_api import Browser, Page

from keys.encoding import canonical, sri
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.syllabus import parse_syllabus
from keys.trust_chain import open_list
from keys.trust_metadata import parse_root, parse_targets
from tests.browser.scripts import page_in
from tests.keys.trust_site import trust_files
from tests.world import HARBOUR, World, list_of

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, -1, 2**53 - 1, 101, 8, 9, "", "x", "0", "X", "en", "a-slug", "a--b", "é", " x", "\n",
    "x" * 41, "x" * 301, "x" * 501, "x" * 4001, "https://a.example/x", "http://a.example/x", "https://a.example/orgs/x",
    "2026-11-20T00:00:00Z", "2026-11-20", "2026-02-30T00:00:00Z", "2026-11-20T00:00:00.0Z", "0000-01-01T00:00:00Z",
    "2569-11-20T00:00:00Z", "9999-12-31T23:59:59Z", sri(bytes(32)), "sha256-" + "A" * 42 + "B=", "00" * 32, "00" * 64,
    "urn:uuid:00000000-0000-4000-8000-000000000000", "did:key:zabc", [], [[]], {}, {"x": 1}, {"en": "x"}, {"en": ""},
    {"e": "x"}, {"en": "Тest"}, {"en": "Ａ"}, {"th": "Тest"}, {"th": "สมาคม TTMA"},
)  # fmt: skip
TEXTS = {"en": "Words", "th": "คำ"}
LINK = {"text": TEXTS, "url": "https://clinic.example/x"}


def certificate() -> dict[str, Any]:
    world = World()
    members: dict[str, Any] = msgspec.json.decode(canonical(world.core()))
    return members | {"endorsementJwt": ["a.b.c"]}


def syllabus() -> dict[str, Any]:
    """With every member that may be absent."""
    members: dict[str, Any] = msgspec.json.decode(World().syllabus_bytes)
    captions = [{"language": "th", "url": LINK["url"], "digestSRI": sri(bytes(32)), "region": "TH"}]
    film = {"url": LINK["url"], "digestSRI": sri(bytes(32)), "seconds": 60, "captions": captions}
    first = members["criteria"][0]
    members["criteria"][0] = first | {"evidence": True, "remote": False}
    members["assessor"] = members["assessor"] | {"shown": "name"}
    return members | {
        "attempts": {"counts": "best", "most": 3},
        "callToAction": LINK,
        "mode": "cohort",
        "price": {"amount": "100.50", "currency": "THB"},
        "renewal": {"criteria": [first["id"]], "withinMonths": 6},
        "story": {"situation": TEXTS, "outcome": TEXTS, "callToAction": LINK, "documentary": film},
        "taughtIn": ["en", "th"],
        "validityMonths": 36,
    }


def trust_list() -> dict[str, Any]:
    world = World()
    members: dict[str, Any] = msgspec.json.decode(canonical(world.trust_list()))
    members["organisations"][0] |= {"website": "https://clinic.example/", "contact": "+66 53 000 000"}
    members["organisations"][0]["keys"][0] |= {"validUntil": "2027-01-01T00:00:00Z"}
    members["programmes"][0]["policies"][0] |= {"until": "2028-01-01T00:00:00Z"}
    members["frozenStatus"] = [{"id": list_of(HARBOUR), "digestSRI": sri(bytes(32))}]
    return members


FILES = trust_files(World().trust_list())
# Name -> the document, Python's reader and the browser's.
DOCUMENTS: dict[str, tuple[dict[str, Any], Callable[[bytes], object], str]] = {
    "certificate": (certificate(), parse_certificate, "Handseal.parseCertificate(bytes)"),
    "syllabus": (syllabus(), parse_syllabus, "Handseal.parseSyllabus(bytes)"),
    "trust list": (trust_list(), lambda data: open_list(data, 1), "Handseal.openList(bytes, 1)"),
    "root": (
        msgspec.json.decode(FILES["1.root.json"]),
        lambda data: parse_root(data, "root"),
        "Handseal.parseRoot(bytes, 'root')",
    ),
    "targets": (
        msgspec.json.decode(FILES["targets.json"]),
        lambda data: parse_targets(data, "targets"),
        "Handseal.parseTargets(bytes, 'targets')",
    ),
}
SIGNED_TWICE = (
    "signatures"  # Python finds two signatures of one key when it counts them, the browser when it reads them
)


def places(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if here:
        yield here
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*here, name))


def changes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document itself, then each place replaced, removed, doubled, and each object with a member too many."""
    yield document
    for place in places(document):
        for act in (
            *(lambda above, name, value=value: above.__setitem__(name, value) for value in VALUES),
            removed,
            doubled,
            added,
        ):
            changed = copy.deepcopy(document)
            above: Any = changed
            for step in place[:-1]:
                above = above[step]
            if act(above, place[-1]) is not False:
                yield changed


def removed(above: Any, name: str | int) -> None:
    del above[name]


def doubled(above: Any, name: str | int) -> bool:
    """An entry of a list stands there twice, a list has forty times its first entry."""
    if isinstance(above, list) and not {"sig", "keyid"} & set(above[0] if isinstance(above[0], dict) else ()):
        above.insert(0, copy.deepcopy(above[0]))
        return True
    if isinstance(above[name], list) and above[name] and name != SIGNED_TWICE:
        above[name] = above[name][:1] * 40
        return True
    return False


def added(above: Any, name: str | int) -> bool:
    if isinstance(above, dict) and name == next(iter(above)):
        above["x"] = "x"
        return True
    return False


def fits(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except HandsealError:
        return False
    return True


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(page_in(tmp_path_factory.mktemp("stick")))
    yield page
    context.close()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_browser_refuses_what_python_refuses(page: Page, name: str) -> None:
    document, read, reading = DOCUMENTS[name]
    asked = [rfc8785.dumps(changed) for changed in changes(document)]
    expected = [fits(read, data) for data in asked]
    told = page.evaluate(
        f"""async (packed) => {{
          const bytes_ = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
          const stream = new Blob([bytes_]).stream().pipeThrough(new DecompressionStream("gzip"));
          const answers = [];
          for (const text of (await new Response(stream).text()).split("\\n")) {{
            const bytes = new TextEncoder().encode(text);
            try {{ await {reading}; answers.push(true); }}
            catch (error) {{ if (!(error instanceof Handseal.Fault)) throw error; answers.push(false); }}
          }}
          return answers;
        }}""",
        base64.b64encode(gzip.compress(b"\n".join(asked), 1)).decode("ascii"),  # a document has no line break
    )
    wrong = [
        f"Python: {one}, the browser: {other}: {data!r}"
        for data, one, other in zip(asked, expected, told, strict=True)
        if one != other
    ]
    assert not wrong, f"{len(wrong)} of {len(asked)}\n" + "\n".join(line[:3000] for line in wrong[:3])
    assert expected[0], "the document itself"
    assert 1 < sum(expected) < len(expected) / 2
