"""A newcomer's first ceremony: keys, a trust list that two sign, a cohort that is co-signed, and what is left of it.

The newcomer sits at the association's laptop. What the others do at theirs is played, and what would come on a stick.
"""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import trust_edit
from keys.algorithms import Algorithm, generate_private_key
from keys.encoding import canonical, digest_words
from keys.files import SECRET, new_file, opened, replace_file, write_new
from keys.offline_cli import now
from keys.possession import KeyUse, prove_possession
from keys.rehearsal import course
from keys.rehearsal.company import CLINIC, HARBOUR, TTMA, short_name
from keys.rehearsal.practice_cli import Practice
from keys.request import RequestReader, write_request
from keys.review import review_request
from keys.tables import table_csv
from keys.trust_folder_cli import read_folder, write_folder
from keys.trust_sign_cli import show_progress

PROPOSED = course.LEARNERS[:4]
STRANGER = PROPOSED[2]
"""Who is in the clinic's request and did not attend."""


def rehearse_ceremony(practice: Practice) -> None:
    """All of it, in an empty folder."""
    practice.laptop.mkdir(mode=0o700)
    write_new(practice.passphrase, f"{secrets.token_urlsafe(18)}\n".encode(), SECRET)
    _welcome(practice)
    _make_keys(practice)
    hospital = _bring_others_keys(practice)
    _found(practice)
    root = _sign(practice, hospital)
    _cosign(practice, root)
    _look_back(practice)


def _welcome(practice: Practice) -> None:
    practice.open_chapter(
        "Who sits here",
        f"""
        You are the custodian of the {short_name(TTMA)}, a partner body. Wanda is your witness.
        Your laptop is the folder {practice.laptop}.
        People, keys and certificates are invented; the commands and what they check are real.
        Two things differ from earnest: this machine may have a network, and your passphrase lies in a file,
        so that you need not type it. The rehearsal adds what says so to each command.
        In ten minutes you make keys, sign the first trust list with another holder, and co-sign a cohort.
        """,
    )


def _make_keys(practice: Practice) -> None:
    practice.open_chapter(
        "Your keys",
        """
        Days before a ceremony somebody writes it down in a small file. Its plan says who does what, says aloud,
        and writes down, and when to stop. Look at the plan first; in earnest you print it.
        """,
    )
    form = practice.fill_in("keygen.toml", "keygen.toml", organisation=TTMA, use="trust")
    practice.type("plan", str(form))
    practice.explain("Now run it. Where a step needs something that a rehearsal does not have, a printer say, nod.")
    practice.pause()
    practice.run(form)
    practice.explain(
        """
        That was your key for the trust list. You need another one, for co-signing.
        Whoever knows the way can do without a plan, and type the command that stands behind it:
        """
    )
    practice.pause()
    practice.use_key("keygen", "--org", TTMA, "--use", "cosign", "--out", str(practice.laptop / "cosign.key"))


def _bring_others_keys(practice: Practice) -> Ed25519PrivateKey:
    """Public files of hospital and clinic, as if from the stick; the hospital's key for the trust list."""
    hospital = Ed25519PrivateKey.generate()
    keys = (
        (HARBOUR, KeyUse.TRUST, hospital),
        (HARBOUR, KeyUse.COSIGN, generate_private_key(Algorithm.ES256)),
        (CLINIC, KeyUse.TRUST, Ed25519PrivateKey.generate()),
        (CLINIC, KeyUse.ISSUE, generate_private_key(Algorithm.ES256)),
    )
    for owner, use, key in keys:
        public = prove_possession(key, organisation=owner, use=use, created=now())
        slug = owner.rpartition("/")[2]
        write_new(practice.laptop / f"{slug}.{use.value}.key.pub.json", canonical(public))
    return hospital


def _found(practice: Practice) -> None:
    practice.open_chapter(
        "The first trust list",
        f"""
        The trust list says which organisations and keys hold. Three hold it: {short_name(TTMA)},
        {short_name(HARBOUR)} and {short_name(CLINIC)}. Two of the three must agree to anything.
        The others brought their public keys on a stick; you, the first holder, write the draft.
        Read every line of it: in earnest, aloud.
        """,
    )
    practice.fill_in("founding.toml", "founding.toml")
    practice.run(practice.fill_in("trust-init.toml", "trust-init.toml", organisation=TTMA), secret=False)


def _sign(practice: Practice, hospital: Ed25519PrivateKey) -> str:
    """Yours, then the hospital's signature. Returns the root."""
    draft = practice.laptop / "draft"
    words = digest_words(trust_edit.open_draft(read_folder(draft)).digest)
    practice.open_chapter(
        "Two signatures",
        """
        Everybody wrote down the twelve words of the draft. Now you sign it.
        The program asks for three of the words: type them from what the hospital wrote, not from your screen.
        So you both know that you sign the same.
        """,
    )
    form = practice.fill_in("trust-sign.toml", "trust-sign.toml", organisation=TTMA)
    practice.read_aloud("The hospital's custodian", words)
    practice.run(form, words)
    practice.explain("The stick goes to the hospital. They read the same lines, type the same words, and sign:")
    practice.pause()
    files = trust_edit.sign(read_folder(draft), hospital)
    for name, data in files.items():
        replace_file(draft / name, data)
    show_progress(files)
    practice.explain(
        """
        The root stands for this trust list for ever. Everybody writes down its 64 digits: verifiers are told them,
        and nobody takes them from a web page.
        """
    )
    practice.pause()
    return trust_edit.root_digest(files)


def _cosign(practice: Practice, root: str) -> None:
    words, row = _bring_request(practice)
    practice.open_chapter(
        "A cohort to co-sign",
        f"""
        The clinic proposes {len(PROPOSED)} certificates. The request came on a stick, and you have your own list of who
        attended, the roster. Before anything is signed, look at both. This needs no key.
        """,
    )
    request, roster = practice.laptop / "request.jsonl", practice.laptop / "roster.csv"
    practice.type("review", str(request), "--roster", str(roster))
    practice.explain(
        "Somebody in the request is not on your roster. In earnest you ask the clinic. Here, leave that row out."
    )
    practice.ask("Which row is it?", row)
    form = practice.fill_in("cosign.toml", "cosign.toml", organisation=TTMA, root=root, excluded=str(row))
    practice.explain(
        f"""
        exclude = [{row}] stands in {form.name} now. The words tell you that your file is the clinic's: you telephone
        them, at a number that you knew before, and they read from their own screen. Again three are asked for.
        """
    )
    practice.pause()
    practice.read_aloud("The clinic", words)
    practice.run(form, words)


def _bring_request(practice: Practice) -> tuple[tuple[str, ...], int]:
    """The clinic's request, the trust list and a roster. Returns the request's words and the stranger's row."""
    moment = now()
    syllabus = course.make_syllabus(CLINIC, (HARBOUR, TTMA), threshold=2, published=moment.date())
    cores = [course.propose(name, syllabus, moment, secrets.token_bytes) for name in PROPOSED]
    path = practice.laptop / "request.jsonl"
    with new_file(path, SECRET) as stream:
        write_request(stream, issuer=CLINIC, created=moment, syllabus=syllabus, cores=map(canonical, cores))
    attended = [(name,) for name in PROPOSED if name != STRANGER]
    write_new(practice.laptop / "roster.csv", table_csv(("name",), attended), SECRET)
    write_folder(practice.laptop / "trust", read_folder(practice.laptop / "draft"))
    with opened(path) as request:
        review = review_request(RequestReader(request))
    return review.words, next(row.number for row in review.rows if row.name == STRANGER)


def _look_back(practice: Practice) -> None:
    practice.open_chapter(
        "What is left",
        """
        Everything that happened stands in transcripts, one line after the other, each bound to the one before,
        and your key signed the last. Whoever changes a line later is found out.
        """,
    )
    newest = max((practice.laptop / "state" / "transcripts").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    practice.type("transcript", "verify", str(newest))
    practice.type("--home", str(practice.laptop / "state"), "history")
    practice.explain(
        f"""
        In {practice.laptop}:
        response.jsonl goes to the clinic, which issues when enough bodies have signed;
        *-record.html are the records to print and sign; open one in a browser;
        state and the keys are what you copy to two sticks after each ceremony.

        That was all. In earnest you follow the runbook: handseal-ceremony runbook
        What happens when a key is stolen: handseal-ceremony rehearse compromise
        Delete {practice.folder}: it is worth nothing.
        """
    )
