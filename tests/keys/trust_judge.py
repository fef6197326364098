"""Two judges of root and targets metadata that share no line with Handseal's loader.

`tuf_accepts` drives python-tuf's Metadata API as any TUF client would. `RULES` are what formats.md section 5 asks
beyond TUF, each a named predicate on the plain JSON. A set of files is to load exactly where both say yes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.exceptions import Error as CanonicalFault
from securesystemslib.formats import encode_canonical
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

Files = Mapping[str, bytes]
Json = dict[str, Any]

_FAULTS = (RepositoryError, CanonicalFault, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What python-tuf and plain JSON raise for files that are none."""


def tuf_accepts(files: Files) -> bool:
    """The workflow of a TUF client from root 1 on, without snapshot and timestamp, which the site does not have.

    Expiry is left out, as the loader leaves it: both have no clock.
    """
    try:
        root = Metadata[Root].from_bytes(files["1.root.json"])
        root.verify_delegate(Root.type, root)
        while (data := files.get(f"{root.signed.version + 1}.root.json")) is not None:
            newer = Metadata[Root].from_bytes(data)
            root.verify_delegate(Root.type, newer)
            newer.verify_delegate(Root.type, newer)
            if newer.signed.version != root.signed.version + 1:
                return False
            root = newer
        targets = Metadata[Targets].from_bytes(files["targets.json"])
        root.verify_delegate(Targets.type, targets)
        for path, target in targets.signed.targets.items():
            target.verify_length_and_hashes(files[path.removeprefix("trust/")])
    except _FAULTS:
        return False
    return isinstance(root.signed, Root) and isinstance(targets.signed, Targets)


class Case(NamedTuple):
    """The metadata as JSON; a repeated member counts once, as every plain JSON reader has it."""

    told: str  # hex digest of root 1 that a verifier was given
    raw: list[bytes]  # roots, then targets
    roots: list[Json]
    targets: Json
    issued: datetime  # when the newest list was

    @property
    def files(self) -> list[Json]:
        return [*self.roots, self.targets]


def broken_rules(files: Files, told: str, issued: datetime) -> frozenset[str]:
    """The names of all rules that do not hold; a predicate that cannot even be asked counts as broken."""
    raw = []
    while (data := files.get(f"{len(raw) + 1}.root.json")) is not None:
        raw.append(data)
    raw.append(files["targets.json"])
    try:
        *roots, targets = [json.loads(data) for data in raw]
    except ValueError:
        return frozenset({"spelling"})
    case = Case(told, raw, roots, targets, issued)
    return frozenset(name for name, rule in RULES.items() if not _holds(rule, case))


def _holds(rule: Callable[[Case], bool], case: Case) -> bool:
    try:
        return rule(case)
    except _FAULTS:
        return False


# -- the rules ---------------------------------------------------------------------------------------------------------


def told(case: Case) -> bool:
    """Root 1 is the one whose digest a person handed over."""
    return hashlib.sha256(case.raw[0]).hexdigest() == case.told


def spelling(case: Case) -> bool:
    """The bytes are JCS of what they say, without floats, and few enough."""
    return all(
        rfc8785.dumps(file) == data and len(data) <= 65536 and not any(type(value) is float for value in _values(file))
        for file, data in zip(case.files, case.raw, strict=True)
    )


_ROOT = {"_type", "consistent_snapshot", "expires", "keys", "roles", "spec_version", "version"}
_TARGETS = {"_type", "expires", "spec_version", "targets", "version"}


def members(case: Case) -> bool:
    """No object has a member that formats.md does not name, and none is missing."""
    return (
        all(file.keys() == {"signatures", "signed"} for file in case.files)
        and all(signature.keys() == {"keyid", "sig"} for file in case.files for signature in file["signatures"])
        and all(root["signed"].keys() in (_ROOT, _ROOT | {"x-handseal-issued"}) for root in case.roots)
        and all(root["signed"]["roles"].keys() == {"root", "targets", "snapshot", "timestamp"} for root in case.roots)
        and all(role.keys() == {"keyids", "threshold"} for root in case.roots for role in _roles(root).values())
        and all(key.keys() - {"x-handseal-holder"} == {"keytype", "scheme", "keyval"} for key in _keys(case))
        and all(key["keyval"].keys() == {"public"} for key in _keys(case))
        and case.targets["signed"].keys() == _TARGETS
        and all(target.keys() == {"hashes", "length"} for target in _targets(case).values())
    )


def kinds(case: Case) -> bool:
    """A truth value is no number, and no number is a truth value."""
    counted = [file["signed"]["version"] for file in case.files]
    counted += [role["threshold"] for root in case.roots for role in _roles(root).values()]
    counted += [target["length"] for target in _targets(case).values()]
    return all(type(value) is int for value in counted) and all(
        type(root["signed"]["consistent_snapshot"]) is bool for root in case.roots
    )


def numbered(case: Case) -> bool:
    """Root n says that it is version n, and no number is beyond what a file name may hold."""
    said = [root["signed"]["version"] for root in case.roots]
    return said == list(range(1, len(said) + 1)) and 1 <= case.targets["signed"]["version"] <= 999_999_999


def algorithm(case: Case) -> bool:
    """Holders sign with Ed25519 alone."""
    return all((key["keytype"], key["scheme"]) == ("ed25519", "ed25519") for key in _keys(case))


def hexadecimal(case: Case) -> bool:
    """Keys, key ids and signatures are lower-case hex of the one length that they have."""
    ids = [signature["keyid"] for file in case.files for signature in file["signatures"]]
    ids += [keyid for root in case.roots for keyid in root["signed"]["keys"]]
    ids += [key["keyval"]["public"] for key in _keys(case)]
    signatures = [signature["sig"] for file in case.files for signature in file["signatures"]]
    return all(re.fullmatch("[0-9a-f]{64}", value) for value in ids) and all(
        re.fullmatch("[0-9a-f]{128}", value) for value in signatures
    )


def key_id(case: Case) -> bool:
    """A key's id is the SHA-256 of the key in TUF's canonical form, so that no key goes under two ids."""
    return all(
        hashlib.sha256(
            encode_canonical({k: v for k, v in key.items() if k != "x-handseal-holder"}).encode()
        ).hexdigest()
        == keyid
        for root in case.roots
        for keyid, key in root["signed"]["keys"].items()
    )


def few(case: Case) -> bool:
    """At most 32 keys and 64 signatures in a file, and 16 keys in a role."""
    return (
        all(len(root["signed"]["keys"]) <= 32 for root in case.roots)
        and all(len(file["signatures"]) <= 64 for file in case.files)
        and all(len(role["keyids"]) <= 16 for root in case.roots for role in _signing(root))
    )


def present(case: Case) -> bool:
    """Every key that a role names is there, and is named once."""
    return all(
        len(set(role["keyids"])) == len(role["keyids"]) and root["signed"]["keys"].keys() >= set(role["keyids"])
        for root in case.roots
        for role in _signing(root)
    )


def reachable(case: Case) -> bool:
    """Every root, also one that was replaced since, has thresholds that its keys can reach."""
    return all(1 <= role["threshold"] <= len(role["keyids"]) for root in case.roots for role in _signing(root))


def nobody_alone(case: Case) -> bool:
    """No organisation reaches a threshold with its own keys."""
    for root in case.roots:
        for role in _signing(root):
            keys = [key for keyid, key in root["signed"]["keys"].items() if keyid in role["keyids"]]
            holders = [key.get("x-handseal-holder") for key in keys]
            if any(holder and holders.count(holder) >= role["threshold"] for holder in holders):
                return False
    return True


def named(case: Case) -> bool:
    """A holder is the id of an organisation."""
    organisation = r"https://[a-z0-9.-]{1,30}/orgs/(?=.{1,40}\Z)[a-z0-9]+(-[a-z0-9]+)*"
    holders = [key["x-handseal-holder"] for key in _keys(case) if "x-handseal-holder" in key]
    return all(re.fullmatch(organisation, holder) for holder in holders)


def unused(case: Case) -> bool:
    """Snapshot and timestamp have no keys, and the threshold that TUF wants of them."""
    return all(
        root["signed"]["roles"][name]["keyids"] == [] and root["signed"]["roles"][name]["threshold"] == 1
        for root in case.roots
        for name in ("snapshot", "timestamp")
    )


def specification(case: Case) -> bool:
    """TUF 1.0.x; the library takes any 1.x."""
    return all(re.fullmatch(r"1\.0\.[0-9]{1,3}", file["signed"]["spec_version"]) for file in case.files)


def times(case: Case) -> bool:
    """Times have one spelling, and no year that only a slip explains (R16)."""
    texts = [file["signed"]["expires"] for file in case.files]
    texts += [root["signed"]["x-handseal-issued"] for root in case.roots if "x-handseal-issued" in root["signed"]]
    return all(
        re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text)
        and 2000 <= _moment(text).year <= 2199
        for text in texts
    )


def life(case: Case) -> bool:
    """Root and targets expire after they were made, at most 400 days; without a date they are made with the list.

    An older root without a date is past caring: nothing rests on how long it held.
    """
    made = [(root, root["signed"].get("x-handseal-issued")) for root in case.roots]
    lives = [(file, _moment(when)) for file, when in made if when is not None]
    lives += [(file, case.issued) for file, when in made[-1:] if when is None]
    lives.append((case.targets, case.issued))
    return all(
        timedelta(0) < _moment(file["signed"]["expires"]) - moment <= timedelta(days=400) for file, moment in lives
    )


def one_target(case: Case) -> bool:
    """One target, the list that has the number of the targets, held by its SHA-256 and nothing else."""
    version = case.targets["signed"]["version"]
    targets = _targets(case)
    return targets.keys() == {f"trust/{version}.list.json"} and all(
        target["hashes"].keys() == {"sha256"} for target in targets.values()
    )


def no_false_signature(case: Case) -> bool:
    """A signature under the key of a holder that does not fit is never passed over, though others suffice."""
    judged = [(root, by) for number, root in enumerate(case.roots) for by in {max(number - 1, 0), number}]
    pairs = [(file, case.roots[by], "root") for file, by in judged]
    pairs.append((case.targets, case.roots[-1], "targets"))
    return all(
        _fits(signature, root, file["signed"])
        for file, root, role in pairs
        for signature in file["signatures"]
        if signature["keyid"] in root["signed"]["roles"][role]["keyids"]
    )


RULES: dict[str, Callable[[Case], bool]] = {
    rule.__name__: rule
    for rule in (
        told,
        spelling,
        members,
        kinds,
        numbered,
        algorithm,
        hexadecimal,
        key_id,
        few,
        present,
        reachable,
        nobody_alone,
        named,
        unused,
        specification,
        times,
        life,
        one_target,
        no_false_signature,
    )
}


# -- reading the JSON --------------------------------------------------------------------------------------------------


def _values(value: object) -> Iterator[object]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(inner)


def _roles(root: Json) -> dict[str, Json]:
    roles: dict[str, Json] = root["signed"]["roles"]
    return roles


def _signing(root: Json) -> list[Json]:
    return [_roles(root)["root"], _roles(root)["targets"]]


def _keys(case: Case) -> list[Json]:
    return [key for root in case.roots for key in root["signed"]["keys"].values()]


def _targets(case: Case) -> dict[str, Json]:
    targets: dict[str, Json] = case.targets["signed"]["targets"]
    return targets


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _fits(signature: Json, root: Json, signed: Json) -> bool:
    public = bytes.fromhex(root["signed"]["keys"][signature["keyid"]]["keyval"]["public"])
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            bytes.fromhex(signature["sig"]), encode_canonical(signed).encode()
        )
    except InvalidSignature:
        return False
    return True
