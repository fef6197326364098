"""`keygen`: a key is made, encrypted, and read back before anything is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from keys import keyfile
from keys.algorithms import Algorithm
from keys.aloud import fingerprint_lines
from keys.console import escape, new_passphrases, print_json
from keys.encoding import digest_words
from keys.guide_cli import Guide
from keys.names import parse_organisation_id
from keys.network_cli import require_offline
from keys.offline_cli import (
    ceremony_transcript,
    file,
    home_option,
    now,
    online_option,
    open_home,
    passphrase_option,
    require_free,
)
from keys.phase import Phase
from keys.possession import KeyUse, PublicKeyFile
from keys.private_key import sign_with
from keys.secret_files import require_secret_place
from keys.token_cli import make_token_key


@click.command()
@click.option("--org", required=True, help="Id of the organisation: https://HOST/orgs/SLUG.")
@click.option("--use", required=True, type=click.Choice([use.value for use in KeyUse]), help="What it may sign.")
@click.option("--out", type=file, required=True, help="New key file; KEY.pub.json is written beside it.")
@click.option("--algorithm", type=click.Choice([a.value for a in Algorithm]), default="ES256", show_default=True)
@click.option("--token", metavar="URI", help="Make it in this token, as a key named by a PKCS#11 URI; it never leaves.")
@click.option(
    "--custodians", type=click.Choice(["1", "2"]), default="1", show_default=True, help="People who open it together."
)
@click.option("--unattended", is_flag=True, help="A status key that lies unencrypted, mode 0600.")
@passphrase_option
@home_option
@online_option
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def keygen(org: str, use: str, out: Path, algorithm: str, as_json: bool, **options: Any) -> None:
    """Make a key, encrypted, and its public half, which shows that you hold the key.

    \b
    handseal-ceremony keygen --org https://verify.riverclinic.example/orgs/ttma --use cosign --out ttma.key
    handseal-ceremony keygen --org https://verify.riverclinic.example/orgs/ttma --use cosign --out ttma.key \\
      --token "pkcs11:token=TTMA;object=cosign?module-path=/usr/lib/softhsm/libsofthsm2.so"
    """
    parse_organisation_id(org, "--org")
    _require_fitting(use, algorithm, options)
    made = make_key(
        out,
        organisation=org,
        use=KeyUse(use),
        algorithm=Algorithm(algorithm),
        custodians=0 if options["unattended"] else int(options["custodians"]),
        token=options["token"],
        options=options,
        guide=Guide(),
    )
    if as_json:
        print_json(_shown(made, out))
    else:
        show_key(made, out)


def _require_fitting(use: str, algorithm: str, options: Mapping[str, Any]) -> None:
    """UsageError for options that exclude each other."""
    if options["unattended"] and use != KeyUse.STATUS.value:
        raise click.UsageError("--unattended: is for --use status alone")
    if (options["unattended"] or options["token"]) and options["custodians"] != "1":
        raise click.UsageError("--custodians: is for an encrypted key file")
    if options["token"] and (options["unattended"] or algorithm != Algorithm.ES256.value):
        raise click.UsageError("--token: makes an ES256 key that takes a PIN")


def require_new_key(path: Path) -> None:
    """HandsealError where the key or its public half is there already (K05), or where secrets do not belong (K04)."""
    require_secret_place(path)
    for half in (path, keyfile.public_path(path)):
        require_free(half)


def make_key(
    path: Path,
    *,
    organisation: str,
    use: KeyUse,
    algorithm: Algorithm,
    custodians: int,
    options: Mapping[str, Any],
    guide: Guide,
    token: str | None = None,
) -> PublicKeyFile:
    """A new key at `path`, read back from its file to close the transcript: a key that does not open is no key.

    It takes the passphrases of all `custodians`; with none it lies open. With `token`, a PKCS#11 URI, it is made there
    and takes a PIN.
    """
    require_new_key(path)
    network = require_offline(online=options["online"])
    with (
        open_home(options["home"]) as home,
        ceremony_transcript(home, "keygen", guide=guide, network=network) as written,
    ):
        home.require_owner(organisation)
        guide.reach(Phase.KEY)
        if token is not None:
            return make_token_key(
                written, path, organisation=organisation, use=use, uri=token, pin_files=options["passphrase_files"]
            )
        passphrase = None
        if custodians:
            passphrase = new_passphrases("new passphrase", options["passphrase_files"], custodians=custodians)
        made = keyfile.create_key(
            path,
            organisation=organisation,
            use=use,
            passphrase=passphrase,
            created=now(),
            algorithm=algorithm,
            custodians=max(custodians, 1),
        )
        encrypted = "no" if passphrase is None else "yes"
        opened_by = {"custodians": str(custodians)} if custodians > 1 else {}
        written.add("made", key=made.kid, use=use.value, file=path.name, encrypted=encrypted, **opened_by)
        written.close(made, partial(sign_with, keyfile.open_key_file(path, passphrase)))
    return made


def show_key(made: PublicKeyFile, path: Path) -> None:
    """What `_shown` holds, the fingerprint so that two people can compare it."""
    click.echo(f"kid: {escape(made.kid)}")
    for line in fingerprint_lines(made.digest):
        click.echo(line)
    click.echo(f"key: {escape(str(path))}")
    click.echo(f"public: {escape(str(keyfile.public_path(path)))}")


def _shown(made: PublicKeyFile, path: Path) -> dict[str, str]:
    return {
        "kid": made.kid,
        "fingerprint": made.digest.hex(),
        "words": " ".join(digest_words(made.digest)),
        "key": str(path),
        "public": str(keyfile.public_path(path)),
    }
