"""S03, S17: a list that names its signer truly, and stands where another body's list is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.judging import assert_verdict
from tests.published import PublishedSite
from tests.world import CLINIC, HARBOUR, NORTH, TTMA, World, list_of
from verifier.report import Verdict
from verifier.sources import Site
from verifier.verify import verify


@pytest.mark.parametrize("purpose", ["revocation", "suspension", "refresh"])
@pytest.mark.parametrize("victim", [CLINIC, TTMA])
def test_S03_a_list_under_anothers_name_by_a_body_that_says_who_it_is(
    tmp_path: Path, world: World, victim: str, purpose: str
) -> None:
    if victim != CLINIC and purpose != "revocation":
        pytest.skip("a partner body keeps a revocation list only")
    published, list_id = PublishedSite(tmp_path / "site", world), list_of(victim, purpose)
    forged = world.status_token(list_id, signer=world.partner_keys[NORTH], issuer=NORTH, iss=NORTH)
    published.write_list(list_id, forged)
    materials = Site(published.folder, published.root, None).materials(world.now)
    assert "is not the organisation it is named after" in str(materials.lists[list_id])
    report = verify(world.issue(HARBOUR, TTMA), materials, at=world.now, now=world.now)
    code = {"revocation": "status.revocation", "suspension": "status.suspension", "refresh": "status.superseded"}
    codes = [code[purpose]] if victim == CLINIC else ["cosignature.quorum", "status.partners"]
    assert_verdict(report, Verdict.UNKNOWN, *codes)
