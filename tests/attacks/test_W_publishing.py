"""An answer is never torn: whoever asks while a site is published gets the site before or after (attacks.md, Web)."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.served import Served
from tests.world import CLINIC, list_of
from verifier.report import Verdict


def test_answers_while_lists_are_published_anew_are_the_old_or_the_new_one(tmp_path: Path) -> None:
    served = Served(tmp_path)
    core = served.world.core()
    lookup = served.add(served.world.issue(core=core))
    served.published.write_lists()
    app, ended = served.app(), threading.Event()
    seen: list[str] = []

    def ask() -> None:
        client = app.test_client()
        while not ended.is_set() or len(seen) < 60:
            seen.append(client.get(f"/c/{lookup}", headers={"Accept": "application/json"}).headers["Handseal-Verdict"])

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for _ in range(10):  # the same lists again, dated and signed anew
        served.published.write_lists()
    served.world.revoke(list_of(CLINIC), core.credential_status.index)
    served.published.write_lists()
    ended.set()
    for asker in askers:
        asker.join()
    assert set(seen) <= {Verdict.VALID.word, Verdict.REVOKED.word}
    assert served.client().get(f"/c/{lookup}").headers["Handseal-Verdict"] == Verdict.REVOKED.word
