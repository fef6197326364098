"""A PKCS#11 URI is taken where it names one key and nothing that is secret."""

from __future__ import annotations

import pytest

from keys.errors import FormatError
from keys.token_uri import TokenUri, parse_token_uri

MODULE = "module-path=/usr/lib/softhsm/libsofthsm2.so"


def test_a_uri_names_token_key_and_driver() -> None:
    text = "pkcs11:model=v2;manufacturer=S%20P;serial=77a3;token=Our%20key;id=%01%FF;object=cosign;type=private"
    assert parse_token_uri(f"{text}?{MODULE}", "key") == TokenUri(
        module="/usr/lib/softhsm/libsofthsm2.so",
        token="Our key",
        serial="77a3",
        manufacturer="S P",
        model="v2",
        label="cosign",
        id=b"\x01\xff",
    )


@pytest.mark.parametrize("pin", ["pin-value=1234", "pin-source=file:/etc/pin", "pin-value="])
def test_I12_a_pin_in_a_uri_is_refused_and_not_repeated(pin: str) -> None:
    for text in (f"pkcs11:token=t;object=k?{MODULE}&{pin}", f"pkcs11:token=t;object=k;{pin}?{MODULE}"):
        with pytest.raises(FormatError, match="key: holds a PIN") as fault:
            parse_token_uri(text, "key")
        assert "1234" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no PKCS#11 URI"),
        ("file:token=t", "is no PKCS#11 URI"),
        (f"pkcs11:token=t;object=k?{MODULE}\nmore", "is no PKCS#11 URI"),
        (f"pkcs11:token=ต;object=k?{MODULE}", "is no PKCS#11 URI"),
        (f"pkcs11:token=t;object={'k' * 1024}?{MODULE}", "is no PKCS#11 URI"),
        (f"pkcs11:object=k?{MODULE}", "names no token"),
        (f"pkcs11:token=;object=k?{MODULE}", "names no token"),
        (f"pkcs11:token=t?{MODULE}", "names no token, or no key"),
        ("pkcs11:token=t;object=k", "module-path"),
        ("pkcs11:token=t;object=k?module-path=lib.so", "module-path"),
        (f"pkcs11:token=t;token=u;object=k?{MODULE}", "token: has no value, or stands twice"),
        (f"pkcs11:token=t;object?{MODULE}", "object: has no value"),
        (f"pkcs11:token=t;object=k?{MODULE}%00", r"module-path: character \d+ is U\+0000"),
        (f"pkcs11:token=t%E2%80%AE;object=k?{MODULE}", r"token: character 2 is U\+202E"),
        (f"pkcs11:token=t;object=k;slot-id=3?{MODULE}", "slot-id: is not understood"),
        (f"pkcs11:token=t;object=k?{MODULE}&module-name=x", "module-name: is not understood"),
        (f"pkcs11:token=t;object=k;type=cert?{MODULE}", "type: is not 'private'"),
        (f"pkcs11:token=%FF;object=k?{MODULE}", "token: is not UTF-8"),
    ],
)
def test_other_uris_are_refused(text: str, told: str) -> None:
    with pytest.raises(FormatError, match=f"^key: {told}|^key: module-path: is no absolute"):
        parse_token_uri(text, "key")
