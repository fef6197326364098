"""One byte changed anywhere, and it is no longer valid; nothing changed, and it is."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from keys.credential import Certificate
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.profile import parse_certificate
from keys.status import StatusList, open_status_list
from keys.trust import Trust
from keys.trust_chain import list_name, load_trust
from keys.trust_edit import root_digest
from tests.attacks.judging import members_of, parts_of
from tests.keys.trust_site import trust_files
from tests.world import CLINIC, HARBOUR, NOW, TTMA, World, list_of
from verifier.materials import Materials
from verifier.report import Verdict
from verifier.verify import verify


class _Site:
    """A signed site in memory, made once: trust folder, lists, one certificate."""

    def __init__(self) -> None:
        self.world = World()
        self.files = trust_files(self.world.trust_list())
        self.root = root_digest(self.files)
        self.trust = load_trust(self.files.get, root_digest=self.root)
        # The lists name the trust list that they were signed under.
        self.tokens = {list_id: self.world.status_token(list_id).encode() for list_id in self.world.list_ids()}
        self.token = self.world.issue(HARBOUR, TTMA)
        self.certificate: Certificate = parse_certificate(parts_of(self.token)[1])

    def lists(self, trust: Trust, tokens: dict[str, bytes]) -> dict[str, StatusList | str]:
        opened: dict[str, StatusList | str] = {}
        for list_id, token in tokens.items():
            try:
                opened[list_id] = open_status_list(token, list_id, trust=trust, now=NOW)
            except HandsealError as fault:
                opened[list_id] = str(fault)
        return opened

    def materials(self, **changes: Any) -> Materials:
        return replace(PLAIN, **changes)


SITE = _Site()
PLAIN = SITE.world.materials(trust=SITE.trust, lists=SITE.lists(SITE.trust, SITE.tokens))
USED = sorted({*SITE.tokens} - {list_of(f"{CLINIC.rpartition('/')[0]}/north-college")})

changes = st.tuples(st.integers(0, 10**6), st.integers(1, 255))


def tampered(data: bytes, change: tuple[int, int]) -> bytes:
    position, difference = change
    position %= len(data)
    return data[:position] + bytes([data[position] ^ difference]) + data[position + 1 :]


def verdict(token: bytes, materials: Materials) -> Verdict:
    return verify(token, materials, at=NOW, now=NOW).verdict


def test_unchanged_it_is_valid() -> None:
    assert verdict(SITE.token, SITE.materials()) is Verdict.VALID
    assert len(USED) == 5


@settings(max_examples=200)
@given(change=changes)
def test_a_byte_of_the_certificate(change: tuple[int, int]) -> None:
    assert verdict(tampered(SITE.token, change), SITE.materials()) is Verdict.INVALID


@settings(max_examples=150)
@given(number=st.integers(0, 1), change=changes)
def test_a_byte_of_a_co_signature_inside(number: int, change: tuple[int, int]) -> None:
    """The clinic's key is stolen: what it signs around a changed co-signature is its own."""
    tokens = [token.encode() for token in SITE.certificate.endorsements]
    tokens[number] = tampered(tokens[number], change)
    payload = canonical(replace(SITE.certificate, endorsement_jwt=("", "")))
    quoted = b'"' + tokens[0] + b'","' + tokens[1] + b'"'
    forged = SITE.world.sign(payload.replace(b'"",""', quoted, 1))
    assert verdict(forged, SITE.materials()) in (Verdict.INVALID, Verdict.INCOMPLETE)


@settings(max_examples=150)
@given(change=changes)
def test_a_byte_of_the_content_signed_again(change: tuple[int, int]) -> None:
    payload = parts_of(SITE.token)[1]
    assert verdict(SITE.world.sign(tampered(payload, change)), SITE.materials()) is not Verdict.VALID


@settings(max_examples=150)
@given(list_id=st.sampled_from(USED), change=changes)
def test_a_byte_of_a_status_list(list_id: str, change: tuple[int, int]) -> None:
    tokens = {**SITE.tokens, list_id: tampered(SITE.tokens[list_id], change)}
    materials = SITE.materials(lists=SITE.lists(SITE.trust, tokens))
    assert verdict(SITE.token, materials) is Verdict.UNKNOWN


@settings(max_examples=100)
@given(name=st.sampled_from(sorted(SITE.files)), change=changes)
def test_a_byte_of_the_trust_list_or_of_what_signs_it(name: str, change: tuple[int, int]) -> None:
    files = {**SITE.files, name: tampered(SITE.files[name], change)}
    with pytest.raises(HandsealError):
        load_trust(files.get, root_digest=SITE.root)


@settings(max_examples=100)
@given(change=changes)
def test_a_byte_of_the_syllabus(change: tuple[int, int]) -> None:
    syllabuses = {SITE.world.syllabus.id: tampered(SITE.world.syllabus_bytes, change)}
    assert verdict(SITE.token, SITE.materials(syllabuses=syllabuses)) is Verdict.UNKNOWN


@settings(max_examples=100)
@given(kept=st.integers(0, 10**6))
def test_a_token_cut_short(kept: int) -> None:
    assert verdict(SITE.token[: kept % len(SITE.token)], SITE.materials()) is Verdict.INVALID


@settings(max_examples=150)
@given(data=st.binary(max_size=300) | st.text(alphabet='eyJ0.{}[]":,-_=\n', max_size=300).map(str.encode))
def test_any_bytes_at_all(data: bytes) -> None:
    assert verdict(data, SITE.materials()) is Verdict.INVALID
    assert verdict(SITE.world.sign(data), SITE.materials()) is Verdict.INVALID


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each value inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, member in items for found in places(member, (*path, key))]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**53 - 1) | st.text(max_size=9) | st.just("9999-12-31T23:59:59Z"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "name"]), inner),
    max_leaves=4,
)


@settings(max_examples=300)
@given(data=st.data(), value=values)
def test_any_value_in_any_place(data: st.DataObject, value: Any) -> None:
    """Signed again by the clinic: never an error, and never valid unless nothing was changed."""
    members = members_of(SITE.token)
    *path, last = data.draw(st.sampled_from(places(members)))
    holder = members
    for key in path:
        holder = holder[key]
    unchanged = holder[last] == value and type(holder[last]) is type(value)
    holder[last] = value
    found = verdict(SITE.world.sign(rfc8785.dumps(members)), SITE.materials())
    assert (found is Verdict.VALID) == unchanged


@settings(max_examples=200)
@given(data=st.data(), value=values)
def test_any_value_in_any_place_of_a_co_signature(data: st.DataObject, value: Any) -> None:
    """Signed again by the partner body: only what it may say otherwise leaves the certificate valid."""
    members = members_of(SITE.certificate.endorsements[1])
    *path, last = data.draw(st.sampled_from(places(members)))
    holder = members
    for key in path:
        holder = holder[key]
    unchanged = holder[last] == value
    holder[last] = value
    forged = SITE.world.sign(rfc8785.dumps(members), SITE.world.partner_keys[TTMA]).decode()
    tokens = (SITE.certificate.endorsements[0], forged)
    found = verdict(SITE.world.close(SITE.certificate, tokens), SITE.materials())
    free = [*path, last] in (["name"], ["issuer", "name"], ["credentialSubject", "endorsementComment"])
    assert found is not Verdict.VALID or unchanged or free


def test_the_list_file_is_the_one_that_was_signed() -> None:
    assert SITE.files[list_name(1)] == canonical(SITE.trust.list)
