"""Which modules' refusals are proven, by which tests, and the few steps that no test can miss."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

VERIFIER = "opening quorum seen snapshot sources state steps verify".split()
"""The modules of the verifier that decide; its others show and serve."""

SHOWING = ("_text", "_words", ".guide_cli", ".plan_steps", ".qr", ".record", ".rehearse_cli")
"""Endings of the modules that put things before people, as the rehearsals do: nothing is refused there."""

TESTS = {
    "keys": "(?!first_rehearsal|rehearsals|trust_differential).*",
    "attacks": "[CJKRS]_.*",
    "verifier": "(quorum|receipt|report|seen|sources|state|tampering|threads|verify).*",
}
"""Folder of tests -> which of its modules: others are about issuer, carriers, pages and whole rehearsals, or slow."""

EXCEPTIONS: dict[str, str] = {
    "keys.algorithms.public_key: raise FormatError('jwk: is not an RSA key') from fault": (
        "the limits before it let nothing through that the library refuses today; none of its errors may leak tomorrow"
    ),
    "keys.keyfile.write_key_file: require_secret_place(path)": (
        "it saves the second of encryption: the file written afterwards asks the same again"
    ),
    "keys.settings.require_toml: if shaped.value is None or shaped.faults: without shaped.value is None": (
        "what has no value has a fault; the type checker does not know that"
    ),
    "keys.text._is_plain: return not _is_refused(character): always False": (
        "it only saves time: what is not plain is looked at again where it stands"
    ),
    "keys.text._is_refused: return any((first <= point <= last for first, last in ASSIGNED_AFTER_14)): always False": (
        "Python 3.11 knows no character of these and refuses them as unassigned; with a later one tests turn red"
    ),
    "keys.ready_cli.require_ready: require_encrypted(folder / ceremony.inputs.key)": (
        "it saves people the sitting: whoever opens the key asks the same again"
    ),
}
"""Key of a step -> why a program without it is no worse."""


def modules() -> list[str]:
    """All of `keys` that does not only show or ask, and what decides in `verifier`."""
    paths = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / "keys").rglob("*.py"))
    keys = [".".join(path.parts) for path in paths if not path.stem.startswith("__")]
    deciding = [name for name in keys if not name.endswith(SHOWING) and ".rehearsal." not in name]
    return deciding + [f"verifier.{name}" for name in VERIFIER]


def test_files() -> list[str]:
    paths = [path for folder in TESTS for path in sorted((ROOT / "tests" / folder).rglob("test_*.py"))]
    return [str(path.relative_to(ROOT)) for path in paths if _is_wanted(path)]


def _is_wanted(path: Path) -> bool:
    return re.fullmatch(f"test_({TESTS[path.parent.name]})", path.stem) is not None
