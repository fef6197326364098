"""What a partner body with its key in a token waits for: 1,000 co-signatures, from the review to the response."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from itertools import count
from pathlib import Path

from keys.files import SECRET, replace_file
from keys.keyfile import public_path
from keys.possession import KeyUse
from keys.request import RequestReader
from keys.review import review_request
from tests.keys.desk import NOW, Desk, make_desk
from tests.keys.partner import KEYS, TTMA, build_cores, build_request
from tests.keys.tokens import PIN, Token, find_driver, start_token

COHORT = 1_000


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    driver = find_driver()
    if driver is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = build_request(build_cores((f"Learner {n}" for n in range(COHORT)), now=NOW), created=NOW)
        words = " ".join(review_request(RequestReader(BytesIO(request))).words)
        desk, runs = open_desk(folder, start_token(folder, driver), request), count()
        yield f"co-sign {COHORT:,} with a key in a token", lambda: cosign(desk, words, next(runs))


def open_desk(folder: Path, token: Token, request: bytes) -> Desk:
    desk = make_desk(folder, real_key=False)
    key = desk.folder / "ttma.key"
    for path in (key, public_path(key)):
        path.unlink()
    token.keep(key, KEYS[TTMA]._key, TTMA, KeyUse.COSIGN)
    replace_file(desk.folder / "passphrase", PIN.encode(), SECRET)
    replace_file(desk.folder / "request.jsonl", request)
    return desk


def cosign(desk: Desk, words: str, run: int) -> None:
    """Each run with a state folder of its own: nothing has been signed before."""
    home, out = str(desk.folder / f"home-{run}"), str(desk.folder / f"response-{run}.jsonl")
    given = [str(desk.folder / "request.jsonl"), "--confirm", words, "--out", out, *desk.secret, *desk.brought]
    with contextlib.redirect_stderr(StringIO()):
        assert desk.run("cosign", *given, "--home", home) == 0
