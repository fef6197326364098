"""R01, R06, R11, R12, K11, K12 through the commands: the whole life of a trust list, from its founding to a closing."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import canonical, format_time, parse_time
from keys.offline_cli import now
from keys.trust_chain import load_trust
from keys.trust_folder_cli import read_folder
from tests.keys.trust_desk import FOUNDING, Holders, kid_of, lay_desk, program, sign, status_list, write_public_key
from tests.keys.trust_holders import CLINIC, COLLEGE, PROGRAMME, SITE, TTMA

DAY = timedelta(days=1)
STATUS = f"{SITE}/status/north-college/revocation/1"


@pytest.fixture
def holders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Holders:
    return Holders(tmp_path, program(capsys))


def new_key(holders: Holders, organisation: str, use: str, name: str = "new.pub.json") -> str:
    return write_public_key(holders.folder / name, organisation, use, generate_private_key(Algorithm.ES256))


@pytest.mark.parametrize("named", ['"ttma.key.pub.json"', '"ttma.key.pub.json", "river-clinic.key.pub.json"'])
def test_R06_a_founding_survives_the_loss_of_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    handseal, desk = program(capsys), lay_desk(tmp_path)
    (desk / "founding.toml").write_text(re.sub(r"holders = \[.*\]", f"holders = [{named}]", FOUNDING))
    code, _, err = handseal("init", desk / "founding.toml", "--out", desk / "draft")
    assert (code, "one lost key would end this trust list" in err) == (1, True)
    assert not (desk / "draft").exists()


def test_R01_a_root_is_signed_by_old_and_new_holders(holders: Holders) -> None:
    """Association and college stay, the stranger comes for the clinic: who stays counts on both sides."""
    newcomer = '[[organisation]]\nslug = "stranger"\nname.en = "Newcomer"\n'
    holders.change(newcomer)
    turn = '[root]\nholders = ["stranger.key.pub.json", "north-college.key.pub.json", "ttma.key.pub.json"]\n'
    code, out, _ = holders.propose(turn)
    assert code == 0
    assert f"REMOVED holder: {CLINIC}" in out
    assert f"NEW holder: {SITE}/orgs/stranger" in out
    before = holders.newest
    holders.signed("river-clinic", "stranger")  # one of the old, one of the new
    code, _, err = holders.run("show", holders.folder / holders.newest, "--root", holders.root)
    assert (code, "2.root.json: 1 of 2 required signatures" in err) == (1, True)
    draft, holders.newest = holders.newest, before
    holders.signed("ttma")  # is of both
    assert (holders.newest, holders.shown()["rootVersion"]) == (draft, 2)
    assert holders.shown()["holders"] == sorted([COLLEGE, TTMA, f"{SITE}/orgs/stranger"])


def test_a_root_that_no_holder_may_lose_says_so(holders: Holders) -> None:
    code, out, _ = holders.propose('[root]\nholders = ["ttma.key.pub.json", "north-college.key.pub.json"]\n')
    assert code == 0
    assert "EVERY holder must sign a new root: one lost key ends this trust list." in out


def test_K11_an_organisation_comes_with_keys_that_it_holds(holders: Holders) -> None:
    kid = new_key(holders, f"{SITE}/orgs/harbour", "cosign")
    added = '[[organisation]]\nslug = "harbour"\nname.en = "Harbour Hospital"\nkeys = ["new.pub.json"]\n'
    path = holders.folder / "new.pub.json"
    sound = path.read_bytes()
    other = new_key(holders, f"{SITE}/orgs/harbour", "cosign", "other.pub.json")
    stolen = json.loads((holders.folder / "other.pub.json").read_bytes()) | {"proof": json.loads(sound)["proof"]}
    without = {name: value for name, value in json.loads(sound).items() if name != "proof"}
    for bad, why in ((stolen, "proof"), (without, "proof: is missing")):
        path.write_bytes(canonical(bad))
        assert why in holders.refused(added)
    path.write_bytes(sound)
    out = holders.change(added)
    assert f"NEW organisation {SITE}/orgs/harbour" in out
    assert f"NEW key {kid.rpartition('/')[2]} (ES256) to co-sign certificates" in out
    assert set(holders.keys(f"{SITE}/orgs/harbour")) == {kid}
    assert other not in holders.keys(f"{SITE}/orgs/harbour")


def test_K11_a_key_of_another_body_is_not_added_in_its_name(holders: Holders) -> None:
    new_key(holders, COLLEGE, "cosign")
    added = '[[organisation]]\nslug = "harbour"\nname.en = "Harbour Hospital"\nkeys = ["new.pub.json"]\n'
    assert f"new.pub.json is a key of {COLLEGE}" in holders.refused(added)
    named = '[[key]]\norganisation = "ttma"\nfile = "new.pub.json"\n'
    assert f"organisation ttma: new.pub.json is a key of {COLLEGE}" in holders.refused(named)
    assert "organisation" in holders.refused('[[key]]\nfile = "new.pub.json"\n')


def test_R12_a_key_is_followed_by_another_with_an_overlap(holders: Holders) -> None:
    old, new = kid_of(TTMA, "cosign"), new_key(holders, TTMA, "cosign")
    until = now() + 30 * DAY
    end = f'[[end-key]]\nkid = "{old}"\nuntil = {format_time(until)}\n'
    out = holders.change(f'[[key]]\norganisation = "ttma"\nfile = "new.pub.json"\n{end}')
    assert f"key {old.rpartition('/')[2]} ENDS {format_time(until)}" in out
    keys = holders.keys(TTMA)
    assert keys[old]["validUntil"] == format_time(until)
    assert keys[new]["validFrom"] < keys[old]["validUntil"]
    assert [entry["kind"] for entry in holders.shown()["deadlines"]] == ["root", "trust-list"]
    assert "was changed" in holders.refused(end.replace(format_time(until), format_time(until + DAY)))


def test_R12_an_end_in_the_past_of_its_list_is_refused(holders: Holders) -> None:
    ended = format_time(now() - DAY)
    assert "validUntil" in holders.refused(f'[[end-key]]\nkid = "{kid_of(TTMA, "cosign")}"\nuntil = {ended}\n')


def test_R11_an_organisation_leaves(holders: Holders) -> None:
    leave = '[[leave]]\norganisation = "north-college"\n'
    assert f"{PROGRAMME} still rests on it" in holders.refused(leave)
    until = format_time(now() + 2 * DAY)
    policy = 'issuers = ["river-clinic"]\nthreshold = 1\ncosigners = ["ttma"]\n'
    rest = f'[[programme]]\nslug = "deep-tissue-foundations"\n{policy}'
    out = holders.change(f"{rest}{leave}until = {until}\n")
    assert f"key {kid_of(COLLEGE, 'cosign').rpartition('/')[2]} ENDS {until}" in out
    assert "co-signed by 1 of ttma" in out
    shown = holders.shown()
    assert holders.keys(COLLEGE)[kid_of(COLLEGE, "cosign")]["validUntil"] == until
    assert COLLEGE in {entry["id"] for entry in shown["list"]["organisations"]}  # and for ever
    assert [entry["kind"] for entry in shown["deadlines"]] == ["root", "trust-list"]


def test_R11_a_programme_ends(holders: Holders) -> None:
    until = format_time(now() + DAY)
    out = holders.change(f'[[end-programme]]\nslug = "deep-tissue-foundations"\nuntil = {until}\n')
    assert f"ENDS {until}" in out
    assert holders.shown()["list"]["programmes"][0]["policies"][0]["until"] == until
    holders.change('[[leave]]\norganisation = "north-college"\nuntil = 2100-01-01T00:00:00Z\n')


def test_K12_a_compromise_has_its_time(holders: Holders) -> None:
    kid = kid_of(TTMA, "cosign")
    valid_from = (
        load_trust(read_folder(holders.folder / "list-1").get, root_digest=holders.root).key(kid).key.valid_from
    )
    assert "since" in holders.refused(f'[[compromised]]\nkid = "{kid}"\n')
    for moment in (now() + DAY, valid_from - timedelta(seconds=1)):
        for written, more in (
            (f'[[compromised]]\nkid = "{kid}"\nsince = {format_time(moment)}\n', ()),
            ("", ("--compromised", kid, format_time(moment))),
        ):
            assert "compromisedSince: is before the key was valid, or after the list was issued" in holders.refused(
                written, *more
            )
    for words in ("yesterday", "2026-02-30T00:00:00Z", "2026-11-01", ""):
        assert "--compromised: is not a time" in holders.refused("", "--compromised", kid, words)
    assert "the year 2569 cannot be meant" in holders.refused("", "--compromised", kid, "2569-01-01T00:00:00Z")
    holders.change(f'[[compromised]]\nkid = "{kid}"\nsince = {format_time(valid_from)}\n')
    assert holders.keys(TTMA)[kid]["compromisedSince"] == format_time(valid_from)


def test_R19_a_compromise_is_not_taken_back_nor_moved_later(holders: Holders) -> None:
    kid = kid_of(TTMA, "cosign")
    since = parse_time(holders.keys(TTMA)[kid]["validFrom"])
    holders.change("", "--compromised", kid, format_time(since))
    later = format_time(since + timedelta(seconds=1))
    assert "compromisedSince: was taken away or moved later" in holders.refused("", "--compromised", kid, later)


def test_an_emergency_takes_two_people_and_no_file(holders: Holders) -> None:
    """The shortest way: one holder proposes and signs, a second one signs; the clinic receives."""
    kid, since = kid_of(COLLEGE, "cosign"), format_time(now())
    draft = holders.folder / "urgent"
    code, out, _ = holders.run(
        "propose", holders.folder / "list-1", "--root", holders.root,
        "--compromised", kid.rpartition("/")[2], since, "--out", draft,
    )  # fmt: skip
    shout = f"EMERGENCY: THE KEY OF North College TO CO-SIGN CERTIFICATES IS COMPROMISED SINCE {since}."
    assert (code, out.splitlines()[0]) == (0, shout)
    assert "THERE IS NO OTHER KEY FOR THIS." in out
    for holder in ("ttma", "river-clinic"):
        brought = ("--trust", holders.folder / "list-1", "--root", holders.root)
        code, out, _ = sign(holders.run, holders.folder, "urgent", holder, *brought)
        assert (code, out.splitlines()[0]) == (0, shout)
    assert "complete" in out
    holders.newest = "urgent"
    assert holders.keys(COLLEGE)[kid]["compromisedSince"] == since


def test_R14_nothing_is_proposed_with_a_clock_before_the_newest_list(holders: Holders, time_machine: Any) -> None:
    time_machine.move_to(now() - timedelta(minutes=2), tick=False)
    assert "clock: shows" in holders.refused("")
    time_machine.shift(timedelta(minutes=1, seconds=30))
    assert holders.propose("")[0] == 0


def test_an_unknown_key_is_said(holders: Holders) -> None:
    assert "is not a key of the list" in holders.refused("", "--compromised", "A" * 43, format_time(now()))


def test_a_body_that_closes_has_its_last_list_frozen(holders: Holders) -> None:
    (holders.folder / "last.jwt").write_bytes(status_list(STATUS, now()))
    freeze = f'[[freeze]]\nid = "{STATUS}"\nfile = "last.jwt"\n'
    out = holders.change(freeze)
    assert f"FROZEN for ever: status list {STATUS}" in out
    trust = load_trust(read_folder(holders.folder / holders.newest).get, root_digest=holders.root)
    assert trust.has_frozen(COLLEGE)
    assert "stands there twice" in holders.refused(freeze)


def test_what_cannot_be_a_last_list_is_not_frozen(holders: Holders) -> None:
    freeze = f'[[freeze]]\nid = "{STATUS}"\nfile = "last.jwt"\n'
    last = holders.folder / "last.jwt"
    for bad, why in (
        (b"e30.e30.AAAA", "missing required field"),
        (status_list(STATUS, now(), by=(TTMA, "cosign")), "signed by a key of another organisation"),
        (status_list(f"{SITE}/status/north-college/revocation/2", now()), "another list than the one asked for"),
        (status_list(STATUS, now()) + b"\n", "base64url"),
    ):
        last.write_bytes(bad)
        assert why in holders.refused(freeze)


def test_the_three_lists_of_a_clinic_are_frozen_at_once(holders: Holders) -> None:
    freeze = ""
    for purpose in ("revocation", "suspension", "refresh"):
        identity = f"{SITE}/status/river-clinic/{purpose}/1"
        (holders.folder / f"{purpose}.jwt").write_bytes(status_list(identity, now()))
        if freeze:
            assert "is not frozen with it" in holders.refused(freeze)
        freeze += f'[[freeze]]\nid = "{identity}"\nfile = "{purpose}.jwt"\n'
    holders.change(freeze)
    assert len(holders.shown()["list"]["frozenStatus"]) == 3


def test_R19_a_signer_compares_with_the_list_that_was_held(holders: Holders) -> None:
    """A rival list 2 is complete in form; who signed another list 2 before does not sign it."""
    first = holders.newest
    holders.change('[[rename]]\norganisation = "ttma"\nname.en = "Massage Association"\n')
    holders.newest = first
    code, _, err = holders.propose('[[rename]]\norganisation = "ttma"\nname.en = "Another Name"\n')
    assert code == 0, err
    code, _, err = sign(holders.run, holders.folder, "list-3", "river-clinic")
    assert (code, "trust/2.list.json: is not the one you hold" in err) == (1, True)


def test_R19_who_signed_another_draft_with_this_number_is_warned(holders: Holders) -> None:
    brought = ("--trust", holders.folder / "list-1", "--root", holders.root)
    warned = []
    for number, name in ((2, "Massage Association"), (3, "Another Name"), (3, "")):
        if name:
            changes = f'[[rename]]\norganisation = "ttma"\nname.en = "{name}"\n'
            assert holders.propose(changes, number=number)[0] == 0
        code, _, err = sign(holders.run, holders.folder, f"list-{number}", "ttma", *brought)
        assert code == 0, err
        warned.append("warning: another draft of list 2 was signed here" in err)
    assert warned == [False, True, False]
