"""Makes what an officer carries to a machine without a network: `make bundle PLATFORM=linux-x86_64`.

The libraries are those of the dependency group `ceremony` and what they need, as `requirements.txt` locks them. The
same commit gives the same files.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
_GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")  # newest first; an officer's laptop may be years old
_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\$")
_VIA = re.compile(r"^    #(?: via|  ) +(?P<name>\S+)")


class Platform(NamedTuple):
    """A machine as pip and the markers of a lock name it."""

    tags: tuple[str, ...]
    system: str
    machine: str
    sys_platform: str


PLATFORMS = {
    **{
        f"linux-{machine}": Platform(
            (*(f"manylinux_{glibc}_{machine}" for glibc in _GLIBC), f"manylinux2014_{machine}"),
            "Linux",
            machine,
            "linux",
        )
        for machine in ("x86_64", "aarch64")
    },
    "macos-arm64": Platform(("macosx_15_0_arm64",), "Darwin", "arm64", "darwin"),
}


class Pinned(NamedTuple):
    """One entry of the lock."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    needed_by: frozenset[str]


def read_lock(text: str) -> list[Pinned]:
    """The entries of a lock as `make lock` writes it."""
    entries: list[Pinned] = []
    for line in text.splitlines():
        entry, via, digest = _ENTRY.match(line), _VIA.match(line), re.match(r"    --hash=(\S+)", line)
        if entry:
            found = (canonicalize_name(entry["name"]), entry["version"], entry["marker"] or "")
            entries.append(Pinned(*found, (), frozenset()))
        elif digest:
            entries[-1] = entries[-1]._replace(hashes=(*entries[-1].hashes, digest[1]))
        elif via:
            entries[-1] = entries[-1]._replace(needed_by=entries[-1].needed_by | {canonicalize_name(via["name"])})
    return entries


def needed(lock: list[Pinned], roots: frozenset[str], environment: dict[str, str]) -> list[Pinned]:
    """The entries that `roots` need on a machine of this environment, by name."""
    here = [entry for entry in lock if not entry.marker or Marker(entry.marker).evaluate(environment)]
    names = set(roots)
    while more := {entry.name for entry in here if entry.needed_by & names} - names:
        names |= more
    found = [entry for entry in here if entry.name in names]
    if missing := roots - {entry.name for entry in found}:
        raise SystemExit(f"bundle: requirements.txt: has no {', '.join(sorted(missing))}: run `make lock`")
    return sorted(found)


def environment_of(platform: Platform, python: str) -> dict[str, str]:
    """What the markers ask, for another machine than this one."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": platform.machine,
        "platform_python_implementation": "CPython",
        "platform_system": platform.system,
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": platform.sys_platform,
    }


def ceremony_group() -> frozenset[str]:
    """The dependency group `ceremony`: what `keys` imports."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in groups["ceremony"])
    return frozenset(canonicalize_name(name[0]) for name in names if name)


def fetch(entries: list[Pinned], platform: Platform, python: str, wheels: Path) -> None:
    """The wheel of each entry, as pip chooses for that machine, its hash checked against the lock."""
    lines = (f"{e.name}=={e.version} " + " ".join(f"--hash={digest}" for digest in e.hashes) for e in entries)
    listed = wheels / "wanted.txt"
    listed.write_text("\n".join(lines) + "\n", "utf-8")
    tags = [part for tag in platform.tags for part in ("--platform", tag)]
    machine = ["--python-version", python, "--implementation", "cp", *tags]
    run_pip("download", "--no-deps", "--only-binary", ":all:", "--require-hashes", *machine, "-d", wheels, "-r", listed)
    listed.unlink()


def run_pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet", "--disable-pip-version-check"]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"bundle: pip {arguments[0]}: failed")


def build(target: Path, name: str, python: str) -> None:
    """Everything at `target`, which is new; its last file holds the digests of all others."""
    platform, wheels = PLATFORMS[name], target / "wheels"
    wheels.mkdir(parents=True)
    lock = read_lock((ROOT / "requirements.txt").read_text("utf-8"))
    fetch(needed(lock, ceremony_group(), environment_of(platform, python)), platform, python, wheels)
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--no-cache-dir", "-w", wheels, ROOT)
    for source in sorted((TEMPLATES / "bundle").iterdir()):
        shutil.copyfile(source, target / source.name)
    shutil.copytree(TEMPLATES / "ceremony", target / "ceremony", copy_function=shutil.copyfile)
    (target / "requirements.txt").write_text("".join(f"{line}\n" for line in pinned(wheels)), "utf-8")
    version = next(wheels.glob("handseal-*.whl")).name.split("-")[1]
    (target / "BUNDLE").write_text(f"handseal={version}\npython={python}\nplatform={name}\n", "utf-8")
    files = sorted(path for path in target.rglob("*") if path.is_file())
    sums = "".join(f"{sha256(path)}  {path.relative_to(target).as_posix()}\n" for path in files)
    (target / "SHA256SUMS").write_text(sums, "utf-8")


def pinned(wheels: Path) -> Iterator[str]:
    """A requirement for each wheel, which no other file fits."""
    for path in sorted(wheels.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(path.name)
        yield f"{name}=={version} --hash=sha256:{sha256(path)}"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bundle", description=__doc__.partition("\n")[0])
    parser.add_argument("platform", choices=sorted(PLATFORMS))
    parser.add_argument("python", help="as 3.11")
    parser.add_argument("target", type=Path, help="new folder")
    given = parser.parse_args()
    if given.target.exists():
        raise SystemExit(f"bundle: {given.target}: exists already: remove it first")
    try:
        build(given.target, given.platform, given.python)
    except BaseException:
        shutil.rmtree(given.target, ignore_errors=True)
        raise
    print(f"{given.target}: read this out to whoever installs it, the SHA-256 of its SHA256SUMS:")
    print(f"  {sha256(given.target / 'SHA256SUMS')}")


if __name__ == "__main__":
    main()
