"""What is counted is a day, a programme and a verdict: nobody is remembered, and no number of checks makes it grow."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from keys.errors import ConfigurationError
from tests.served import Served
from tests.world import NOW, SITE
from verifier.report import Report, Verdict
from verifier.sources import Site
from verifier.tally import MAX_PROGRAMMES, OTHER, Count, Tally, read_tally
from verifier.verify import verify
from verifier.web import Settings, create_app

SLUG = "deep-tissue-foundations"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def report(served: Served) -> Report:
    materials = Site(served.published.folder, served.published.root, None).materials(NOW)
    return verify(served.world.issue(), materials, at=NOW, now=NOW)


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    return Tally(tmp_path / "tally")


@pytest.fixture
def client(served: Served, lookups: dict[Verdict, str], tally: Tally) -> Iterator[FlaskClient]:
    site = Site(served.published.folder, served.published.root, None)
    app = create_app(site=site, clock=lambda: served.world.now, settings=Settings(SITE), tally=tally)
    yield app.test_client()
    tally.write()


def at(report: Report, moment: datetime, verdict: Verdict = Verdict.VALID, slug: str = SLUG) -> Report:
    assert report.syllabus
    syllabus = replace(report.syllabus, programme=f"{SITE}/programmes/{slug}")
    return replace(report, checked=moment, verdict=verdict, syllabus=syllabus)


def counted(tmp_path: Path) -> Counter[tuple[str, str]]:
    """By programme and verdict."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in read_tally(tmp_path / "tally"):
        counts[row.programme, row.verdict] += row.count
    return counts


def test_each_way_of_asking_counts_once(
    client: FlaskClient, served: Served, lookups: dict[Verdict, str], tally: Tally, tmp_path: Path
) -> None:
    valid, token = f"/c/{lookups[Verdict.VALID]}", served.world.issue()
    assert client.get(valid).status_code == 200
    assert client.get(valid, headers={"Accept": "application/json"}).status_code == 200
    assert client.post("/", data={"text": lookups[Verdict.VALID]}).status_code == 200
    assert client.post("/", data={"text": token.decode()}).status_code == 200
    assert client.post("/", data={"file": (io.BytesIO(token), "a.jwt")}).status_code == 200
    assert client.post("/api/verify", json={"credential": token.decode()}).status_code == 200
    assert client.post("/api/verify", data={"file": (io.BytesIO(token), "a.jwt")}).status_code == 200
    tally.write()
    assert counted(tmp_path) == {(SLUG, "valid"): 7}


def test_what_is_no_check_is_not_counted(
    client: FlaskClient, lookups: dict[Verdict, str], tally: Tally, tmp_path: Path
) -> None:
    client.head(f"/c/{lookups[Verdict.VALID]}")
    client.get(f"/c/{lookups[Verdict.VALID]}.jwt")
    assert client.get("/c/00000000000000000000000000").status_code == 404
    for address in ("/", "/healthz", f"/programmes/{SLUG}/1"):
        client.get(address)
    tally.write()
    assert counted(tmp_path) == {}


def test_each_verdict_is_counted_by_its_word(
    client: FlaskClient, lookups: dict[Verdict, str], tally: Tally, tmp_path: Path
) -> None:
    for lookup in lookups.values():
        client.get(f"/c/{lookup}")
    tally.write()
    found = counted(tmp_path)
    assert {verdict for _, verdict in found} == {verdict.word for verdict in Verdict}
    assert found[OTHER, "invalid"] == 1
    assert found[SLUG, "revoked"] == 1


def test_the_file_holds_days_programmes_and_verdicts_alone(
    client: FlaskClient, lookups: dict[Verdict, str], tally: Tally, tmp_path: Path
) -> None:
    client.get(f"/c/{lookups[Verdict.VALID]}", headers={"User-Agent": "Tell-Tale", "X-Forwarded-For": "203.0.113.9"})
    tally.write()
    files = sorted(path.relative_to(tmp_path / "tally").as_posix() for path in (tmp_path / "tally").rglob("*"))
    assert files == ["counts", "counts/2026-11.json", "lock"]
    assert (tmp_path / "tally" / "counts" / "2026-11.json").read_bytes() == (
        b'{"counts":[{"count":1,"day":"2026-11-22","programme":"deep-tissue-foundations","verdict":"valid"}],'
        b'"month":"2026-11"}'
    )


def test_W13_ten_thousand_checks_leave_one_table(report: Report, tmp_path: Path) -> None:
    tally = Tally(tmp_path / "tally")
    file = tmp_path / "tally" / "counts" / "2026-11.json"
    answers = [at(report, NOW, verdict) for verdict in Verdict]

    def check_many(number: int) -> int:
        for turn in range(number):
            tally.count(answers[turn % len(answers)])
        tally.write()
        return len(file.read_bytes())

    size = check_many(1_000)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert check_many(9_000) <= size + len(answers)  # each number may take a digit more
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()
    assert sum(counted(tmp_path).values()) == 10_000
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_it_is_written_at_most_once_a_minute(report: Report, tally: Tally, tmp_path: Path) -> None:
    found = []
    for seconds in (0, 1, 59, 60, 61, 119, 120):
        tally.count(at(report, NOW + timedelta(seconds=seconds)))
        found.append(sum(counted(tmp_path).values()))
    assert found == [1, 1, 1, 4, 4, 4, 7]


def test_a_clock_that_was_set_back_does_not_stop_the_writing(report: Report, tally: Tally, tmp_path: Path) -> None:
    tally.count(at(report, NOW))
    tally.count(at(report, NOW - timedelta(days=2)))
    assert sum(counted(tmp_path).values()) == 2


def test_months_have_a_file_each_and_a_restart_goes_on(report: Report, tmp_path: Path) -> None:
    for moment in (NOW, NOW + timedelta(days=30), NOW):
        tally = Tally(tmp_path / "tally")
        tally.count(at(report, moment))
    assert list(read_tally(tmp_path / "tally")) == [
        Count(TODAY, SLUG, "valid", 2),
        Count(date(2026, 12, 22), SLUG, "valid", 1),
    ]


def test_two_at_once_lose_nothing(report: Report, tmp_path: Path) -> None:
    first, second = (Tally(tmp_path / "tally") for _ in range(2))
    for turn in range(50):
        for one in (first, second):
            one.count(at(report, NOW + timedelta(minutes=2 * turn)))
    assert sum(counted(tmp_path).values()) == 100


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import UTC, date, datetime; from pathlib import Path\n"
        "from verifier import tally\n"
        "for _ in range(10):\n"
        "    with tally.locked(Path(sys.argv[1])):\n"
        "        tally._add(Path(sys.argv[1]), '2026-11', {(date(2026, 11, 22), 'a', 'valid'): 1})"
    )
    Tally(tmp_path / "tally")
    command = [sys.executable, "-c", code, str(tmp_path / "tally")]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert counted(tmp_path) == {("a", "valid"): 20}


def test_programmes_beyond_the_bound_are_others(report: Report, tally: Tally, tmp_path: Path) -> None:
    for number in range(MAX_PROGRAMMES + 5):
        tally.count(at(report, NOW, slug=f"p{number:03}"))
    tally.write()
    found = counted(tmp_path)
    assert found[OTHER, "valid"] == 5
    assert len(found) == MAX_PROGRAMMES + 1


def test_what_cannot_be_written_is_kept_and_the_answer_is_given(
    client: FlaskClient,
    lookups: dict[Verdict, str],
    tally: Tally,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "tally" / "counts" / "2026-11.json"
    file.mkdir()
    with caplog.at_level(logging.ERROR):
        assert client.get(f"/c/{lookups[Verdict.VALID]}").status_code == 200
    assert "could not be counted" in caplog.text
    assert lookups[Verdict.VALID] not in caplog.text
    file.rmdir()
    tally.write()
    assert counted(tmp_path) == {(SLUG, "valid"): 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"counts":[],"month":"2026-10"}',
        b'{"counts":[{"count":1,"day":"2026-10-22","programme":"a","verdict":"valid"}],"month":"2026-11"}',
        b'{"counts":[{"count":1,"day":"2026-11-22","programme":"a","verdict":"good"}],"month":"2026-11"}',
        b'{"counts":[{"count":0,"day":"2026-11-22","programme":"a","verdict":"valid"}],"month":"2026-11"}',
    ],
)
def test_a_damaged_file_is_said_at_once(tally: Tally, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tally" / "counts" / "2026-11.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"2026-11\.json: is damaged"):
        Tally(tmp_path / "tally")


def test_a_folder_that_never_held_counts_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no counts"):
        list(read_tally(tmp_path))


def test_days_are_those_of_utc(report: Report, tally: Tally, tmp_path: Path) -> None:
    tally.count(at(report, datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)))
    assert [row.day for row in read_tally(tmp_path / "tally")] == [TODAY]
