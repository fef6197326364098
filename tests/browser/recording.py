"""A pytest plugin that writes down every question the tests ask of the verifier, with the answer that Python gave.

`-p tests.browser.recording` comes before any test module is imported, so that each one gets the functions below: they
ask the product and hand its answer on. The file is that of the environment variable HANDSEAL_RECORDING.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import keys.profile
import keys.status
import keys.syllabus
import keys.trust_chain
from keys.encoding import b64url_encode, canonical, format_time
from keys.errors import HandsealError
from keys.status import StatusList, encode_bits
from keys.trust import Trust

PICTURE_HINTS = ("heic", "no-code", "picture", "too-many-pixels")
MAX_BYTES = 300_000  # of one question: that more is refused unread is Python's own test

_questions: dict[str, dict[str, Any]] = {}
_parts: dict[str, Any] = {}  # trust lists, status lists and syllabuses, which many questions share


def _ask(kind: str, answer: Any, **question: Any) -> None:
    asked = {"kind": kind, **question}
    identity = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    _questions[identity] = {**asked, "answer": answer}


def _part(value: Any) -> str:
    identity = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]
    _parts[identity] = value
    return identity


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _trust(trust: Trust) -> str:
    return _part({
        "list": canonical(trust.list).decode(),
        "digest": trust.digest,
        "rootVersion": trust.root_version,
        "expires": format_time(trust.expires),
    })  # fmt: skip


def _list(status_list: StatusList | str) -> str:
    if isinstance(status_list, str):
        return _part(status_list)
    return _part({
        "id": status_list.id,
        "issuer": status_list.issuer,
        "kid": status_list.kid,
        "use": status_list.use.value,
        "validFrom": format_time(status_list.valid_from),
        "validUntil": format_time(status_list.valid_until),
        "bits": encode_bits(status_list.bits),
        "trustList": {"id": status_list.trust_list.id, "digestSRI": status_list.trust_list.digest_sri},
        "frozen": status_list.frozen,
    })  # fmt: skip


def _materials(materials: Any) -> dict[str, Any]:
    rollback = materials.rollback
    return {
        "trust": _trust(materials.trust) if materials.trust else None,
        "trustFault": materials.trust_fault,
        "lists": {identity: _list(entry) for identity, entry in sorted(materials.lists.items())},
        "syllabuses": {identity: _part(_text(data)) for identity, data in sorted(materials.syllabuses.items())},
        "rollback": {
            "code": rollback.code,
            "outcome": rollback.outcome.value,
            "case": rollback.case,
            "values": {name: _value(value) for name, value in rollback.values},
        },
    }


def _value(value: str | int | datetime) -> str | int:
    return format_time(value) if isinstance(value, datetime) else value


def outline(report: Any) -> dict[str, Any]:
    """What a browser must say too: all that leads to the sentences, but for the technical details."""
    return {
        "verdict": report.verdict.word,
        "asOf": format_time(report.as_of) if report.as_of else None,
        "checks": [
            {
                "code": check.code,
                "outcome": check.outcome.value,
                "case": check.case,
                "values": {name: _value(value) for name, value in check.values},
            }
            for check in report.checks
        ],
        "partners": [
            {
                "id": partner.id,
                "name": partner.name,
                "outcome": partner.outcome.value,
                "signed": format_time(partner.signed) if partner.signed else None,
                "reason": partner.reason,
            }
            for partner in report.partners
        ],
        "lists": [[entry.owner, entry.purpose, format_time(entry.dated)] for entry in report.lists],
        "credential": report.certificate.id if report.certificate else None,
        "syllabus": bool(report.syllabus),
    }


def _recording_verify(verify: Callable[..., Any]) -> Callable[..., Any]:
    def recorded(token: bytes, materials: Any, *, at: datetime, now: datetime) -> Any:
        report = verify(token, materials, at=at, now=now)
        if len(token) <= MAX_BYTES:
            moments = {"at": at.timestamp(), "now": now.timestamp()}
            _ask("verify", outline(report), token=_text(token), materials=_materials(materials), **moments)
        return report

    return recorded


def _recording_list(open_status_list: Callable[..., StatusList]) -> Callable[..., StatusList]:
    def recorded(token: bytes, list_id: str, *, trust: Trust, now: datetime) -> StatusList:
        question = {"token": _text(token), "id": list_id, "trust": _trust(trust), "now": now.timestamp()}
        try:
            opened = open_status_list(token, list_id, trust=trust, now=now)
        except HandsealError:
            if len(token) <= 2 * MAX_BYTES:
                _ask("list", None, **question)
            raise
        _ask("list", hashlib.sha256(opened.bits).hexdigest(), **question)
        return opened

    return recorded


def _read_on(read: Callable[[str], bytes | None]) -> None:
    """What a refusal left unread: else a browser that does not refuse would stop for the lack of it."""
    for name in ("targets.json", *(f"{n}.{kind}.json" for kind in ("root", "list") for n in range(1, 5))):
        with contextlib.suppress(HandsealError):
            read(name)


def _recording_trust(load_trust: Callable[..., Trust]) -> Callable[..., Trust]:
    def recorded(read: Callable[[str], bytes | None], *, root_digest: str) -> Trust:
        files: dict[str, bytes | None] = {}

        def reading(name: str) -> bytes | None:
            files[name] = read(name)
            return files[name]

        def told(files: Mapping[str, bytes | None]) -> dict[str, str]:
            return {name: _part(_text(data)) for name, data in sorted(files.items()) if data is not None}

        try:
            trust = load_trust(reading, root_digest=root_digest)
        except HandsealError:
            _read_on(reading)
            if sum(len(data or b"") for data in files.values()) <= 4 * MAX_BYTES:
                _ask("trust", None, files=told(files), root=root_digest)
            raise
        answer = [trust.list.version, trust.root_version, format_time(trust.expires), trust.digest]
        _ask("trust", answer, files=told(files), root=root_digest)
        return trust

    return recorded


def _recording_carrier(credentials_in: Callable[..., Any]) -> Callable[..., Any]:
    def recorded(data: bytes) -> Any:
        found = credentials_in(data)
        if len(data) <= MAX_BYTES:
            # Only Python looks for a code in a picture, and only it knows where a link leads.
            alone = not found.tokens and (bool(found.addresses) or found.hint in PICTURE_HINTS)
            answer = [[b64url_encode(token) for token in found.tokens], None if alone else found.hint]
            _ask("carrier", answer, data=_text(data), alone=alone)
        return found

    return recorded


def _recording_form(kind: str, parse: Callable[..., Any]) -> Callable[..., Any]:
    def recorded(data: bytes, *places: str) -> Any:
        try:
            parsed = parse(data, *places)
        except HandsealError:
            if len(data) <= MAX_BYTES:
                _ask(kind, False, data=_text(data))
            raise
        _ask(kind, True, data=_text(data))
        return parsed

    return recorded


def pytest_sessionfinish() -> None:
    Path(os.environ["HANDSEAL_RECORDING"]).write_text(
        json.dumps({"parts": _parts, "questions": list(_questions.values())}), "utf-8"
    )


keys.profile.parse_certificate = _recording_form("certificate", keys.profile.parse_certificate)
keys.syllabus.parse_syllabus = _recording_form("syllabus", keys.syllabus.parse_syllabus)
keys.status.open_status_list = _recording_list(keys.status.open_status_list)
keys.trust_chain.load_trust = _recording_trust(keys.trust_chain.load_trust)

import verifier.verify  # noqa: E402  # only now: it and what imports it get the recording functions

verifier.verify.verify = _recording_verify(verifier.verify.verify)

import verifier.carrier  # noqa: E402

verifier.carrier.credentials_in = _recording_carrier(verifier.carrier.credentials_in)
