"""One share as a file: which key, which share of how many, and the words; for a person to read, print and type."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import Literal

from keys.encoding import format_time
from keys.settings import Settings, require_toml
from keys.shares import read_share

_WIDTH = 60
_HINT = "a share's file is one that `split` wrote"


class ShareFile(Settings, frozen=True):
    """What stands in a share's file; its words alone say how many shares make the key."""

    type: Literal["handseal-share"]
    key: str  # kid
    share: int
    shares: int
    threshold: int
    split: datetime  # shares of two times do not go together
    words: str


def write_share_file(share: ShareFile) -> bytes:
    """TOML with a sentence for whoever finds it."""
    words = "\n".join(textwrap.wrap(share.words, _WIDTH))
    return (
        f"# Share {share.share} of {share.shares} of a private key. Any {share.threshold} of them make the key:\n"
        "# keep it where no other share is, and show it to nobody.\n"
        f'type = "{share.type}"\n'
        f'key = "{share.key}"\n'
        f"share = {share.share}\n"
        f"shares = {share.shares}\n"
        f"threshold = {share.threshold}\n"
        f"split = {format_time(share.split)}\n"
        f'words = """\n{words}\n"""\n'
    ).encode("ascii")


def parse_share_file(data: bytes, place: str) -> str:
    """The words of a share's file, in one line; SharesError for words that are none, ConfigurationError for no file."""
    file = require_toml(data, ShareFile, place, hint=_HINT)
    words = " ".join(file.words.split())
    read_share(words)
    return words
