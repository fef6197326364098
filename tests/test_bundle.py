"""What an officer carries to a machine without a network is whole, small, and refuses what was changed on the way."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture import ROOT, allowed_libraries, read, third_party

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    """The program behind `make bundle`."""
    spec = importlib.util.spec_from_file_location("bundle", ROOT / ".ci" / "bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_group_is_what_keys_imports(bundle: ModuleType) -> None:
    used = {allowed_libraries("keys")[top] for module in read("keys") for _, top in third_party(module)}
    assert bundle.ceremony_group() - {"python-pkcs11", "shamir-mnemonic"} == used - {"python-pkcs11", "shamir-mnemonic"}
    assert {"python-pkcs11", "shamir-mnemonic"} <= bundle.ceremony_group()


@pytest.mark.parametrize("name", ["linux-x86_64", "linux-aarch64", "macos-arm64"])
def test_what_is_packed_needs_nothing_else_and_no_web_server(bundle: ModuleType, name: str) -> None:
    lock = bundle.read_lock((ROOT / "requirements.txt").read_text("utf-8"))
    environment = bundle.environment_of(bundle.PLATFORMS[name], "3.11")
    packed = bundle.needed(lock, bundle.ceremony_group(), environment)
    names = {entry.name for entry in packed}
    assert bundle.ceremony_group() <= names
    assert {"cffi", "securesystemslib", "asn1crypto"} <= names  # what those need
    assert not names & {"flask", "sqlalchemy", "typst", "pytest", "colorama", "playwright"}
    assert all(entry.hashes for entry in packed)
    for entry in lock:
        if entry.needed_by & names and entry.name not in names:
            assert "win32" in entry.marker, entry.name


LOCK = """\
one==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:00
    # via two
two==2.0+local.1 \\
    --hash=sha256:11 \\
    --hash=sha256:22
    # via
    #   handseal (pyproject.toml)
    #   Three_3
three-3==3 ; python_full_version < '3.12' \\
    --hash=sha256:33
    # via handseal (pyproject.toml:dev)
"""


def test_a_lock_is_read_as_it_is_written(bundle: ModuleType) -> None:
    one, two, three = bundle.read_lock(LOCK)
    assert (two.version, two.marker, two.hashes) == ("2.0+local.1", "", ("sha256:11", "sha256:22"))
    assert (two.needed_by, one.needed_by) == ({"handseal", "three-3"}, {"two"})
    linux, mac = (bundle.environment_of(bundle.PLATFORMS[name], "3.11") for name in ("linux-aarch64", "macos-arm64"))
    assert bundle.needed([one, two, three], frozenset({"three-3"}), linux) == [three, two]
    newer = bundle.environment_of(bundle.PLATFORMS["macos-arm64"], "3.12")
    assert bundle.needed([one, two, three], frozenset({"two"}), mac) == [two]
    with pytest.raises(SystemExit, match="has no three-3"):
        bundle.needed([one, two, three], frozenset({"three-3"}), newer)


# -- the install script ------------------------------------------------------------------------------------------------

PROGRAM = "import sys\ndef main():\n    sys.stdout.write(f'handseal-ceremony, {sys.argv[1:]}\\n')\n"
METADATA = "Metadata-Version: 2.1\nName: handseal\nVersion: 0.1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
POINTS = "[console_scripts]\nhandseal-ceremony = ceremony_stub:main\nhandseal = ceremony_stub:main\n"


def write_wheel(path: Path, program: str = PROGRAM) -> None:
    """A wheel of one module, so that installing takes no other."""
    files = {"ceremony_stub.py": program, "handseal-0.1.0.dist-info/METADATA": METADATA}
    files |= {"handseal-0.1.0.dist-info/WHEEL": WHEEL, "handseal-0.1.0.dist-info/entry_points.txt": POINTS}
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name), text)
        wheel.writestr("handseal-0.1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))


def write_sums(folder: Path) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in paths)
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def packed(tmp_path: Path, bundle: ModuleType) -> Path:
    """A bundle for this machine, of the script in earnest and of one small wheel."""
    folder = tmp_path / "stick"
    (folder / "wheels").mkdir(parents=True)
    (folder / "ceremony" / "more").mkdir(parents=True)
    for name in ("RUNBOOK.md", "more/a paper.html"):
        (folder / "ceremony" / name).write_text("as it was packed")
    for name in ("install.sh", "README.md"):
        shutil.copy(ROOT / "templates" / "bundle" / name, folder)
    write_wheel(folder / "wheels" / "handseal-0.1.0-py3-none-any.whl")
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in bundle.pinned(folder / "wheels")))
    system = {"Linux": "linux", "Darwin": "macos"}[platform.system()]
    (folder / "BUNDLE").write_text(f"handseal=0.1.0\npython={HERE}\nplatform={system}-{platform.machine()}\n")
    write_sums(folder)
    return folder


def install(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent / "home"), "PYTHON": sys.executable}
    environment |= {"PIP_NO_DEPS": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/"}  # what a machine may be told otherwise
    command = ["sh", str(folder / "install.sh"), *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True, env=environment, cwd="/")


def test_a_bundle_installs_without_a_network_and_once(packed: Path) -> None:
    done = install(packed)
    assert done.returncode == 0, done.stderr
    place = packed.parent / "home" / "handseal-ceremony"
    assert hashlib.sha256((packed / "SHA256SUMS").read_bytes()).hexdigest() in done.stdout
    assert f"{place}/handseal-ceremony --help" in done.stdout
    said = subprocess.run([place / "handseal-ceremony", "review"], capture_output=True, check=True, text=True)
    assert said.stdout == "handseal-ceremony, ['review']\n"
    assert not (place / "venv" / "bin" / "handseal").exists()
    again = install(packed)
    assert (again.returncode, (place / "handseal-ceremony").exists()) == (1, True)
    assert "exists already" in again.stderr


def test_a_paper_that_somebody_added_is_not_installed(packed: Path) -> None:
    (packed / "ceremony" / "more" / "READ-ME-FIRST.md").write_text("type your passphrase here")
    assert install(packed).returncode == 0
    place = packed.parent / "home" / "handseal-ceremony" / "ceremony"
    papers = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert papers == {"RUNBOOK.md", "more/a paper.html"}


def test_a_wheel_that_was_changed_is_refused_and_nothing_is_left(packed: Path) -> None:
    wheel = packed / "wheels" / "handseal-0.1.0-py3-none-any.whl"
    write_wheel(wheel, PROGRAM.replace("handseal-ceremony", "something else"))
    for arguments in ((), ("--check",)):
        done = install(packed, *arguments)
        assert done.returncode == 1
        assert "install.sh: a file is not as it was packed" in done.stderr
    write_sums(packed)  # whoever changes one file changes the sums as well: the hashes in requirements.txt still hold
    done = install(packed)
    assert done.returncode == 1
    assert "the wheels could not be installed" in done.stderr
    assert not (packed.parent / "home" / "handseal-ceremony").exists()


@pytest.mark.parametrize("missing", ["wheels/handseal-0.1.0-py3-none-any.whl", "BUNDLE", "SHA256SUMS", "README.md"])
def test_half_a_bundle_is_refused(packed: Path, missing: str) -> None:
    (packed / missing).unlink()
    assert install(packed).returncode == 1
    assert not (packed.parent / "home").exists()


def test_a_bundle_for_another_machine_says_so(packed: Path) -> None:
    (packed / "BUNDLE").write_text("handseal=0.1.0\npython=3.9\nplatform=plan9-mips\n")
    write_sums(packed)
    done = install(packed)
    assert done.returncode == 1
    assert "install.sh: this bundle is for Python 3.9 plan9-mips" in done.stderr
    assert not (packed.parent / "home").exists()
