"""`clock`: a body whose last ceremony was held with the clock ahead goes on, and the transcript says that it did.

Only the remembered time goes back. Trust list, endorsements and places in status lists stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from keys.console import talk
from keys.encoding import format_time, parse_time
from keys.errors import HandsealError
from keys.guide_cli import Guide
from keys.home import Home
from keys.keyfile import public_path, read_public_key
from keys.network_cli import require_offline
from keys.offline_cli import (
    ceremony_transcript,
    confirm_date,
    home_option,
    key_option,
    now,
    online_option,
    open_home,
    passphrase_option,
    require_released,
)
from keys.unlock_cli import unlocked


@click.command()
@key_option
@click.option("--confirm", metavar="DATE", help="Today's date in UTC, off another clock, instead of being asked.")
@passphrase_option
@home_option
@online_option
def clock(key_path: Path, **options: Any) -> None:
    """Go on after a ceremony that was held while this machine's clock was ahead.

    Set the clock first. It asks for today's date, which you read off another clock, and for the key; the transcript
    keeps both times. The clock must not stand before the newest trust list known here. What was made meanwhile bears
    the wrong date: write a fresh status list, and see `history`.

    \b
    handseal-ceremony clock --key cosign.key
    """
    ahead = set_clock_back(key_path, options)
    talk("the remembered time was set back; who co-signs writes a fresh status list: `handseal-ceremony status`")
    if ahead:
        talk(f"co-signatures dated ahead: {ahead}; they do not count before their date")
        talk("the clinic recalls these certificates and proposes them anew; `handseal-ceremony history` lists them")


def set_clock_back(key_path: Path, options: Mapping[str, Any]) -> int:
    """Lets the clock be right again, by word of whoever has the key; how many co-signatures are dated ahead of it."""
    network = require_offline(online=options["online"])
    public = read_public_key(public_path(key_path))
    with open_home(options["home"]) as home:
        details = {"key": public.kid, "network": network, "remembered": home.note("clock") or "nothing"}
        with ceremony_transcript(home, "clock", guide=Guide(), check=require_set_back, **details) as transcript:
            home.require_owner(public.organisation)
            confirm_date(now(), options["confirm"], transcript)
            ahead = sum(1 for signed in home.signed() if signed.signed > now())
            with unlocked(key_path, public, options["passphrase_files"], note=transcript.add) as signer:
                transcript.add("clock-set-back", ahead=str(ahead))
                transcript.close(public, signer.sign)
    return ahead


def require_set_back(home: Home, moment: datetime) -> None:
    """HandsealError unless the remembered time is ahead of `moment`, which nothing else shows to be too early (K07).

    What the holders signed is no clock of this machine: it does not go back before their newest list.
    """
    require_released(moment)
    last = home.note("clock")
    if last is None or parse_time(last) <= moment:
        raise HandsealError("clock: is not before the last ceremony here", hint="there is nothing to set back")
    if home.note("trust") is None:
        return
    newest = home.last_trust().list
    if moment < newest.issued:
        raise HandsealError(
            f"clock: shows {format_time(moment)}, but trust list {newest.version}, which is kept here, "
            f"was issued {format_time(newest.issued)}",
            hint="set this machine's clock",
        )
