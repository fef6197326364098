"""Which modules' refusals are proven, by which tests, and the few steps that no test can miss."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

VERIFIER = "opening quorum seen snapshot sources state steps verify".split()
"""The modules of the verifier that decide; its others show and serve."""

TESTS = ("tests/keys", "tests/attacks", "tests/verifier")
SLOW_OR_ELSEWHERE = ("test_I_", "test_D_", "test_P_", "test_Q_", "test_W_")
"""Attacks on the issuer, the carrier and the pages: they are not what holds the steps in scope."""

EXCEPTIONS: dict[str, str] = {}
"""Key of a step -> why a program without it is no worse."""


def modules() -> list[str]:
    """All of `keys`, and what decides in `verifier`."""
    keys = sorted(path.stem for path in (ROOT / "keys").glob("*.py") if not path.stem.startswith("__"))
    return [f"keys.{name}" for name in keys] + [f"verifier.{name}" for name in VERIFIER]


def test_files() -> list[str]:
    return list(_test_files())


def _test_files() -> Iterator[str]:
    for folder in TESTS:
        for path in sorted((ROOT / folder).glob("test_*.py")):
            if not path.name.startswith(SLOW_OR_ELSEWHERE):
                yield str(path.relative_to(ROOT))
