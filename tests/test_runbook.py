"""RUNBOOK.md is acted as it stands: founding, co-signing, withdrawing, changes, a stolen key and a closing clinic."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from issuer import demo_people
from issuer.config import Workspace, open_workspace
from issuer.init_cli import write_root
from keys.encoding import format_time
from keys.keyfile import read_public_key
from tests.keys.age import encrypt
from tests.runbook import FORMS, ITEMS, PROGRAMS, Carry, Stage, TomlFile, adapted, put

HOLDERS = ("ttma", "harbour-hospital", "river-clinic")
BODIES = ("ttma", "harbour-hospital", "north-college")
PEOPLE = demo_people.people(6)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Stage:
    """Parts 1 and 2: founded by three holders, and a first cohort co-signed by two of three bodies."""
    patch.setattr("pyrage.passphrase.encrypt", encrypt)  # age files with the least work: they open at once
    stage = Stage(tmp_path_factory.mktemp("runbook") / "world", patch, HOLDERS, BODIES)
    stage.before["receive draft"] = lambda: write_root(workspace(stage), root(stage))
    act(stage, "1")
    stage.values["ROOT"] = root(stage)
    stage.bodies = BODIES[:2]
    for body in stage.bodies:
        (stage.folder / body / "roster.csv").write_text(demo_people.roster_csv(PEOPLE))
    stage.before = {"propose autumn": lambda: assess(stage)}
    act(stage, "2")
    stage.before = {}
    return stage


@pytest.fixture
def stage(certified: Stage, tmp_path: Path) -> Stage:
    return certified.fork(tmp_path / "world")


# -- what people do between the commands -------------------------------------------------------------------------------


def act(stage: Stage, part: str, section: str = "") -> None:
    for item in ITEMS:
        if item.part == part and item.section.startswith(section):
            stage.act(item)


def workspace(stage: Stage) -> Workspace:
    return open_workspace(stage.folder / "office" / "clinic")


def root(stage: Stage) -> str:
    """What everybody wrote down: the last signature of the founding printed it."""
    return re.findall(r"^Root: ([0-9a-f]{64})$", stage.said, re.MULTILINE)[-1]


def assess(stage: Stage) -> None:
    """A cohort of which four pass, by the clinic's own commands."""
    clinic = stage.folder / "office" / "clinic"
    today = workspace(stage).today(datetime.now(UTC))
    end = today - timedelta(days=1)
    (clinic / "assessors.csv").write_text(demo_people.assessors_csv(today))
    (clinic / "cohorts" / "autumn.csv").write_text(demo_people.cohort_csv(PEOPLE, end))
    (clinic / "results" / "answers.csv").write_text(demo_people.answers_csv(PEOPLE, end))
    (clinic / "results" / "autumn.csv").write_text(demo_people.results_csv(PEOPLE, end))
    for line in (
        "programme publish clinic/programmes/deep-tissue-foundations.toml",
        "assessors import clinic/assessors.csv",
        "enrol clinic/cohorts/autumn.csv --programme deep-tissue-foundations",
        "grade clinic/results/answers.csv --programme deep-tissue-foundations",
        "assess clinic/results/autumn.csv",
    ):
        stage.type("office", f"handseal --workspace clinic {line}")


def make_key(stage: Stage, slug: str, form: str, key: str, record: str) -> None:
    """One more key by a form of part 1, under another file name."""
    text = adapted(FORMS[form].text, slug)
    text = re.sub(r"(?m)^key = .*", f'key = "{key}"', re.sub(r"(?m)^record = .*", f'record = "{record}"', text))
    (stage.folder / slug / "new.toml").write_text(text)
    stage.type(slug, "handseal-ceremony --home state run new.toml")
    if slug != "ttma":
        shutil.copy(stage.folder / slug / f"{key}.pub.json", stage.folder / "ttma")


def change(stage: Stage, form: str, number: int = 1, *, publish: bool = True) -> None:
    """Part 5 with one of the changes; without `publish` up to the last signature."""
    stage.values |= {"CHANGE": form, "RECORD": f"trust-sign-{number}.html"}
    stage.act(FORMS[form])
    for slug in {*stage.holders, *stage.bodies, "office"}:
        shutil.rmtree(stage.folder / slug / "draft", ignore_errors=True)
    for item in ITEMS:
        if item.part == "5" and item.section == "The steps":
            if not publish and isinstance(item, Carry) and item.target == "office":
                break
            stage.act(item)


def verdicts(stage: Stage, site: str = "site") -> dict[str, str]:
    """By name, what an employer's verifier says of the PDFs."""
    pdfs = sorted(str(path) for path in (stage.folder / "office" / "clinic" / "certificates").glob("*.pdf"))
    stage.monkeypatch.chdir(stage.folder / "office")
    reports = ask("handseal-verify", *pdfs, "--site", site, "--root", stage.values["ROOT"], "--json")
    return {pdf.name: report["verdict"] for pdf, report in zip(map(Path, pdfs), reports, strict=True)}


def issued(stage: Stage) -> list[dict[str, str]]:
    """The clinic's certificates that are not drafts."""
    found: list[dict[str, str]] = clinic_json(stage, "list")
    return [entry for entry in found if entry["standing"] != "draft"]


def clinic_json(stage: Stage, *arguments: str) -> Any:
    return ask("handseal", "--workspace", str(stage.folder / "office" / "clinic"), *arguments, "--json")


def ask(program: str, *arguments: str) -> Any:
    """What a command prints as JSON, whatever it finds."""
    seen = io.StringIO()
    with contextlib.redirect_stdout(seen), contextlib.redirect_stderr(io.StringIO()):
        PROGRAMS[program].main(list(arguments))
    return json.loads(seen.getvalue())


def kid(stage: Stage, path: str) -> str:
    return read_public_key(stage.folder / path).kid


def in_a_month() -> str:
    return format_time((datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0))


# -- the parts in their order ------------------------------------------------------------------------------------------


def test_founding_and_co_signing_end_in_valid_certificates(certified: Stage) -> None:
    assert [entry["standing"] for entry in issued(certified)] == ["issued"] * 4
    assert set(verdicts(certified).values()) == {"valid"}
    for slug in ("ttma", "harbour-hospital"):
        for name in ("keygen-trust", "keygen-cosign", "trust-sign", "cosign"):
            assert (certified.folder / slug / f"{name}-record.html").exists(), f"{slug}: {name}"


def test_a_fresh_status_list_is_taken_in(stage: Stage) -> None:
    act(stage, "3")
    assert "is on the site now" in stage.said
    assert set(verdicts(stage).values()) == {"valid"}


def test_a_withdrawn_co_signature_counts_once_it_is_published(stage: Stage) -> None:
    first = issued(stage)[0]
    shown = clinic_json(stage, "show", first["lookupId"])
    stage.values["CERTIFICATE"] = shown["certificate"]
    act(stage, "4")
    found = verdicts(stage)
    assert found.pop(Path(shown["pdf"]).name) == "withdrawn"
    assert set(found.values()) == {"valid"}


def test_the_list_is_kept_alive_and_a_body_joins(stage: Stage) -> None:
    change(stage, "another-year.toml")
    (stage.folder / "south-institute").mkdir()
    make_key(stage, "south-institute", "keygen-cosign.toml", "south-institute.cosign.key", "record.html")
    change(stage, "joins.toml", 2)
    assert "NEW organisation https://verify.riverclinic.example/orgs/south-institute" in stage.said
    assert set(verdicts(stage).values()) == {"valid"}


def test_keys_and_holders_change_and_a_programme_ends(stage: Stage) -> None:
    stage.values |= {"OLD-KEY": kid(stage, "ttma/ttma.cosign.key.pub.json"), "UNTIL": in_a_month()}
    make_key(stage, "ttma", "keygen-cosign.toml", "ttma-2.cosign.key", "second-key.html")
    change(stage, "new-key.toml")
    make_key(stage, "north-college", "keygen-trust.toml", "north-college.trust.key", "trust-key.html")
    change(stage, "new-holders.toml", 2)
    assert "NEW holder: https://verify.riverclinic.example/orgs/north-college" in stage.said
    stage.values["hand-massage"] = "deep-tissue-foundations"
    change(stage, "ends.toml", 3)
    assert set(verdicts(stage).values()) == {"valid"}


def test_a_stolen_key_is_declared_and_the_learners_get_new_certificates(stage: Stage) -> None:
    public = read_public_key(stage.folder / "ttma" / "ttma.cosign.key.pub.json")
    founded = json.loads((stage.folder / "office" / "site" / "trust" / "1.list.json").read_text())["issued"]
    stage.values |= {"KEY": public.kid, "SINCE": founded}
    stage.before["run status-new-key.toml"] = lambda: declare(stage)
    lost = issued(stage)[0]
    stage.values["CERTIFICATE-ID"] = lost["lookupId"]
    act(stage, "6")
    assert "4 no longer hold" in stage.said
    assert set(verdicts(stage).values()) == {"incomplete"}
    assert clinic_json(stage, "show", lost["lookupId"])["successorStanding"] == "draft"


def declare(stage: Stage) -> None:
    """What part 6 says by pointing at parts 1 and 5: a new key and a changed list, which the body then takes."""
    make_key(stage, "ttma", "keygen-cosign.toml", "ttma-3.cosign.key", "third-key.html")
    change(stage, "compromised.toml")
    put(stage.folder / "office" / "site" / "trust", stage.folder / "ttma" / "trust")


def test_copies_and_shares_are_tried_once_a_year(stage: Stage) -> None:
    stage.bodies = BODIES[:1]
    newest = max((stage.folder / "ttma" / "state" / "transcripts").iterdir())
    stage.values["TRANSCRIPT"] = str(newest)
    act(stage, "8")
    assert "closed by" in stage.said


def test_certificates_outlive_a_clinic_that_closes(stage: Stage) -> None:
    clinic = stage.folder / "office" / "clinic" / "keys"
    stage.values |= {
        "ISSUE-KEY": read_public_key(clinic / "issue.key.age.pub.json").kid,
        "STATUS-KEY": read_public_key(clinic / "status.key.pub.json").kid,
        "UNTIL": in_a_month(),
    }
    make_key(stage, "north-college", "keygen-trust.toml", "north-college.trust.key", "trust-key.html")
    for item in ITEMS:
        if item.part == "7" and not isinstance(item, TomlFile):
            stage.act(item)
    shutil.copytree(stage.folder / "office" / "site", stage.folder / "office" / "successor")
    change(stage, "closes.toml", publish=False)
    copy = stage.folder / "office" / "successor"
    shutil.copytree(stage.folder / "harbour-hospital" / "draft", copy / "trust", dirs_exist_ok=True)
    shutil.rmtree(stage.folder / "office" / "site")
    assert set(verdicts(stage, "successor").values()) == {"valid"}
