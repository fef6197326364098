"""Where a whole example is acted by the commands that clinic, partner bodies and employers type.

Each passphrase lies beside its key: only a demonstration may do that.
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keys.cli
import verifier.cli
from issuer import demo_people
from issuer.config import open_workspace
from issuer.init_cli import write_root
from keys import names
from keys.encoding import digest_words
from keys.errors import HandsealError
from keys.files import SECRET, write_new

MANIFEST = "demo.json"
PROGRAMME = "deep-tissue-foundations"
CLINIC = ("river-clinic", "River Clinic")
PARTNERS = {
    "harbour-hospital": "Harbour Hospital Rehabilitation",
    "north-college": "North College of Manual Therapy",
    "ttma": "Thai Traditional Massage Association",
}
SIGNING = ("harbour-hospital", "ttma")  # two of the three; the college does not answer in time
HOLDERS = ("river-clinic", "harbour-hospital", "ttma")  # of the trust list, two of three
_REVOKED, _SUSPENDED, _WITHDRAWN = -1, -2, -3  # which of the issued ones, where there are enough
_FEWEST_WITH_CHANGES = 4


class Stage:
    """Where the parts are acted one after the other; every step is a command line."""

    def __init__(self, folder: Path, base_url: str, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.base_url = base_url
        self.say = say
        self.clinic_folder = folder / "clinic"
        self.site_folder = folder / "site"

    def act(self, learners: int) -> None:
        """The whole play; the manifest is written last."""
        write_new(self.folder / ".gitignore", b"*\n")  # key files in a work tree that would take them are refused
        root, lacking = self.reach_cosignatures(learners)
        issued = self.issue()
        self.say("the cards that tell the programme's story")
        self._clinic("share", PROGRAMME, "--publish", "--out", self._in_clinic("share"))
        self._change_standings(issued)
        self._write_manifest(root, issued, lacking)

    def reach_cosignatures(self, learners: int) -> tuple[str, list[dict[str, Any]]]:
        """All that comes before `issue`. Returns the root's digest, and who lacks what."""
        self.say("keys and workspace of the clinic, keys of three partner bodies")
        self._make_keys()
        self.say("the trust list: founded by three holders, signed by two")
        root = self._found_trust()
        self.say(f"the programme, {learners} learners, their results")
        people = demo_people.people(learners)
        lacking = self._enrol_and_assess(people)
        self.say("the request; partner bodies review and co-sign")
        self._cosign(people, root)
        return root, lacking

    def issue(self) -> list[dict[str, Any]]:
        """The certificates, as `handseal list --json` has them."""
        self.say("the certificates")
        self._clinic("issue", "demo", *self._passphrase(open_workspace(self.clinic_folder).issue_key))
        issued: list[dict[str, Any]] = json.loads(self._clinic("list", "--cohort", "demo", "--json"))
        return issued

    # -- steps ------------------------------------------------------------------------------------------------------

    def _make_keys(self) -> None:
        slug, name = CLINIC
        first = self._new_passphrase(self.folder / "issue.passphrase")
        self._handseal("init", str(self.clinic_folder), "--slug", slug, "--name", name, "--site", self.base_url, *first)
        issue_key = open_workspace(self.clinic_folder).issue_key
        (self.folder / "issue.passphrase").replace(_passphrase_of(issue_key))
        for partner in PARTNERS:
            self._keygen(partner, "cosign", self._partner(partner) / "cosign.key.age")
        for holder in HOLDERS:
            self._keygen(holder, "trust", self.folder / "trust" / f"{holder}.key.age")

    def _found_trust(self) -> str:
        """Writes, signs and publishes the first list; returns the digest of its root."""
        trust = self.folder / "trust"
        write_new(trust / "founding.toml", self._founding().encode())
        draft = trust / "list"
        made = self._ceremony("trust", "init", str(trust / "founding.toml"), "--out", str(draft))
        signed = ""
        for holder in HOLDERS[:2]:
            key = trust / f"{holder}.key.age"
            words = ("--confirm", " ".join(digest_words(bytes.fromhex(_line(made, "Draft: ")))))
            signed = self._ceremony("trust", "sign", str(draft), "--key", str(key), *words, *self._hands(holder, key))
        root = _line(signed, "Root: ")
        write_root(open_workspace(self.clinic_folder), root)
        self._clinic("receive", str(draft))
        return root

    def _enrol_and_assess(self, people: Sequence[demo_people.Person]) -> list[dict[str, Any]]:
        """Returns who may not be certified, and what they lack."""
        today = open_workspace(self.clinic_folder).today(datetime.now(UTC))
        end = today - timedelta(days=1)
        tables = {
            "assessors.csv": demo_people.assessors_csv(today),
            "cohorts/demo.csv": demo_people.cohort_csv(people, end),
            "results/demo-answers.csv": demo_people.answers_csv(people, end),
            "results/demo.csv": demo_people.results_csv(people, end),
            "results/demo-refused.csv": demo_people.refused_csv(people, end),
        }
        for name, text in tables.items():
            path = self.clinic_folder / name
            path.unlink(missing_ok=True)  # the starter's example
            write_new(path, text.encode())
        self._clinic("programme", "publish", self._in_clinic(f"programmes/{PROGRAMME}.toml"))
        self._clinic("assessors", "import", self._in_clinic("assessors.csv"))
        self._clinic("enrol", self._in_clinic("cohorts/demo.csv"), "--programme", PROGRAMME)
        self._clinic("grade", self._in_clinic("results/demo-answers.csv"), "--programme", PROGRAMME)
        self._clinic("assess", self._in_clinic("results/demo.csv"))
        self._be_refused("assess", self._in_clinic("results/demo-refused.csv"))
        standing = json.loads(self._clinic("eligible", "demo", "--json"))
        return [{"name": entry["name"], "missing": entry["missing"]} for entry in standing["notEligible"]]

    def _cosign(self, people: Sequence[demo_people.Person], root: str) -> None:
        request = self.folder / "clinic" / "request.jsonl"
        self._clinic("propose", "demo", "--out", str(request))
        for partner in PARTNERS:
            write_new(self._partner(partner) / "roster.csv", demo_people.roster_csv(people).encode())
        for partner in SIGNING:
            home = self._partner(partner)
            review = json.loads(self._ceremony("review", str(request), "--json"))
            self._ceremony(
                *("cosign", str(request), "--key", str(home / "cosign.key.age")),
                *("--roster", str(home / "roster.csv"), "--confirm", " ".join(review["words"])),
                *("--trust", str(self.site_folder / "trust"), "--root", root, "--out", str(home / "response.jsonl")),
                *self._hands(partner, home / "cosign.key.age"),
            )
            self._clinic("receive", str(home / "response.jsonl"))

    def _change_standings(self, issued: list[dict[str, Any]]) -> None:
        """One is revoked, one suspended, and one loses a co-signature."""
        if len(issued) < _FEWEST_WITH_CHANGES:
            return
        self._clinic("revoke", issued[_REVOKED]["lookupId"], "--reason", "issued to the wrong person")
        self._clinic("suspend", issued[_SUSPENDED]["lookupId"], "--reason", "a complaint is being looked into")
        certificate = json.loads(self._clinic("show", issued[_WITHDRAWN]["lookupId"], "--json"))
        home = self._partner(SIGNING[0])
        self._ceremony(
            *("withdraw", certificate["certificate"], "--key", str(home / "cosign.key.age")),
            *("--confirm", "1", "--out", str(home / "status.jwt")),
            *self._hands(SIGNING[0], home / "cosign.key.age"),
        )
        self._clinic("receive", str(home / "status.jwt"))

    def _write_manifest(self, root: str, issued: list[dict[str, Any]], lacking: list[dict[str, Any]]) -> None:
        folder = self.clinic_folder / "certificates"
        pdfs = [str(next(folder.glob(f"*-{entry['lookupId'][:6].lower()}.pdf"))) for entry in issued]
        reports = json.loads(self._verify(*pdfs, "--site", str(self.site_folder), "--root", root, "--json"))
        certificates = [
            {
                "name": entry["name"],
                "lookupId": entry["lookupId"],
                "verdict": report["verdict"],
                "pdf": Path(report["source"]).relative_to(self.folder).as_posix(),
            }
            for entry, report in zip(issued, reports, strict=True)
        ]
        manifest = {"root": root, "certificates": certificates, "notCertified": lacking}
        write_new(self.folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2).encode())

    # -- hands ------------------------------------------------------------------------------------------------------

    def _founding(self) -> str:
        clinic = self.clinic_folder / "keys"
        lines = [
            f'site = "{self.base_url}"',
            f"holders = {json.dumps([f'{holder}.key.age.pub.json' for holder in HOLDERS])}",
            "root-threshold = 2",
            "targets-threshold = 2",
            "expiry-days = 400",
            *_organisation(
                *CLINIC, [f"../{path.relative_to(self.folder)}" for path in sorted(clinic.glob("*.pub.json"))]
            ),
        ]
        for slug, name in PARTNERS.items():
            lines += _organisation(slug, name, [f"../partners/{slug}/cosign.key.age.pub.json"])
        lines += [
            "[[programme]]",
            f'slug = "{PROGRAMME}"',
            f'issuers = ["{CLINIC[0]}"]',
            "threshold = 2",
            f"cosigners = {json.dumps(sorted(PARTNERS))}",
        ]
        return "\n".join(lines) + "\n"

    def _keygen(self, slug: str, use: str, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        passphrase = self._new_passphrase(_passphrase_of(path))
        owner = names.organisation_id(self.base_url, slug)
        options = ("--org", owner, "--use", use, "--out", str(path), *self._home(slug))
        self._ceremony("keygen", *options, *passphrase)

    def _new_passphrase(self, path: Path) -> tuple[str, str]:
        write_new(path, f"{secrets.token_urlsafe(18)}\n".encode(), SECRET)
        return "--passphrase-file", str(path)

    def _passphrase(self, key: Path) -> tuple[str, str]:
        return "--passphrase-file", str(_passphrase_of(key))

    def _home(self, slug: str) -> tuple[str, ...]:
        """Where this body's tool keeps its state; this machine has a network, and it says so."""
        folder = self._partner(slug) if slug in PARTNERS else self.folder / "trust" / slug
        return "--home", str(folder), "--online"

    def _hands(self, slug: str, key: Path) -> tuple[str, ...]:
        return (*self._home(slug), *self._passphrase(key))

    def _partner(self, slug: str) -> Path:
        return self.folder / "partners" / slug

    def _in_clinic(self, name: str) -> str:
        return str(self.clinic_folder / name)

    def _clinic(self, *arguments: str) -> str:
        return self._handseal("--workspace", str(self.clinic_folder), *arguments)

    def _handseal(self, *arguments: str) -> str:
        from issuer.cli import main  # not above: the program has this demonstration among its commands

        return _call("handseal", main, arguments)

    def _be_refused(self, *arguments: str) -> None:
        """Shows what the gate does: the command is right, and what it asks for is not."""
        from issuer.cli import main

        code, _, talked = _run(main, ("--workspace", str(self.clinic_folder), *arguments))
        if code != 1:
            raise HandsealError(f"demo: {arguments[0]}: was taken, and should have been refused")
        self.say("refused, as it should be: " + talked.splitlines()[0].removeprefix("handseal: "))

    def _ceremony(self, *arguments: str) -> str:
        return _call("handseal-ceremony", keys.cli.main, arguments)

    def _verify(self, *arguments: str) -> str:
        return _call("handseal-verify", verifier.cli.main, arguments, expected=(0, 1))


def _call(
    program: str, main: Callable[[list[str]], int], arguments: Sequence[str], *, expected: Sequence[int] = (0,)
) -> str:
    """What a command printed; HandsealError with its last message where it ended otherwise than expected."""
    code, printed, talked = _run(main, arguments)
    if code not in expected:
        said = [line for line in talked.splitlines() if line.startswith(program)] or ["nothing was said"]
        raise HandsealError(f"demo: {' '.join((program, *arguments[:4]))}: {said[-1]}")
    return printed


def _run(main: Callable[[list[str]], int], arguments: Sequence[str]) -> tuple[int, str, str]:
    """Exit code and both streams of a command."""
    printed, talked = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(talked):
        code = main(list(arguments))
    return code, printed.getvalue(), talked.getvalue()


def _organisation(slug: str, name: str, key_files: Sequence[str]) -> Iterator[str]:
    yield "[[organisation]]"
    yield f'slug = "{slug}"'
    yield f'name.en = "{name}"'
    yield 'contact = "+66 53 000 000"'
    yield f'website = "https://www.{slug}.example"'
    yield f"keys = {json.dumps(list(key_files))}"


def _passphrase_of(key: Path) -> Path:
    return key.with_name(f"{key.name}.passphrase")


def _line(printed: str, label: str) -> str:
    """The rest of the last line that starts with `label`."""
    found = [line.removeprefix(label) for line in printed.splitlines() if line.startswith(label)]
    if not found:
        raise HandsealError(f"demo: a command did not print {label.strip()!r}")
    return found[-1]
