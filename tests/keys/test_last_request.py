"""A request is compared with the last one of its programme that this body answered, and with no other."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from keys.body import plan_withdrawal, require_body, run_withdrawal
from keys.ceremony import plan_cosign, run_cosign
from keys.cli import main
from keys.credential import Certificate, content_digest
from keys.database import FILE
from keys.encoding import canonical
from keys.errors import HandsealError
from keys.home import Home
from keys.request import RequestReader
from keys.review import Review, review_request
from keys.review_cli import plain_lines
from keys.review_text import row_remarks
from keys.syllabus import Recognition, parse_syllabus
from tests.keys.partner import (
    KEYS,
    NOW,
    PARTNERS,
    SYLLABUS,
    TTMA,
    build_core,
    build_list,
    build_request,
    build_trust,
)

DAY = timedelta(days=1)
ADA, BEA, CHI, DEE = (build_core(number, name) for number, name in enumerate(("Ada", "Bea", "Chi Wen", "Dee")))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        yield opened


def review(home: Home, request: bytes) -> Review:
    reader = RequestReader(BytesIO(request))
    return review_request(reader, None, home.answered.earlier(reader.header.digest, reader.syllabus))


def answer(home: Home, *cores: Certificate, leave_out: str = "", days: int = 0) -> bytes:
    """A request of these cores, co-signed without the one that names `leave_out`."""
    request, now = build_request(cores), NOW + days * DAY
    seen = review(home, request)
    excluded = [row.number for row in seen.rows if row.name == leave_out]
    plan = plan_cosign(seen, require_body(build_trust(), KEYS[TTMA].kid, now), now=now, excluded=excluded)
    where = {"request": BytesIO(request), "response": BytesIO()}
    run_cosign(plan, **where, signer=KEYS[TTMA], home=home, now=now, random=secrets.token_bytes)
    return request


def names(seen: Review) -> dict[int, str]:
    return {row.number: row.name for row in seen.rows}


def test_nothing_remembered_is_nothing_compared(home: Home) -> None:
    seen = review(home, build_request([ADA]))
    assert (seen.comparison, seen.answered) == (None, None)
    assert "last request" not in "\n".join(plain_lines(seen, ()))


def test_new_unchanged_changed_and_gone_are_told_apart(home: Home) -> None:
    answer(home, ADA, BEA, CHI)
    corrected = build_core(7, "BEA")
    seen = review(home, build_request([ADA, corrected, DEE]))
    found, called = seen.comparison, names(seen)
    assert found is not None
    assert [called[row] for row in found.new] == ["Dee"]
    assert [(called[again.row], again.before.name) for again in found.changed] == [("BEA", "Bea")]
    assert [called[again.row] for again in found.unchanged] == ["Ada"]
    assert [person.name for person in found.gone] == ["Chi Wen"]
    shown = "\n".join(plain_lines(seen, ()))
    assert f"  not in this request: awarded {CHI.awarded_date.date()}, co-signed, Chi Wen\n" in shown
    assert "  syllabus: the same, version 1\n" in shown


def test_a_name_spelt_nearly_so_is_taken_for_the_same_person(home: Home) -> None:
    answer(home, build_core(1, "José Alvarez"))
    found = review(home, build_request([build_core(2, "José Álvarez")])).comparison
    assert found is not None
    assert [again.before.name for again in found.changed] == ["José Alvarez"]


def test_who_was_left_out_or_withdrawn_is_said_so(home: Home) -> None:
    request = answer(home, ADA, BEA, leave_out="Bea")
    body = require_body(build_trust(), KEYS[TTMA].kid, NOW)
    run_withdrawal(plan_withdrawal(body, home, certificates=[ADA.id]), signer=KEYS[TTMA], home=home, now=NOW)
    seen = review(home, build_request([ADA, BEA, DEE]))
    remarks = {names(seen)[row]: remark for row, remark in row_remarks(seen).items()}
    assert remarks["Bea"].startswith("the same content in the last request: awarded ")
    assert ", left out, Bea" in remarks["Bea"]
    assert ", withdrawn 2026-11-20T09:00:00Z, Ada" in remarks["Ada"]
    assert "Dee" not in remarks
    assert review(home, request).answered == NOW
    assert review(home, request).comparison is None  # it is not compared with itself


def test_of_another_cohort_that_shares_nobody_not_every_name_is_repeated(home: Home) -> None:
    answer(home, ADA, BEA)
    shown = "\n".join(plain_lines(review(home, build_request([CHI, DEE])), ()))
    assert "  not in this request: none of its 2 people is\n" in shown
    assert "Bea" not in shown


def test_it_is_the_last_one_that_counts(home: Home) -> None:
    answer(home, ADA)
    answer(home, BEA, days=1)
    found = review(home, build_request([ADA, DEE])).comparison
    assert found is not None
    assert (found.last.signed, [person.name for person in found.last.people]) == (NOW + DAY, ["Bea"])


def test_another_programme_is_not_compared(home: Home) -> None:
    answer(home, ADA)
    other = SYLLABUS.replace(b"programmes/deep-tissue", b"programmes/hot-stones")
    core = build_core(1, "Ada", syllabus=other)
    assert review(home, build_request([core], syllabus=other)).comparison is None


def test_another_version_of_the_syllabus_is_shown_line_by_line_and_warned_of(home: Home) -> None:
    answer(home, ADA)
    before = parse_syllabus(SYLLABUS)
    weaker = Recognition(threshold=1, cosigners=PARTNERS)
    changed = {"title": {"en": "Deep Tissue"}, "recognition": weaker, "previous": "sha256-" + "A" * 43 + "="}
    after = canonical(replace(before, id=before.id.replace("/1", "/2"), version=2, validity_months=UNSET, **changed))
    core = build_core(9, "Zoe", syllabus=after)
    policy = replace(core.terms_of_use[0], threshold=1)
    seen = review(home, build_request([replace(core, terms_of_use=(policy,))], syllabus=after))
    shown = "\n".join(plain_lines(seen, ()))
    assert "  syllabus: version 2; then version 1\n" in shown
    for line in (
        "no longer, title (en): Deep Tissue Foundations",
        "now, title (en): Deep Tissue",
        "now, valid for: ever",
    ):
        assert f"  {line}\n" in shown
    assert "  no longer, title (th): พื้นฐานการนวด\n" in shown
    body = require_body(build_trust(build_list(policy={"threshold": 1})), KEYS[TTMA].kid, NOW)
    warnings = plan_cosign(seen, body, now=NOW).warnings
    assert "the syllabus is version 2; the last request was about version 1" in warnings
    assert any(warning.startswith("how many must co-sign, or who: 1 of ") for warning in warnings)


def test_a_changed_row_is_warned_of_by_its_number_alone(home: Home) -> None:
    answer(home, ADA)
    seen = review(home, build_request([build_core(5, "Ada")]))
    warnings = plan_cosign(seen, require_body(build_trust(), KEYS[TTMA].kid, NOW), now=NOW).warnings
    assert "row 1 was in the last request with another content" in warnings


def test_names_of_those_left_out_are_forgotten_with_the_next_request(home: Home, tmp_path: Path) -> None:
    answer(home, ADA, BEA, leave_out="Bea")
    digests = [content_digest(core) for core in (ADA, BEA, CHI)]
    assert {person.name for person in home.answered.called(digests)} == {"Ada", "Bea"}
    answer(home, CHI, days=1)
    assert {person.name for person in home.answered.called(digests)} == {"Ada", "Chi Wen"}
    kept = rows_of(tmp_path / "home", "SELECT * FROM person")
    assert sorted(row[2:] for row in kept) == [
        (core.id, core.printed_name, None, core.awarded_date.date().isoformat())
        for core in sorted((ADA, CHI), key=lambda core: core.id)
    ]  # no result, no date but that of the award


def rows_of(home: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / FILE)) as database:
        return database.execute(query).fetchall()


# The tables as version 0.1 made them.
OLDER = """
CREATE TABLE endorsement (
    kid TEXT NOT NULL, digest BLOB NOT NULL, list TEXT NOT NULL, place INTEGER NOT NULL, certificate TEXT NOT NULL,
    request BLOB NOT NULL, signed TEXT NOT NULL, token TEXT NOT NULL, withdrawn TEXT,
    PRIMARY KEY (kid, digest), UNIQUE (list, place)) WITHOUT ROWID;
CREATE INDEX by_certificate ON endorsement (certificate);
CREATE INDEX by_digest ON endorsement (digest);
CREATE TABLE request (
    digest BLOB NOT NULL, kid TEXT NOT NULL, issuer TEXT NOT NULL, title TEXT NOT NULL, count INTEGER NOT NULL,
    signed TEXT NOT NULL, PRIMARY KEY (digest, kid)) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO request VALUES (x'00', 'k', 'https://clinic.example/orgs/c', 'Deep Tissue', 3, '2026-09-01T08:00:00Z');
INSERT INTO note VALUES ('clock', '2026-09-01T08:00:00Z');
"""


def test_a_state_folder_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / FILE)) as database:
        database.executescript(OLDER)
    with Home(folder) as home:
        (request,) = home.answered.requests()
        assert (request.title, request.count, request.programme, request.syllabus) == ("Deep Tissue", 3, None, None)
        assert home.note("clock") == "2026-09-01T08:00:00Z"
        answer(home, ADA)
        assert review(home, build_request([BEA])).comparison is not None
    with Home(folder) as home:
        assert len(home.answered.requests()) == 2


def test_a_state_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Home(tmp_path / "home").close()
    with closing(sqlite3.connect(tmp_path / "home" / FILE)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(HandsealError, match="was made by a newer Handseal"):
        Home(tmp_path / "home")


def test_review_compares_without_a_key_and_makes_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, request = tmp_path / "home", tmp_path / "request.jsonl"
    request.write_bytes(build_request([ADA, DEE]))
    assert main(["review", str(request), "--home", str(folder)]) == 0
    assert "is not there, so nothing is remembered" in capsys.readouterr().err
    assert not folder.exists()
    with Home(folder) as home:
        answer(home, ADA)
    assert main(["review", str(request), "--home", str(folder)]) == 0
    assert "Compared with the last request:\n" in capsys.readouterr().out
    assert main(["review", str(request), "--home", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    called = {row["row"]: row["name"] for row in told["rows"]}
    assert [called[row] for row in told["lastRequest"]["new"]] == ["Dee"]
    assert [called[row] for row in told["lastRequest"]["unchanged"]] == ["Ada"]
