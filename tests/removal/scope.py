"""Which modules' refusals are proven, by which tests, and the few steps that no test can miss."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

VERIFIER = "opening quorum seen snapshot sources state steps verify".split()
"""The modules of the verifier that decide; its others show and serve."""

SHOWING = ("_text", "_words", ".guide_cli", ".qr", ".record")
"""Endings of the modules that put things before people, as the rehearsals do: nothing is refused there."""

TESTS = ("tests/keys", "tests/attacks", "tests/verifier")
SLOW_OR_ELSEWHERE = ("test_I_", "test_D_", "test_P_", "test_Q_", "test_W_")
"""Attacks on the issuer, the carrier and the pages: they are not what holds the steps in scope."""

EXCEPTIONS: dict[str, str] = {}
"""Key of a step -> why a program without it is no worse."""


def modules() -> list[str]:
    """All of `keys` that does not only show or ask, and what decides in `verifier`."""
    paths = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / "keys").rglob("*.py"))
    keys = [".".join(path.parts) for path in paths if not path.stem.startswith("__")]
    deciding = [name for name in keys if not name.endswith(SHOWING) and ".rehearsal." not in name]
    return deciding + [f"verifier.{name}" for name in VERIFIER]


def test_files() -> list[str]:
    return list(_test_files())


def _test_files() -> Iterator[str]:
    for folder in TESTS:
        for path in sorted((ROOT / folder).glob("test_*.py")):
            if not path.name.startswith(SLOW_OR_ELSEWHERE):
                yield str(path.relative_to(ROOT))
