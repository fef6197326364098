"""What happens to a trust list in a year, step by step; each step returns what it showed to people."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

from issuer import demo_people
from tests.endtoend.play import SITE, Play

PROGRAMME = "deep-tissue-foundations"
CLINIC, HARBOUR, COLLEGE, TTMA = "river-clinic", "harbour-hospital", "north-college", "ttma"
PARTNERS = (HARBOUR, COLLEGE, TTMA)
HOLDERS = (CLINIC, HARBOUR, TTMA)
COMPROMISED = "2030-04-01T00:00:00Z"  # after the first cohort was co-signed, before the second was


def make_keys(play: Play) -> None:
    play.clinic_begins()
    for slug in PARTNERS:
        play.makes_key(slug, "cosign", "cosign")
    for slug in HOLDERS:
        play.makes_key(slug, "trust", "trust")


def found(play: Play) -> str:
    """Three holders, of whom two sign; the clinic takes the list in. Returns what the holders read."""
    organisations = [_organisation(CLINIC, "River Clinic", sorted((play.folder / "clinic/keys").glob("*.pub.json")))]
    organisations += [_organisation(slug, slug.title(), [f"bodies/{slug}/cosign.key.pub.json"]) for slug in PARTNERS]
    founding = f"""
    site = "{SITE}"
    holders = {json.dumps([f"bodies/{slug}/trust.key.pub.json" for slug in HOLDERS])}
    root-threshold = 2
    targets-threshold = 2
    expiry-days = 400
    {"".join(organisations)}
    [[programme]]
    slug = "{PROGRAMME}"
    issuers = ["{CLINIC}"]
    threshold = 2
    cosigners = {json.dumps(sorted(PARTNERS))}
    """
    arguments = ("trust", "init", play.writes("founding.toml", founding), "--out", play.path("list-1"))
    shown = play.body(CLINIC, *arguments).out
    _sign_list(play, "list-1", shown, CLINIC, TTMA)
    clinic_toml = play.folder / "clinic" / "clinic.toml"
    clinic_toml.write_text(clinic_toml.read_text("utf-8").replace('root = ""', f'root = "{play.root}"'), "utf-8")
    play.clinic("receive", play.path("list-1"))
    play.clinic("programme", "publish", play.path("clinic", "programmes", f"{PROGRAMME}.toml"))
    play.clinic("assessors", "import", play.writes("tables/assessors.csv", demo_people.assessors_csv(play.now.date())))
    return shown


def certify(play: Play, cohort: str, first: int, signing: dict[str, str]) -> list[str]:
    """Two learners from enrolment to certificate, co-signed with these keys of these bodies; returns their PDFs."""
    today = play.now.date()
    end = today.fromordinal(today.toordinal() - 1)
    people = demo_people.people(first + 2)[first:]
    tables = {
        f"{cohort}.csv": demo_people.cohort_csv(people, end),
        f"{cohort}-answers.csv": demo_people.answers_csv(people, end),
        f"{cohort}-results.csv": demo_people.results_csv(people, end),
    }
    written = {name: play.writes(f"tables/{name}", text.replace("RC-", f"{cohort}-")) for name, text in tables.items()}
    play.clinic("enrol", written[f"{cohort}.csv"], "--programme", PROGRAMME)
    play.clinic("grade", written[f"{cohort}-answers.csv"], "--programme", PROGRAMME)
    play.clinic("assess", written[f"{cohort}-results.csv"])
    play.clinic("propose", cohort, "--out", play.path(f"{cohort}.jsonl"))
    roster = play.writes(f"tables/{cohort}-roster.csv", demo_people.roster_csv(people))
    for slug, key in signing.items():
        _cosign(play, slug, key, cohort, roster)
    wait = ("--wait-for-all",) if len(signing) == len(PARTNERS) else ()
    play.clinic("issue", cohort, *wait, "--workers", "1", "--passphrase-file", play.path("passphrase"))
    issued = json.loads(play.clinic("list", "--cohort", cohort, "--json"))
    folder = play.folder / "clinic" / "certificates"
    return [str(next(folder.glob(f"*-{entry['lookupId'][:6].lower()}.pdf"))) for entry in issued]


def rotate_partner_key(play: Play) -> str:
    """TTMA's new key, the old one in force for 30 more days; returns the draft's changes as they were read."""
    play.makes_key(TTMA, "cosign", "cosign-2030")
    changes = f"""
    [[key]]
    organisation = "{TTMA}"
    file = "bodies/{TTMA}/cosign-2030.key.pub.json"
    [[end-key]]
    kid = "{_kid(play, TTMA, "cosign")}"
    until = 2030-05-13T00:00:00Z
    """
    return _change_list(play, 2, changes, CLINIC, TTMA)


def withdraw(play: Play, slug: str, key: str, pdf: str) -> None:
    """One body takes one co-signature back, and the clinic publishes its list."""
    (report,) = play.reports([pdf])
    out = play.path(f"{slug}-{key}.jwt")
    play.signs(slug, "withdraw", report["credential"]["id"], "--confirm", "1", "--out", out, key=key)
    play.clinic("receive", out)


def declare_compromise(play: Play) -> str:
    """The clinic's issue key was in other hands; a new one takes its place."""
    play.makes_key(CLINIC, "issue", "issue-2030")
    changes = f"""
    [[key]]
    organisation = "{CLINIC}"
    file = "bodies/{CLINIC}/issue-2030.key.pub.json"
    [[compromised]]
    kid = "{_issue_kid(play)}"
    since = {COMPROMISED}
    """
    return _change_list(play, 3, changes, HARBOUR, TTMA)


def rotate_root(play: Play) -> str:
    """The college holds a key of the trust list instead of the hospital; old and new holders sign."""
    play.makes_key(COLLEGE, "trust", "trust")
    changes = f"""
    [root]
    holders = {json.dumps([f"bodies/{slug}/trust.key.pub.json" for slug in (CLINIC, COLLEGE, TTMA)])}
    root-threshold = 2
    targets-threshold = 2
    """
    return _change_list(play, 4, changes, CLINIC, HARBOUR, COLLEGE)


def go_on_with_old_key(play: Play, cohort: str) -> str:
    """TTMA signs once more with the key that has ended; returns why it was refused."""
    request, out = play.path(f"{cohort}.jsonl"), play.path("late.jsonl")
    return play.signs(TTMA, "cosign", request, "--out", out, key="cosign", code=1).err


def list_affected(play: Play) -> str:
    """What the clinic reads of the key that was in other hands."""
    return play.clinic("affected", _issue_kid(play))


def serve_old_list(play: Play, version: int) -> str:
    """A copy of the site whose trust list went back; returns its name."""
    copy = play.folder / "old-site"
    shutil.copytree(play.folder / "site", copy)
    shutil.rmtree(copy / "trust")
    shutil.copytree(play.folder / f"kept-{version}", copy / "trust")
    return copy.name


def keep_list(play: Play, version: int) -> None:
    """What a thief of the site would put back one day."""
    shutil.copytree(play.folder / "site" / "trust", play.folder / f"kept-{version}")


def _change_list(play: Play, version: int, changes: str, *signing: str) -> str:
    draft = f"list-{version}"
    toml = play.writes(f"changes-{version}.toml", changes)
    site = play.path("site", "trust")
    shown = play.body(CLINIC, "trust", "propose", site, toml, "--root", play.root, "--out", play.path(draft)).out
    _sign_list(play, draft, shown, *signing)
    play.clinic("receive", play.path(draft))
    play.clinic("publish")
    return shown


def _sign_list(play: Play, draft: str, shown: str, *holders: str) -> None:
    words = re.findall(r"^Words:((?:\s+\d+ [a-z]+){12})$", shown, re.MULTILINE)[-1]
    held = ("--trust", play.path("site", "trust"), "--root", play.root) if play.root else ()
    for slug in holders:
        shown = play.signs(slug, "trust", "sign", play.path(draft), "--confirm", words, *held, key="trust").out
    play.root = _line(shown, "Root: ")


def _cosign(play: Play, slug: str, key: str, cohort: str, roster: str) -> None:
    request, response = play.path(f"{cohort}.jsonl"), play.path(f"{cohort}-{slug}.jsonl")
    review: dict[str, Any] = json.loads(play.body(slug, "review", request, "--roster", roster, "--json").out)
    words = ("--confirm", " ".join(review["words"]))
    trust = ("--trust", play.path("site", "trust"), "--root", play.root)
    play.signs(slug, "cosign", request, "--roster", roster, *words, *trust, "--out", response, key=key)
    play.clinic("receive", response)


def _organisation(slug: str, name: str, keys: list[Any]) -> str:
    return f"""
    [[organisation]]
    slug = "{slug}"
    name.en = "{name}"
    contact = "+66 53 000 000"
    website = "https://www.{slug}.example"
    keys = {json.dumps([str(key) for key in keys])}
    """


def _kid(play: Play, slug: str, key: str) -> str:
    kid: str = json.loads((play.home(slug) / f"{key}.key.pub.json").read_bytes())["kid"]
    return kid


def _issue_kid(play: Play) -> str:
    """Of the key that `handseal init` made."""
    (shown,) = (play.folder / "clinic" / "keys").glob("issue*.pub.json")
    kid: str = json.loads(shown.read_bytes())["kid"]
    return kid


def _line(shown: str, label: str) -> str:
    """The rest of the last line that starts with `label`."""
    return [line.removeprefix(label) for line in shown.splitlines() if line.startswith(label)][-1]
