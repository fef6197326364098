"""A machine that watches the verifier learns what is old, what ends soon, and when no answer can be valid."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import keys
from tests.served import Page, Served
from verifier.cli import main


def test_health_tells_ages(tmp_path: Path) -> None:
    served = Served(tmp_path)
    answer = served.client().get("/healthz")
    health = answer.get_json()
    assert (answer.status_code, health["status"], health["alarms"]) == (200, "ok", 0)
    assert health["trustList"]["version"] == 1
    ages = {entry["id"]: entry["ageSeconds"] for entry in health["statusLists"]}
    assert ages == dict.fromkeys(served.world.list_ids(), 3600)


def test_each_member_of_health_stands_in_the_formats(tmp_path: Path) -> None:
    health = Served(tmp_path).client().get("/healthz").get_json()
    assert health["deadlines"]
    said = Path(keys.__file__).with_name("FORMATS.md").read_text("utf-8").partition("**Health**")[2]
    for part in (health, health["trustList"], *health["statusLists"], *health["deadlines"]):
        assert [name for name in part if f"`{name}`" not in said] == []


@pytest.mark.parametrize(
    ("left", "level", "noted"),
    [(61, "fine", ""), (60, "notice", ""), (30, "warning", ""), (7, "urgent", "ends on"), (-1, "ended", "ended on")],
)
def test_R04_health_and_the_first_page_tell_how_soon_it_ends(tmp_path: Path, left: int, level: str, noted: str) -> None:
    served = Served(tmp_path)
    trust = served.site().materials(served.world.now).trust
    assert trust is not None
    served.world.now = trust.expires - timedelta(days=left)
    served.published.write_lists()
    client = served.client()
    health = client.get("/healthz").get_json()
    assert (health["level"], health["status"]) == (level, "not ok" if left < 0 else "ok")
    first, *others = health["deadlines"]
    assert (first["kind"], first["level"], first["daysLeft"]) == (
        ("root", level, left) if left < 34 else ("status-list", "fine", 34)
    )
    assert {entry["id"] for entry in others if entry["kind"] == "status-list"} <= set(served.world.list_ids())
    foot = Page(client.get("/").text).text.partition("What the answer means")[2]
    assert ("For whoever runs this check: its trust list" in foot) == bool(noted)
    assert noted in foot
    answer = Page(client.get(f"/c/{served.add(served.world.issue())}").text)
    assert "whoever runs" not in answer.text  # the employer is told of the certificate, and of nothing else


def test_health_fails_where_an_answer_would_be_unknown(tmp_path: Path) -> None:
    stale = Served(tmp_path / "stale")
    later = stale.world.now + timedelta(days=36)
    answer = stale.app(clock=lambda: later).test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "not ok")
    assert any("out of date" in entry.get("fault", "") for entry in answer.get_json()["statusLists"])
    gone = Served(tmp_path / "gone")
    (gone.published.folder / "trust/targets.json").unlink()
    answer = gone.client().get("/healthz")
    assert (answer.status_code, bool(answer.get_json()["trustList"]["fault"])) == (503, True)


def test_R04_whoever_starts_it_is_told_what_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], time_machine: Any
) -> None:
    """The port is taken, so that it ends at once."""
    served = Served(tmp_path)
    trust = served.site().materials(served.world.now).trust
    assert trust is not None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--site", str(served.published.folder), "--root", served.published.root, "--port", port]
        for left, said in ((61, ""), (30, "warning: root 1 ends on"), (-1, "ended: trust list 1 ended on")):
            served.world.now = trust.expires - timedelta(days=left)
            served.published.write_lists()
            time_machine.move_to(served.world.now, tick=False)
            assert main(["serve", *options]) == 2
            assert said in (err := capsys.readouterr().err)
            assert ("root 1" in err) == bool(said)
