"""What holders have before them when they found and change a trust list: keys, a description, the program."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from keys.algorithms import Algorithm, generate_private_key
from keys.console import run
from keys.encoding import canonical, digest_words
from keys.files import write_new
from keys.names import parse_status_list_id
from keys.possession import KeyUse, prove_possession
from keys.private_key import AnyPrivateKey
from keys.signer import MemorySigner
from keys.status import (
    COSIGNER_LIST_LIFE,
    ISSUER_LIST_LIFE,
    MIN_BITS,
    TrustListReference,
    build_status_list,
    sign_status_list,
)
from keys.trust_cli import trust
from keys.trust_edit import open_draft
from keys.trust_folder_cli import read_folder
from tests.keys.age import write_cheap_key
from tests.keys.trust_holders import CLINIC, COLLEGE, FOUNDED, HOLDERS, SITE, STRANGER, TTMA

FOUNDING = f"""
site = "{SITE}"
holders = ["river-clinic.key.pub.json", "ttma.key.pub.json", "north-college.key.pub.json"]
[[organisation]]
slug = "river-clinic"
name.en = "River Clinic"
keys = ["river-clinic.issue.pub.json", "river-clinic.status.pub.json"]
[[organisation]]
slug = "ttma"
name.en = "Thai Traditional Massage Association"
keys = ["ttma.cosign.pub.json"]
[[organisation]]
slug = "north-college"
name.en = "North College"
keys = ["north-college.cosign.pub.json"]
[[programme]]
slug = "deep-tissue-foundations"
issuers = ["river-clinic"]
threshold = 2
cosigners = ["ttma", "north-college"]
"""
USES = ((CLINIC, "issue"), (CLINIC, "status"), (TTMA, "cosign"), (COLLEGE, "cosign"))
PRIVATE = {owner: generate_private_key(Algorithm.ES256) for owner in USES}

Run = Callable[..., tuple[int, str, str]]


def program(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `handseal-ceremony trust …`: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run("handseal-ceremony trust", trust, [str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


def lay_desk(folder: Path) -> Path:
    """In `folder`: the description of a founding, each holder's key, and the public files of the bodies' keys."""
    (folder / "founding.toml").write_text(FOUNDING)
    write_new(folder / "passphrase", b"six words\n", 0o600)
    for organisation, key in (*HOLDERS.items(), (f"{SITE}/orgs/stranger", STRANGER)):
        name = organisation.rpartition("/")[2]
        write_cheap_key(folder / f"{name}.key", key, "six words")
        write_public_key(folder / f"{name}.key.pub.json", organisation, "trust", key)
    for (organisation, use), private in PRIVATE.items():
        write_public_key(folder / f"{organisation.rpartition('/')[2]}.{use}.pub.json", organisation, use, private)
    return folder


def write_public_key(path: Path, organisation: str, use: str, private: AnyPrivateKey) -> str:
    """The file that `keygen` writes beside a key; returns its kid."""
    shown = prove_possession(private, organisation=organisation, use=KeyUse(use), created=FOUNDED)
    write_new(path, canonical(shown))
    return shown.kid


def kid_of(organisation: str, use: str) -> str:
    return MemorySigner(PRIVATE[organisation, use], SITE).kid


def status_list(list_id: str, dated: datetime, *, by: tuple[str, str] | None = None) -> bytes:
    """A list in which nobody is revoked, by the key that should sign it or by another one."""
    owner = f"{SITE}/orgs/{parse_status_list_id(list_id, 'list').slug}"
    use = "status" if (owner, "status") in PRIVATE else "cosign"
    unsigned = build_status_list(
        list_id,
        bytes(MIN_BITS // 8),
        issuer=owner,
        now=dated,
        life=ISSUER_LIST_LIFE if use == "status" else COSIGNER_LIST_LIFE,
        trust_list=TrustListReference(id=f"{SITE}/trust/1.list.json", digest_sri=f"sha256-{'A' * 43}="),
    )
    return sign_status_list(unsigned, MemorySigner(PRIVATE[by or (owner, use)], SITE)).encode()


def words(folder: Path) -> str:
    return " ".join(digest_words(open_draft(read_folder(folder)).digest))


def sign(handseal: Run, desk: Path, draft: str, holder: str, *more: object) -> tuple[int, str, str]:
    """Each holder has a state folder of its own; the machine of the tests may have a network."""
    confirm = ("--confirm", words(desk / draft)) if "--confirm" not in more else ()
    own = ("--key", desk / f"{holder}.key", "--passphrase-file", desk / "passphrase", "--home", desk / f"{holder}.home")
    return handseal("sign", desk / draft, *own, "--online", *confirm, *more)


class Holders:
    """Three bodies that change the list they founded, each change signed by two of them."""

    def __init__(self, folder: Path, handseal: Run) -> None:
        self.folder = lay_desk(folder)
        self.run = handseal
        assert handseal("init", folder / "founding.toml", "--out", folder / "list-1")[0] == 0
        self.newest, self.number = "list-1", 1
        self.root = ""
        self.signed("ttma", "river-clinic")

    def propose(self, changes: str, *more: object, number: int | None = None) -> tuple[int, str, str]:
        """`trust propose` of a further list over the newest one."""
        self.number = self.number + 1 if number is None else number
        written = self.folder / f"changes-{self.number}.toml"
        written.write_text(changes)
        draft = self.folder / f"list-{self.number}"
        return self.run("propose", self.folder / self.newest, written, *more, "--root", self.root, "--out", draft)

    def signed(self, *holders: str) -> str:
        """The newest draft signed in turn; what the last holder saw."""
        draft, seen = f"list-{self.number}", ""
        brought = ("--trust", self.folder / self.newest, "--root", self.root) if self.root else ()
        for holder in holders:
            code, seen, err = sign(self.run, self.folder, draft, holder, *brought)
            assert code == 0, err
        self.root = self.root or re.search(r"^Root: ([0-9a-f]{64})$", seen, re.MULTILINE)[1]
        self.newest = draft
        return seen

    def change(self, changes: str, *more: object) -> str:
        """Proposed and signed by two; what the second one saw."""
        code, _, err = self.propose(changes, *more)
        assert code == 0, err
        return self.signed("ttma", "river-clinic")

    def refused(self, changes: str, *more: object) -> str:
        code, _, err = self.propose(changes, *more)
        assert code in (1, 2)
        assert not (self.folder / f"list-{self.number}").exists()
        return err

    def shown(self) -> Any:
        code, out, err = self.run("show", self.folder / self.newest, "--root", self.root, "--json")
        assert code == 0, err
        return json.loads(out)

    def keys(self, organisation: str) -> dict[str, dict[str, str]]:
        (found,) = [entry for entry in self.shown()["list"]["organisations"] if entry["id"] == organisation]
        return {key["kid"]: key for key in found["keys"]}
