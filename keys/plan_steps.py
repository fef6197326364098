"""What people do, say and write down in each kind of ceremony, in words for those who run one once a year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from msgspec import UNSET

from keys.aloud import grouped, ungrouped
from keys.ceremony_file import (
    AnyCeremony,
    Cosign,
    Drill,
    Keygen,
    Recover,
    Split,
    Status,
    Trusting,
    TrustInit,
    TrustSign,
    Withdraw,
)
from keys.people import Role, custodians_of
from keys.phase import Instruction, Phase


def instructions(ceremony: AnyCeremony) -> Iterator[Instruction]:
    """The steps of a ceremony, each phase's in their order."""
    yield from _opening(ceremony)
    match ceremony:
        case Keygen():
            yield from _keygen(ceremony)
        case Cosign():
            yield from _cosign(ceremony)
        case Withdraw():
            yield from _withdraw(ceremony)
        case Status():
            yield from _status(ceremony)
        case TrustInit():
            yield from _trust_init(ceremony)
        case TrustSign():
            yield from _trust_sign(ceremony)
        case Split():
            yield from _split(ceremony)
        case Recover() | Drill():
            yield from _recover(ceremony)
        case _:
            assert_never(ceremony)
    if not isinstance(ceremony, TrustInit):
        yield from _closing()


def _opening(ceremony: AnyCeremony) -> Iterator[Instruction]:
    yield Instruction(
        Phase.PREPARE,
        None,
        f"Sit down at one table with this plan on paper. Whoever {_stranger(ceremony)} leaves the room.",
        write="Date, time and place, at the head of the plan.",
        stop="somebody named here is missing: nobody stands in for them.",
    )
    yield Instruction(
        Phase.PREPARE,
        Role.CUSTODIAN,
        "Pull the network cable, switch off Wi-Fi and Bluetooth, then start the program with this ceremony's file.",
        stop="the program finds a network.",
    )
    yield Instruction(
        Phase.PREPARE,
        Role.WITNESS,
        "Compare the twelve words of the plan on the screen with those on the paper.",
        say="The twelve words of the plan.",
        stop="they differ: it is another ceremony than the one that was agreed.",
    )
    yield Instruction(
        Phase.CHECK,
        Role.WITNESS,
        "Compare the time on the screen, which is UTC, with a watch.",
        say="The time on the screen.",
        stop="it is wrong by more than ten minutes: set the clock and begin again.",
    )
    if isinstance(ceremony, Trusting) and ceremony.inputs.root is not UNSET:
        yield Instruction(
            Phase.CHECK,
            Role.READER,
            "Read the root of the trust list from the paper of its founding; the witness compares it with this plan.",
            say=f"The first sixteen digits of the root: {grouped(ungrouped(ceremony.inputs.root)[:16])}.",
            stop="the paper says another root.",
        )


def _stranger(ceremony: AnyCeremony) -> str:
    """Who has no business at the table: keepers of shares come as well, and are not known days before."""
    return "is not named on it and keeps no share" if isinstance(ceremony, Recover | Drill) else "is not named on it"


def _keygen(ceremony: Keygen) -> Iterator[Instruction]:
    in_token = ceremony.token is not UNSET
    yield _pin() if in_token else _passphrase(ceremony)
    yield Instruction(
        Phase.RECORD,
        Role.READER,
        "Read the twelve words of the new key from the screen; everybody follows on the record.",
        say="The twelve words of the key.",
        write="The first four words, on the record, in your own hand.",
        stop="a word differs.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Lock the token away, and the paper with its PIN elsewhere. {ceremony.outputs.key} says where the key is and "
        "is no secret; the key itself has no copy."
        if in_token
        else f"Copy {ceremony.outputs.key} to a second stick. The sticks and the envelope go to different places.",
        write=f"On {'the token' if in_token else 'each stick'}: the organisation, the date, the first four words.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Give {ceremony.outputs.key}.pub.json, which is no secret, to those who keep the trust list.",
    )


def _cosign(ceremony: Cosign) -> Iterator[Instruction]:
    yield Instruction(
        Phase.REVIEW,
        None,
        "Read the syllabus and every row on the screen, and the differences from your roster. Two pairs of eyes.",
        say="The title, its version, and the number of certificates.",
        write="The number of certificates, and the rows that are left out.",
        stop="a person, a date or a result is not as you know it: leave the row out (exclude), or send it back.",
    )
    if ceremony.accept_differences:
        yield Instruction(
            Phase.REVIEW,
            Role.WITNESS,
            "This ceremony accepts rows that differ from the roster. Give a reason for each of them.",
            write="The reason, beside the row's number.",
            stop="nobody can give one.",
        )
    yield from _words("the request", "the clinic: by telephone, at a number you knew before, or from its printed page")
    yield from _key(ceremony, "The program signs, reads back what it wrote and checks it as the clinic will.")
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Take {ceremony.outputs.response} to the clinic; it holds no secret.",
    )


def _withdraw(ceremony: Withdraw) -> Iterator[Instruction]:
    named = f"the {len(ceremony.certificates)} certificates of this plan" if ceremony.certificates else "every one"
    yield Instruction(
        Phase.REVIEW,
        None,
        f"Agree that co-signatures are taken back for good, of {named}"
        + ("." if ceremony.certificates else f" in {_name(ceremony.inputs.request)}.")
        + " Read each name on the screen, then type their number.",
        say="How many certificates the program names.",
        write="The reason, and who asked for it.",
        stop="the number is not the one you meant: a co-signature never comes back.",
    )
    yield from _key(ceremony, "The program writes a fresh status list in which they are withdrawn.")
    yield from _carry_list(ceremony.outputs.list)


def _status(ceremony: Status) -> Iterator[Instruction]:
    yield from _key(ceremony, "The program writes a status list that holds for 400 days from now.")
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        "Take the list to the clinic, and note a day in eleven months for the next one.",
        write="That day, in the calendar of the organisation.",
    )


def _trust_init(ceremony: TrustInit) -> Iterator[Instruction]:
    yield Instruction(
        Phase.REVIEW,
        None,
        "Read what the draft holds: each organisation, each key, each programme, and how many must sign.",
        say="The names of the organisations, and both thresholds.",
        stop="a key's words are not those on the record of its making.",
    )
    yield Instruction(
        Phase.RECORD,
        Role.READER,
        "Read the twelve words of the draft from the screen.",
        say="The twelve words of the draft.",
        write="All twelve words: everybody, in their own hand. Whoever signs types from this paper.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Copy the folder {ceremony.outputs.draft} to one stick: it goes from holder to holder for their signatures.",
    )


def _trust_sign(ceremony: TrustSign) -> Iterator[Instruction]:
    yield Instruction(
        Phase.REVIEW,
        None,
        "Read what the draft changes: organisations, keys, policies, holders. Nothing else changes.",
        say="Every line that begins with a word in capitals.",
        stop="something changes that was not agreed.",
    )
    yield from _words("the draft", "the paper on which it was written down when the draft was made")
    yield from _key(ceremony, "The program adds your signature to the draft and says who has signed so far.")
    yield Instruction(
        Phase.RECORD,
        Role.READER,
        "Where the program prints a root, read it and its words: verifiers are told this root.",
        say="The root's twelve words, if there are any.",
        write="The root, all 64 digits, and its words.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Pass the folder {ceremony.inputs.draft} on to the next holder, or to the clinic when it is complete.",
    )


def _each(ceremony: AnyCeremony) -> str:
    """What two custodians are told."""
    two = len(custodians_of(ceremony.person)) > 1
    return " One after the other, each a passphrase of their own: the key opens with both." if two else ""


def _split(ceremony: Split) -> Iterator[Instruction]:
    yield from _key(ceremony, f"The program writes {ceremony.shares} files, one share in each.")
    yield Instruction(
        Phase.CLOSE,
        Role.WITNESS,
        "Put each share into an envelope of its own, sealed, for a keeper of its own. "
        f"{ceremony.threshold} of them are the key: no two in one place, none beside the key.",
        write="On each envelope: its number, the organisation, the date. On the record: who keeps which.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        "Remove the shares from this machine, and plan a drill within a month.",
        stop="a keeper is missing: a share without a keeper is destroyed, and the key is split anew another day.",
    )


def _recover(ceremony: Recover | Drill) -> Iterator[Instruction]:
    typed = ceremony.inputs.shares is UNSET
    yield Instruction(
        Phase.KEY,
        None,
        "Each keeper opens their envelope and types its words, alone at screen and keyboard."
        if typed
        else "Each keeper plugs in their share, and takes it away again when the program has the key.",
        write="Which shares were used.",
        stop="an envelope was opened before.",
    )
    if isinstance(ceremony, Recover):
        yield _passphrase(ceremony)
    yield Instruction(
        Phase.RECORD,
        Role.READER,
        "Read the twelve words of the key from the record of its making; everybody compares them with the screen.",
        say="The twelve words of the key.",
        stop="a word differs.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.WITNESS,
        "Give each keeper their share in a new envelope.",
        write="On the new envelope: the same as on the old one, and today's date.",
    )


def _passphrase(ceremony: AnyCeremony) -> Instruction:
    return Instruction(
        Phase.KEY,
        Role.CUSTODIAN,
        f"Draw six words or more with dice as the passphrase; type it twice. The others look away.{_each(ceremony)}",
        write="The passphrase, on one slip, which goes into an envelope of its own and is sealed.",
    )


def _pin() -> Instruction:
    return Instruction(
        Phase.KEY,
        Role.CUSTODIAN,
        "Plug in the token and type its PIN. The others look away.",
        stop="the token does not take the PIN: it locks itself after a few wrong ones.",
    )


def _words(of: str, source: str) -> Iterator[Instruction]:
    yield Instruction(
        Phase.WORDS,
        Role.READER,
        f"Read the twelve words of {of} from {source}; the custodian types those the program asks for.",
        say=f"The twelve words of {of}, with their numbers.",
        stop="a word is refused: nothing is signed, and you ask where the other file comes from.",
    )


def _key(ceremony: AnyCeremony, then: str) -> Iterator[Instruction]:
    yield Instruction(
        Phase.KEY,
        Role.CUSTODIAN,
        f"Plug in the key and type its passphrase. The others look away.{_each(ceremony)} {then}",
        stop="the passphrase is wrong three times.",
    )
    yield Instruction(
        Phase.KEY,
        Role.WITNESS,
        "See that nobody pulls a stick until the program says where the record is.",
    )


def _carry_list(file: str) -> Iterator[Instruction]:
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        f"Take {file} to the clinic: the withdrawal counts once it is published.",
    )


def _closing() -> Iterator[Instruction]:
    yield Instruction(
        Phase.RECORD,
        None,
        "Print the record, compare it with the screen, and sign it, each in their own line.",
        say="The twelve words of the transcript, at the foot of the record.",
        write="Your signature and the time.",
        stop="the record says something that did not happen.",
    )
    yield Instruction(
        Phase.CLOSE,
        Role.CUSTODIAN,
        "Copy the state folder to the backup stick, lock the key away, and switch the machine off.",
    )
    yield Instruction(Phase.CLOSE, Role.WITNESS, "File the record with this plan.", write="The time at which it ended.")


def _name(value: object) -> str:
    """The file of an input."""
    return str(getattr(value, "file", value))
