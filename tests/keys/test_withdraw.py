"""Who takes co-signatures back sees whom they are about, and is asked, before the key is opened."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keys.certificate_list import parse_certificate_list
from keys.encoding import parse_time
from keys.errors import ConfigurationError, FormatError, HandsealError
from keys.offline_cli import confirm_count
from keys.request import RequestReader
from keys.status import open_status_list
from keys.transcript import Transcript
from tests.keys.desk import REQUEST, Desk, make_desk
from tests.keys.partner import NAMES, SITE

ROWS = list(RequestReader(io.BytesIO(REQUEST)))
LIST = f"{SITE}/status/ttma/revocation/1"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A body that co-signed the whole request: one key for all tests, which withdraw what the others leave."""
    desk = make_desk(tmp_path_factory.mktemp("desk"))
    assert desk.cosign("response.jsonl", *desk.brought) == 0
    return desk


@pytest.fixture
def out(signed: Desk) -> Iterator[Path]:
    path = signed.folder / "list.jwt"
    yield path
    path.unlink(missing_ok=True)


def set_bits(signed: Desk, token: bytes) -> int:
    opened = open_status_list(token, LIST, trust=signed.trust, now=datetime.now(UTC))
    return sum(byte.bit_count() for byte in opened.bits)


def events(signed: Desk) -> list[tuple[str, dict[str, str]]]:
    lines = map(json.loads, signed.transcripts()[-1].read_text("utf-8").splitlines())
    return [(line["event"], line["details"]) for line in lines]


def test_names_are_shown_and_a_wrong_number_withdraws_nothing(
    signed: Desk, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = str(signed.folder / "request.jsonl")
    assert signed.run("withdraw", "--request", request, *signed.secret, "--confirm", "4", "--out", str(out)) == 1
    told = capsys.readouterr().err
    assert all(f": {name}\n" in told for name in NAMES)
    assert "count: is not 5" in told
    assert not out.exists()
    assert [event for event, _ in events(signed)][-3:] == ["planned", "count-wrong", "refused"]
    assert signed.run("status", *signed.secret, "--out", str(out)) == 0
    assert set_bits(signed, out.read_bytes()) == 0


def test_without_a_terminal_and_a_number_nothing_is_withdrawn(signed: Desk, out: Path) -> None:
    assert signed.run("withdraw", ROWS[0].core.id, *signed.secret, "--out", str(out)) == 2
    assert not out.exists()


def test_one_a_list_of_some_then_the_cohort(signed: Desk, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def withdraw(*which: str, confirm: int) -> int:
        out.unlink(missing_ok=True)
        assert signed.run("withdraw", *which, *signed.secret, "--confirm", str(confirm), "--out", str(out)) == 0
        return set_bits(signed, out.read_bytes())

    request, table = str(signed.folder / "request.jsonl"), signed.folder / "rows.csv"
    assert withdraw(ROWS[0].core.id, confirm=1) == 1
    assert signed.run("review", request, "--export", str(table)) == 0
    header, *rows = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(header + b"".join(rows[1:3]))  # as an officer deletes the others in a spreadsheet
    assert withdraw("--list", str(table), confirm=2) == 3
    capsys.readouterr()
    assert withdraw("--request", request, confirm=5) == 5
    told = capsys.readouterr().err
    assert told.count(", withdrawn already 2") == 3
    assert ("count-confirmed", {"count": "5"}) in events(signed)


def test_a_number_is_asked_for_three_times_and_each_answer_recorded() -> None:
    lines: list[bytes] = []
    transcript = Transcript(lines.append, lambda: parse_time("2026-11-20T09:00:00Z"))
    answers = iter(["", "300 ", "3"])
    confirm_count(300, None, transcript, lambda question: next(answers))
    with pytest.raises(HandsealError, match="count: is not 3"):
        confirm_count(3, None, transcript, lambda question: "yes")
    found = [json.loads(line)["event"] for line in lines]
    assert found == ["count-wrong", "count-confirmed", *["count-wrong"] * 3]
    with pytest.raises(ConfigurationError, match="there is no terminal"):
        confirm_count(3, None, transcript)


IDS = [row.core.id for row in ROWS]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(IDS),
        "\r\n".join(["certificate", *IDS, "", ""]),
        "\n".join(["\ufeffrow,certificate,remarks", *(f'1,{identity},"a, b"' for identity in IDS)]),
        "\r\n".join(["row;certificate;remarks", *(f"1;{identity};a, b" for identity in IDS)]),
        "\n".join([*IDS, IDS[0]]),
    ],
)
def test_ids_stand_one_a_line_or_in_a_column(text: str) -> None:
    assert parse_certificate_list(text.encode(), "list.csv") == tuple(IDS)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "names no certificate"),
        (b"certificate\n", "names no certificate"),
        (b"Ada,Bea\n", "row 1: has no column 'certificate'"),
        (b"Ada\n", "row 1: certificate: is not a urn:uuid of version 4"),
        (b"row,certificate\n1\n", "row 2: certificate: is not a urn:uuid"),
        (f"certificate\n{IDS[0]}\n{IDS[1].upper()}\n".encode(), "row 3: certificate: is not a urn:uuid"),
        (b'"certificate\n', "is not CSV"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_with_its_row(data: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=r"^list\.csv: ") as fault:
        parse_certificate_list(data, "list.csv")
    assert complaint in str(fault.value)
