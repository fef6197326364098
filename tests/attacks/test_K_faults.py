"""What a failing stick, a faulty library or a careless keeper brings is noticed before it is relied on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric import ed25519

from keys import shares_cli, token_signer
from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.files import SECRET, write_new
from keys.keyfile import UnreadableKeyError, open_key_file, public_path, read_token_uri
from keys.possession import KeyUse, PublicKeyFile, prove_possession
from keys.private_key import AnyPrivateKey
from keys.shares import SharesError, recover_key, split_key
from keys.shares_cli import put_back, write_shares
from keys.transcript import Transcript
from tests.keys.age import encrypt, write_cheap_key
from tests.keys.partner import NOW, TTMA

KEY, OTHER = (generate_private_key(Algorithm.ES256) for _ in range(2))
PASSPHRASE = "seven green kettles"


def shown(key: AnyPrivateKey = KEY) -> PublicKeyFile:
    use = KeyUse.TRUST if isinstance(key, ed25519.Ed25519PrivateKey) else KeyUse.COSIGN
    return prove_possession(key, organisation=TTMA, use=use, created=NOW)


def mix_up(monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    """A stick on which a file is another one as soon as it has settled."""
    settle = os.fsync

    def settle_wrongly(descriptor: int) -> None:
        settle(descriptor)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            data = change(Path(f"/proc/self/fd/{descriptor}").read_bytes())
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, data, 0)

    monkeypatch.setattr(os, "fsync", settle_wrongly)


def test_K13_a_share_that_is_another_on_the_stick_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = split_key(KEY, threshold=2, shares=3, place="key")
    written: list[bytes] = []
    mix_up(monkeypatch, lambda data: written.append(data) or written[0])
    with pytest.raises(HandsealError, match="does not read back"):
        write_shares(tmp_path, words, shown(), 2)


def test_K13_a_key_that_is_another_on_the_stick_is_not_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cheap_key(tmp_path / "other", OTHER, PASSPHRASE)
    write_new(tmp_path / "passphrase", PASSPHRASE.encode(), SECRET)
    other = (tmp_path / "other").read_bytes()
    monkeypatch.setattr("keys.keyfile.pyrage.passphrase.encrypt", encrypt, raising=False)
    mix_up(monkeypatch, lambda data: other if data.startswith(b"age-encryption.org/") else data)
    transcript = Transcript(lambda line: None, lambda: NOW)
    with pytest.raises(HandsealError, match="does not read back"):
        put_back(transcript, tmp_path / "back.key", KEY, shown(), [tmp_path / "passphrase"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "passphrase"]


def test_K08_a_key_is_not_put_back_beside_the_public_file_of_another(tmp_path: Path) -> None:
    write_new(public_path(tmp_path / "back.key"), canonical(shown(OTHER)))
    with pytest.raises(HandsealError, match="is of another key"):
        shares_cli._require_place(tmp_path / "back.key", shown())


def test_K13_shares_that_a_faulty_library_makes_are_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    make = shamir_mnemonic.generate_mnemonics
    monkeypatch.setattr(shamir_mnemonic, "generate_mnemonics", lambda one, groups, secret: make(one, groups, bytes(32)))
    with pytest.raises(HandsealError, match="do not make the key"):
        split_key(KEY, threshold=2, shares=3, place="key")


def test_K03_shares_of_two_keys_make_neither() -> None:
    ours, theirs = (split_key(key, threshold=2, shares=4, place="key") for key in (KEY, OTHER))
    assert recover_key(ours[:2], shown()).public_key() == KEY.public_key()
    with pytest.raises(SharesError):
        recover_key([*ours[:2], *theirs[2:]], shown())


@pytest.mark.parametrize("content", [b"AAAA", b"", b"\xff\xfe"])
def test_K03_an_open_status_key_that_is_none(tmp_path: Path, content: bytes) -> None:
    lines = b"-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % content
    write_new(tmp_path / "status.key", lines, SECRET)
    with pytest.raises(UnreadableKeyError):
        open_key_file(tmp_path / "status.key", None)


def test_K08_a_token_whose_key_is_of_no_use_is_refused() -> None:
    with pytest.raises(HandsealError, match="shows no public key"):
        token_signer._jwk(b"\x05" * 70, KeyUse.COSIGN, "token")
    with pytest.raises(HandsealError, match="RS256 keys are not used"):
        token_signer._sign(object(), "RS256", b"", "token")  # no method of it is called


def test_K08_where_a_tokens_key_is_stands_in_plain_letters(tmp_path: Path) -> None:
    write_new(tmp_path / "token.key", "pkcs11:token=tröster\n".encode(), SECRET)
    with pytest.raises(HandsealError, match="is no PKCS#11 URI"):
        read_token_uri(tmp_path / "token.key")
