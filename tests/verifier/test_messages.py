"""Every verdict and every partner outcome has its words; names come from the trust list, never from a format string."""

from datetime import UTC, datetime

import pytest

from keys.errors import HandsealError
from tests.world import PARTNERS, World
from verifier import messages
from verifier.language import words_in
from verifier.report import PartnerOutcome, Party, Report, Verdict
from verifier.verify import verify

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ENGLISH = words_in("en")


def report(verdict: Verdict, issuer: Party | None = None) -> Report:
    return Report(
        verdict=verdict, as_of=None, checked=NOW, checks=(), partners=(), lists=(),
        token="", certificate=None, digest=None, issuer=issuer, syllabus=None,
    )  # fmt: skip


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_words(verdict: Verdict) -> None:
    words = messages.message(verdict, ENGLISH)
    assert words.title == messages.headline(verdict, ENGLISH)
    assert words.meaning.endswith(".")
    assert words.action.endswith(".")


def test_no_two_verdicts_read_alike() -> None:
    assert len({messages.message(verdict, ENGLISH) for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize("outcome", PartnerOutcome)
def test_each_partner_outcome_has_words(outcome: PartnerOutcome) -> None:
    assert messages.partner_words(outcome, ENGLISH)


def test_advice_says_whom_to_ask() -> None:
    clinic = Party("https://x.example/orgs/c", "River {Clinic}", "https://river.example", "+66 53 000 000")
    assert messages.advice(report(Verdict.UNKNOWN, clinic), ENGLISH).endswith(
        " River {Clinic}: +66 53 000 000, https://river.example"
    )


def test_advice_names_nobody_for_what_may_be_forged() -> None:
    clinic = Party("https://x.example/orgs/c", "River Clinic", "https://river.example", None)
    action = messages.message(Verdict.INVALID, ENGLISH).action
    assert messages.advice(report(Verdict.INVALID, clinic), ENGLISH) == action


def test_without_a_trust_list_the_advice_is_about_site_and_root() -> None:
    world = World()
    none = world.materials(trust=None, trust_fault="another root")
    found = verify(world.issue(), none, at=world.now, now=world.now)
    assert "check --site and --root" in messages.advice(found, ENGLISH)
    assert "cannot be checked against the root that was told" in messages.meaning(found, ENGLISH)
    assert not world.verify(world.issue()).lacks_trust_list
    assert "site" not in messages.advice(report(Verdict.UNKNOWN), ENGLISH)


def test_advice_without_contact_is_the_action() -> None:
    clinic = Party("https://x.example/orgs/c", "River Clinic", None, None)
    action = messages.message(Verdict.UNKNOWN, ENGLISH).action
    for issuer in (None, clinic):
        assert messages.advice(report(Verdict.UNKNOWN, issuer), ENGLISH) == action


@pytest.mark.parametrize(
    ("partners", "words"),
    [((), "by 2 of 2 required partner bodies."), (PARTNERS, "by 3 partner bodies, where 2 are required.")],
)
def test_a_valid_certificate_says_who_stands_behind_it(partners: tuple[str, ...], words: str) -> None:
    world = World()
    text = messages.meaning(world.verify(world.issue(*partners)), ENGLISH)
    assert text == f"Issued by River Clinic, co-signed {words}"


@pytest.mark.parametrize("language", ["xx", "../../keys", ""])
def test_a_language_without_messages_is_refused(language: str) -> None:
    with pytest.raises(HandsealError, match="messages"):
        words_in(language)
