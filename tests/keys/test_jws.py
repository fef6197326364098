"""A token taken apart and put together: three parts, two header members, one size."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from keys.algorithms import Algorithm, generate_private_key, jwk_of, public_key, thumbprint
from keys.encoding import MAX_BYTES, b64url_encode, canonical
from keys.errors import FormatError
from keys.jws import Header, Token, parse_header, sign_token, split_token
from keys.signer import MemorySigner

BASE = "https://verify.river.example"
KEY = generate_private_key(Algorithm.ES256)
SIGNER = MemorySigner(KEY, BASE)


@given(st.binary(max_size=200))
def test_round_trip(payload: bytes) -> None:
    text = sign_token(payload, SIGNER)
    token = split_token(text.encode())
    assert token.payload == payload
    assert parse_header(token) == Header(alg="ES256", kid=SIGNER.kid)
    assert token.signed == text.rpartition(".")[0].encode()
    public_key(jwk_of(KEY)).require_signature(token.signed, token.signature)


def test_the_header_is_exactly_alg_and_kid() -> None:
    token = split_token(sign_token(b"{}", SIGNER).encode())
    assert token.header == f'{{"alg":"ES256","kid":"{SIGNER.kid}"}}'.encode()


def test_the_same_payload_gives_the_same_token() -> None:
    assert sign_token(b"{}", SIGNER) == sign_token(b"{}", SIGNER)


def test_a_signer_is_named_by_its_keys_thumbprint() -> None:
    assert f"{BASE}/keys/{thumbprint(jwk_of(KEY))}" == SIGNER.kid


@pytest.mark.parametrize(
    "token", [b"", b".", b"..", b"e30.e30", b"e30.e30.e30.e30", b"....", b"e30.e30.\xff", b"e30.e=0.AA"]
)
def test_what_is_no_compact_jws(token: bytes) -> None:
    if token == b"..":
        assert split_token(token) == Token(b"", b"", b"", b".")
        return
    with pytest.raises(FormatError):
        split_token(token)


def test_the_size_is_limited_before_anything_is_decoded() -> None:
    token = b"." + b"A" * (MAX_BYTES - 2) + b"."
    assert len(token) == MAX_BYTES
    assert len(split_token(token).payload) == (MAX_BYTES - 2) * 3 // 4
    with pytest.raises(FormatError, match="larger than 65536 bytes"):
        split_token(token + b"A")
    with pytest.raises(FormatError, match="larger than 10 bytes"):
        split_token(b"e30.e30.e30", limit=10)
    assert split_token(token + b"AAAA", limit=MAX_BYTES + 4)


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"{}", b"[]", b"null", b'{"alg":"ES256"}', b'{"kid":"x"}', b'{"alg":"ES256","kid":1}'),
        *(b'{"alg":"ES256","kid":"x","typ":"JWT"}', b'{"kid":"x","alg":"ES256"}', b'{"alg": "ES256","kid":"x"}'),
        *(b'{"alg":"none","alg":"ES256","kid":"x"}', b'{"alg":"ES256","kid":"\\u0000"}', b'{"alg":"ES256","kid":null}'),
        canonical(Header(alg="ES256", kid="x" * 1024)),
    ],
)
def test_other_headers_are_refused(header: bytes) -> None:
    token = split_token(f"{b64url_encode(header)}.e30.AA".encode())
    with pytest.raises(FormatError, match=r"^token header: "):
        parse_header(token)


def test_the_place_is_named() -> None:
    with pytest.raises(FormatError, match=r"^co-signature 3: a compact JWS has three parts, this has 1$"):
        split_token(b"x", "co-signature 3")
