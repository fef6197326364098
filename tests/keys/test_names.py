"""Identifiers from both sides of each limit."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, strategies as st

from keys import names
from keys.errors import FormatError

BASE = "https://verify.river.example"
THUMB = "A" * 43


@pytest.mark.parametrize("slug", ["a", "7", "a-b", "river-clinic-2", "a" * 40, "0-0-0", "a" * 19 + "-" + "b" * 20])
def test_slugs(slug: str) -> None:
    assert names.require_slug(slug, "x") == slug
    assert names.parse_organisation_id(f"{BASE}/orgs/{slug}", "x") == names.OrganisationName(BASE, slug)
    assert names.parse_programme_id(f"{BASE}/programmes/{slug}", "x") == (BASE, slug)


@pytest.mark.parametrize(
    "slug", ["", "-", "-a", "a-", "a--b", "A", "a_b", "a b", "a" * 41, "é", "a\n", "a/b", "ก", "a.b", "..", "%61", "ａ"]
)
def test_what_is_no_slug(slug: str) -> None:
    with pytest.raises(FormatError):
        names.require_slug(slug, "x")
    for parse in (
        lambda: names.parse_organisation_id(f"{BASE}/orgs/{slug}", "x"),
        lambda: names.parse_programme_id(f"{BASE}/programmes/{slug}", "x"),
        lambda: names.parse_version_id(f"{BASE}/programmes/{slug}/1", "x"),
        lambda: names.parse_status_list_id(f"{BASE}/status/{slug}/revocation/1", "x"),
    ):
        with pytest.raises(FormatError):
            parse()


@pytest.mark.parametrize(
    "url",
    [
        *(
            BASE,
            "https://" + "a" * 27 + ".th",
            "https://a.example:8443",
            "http://localhost:8000",
            "http://127.0.0.1:8000",
        ),
        *("http://10.0.0.7", "http://192.168.1.10:5000", "http://localhost", "https://a:65535"),
    ],
)
def test_base_urls(url: str) -> None:
    assert names.require_base_url(url, "x") == url
    assert names.parse_organisation_id(f"{url}/orgs/a", "x").base == url


@pytest.mark.parametrize(
    "url",
    [
        *("https://" + "a" * 28 + ".th", "https://" + "a" * 26 + ":8443", "http://verify.example", "http://8.8.8.8"),
        *(
            "https://a.example/",
            "https://a.example/x",
            "https://A.example",
            "HTTPS://a.example",
            "ftp://a",
            "a.example",
        ),
        *("https://u@a.example", "https://a.example:0", "https://a.example:65536", "https://a.example:08", "https://"),
        *(
            "https://a.example?q",
            "https://a.example#f",
            "https://a b",
            'https://a"b',
            "https://a\nb",
            "https://ก.example",
        ),
        *("javascript:alert(1)", "data:,", "https://a\\b", "https://<b>", "file:///etc", "https://a.example\n", ""),
    ],
)
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(FormatError):
        names.require_base_url(url, "x")
    with pytest.raises(FormatError):
        names.parse_organisation_id(f"{url}/orgs/a", "x")


def test_what_was_written_is_repeated_shortened_and_in_sight() -> None:
    with pytest.raises(FormatError, match=r"^--site: 'a\\x1b\[2J\.example' is not a base URL$"):
        names.require_base_url("a\x1b[2J.example", "--site")
    with pytest.raises(FormatError) as fault:
        names.require_base_url("a" * 9999, "--site")
    assert len(str(fault.value)) < 100


def test_a_slug_is_no_organisation_and_the_hint_shows_one() -> None:
    with pytest.raises(FormatError, match="--org: is not the id of an organisation") as fault:
        names.parse_organisation_id("asha", "--org")
    assert "https://HOST/orgs/SLUG" in fault.value.hint


def test_key_ids() -> None:
    assert names.parse_key_id(names.key_id(BASE, THUMB), "x") == (BASE, THUMB)
    for thumb in (THUMB[1:], THUMB + "A", THUMB[1:] + "=", THUMB[1:] + "+", ""):
        with pytest.raises(FormatError):
            names.parse_key_id(names.key_id(BASE, thumb), "x")


def test_versions() -> None:
    programme = names.programme_id(BASE, "a")
    for version in (1, 9, 10, 999_999_999):
        assert names.parse_version_id(names.version_id(programme, version), "x") == (programme, version)
    for text in ("0", "01", "-1", "1.0", "1e3", "1000000000", "", "one", "1/", "๑", "1\n"):
        with pytest.raises(FormatError):
            names.parse_version_id(f"{programme}/{text}", "x")


def test_status_list_ids() -> None:
    for purpose in names.PURPOSES:
        text = names.status_list_id(BASE, "a", purpose, 12)
        assert names.parse_status_list_id(text, "x") == names.StatusListName(BASE, "a", purpose, 12)
    for tail in (
        "a/message/1",
        "a/revocation/0",
        "a/revocation/01",
        "a/revocation",
        "a/revocation/1/2",
        "a/REVOCATION/1",
    ):
        with pytest.raises(FormatError):
            names.parse_status_list_id(f"{BASE}/status/{tail}", "x")


@pytest.mark.parametrize(
    "other", ["https://evil@verify.river.example", "https://verify.river.example:8443", "https://evil"]
)
def test_another_host_is_another_base(other: str) -> None:
    try:
        base = names.parse_status_list_id(f"{other}/status/a/revocation/1", "x").base
    except FormatError:
        return
    assert base != BASE


@given(st.binary(min_size=16, max_size=16))
def test_uuids_are_of_version_4(random: bytes) -> None:
    text = names.urn_uuid(random)
    assert names.require_urn_uuid(text, "x") == text
    assert uuid.UUID(text).version == 4


@pytest.mark.parametrize(
    "text",
    [
        *("urn:uuid:00000000-0000-1000-8000-000000000000", "urn:uuid:00000000-0000-4000-c000-000000000000"),
        *("00000000-0000-4000-8000-000000000000", "urn:uuid:00000000-0000-4000-8000-00000000000A", "urn:uuid:", ""),
        *("urn:uuid:00000000-0000-4000-8000-000000000000\n", "URN:UUID:00000000-0000-4000-8000-000000000000"),
    ],
)
def test_what_is_no_uuid(text: str) -> None:
    for require in (names.require_urn_uuid, names.require_subject_id):
        with pytest.raises(FormatError):
            require(text, "x")


def test_a_wallets_did_is_a_subject() -> None:
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    assert names.require_subject_id(did, "x") == did
    assert names.require_subject_id("did:jwk:" + "a" * 1000, "x")
    for text in ("did:key:", "did:KEY:a", "did:key:a b", "did:jwk:" + "a" * 1001, "did:web:a/b", "did:key:a#b", "did:"):
        with pytest.raises(FormatError):
            names.require_subject_id(text, "x")


# -- lookup ids -----------------------------------------------------------------------------------------------------


@given(st.binary(min_size=17, max_size=17))
def test_lookup_ids_hold_130_bits(random: bytes) -> None:
    text = names.lookup_id(random)
    assert (len(text), names.parse_lookup_id(text)) == (26, text)
    number = 0
    for character in text:
        number = number << 5 | names.CROCKFORD.index(character)
    assert number == int.from_bytes(random, "big") >> 6
    assert names.certificate_path(text) == f"c/{text[:2]}/{text}.jwt"


@given(st.binary(min_size=17, max_size=17), st.randoms(use_true_random=False))
def test_lookup_ids_as_people_type_them(random: bytes, choose: object) -> None:
    text = names.lookup_id(random)
    for typed in (
        text.lower(),
        f" {text} ",
        "-".join(text),
        text.replace("0", "o").replace("1", "l"),
        text.replace("1", "I"),
    ):
        assert names.parse_lookup_id(typed) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "A" * 25, "A" * 27, "U" * 26, "A" * 25 + "!", "A" * 25 + "\n", "../" + "A" * 23, "A" * 25 + "\0"),
        *("A" * 26 + "-" * 74 + "A", "ı" * 26, "ſ" * 26, "１" * 26, "ß" * 13, "A" * 25 + "é", "-" * 5_000_000),
    ],
    ids=range(15),
)
def test_what_is_no_lookup_id(text: str) -> None:
    with pytest.raises(FormatError, match="is not a certificate id"):
        names.parse_lookup_id(text)


def test_paths_on_the_site() -> None:
    named = names.StatusListName(BASE, "river-clinic", "suspension", 3)
    assert names.status_list_path(named) == "status/river-clinic/suspension/3.jwt"
    assert names.syllabus_path("massage", 7) == "programmes/massage/7.json"
    assert names.organisation_id(BASE, "a") == f"{BASE}/orgs/a"
