"""What arrives is told apart by what is in it, never by its name: responses, status lists, trust lists."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from pathlib import Path

from sqlalchemy import Engine

from issuer.config import Workspace
from issuer.cosigning import Answer, ListNews, TrustNews, receive_response, receive_status_list, receive_trust
from issuer.publishing import is_folder, trust_files
from issuer.upkeep import current_trust
from keys.errors import HandsealError
from keys.files import opened, read_bounded
from keys.status import MAX_LIST_BYTES
from keys.trust_chain import MAX_LIST_BYTES as MAX_TRUST_BYTES, is_trust_file

_RESPONSE = b'"type":"handseal-response"'
_HEAD = 1024


class Kind(Enum):
    TRUST = "trust"
    LIST = "list"
    RESPONSE = "response"


def kind_of(path: Path) -> Kind:
    """What a file or folder holds; HandsealError where it is nothing that partners send."""
    if is_folder(path) or is_trust_file(path.name):
        return Kind.TRUST
    with opened(path) as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"{") and _RESPONSE in head:
        return Kind.RESPONSE
    if head.startswith(b"eyJ") and b"." in head:
        return Kind.LIST
    raise HandsealError(
        f"{path}: is no response, status list or trust list",
        hint="partners send response.jsonl and list.jwt; a trust list is a folder with targets.json",
    )


def take_trust(workspace: Workspace, paths: list[Path]) -> TrustNews:
    """The trust files among what arrived, together: a folder, or files one by one."""
    files: dict[str, bytes] = {}
    for path in paths:
        found = trust_files(path) if is_folder(path) else {path.name: read_bounded(path, MAX_TRUST_BYTES)}
        if not found:
            raise HandsealError(f"{path}: holds no files of a trust list", hint="targets.json, 1.root.json, …")
        files |= found
    return receive_trust(workspace, files)


def take_file(engine: Engine, workspace: Workspace, path: Path, kind: Kind, now: datetime) -> Answer | ListNews:
    """One response or status list under the trust list that is on the site by now."""
    trust = current_trust(workspace)
    if kind is Kind.LIST:
        token = read_bounded(path, MAX_LIST_BYTES).strip()
        return receive_status_list(workspace, token, trust=trust, now=now, place=path.name)
    with opened(path) as stream:
        return receive_response(engine, workspace, stream, trust=trust, now=now, place=path.name)
