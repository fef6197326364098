"""Three holders, their trust list, and hostile files that are nevertheless signed by whoever is named."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from securesystemslib.formats import encode_canonical

from keys.algorithms import Algorithm, generate_private_key, jwk_of, thumbprint
from keys.encoding import canonical, sha256, sri
from keys.errors import HandsealError
from keys.names import key_id
from keys.trust import Key, NameFrom, Organisation, Policy, Programme, Trust, TrustList, Use
from keys.trust_chain import TARGETS, list_name, load_trust, root_name, target_name
from keys.trust_edit import Holder, found, propose, root_digest, sign
from keys.trust_metadata import key_id_of

SITE = "https://verify.river.example"
FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
LATER = FOUNDED + timedelta(days=100)
CLINIC, TTMA, COLLEGE = (f"{SITE}/orgs/{slug}" for slug in ("river-clinic", "ttma", "north-college"))
PROGRAMME = f"{SITE}/programmes/deep-tissue-foundations"
HOLDERS = {organisation: Ed25519PrivateKey.generate() for organisation in (CLINIC, TTMA, COLLEGE)}
STRANGER = Ed25519PrivateKey.generate()

Files = Mapping[str, bytes]
Change = Callable[[dict[str, Any]], object]


def key(use: Use, since: datetime = FOUNDED, algorithm: Algorithm = Algorithm.ES256, **changes: Any) -> Key:
    jwk = jwk_of(generate_private_key(algorithm))
    kid = key_id(SITE, thumbprint(jwk))
    return replace(Key(kid=kid, jwk=jwk, alg=algorithm.value, use=use, valid_from=since), **changes)


def organisation(identity: str, name: str, *keys: Key, since: datetime = FOUNDED) -> Organisation:
    return Organisation(id=identity, names=(NameFrom(since=since, name={"en": name}),), keys=keys)


LIST = TrustList(
    version=1,
    issued=FOUNDED,
    organisations=(
        organisation(CLINIC, "River Clinic", key(Use.ISSUE), key(Use.STATUS)),
        organisation(TTMA, "Thai Traditional Massage Association", key(Use.COSIGN)),
        organisation(COLLEGE, "North College", key(Use.COSIGN)),
    ),
    programmes=(
        Programme(
            id=PROGRAMME,
            policies=(Policy(since=FOUNDED, issuers=(CLINIC,), threshold=2, cosigners=(COLLEGE, TTMA)),),
        ),
    ),
    frozen_status=(),
)


def after(old: TrustList, issued: datetime = LATER, **changes: Any) -> TrustList:
    """The next list, with `changes` made."""
    previous = sri(sha256(canonical(old)))
    return replace(replace(old, version=old.version + 1, issued=issued, previous=previous), **changes)


def holders(*organisations: str) -> list[Holder]:
    return [Holder.of(name, HOLDERS[name].public_key()) for name in organisations or HOLDERS]


def signed(files: Files, *organisations: str) -> dict[str, bytes]:
    """The set signed by these holders, in turn; by clinic and association where none is named."""
    result = dict(files)
    for name in organisations or (CLINIC, TTMA):
        result = sign(result, HOLDERS[name])
    return result


def founded(trust_list: TrustList = LIST, **options: Any) -> dict[str, bytes]:
    return signed(found(trust_list, holders(), **options))


def extended(files: Files, new: TrustList, **options: Any) -> dict[str, bytes]:
    return signed(propose(files, new, **options))


def load(files: Files, digest: str | None = None) -> Trust:
    return load_trust(files.get, root_digest=digest or root_digest(files))


def load_hostile(files: Files) -> Trust:
    """With the digest of whatever root 1 is: what is refused is refused for another reason."""
    return load_trust(files.get, root_digest=sha256(files[root_name(1)]).hex())


def forge(content: Any, signers: Iterable[Ed25519PrivateKey]) -> bytes:
    """A metadata file around any signed part, good or bad."""
    message = encode_canonical(content).encode()
    signatures = [{"keyid": key_id_of(k.public_key()), "sig": k.sign(message).hex()} for k in signers]
    return canonical({"signatures": signatures, "signed": content})


def with_changed(files: Files, name: str, change: Change) -> dict[str, bytes]:
    """The set with the signed part of one file changed and signed anew by all holders."""
    content = msgspec.json.decode(files[name])["signed"]
    change(content)
    return {**files, name: forge(content, HOLDERS.values())}


def with_list(files: Files, data: bytes, version: int, expires: datetime | None = None) -> dict[str, bytes]:
    """The set with any bytes as the newest list, under targets that all holders signed for them."""

    def retarget(content: dict[str, Any]) -> None:
        content["version"] = version
        content["targets"] = {target_name(version): {"length": len(data), "hashes": {"sha256": sha256(data).hex()}}}
        if expires is not None:
            content["expires"] = expires.strftime("%Y-%m-%dT%H:%M:%SZ")

    return {**with_changed(files, TARGETS, retarget), list_name(version): data}


def changed_list(files: Files, change: Change, version: int = 1) -> dict[str, bytes]:
    """The set with its list changed as plain JSON and signed by all holders."""
    content = msgspec.json.decode(files[list_name(version)])
    change(content)
    return with_list(files, canonical(content), version)


def refused(files: Files, fragment: str, digest: str | None = None) -> None:
    """Nothing but an error that a person may read; root 1 is believed unless `digest` says otherwise."""
    with pytest.raises(HandsealError) as caught:
        load(files, digest or sha256(files["1.root.json"]).hex())
    assert fragment in str(caught.value)
    assert caught.value.exit_code == 1
