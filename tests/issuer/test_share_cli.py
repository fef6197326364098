"""`handseal share` from a clinic on disk: a kit whole or none, and on the site only what a learner agreed to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from issuer import upkeep
from issuer.database import writing
from issuer.models import CertificateRecord, SyllabusVersion
from issuer.publishing import published_cards, published_certificates, withdraw_certificate
from issuer.share_cli import write_folder
from issuer.statuses import Change, change_status
from keys.encoding import canonical, sha256
from keys.errors import HandsealError
from keys.names import parse_lookup_id
from tests.issuer.clinic import Clinic
from tests.issuer.desk import open_desk, run, tick
from tests.world import SITE

SLUG = "deep-tissue-foundations"
CARD = f"programmes/{SLUG}/1/card-16x9.png"


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once for all clinics of these tests."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture
def clinic(tmp_path: Path, fonts: Path) -> Clinic:
    clinic = open_desk(tmp_path)
    (clinic.workspace.folder / ".cache").symlink_to(fonts)
    return clinic


def certify(clinic: Clinic, *, page: bool = True, share: bool = True, name: str = "Ada Lovelace") -> str:
    """The lookup id of an issued certificate whose learner agreed to this."""
    lookup = clinic.issue_all((name,), consent=page)[0]
    consent(clinic, lookup, page=page, share=share)
    tick(clinic)
    return lookup


def consent(clinic: Clinic, lookup: str, *, page: bool, share: bool) -> None:
    with writing(clinic.engine) as session:
        record = session.scalar(select(CertificateRecord).where(CertificateRecord.lookup_id == lookup))
        assert record is not None
        record.enrolment.learner.consent_page = page
        record.enrolment.learner.consent_share = share


def bring_up_to_date(clinic: Clinic) -> upkeep.Brought:
    tick(clinic)
    return upkeep.bring_up_to_date(
        clinic.engine, clinic.workspace, trust=clinic.trust, signer=clinic.world.status_key, now=clinic.now
    )


def card_of(lookup: str) -> str:
    return f"c/{lookup[:2]}/{lookup}.png"


def test_a_programmes_kit(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kits" / "spring"
    assert run(clinic, "share", SLUG, "--out", out, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert said == {"folder": str(out), "files": files, "languages": ["en"], "published": None}
    assert "captions/en.txt" in files
    assert not clinic.site.path(CARD).exists()
    assert out.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in out.parent.iterdir()] == ["spring"]


def test_an_existing_folder_is_refused(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kit"
    out.mkdir()
    assert run(clinic, "share", SLUG, "--out", out) == 1
    assert "exists already" in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "kit"
    with pytest.raises(HandsealError):
        write_folder(out, {"a.txt": b"a", "b": b"b", "b/c.txt": b"a file is no folder"})
    assert list(tmp_path.iterdir()) == []


def test_somewhere_it_must_go(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clinic, "share", SLUG) == 2
    assert "--out DIR" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["deep-tissue", "../x", "0123456789", "‮"])
def test_what_is_not_there_is_said(clinic: Clinic, tmp_path: Path, text: str) -> None:
    assert run(clinic, "share", text, "--out", tmp_path / "kit") == 1
    assert not (tmp_path / "kit").exists()


def test_an_unknown_certificate_and_language(
    clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clinic, "share", "0" * 26, "--out", tmp_path / "kit") == 1
    assert "no such certificate" in capsys.readouterr().err
    assert run(clinic, "share", SLUG, "--language", "th", "--out", tmp_path / "kit") == 1
    assert "--language th" in capsys.readouterr().err
    assert not (tmp_path / "kit").exists()


def test_a_programmes_card_on_the_site(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clinic, "share", SLUG, "--publish") == 0
    assert CARD in capsys.readouterr().out
    assert clinic.site.path(CARD).read_bytes().startswith(b"\x89PNG")
    index = json.loads(clinic.site.path("index.json").read_bytes())
    assert CARD in index["files"]


def test_a_learners_kit_and_card(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lookup = certify(clinic)
    out = tmp_path / "kit"
    assert run(clinic, "share", lookup.lower(), "--out", out, "--publish", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["published"] == card_of(lookup)
    assert {"add-to-profile.txt", "open-graph.html"} <= set(said["files"])
    assert out.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o600}
    assert clinic.site.path(card_of(lookup)).is_file()
    index = json.loads(clinic.site.path("index.json").read_bytes())
    assert not any(name.startswith("c/") for name in index["files"])
    assert list(published_certificates(clinic.site)) == [lookup]
    assert list(published_cards(clinic.site)) == [lookup]


@pytest.mark.parametrize(
    ("page", "share", "expected"), [(True, False, "agree to sharing"), (False, True, "agree to a page")]
)
def test_nothing_reaches_the_site_without_both_consents(
    clinic: Clinic, capsys: pytest.CaptureFixture[str], page: bool, share: bool, expected: str
) -> None:
    lookup = certify(clinic, page=page, share=share)
    assert run(clinic, "share", lookup, "--publish") == 1
    assert expected in capsys.readouterr().err
    assert list(published_cards(clinic.site)) == []


def test_a_learner_without_a_page_may_share(clinic: Clinic, tmp_path: Path) -> None:
    lookup = certify(clinic, page=False)
    assert run(clinic, "share", lookup, "--out", tmp_path / "kit") == 0
    assert not (tmp_path / "kit" / "add-to-profile.txt").exists()


def test_a_learner_who_did_not_agree_has_no_kit(clinic: Clinic, tmp_path: Path) -> None:
    lookup = certify(clinic, share=False)
    assert run(clinic, "share", lookup, "--out", tmp_path / "kit") == 1
    assert not (tmp_path / "kit").exists()


def test_what_does_not_stand_is_not_shared(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lookup = certify(clinic)
    with writing(clinic.engine) as session:
        change_status(session, lookup, Change.REVOKE, reason="test", now=clinic.now)
    clinic.refresh()
    assert run(clinic, "share", lookup, "--out", tmp_path / "kit", "--publish") == 1
    assert "revoked" in capsys.readouterr().err
    assert not (tmp_path / "kit").exists()
    assert list(published_cards(clinic.site)) == []


def test_a_draft_is_not_shared(clinic: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.enrol(("Ada Lovelace",))
    clinic.propose()
    tick(clinic)
    assert run(clinic, "share", clinic.records()[0].lookup_id, "--out", tmp_path / "kit") == 1
    assert "is proposed, not issued" in capsys.readouterr().err


@pytest.mark.parametrize(("page", "share"), [(True, False), (False, True), (False, False)])
def test_a_card_goes_when_consent_ends(clinic: Clinic, page: bool, share: bool) -> None:
    lookup = certify(clinic)
    kept = certify(clinic, name="Grace Hopper")
    for one in (lookup, kept):
        assert run(clinic, "share", one, "--publish") == 0
    assert bring_up_to_date(clinic).cards == 0
    consent(clinic, lookup, page=page, share=share)
    bring_up_to_date(clinic)
    assert list(published_cards(clinic.site)) == [kept]
    assert set(published_certificates(clinic.site)) == ({lookup, kept} if page else {kept})


@pytest.mark.parametrize("change", [Change.REVOKE, Change.SUSPEND])
def test_a_card_goes_when_its_certificate_does_not_stand(clinic: Clinic, change: Change) -> None:
    lookup = certify(clinic)
    assert run(clinic, "share", lookup, "--publish") == 0
    with writing(clinic.engine) as session:
        change_status(session, lookup, change, reason="test", now=clinic.now)
    assert bring_up_to_date(clinic).cards == 1
    assert list(published_cards(clinic.site)) == []
    assert list(published_certificates(clinic.site)) == [lookup]


def test_a_card_of_nobody_goes(clinic: Clinic) -> None:
    clinic.site.write(card_of("0" * 26), b"\x89PNG")
    assert bring_up_to_date(clinic).cards == 1
    assert list(published_cards(clinic.site)) == []


def test_withdrawing_a_certificate_takes_its_card_along(clinic: Clinic) -> None:
    lookup = certify(clinic)
    assert run(clinic, "share", lookup, "--publish") == 0
    assert withdraw_certificate(clinic.site, lookup)
    assert list(clinic.site.names("c")) == []
    assert not withdraw_certificate(clinic.site, lookup)


def test_a_programme_may_be_called_like_an_id(clinic: Clinic) -> None:
    slug = "basic-hand-and-face-massages-10"  # without its hyphens 26 letters and digits
    programme = f"{SITE}/programmes/{slug}"
    body = canonical(replace(clinic.world.syllabus, id=f"{programme}/1", programme=programme))
    assert len(parse_lookup_id(slug)) == 26
    with writing(clinic.engine) as session:
        session.add(
            SyllabusVersion(
                programme=slug,
                version=1,
                syllabus_id=f"{programme}/1",
                digest=sha256(body),
                body=body,
                published=date(2026, 9, 1),
            )
        )
    assert run(clinic, "share", slug, "--publish") == 0
    assert clinic.site.path(f"programmes/{slug}/1/card-16x9.png").is_file()


def test_help_has_an_example(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clinic, "share", "--help") == 0
    assert f"handseal share {SLUG} --out" in capsys.readouterr().out


def test_erasing_a_learner_takes_the_card_along(clinic: Clinic) -> None:
    lookup = certify(clinic)
    assert run(clinic, "share", lookup, "--publish") == 0
    assert run(clinic, "erase", lookup, "--reason", "asked to be forgotten") == 0
    assert list(clinic.site.names("c")) == []
