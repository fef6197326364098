"""Keys as SLIP-39 shares: the official vectors, and what is not a set of shares of a key."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, strategies as st
from shamir_mnemonic import Share, cipher, combine_mnemonics, generate_mnemonics, recover_ems, split_ems
from shamir_mnemonic.shamir import EncryptedMasterSecret, decode_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from keys.algorithms import Algorithm, generate_private_key
from keys.errors import ConfigurationError, HandsealError
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.private_key import AnyPrivateKey, any_jwk_of
from keys.share_file import ShareFile, parse_share_file, write_share_file
from keys.shares import (
    MAX_SHARES,
    SHARE_WORDS,
    SharesError,
    complete_word,
    read_share,
    recover_key,
    split_key,
)
from tests.keys.partner import TTMA

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KEY = generate_private_key(Algorithm.ES256)
HOLDER = ed25519.Ed25519PrivateKey.generate()


def public(key: AnyPrivateKey) -> PublicKeyFile:
    use = KeyUse.TRUST if isinstance(key, ed25519.Ed25519PrivateKey) else KeyUse.COSIGN
    return prove_possession(key, organisation=TTMA, use=use, created=NOW)


def split(key: AnyPrivateKey = KEY, threshold: int = 2, shares: int = 3) -> tuple[str, ...]:
    return split_key(key, threshold=threshold, shares=shares, place="key")


MADE = split()


def refused(shares: list[str], key: AnyPrivateKey = KEY) -> None:
    """The one message for whatever is wrong (K03)."""
    with pytest.raises(SharesError, match=r"^shares: do not make this key$"):
        recover_key(shares, public(key))


@pytest.mark.parametrize("key", [KEY, HOLDER], ids=["ES256", "Ed25519"])
@pytest.mark.parametrize(("threshold", "shares"), [(2, 2), (2, 3), (3, 5), (MAX_SHARES, MAX_SHARES)])
def test_any_k_shares_make_the_key(key: AnyPrivateKey, threshold: int, shares: int) -> None:
    made = split(key, threshold, shares)
    assert [(read_share(words).number, len(words.split())) for words in made] == [
        (number, SHARE_WORDS) for number in range(1, shares + 1)
    ]
    for chosen in list(combinations(made, threshold))[:12]:
        assert any_jwk_of(recover_key(list(reversed(chosen)), public(key))) == any_jwk_of(key)
    assert any_jwk_of(recover_key(made, public(key))) == any_jwk_of(key)


def test_a_key_that_begins_with_zeros_is_whole() -> None:
    key = ec.derive_private_key(1, ec.SECP256R1())
    assert any_jwk_of(recover_key(split(key)[:2], public(key))) == any_jwk_of(key)


@pytest.mark.parametrize("numbers", [(1, 1), (1, 3), (0, 2), (4, 3), (2, MAX_SHARES + 1), (-1, -1)])
def test_numbers_that_protect_nothing_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ConfigurationError, match="expected 2 to 8"):
        split(KEY, *numbers)


def test_an_rsa_key_is_not_split() -> None:
    with pytest.raises(HandsealError, match="key: an RSA key is too long for words") as fault:
        split(generate_private_key(Algorithm.RS256))
    assert "ES256" in fault.value.hint


def test_K03_too_few_shares_one_twice_and_another_set_read_alike() -> None:
    made, other = split(), split()
    refused([])
    refused([made[0]])
    refused([made[0], made[0]])
    refused([made[0], other[1]])
    refused([made[0], made[1], other[2]])
    refused([*made, made[0]])
    refused(list(split(generate_private_key(Algorithm.ES256))))
    refused(list(split(HOLDER)))
    refused(list(split(KEY))[:2], HOLDER)


def test_K03_two_sets_that_differ_in_nothing_but_their_secret_read_alike() -> None:
    """Shares of two secrets under one identifier: no word tells that they do not belong together."""
    first, second = ([share.mnemonic() for share in split_ems(1, [(2, 3)], sealed(secret))[0]] for secret in (1, 2))
    key = ec.derive_private_key(1, ec.SECP256R1())
    assert any_jwk_of(recover_key(first, public(key))) == any_jwk_of(key)
    refused([first[0], second[1]], key)


def sealed(secret: int) -> EncryptedMasterSecret:
    return EncryptedMasterSecret.from_master_secret(secret.to_bytes(32, "big"), b"", 7, True, 1)


@given(st.integers(0, SHARE_WORDS - 1), st.integers(1, len(WORDLIST) - 1))
def test_K03_a_share_with_a_wrong_word_reads_alike(place: int, step: int) -> None:
    words = MADE[0].split()
    words[place] = WORDLIST[(WORDLIST.index(words[place]) + step) % len(WORDLIST)]
    refused([" ".join(words), MADE[1]])


@pytest.mark.parametrize("spoiled", ["", "duckling", "no such words", "duckling " * SHARE_WORDS, "ä" * 33])
def test_K03_what_is_no_share_reads_alike(spoiled: str) -> None:
    refused([spoiled, MADE[1]])


def test_shares_of_groups_are_not_ours() -> None:
    """Whoever made them had another policy in mind than k of n; these two would make the key."""
    key = ec.derive_private_key(1, ec.SECP256R1())
    groups = generate_mnemonics(1, [(2, 3), (2, 3)], bytes(31) + b"\x01", iteration_exponent=0)
    assert combine_mnemonics(groups[1][:2]) == bytes(31) + b"\x01"
    refused(groups[1][:2], key)


@pytest.mark.parametrize("key", [KEY, HOLDER], ids=["ES256", "Ed25519"])
@pytest.mark.parametrize("secret", [b"\xff" * 32, b"\x01" * 16, bytes(32), b"\xff" * 64])
def test_K03_a_secret_that_makes_no_key_reads_alike(key: AnyPrivateKey, secret: bytes) -> None:
    (made,) = generate_mnemonics(1, [(2, 3)], secret, iteration_exponent=0)
    refused(made[:2], key)


def test_work_that_takes_minutes_is_not_done() -> None:
    (slow,) = generate_mnemonics(1, [(2, 3)], bytes(31) + b"\x01", iteration_exponent=5)
    refused(slow[:2], ec.derive_private_key(1, ec.SECP256R1()))


def vectors(shared_data: Path) -> list[tuple[str, list[str], str]]:
    read: list[Any] = json.loads((shared_data / "slip39-vectors.json").read_text("utf-8"))
    return [(name, mnemonics, secret) for name, mnemonics, secret, _ in read]


def test_official_vectors(shared_data: Path) -> None:
    """Ours takes no passphrase and one group, and makes keys of 32 bytes: of these it finds what the vectors say."""
    found = vectors(shared_data)
    assert len(found) == 45
    ours = 0
    for name, mnemonics, secret in found:
        if not secret:
            refused(mnemonics)
            continue
        assert combine_mnemonics(mnemonics, b"TREZOR").hex() == secret, name
        shares = [Share.from_mnemonic(words) for words in mnemonics]
        if len(secret) != 64 or shares[0].group_count > 1:
            refused(mnemonics)
            continue
        # What the shares hold, opened without the vectors' passphrase: the key that this would be.
        held = recover_ems(decode_mnemonics(mnemonics))
        key = ed25519.Ed25519PrivateKey.from_private_bytes(
            cipher.decrypt(held.ciphertext, b"", held.iteration_exponent, held.identifier, held.extendable)
        )
        assert recover_key(mnemonics, public(key)).public_key() == key.public_key()
        ours += 1
    assert ours == 4


def test_words_are_completed_where_four_letters_say_which() -> None:
    found = [complete_word(typed) for typed in ("duck", "DUCKLING", "acid", "aci")]
    assert found == ["duckling", "duckling", "acid", "acid"]
    assert [complete_word(typed) for typed in ("", "a", "zzz", "duckx")] == [None, None, None, None]


def test_a_share_file_reads_back_and_says_which_key() -> None:
    data = write_share_file(shown(MADE[1]))
    assert parse_share_file(data, "share") == MADE[1]
    assert TTMA.partition("/orgs/")[0].encode() in data
    assert b"# Share 2 of 3 of a private key. Any 2 of them make the key" in data


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((b'type = "handseal-share"', b'type = "other"'), "type"),
        ((b"share = 2", b"share = 2\nnote = 1"), "note"),
        ((b'words = """', b'words = "'), "is not TOML"),
        ((b"share = 2", b"share = 2\xff"), "is not UTF-8"),
    ],
)
def test_another_file_is_no_share(change: tuple[bytes, bytes], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^share: .*{told}"):
        parse_share_file(write_share_file(shown(MADE[1])).replace(*change), "share")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shamir_mnemonic", None)
    with pytest.raises(ConfigurationError, match="shares: a package for them is missing") as fault:
        split()
    assert fault.value.hint == "install handseal[shares]"


def shown(words: str) -> ShareFile:
    place = read_share(words)
    return ShareFile(
        type="handseal-share",
        key=public(KEY).kid,
        share=place.number,
        shares=3,
        threshold=place.threshold,
        split=NOW,
        words=words,
    )
