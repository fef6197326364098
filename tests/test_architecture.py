"""The packages keep to their arrows, their libraries, their sizes, and to the few modules that touch the world."""

import fnmatch
import re
import tomllib

import pytest

from tests.architecture import (
    CHAIN,
    ROOT,
    Module,
    Rule,
    allowed_libraries,
    arrows,
    broad_except,
    faults,
    file_length,
    function_length,
    libraries,
    offline,
    parse,
    read,
    third_party,
    world,
)

# "module" or "module:function" or "module:call" -> why the rule does not hold there. An entry nobody needs is a fault.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
WORLD_EXCEPTIONS: dict[str, str] = {
    "verifier.workbook:open": "a part of an archive that is in memory already, read no further than its limit",
    "verifier.pictures:open": "a picture that is in memory already, unpacked no further than its limit",
    "keys.files:secrets": "a random ending keeps two writers' half-written files apart; it protects nothing",
}
BROAD_EXCEPTS: dict[str, str] = {
    "verifier.api": "while an answer is being sent, the server would log the text of whatever fails (W07)",
}

TOP_LEVEL = frozenset(
    "keys verifier issuer templates tests pyproject.toml README.md Makefile requirements.txt CHANGELOG.md "
    "SECURITY.md LICENSE .ci .git .gitignore".split()
)

PRODUCT = [module for package in (*CHAIN, "templates") for module in read(package)]
TESTS = read("tests")


@pytest.mark.parametrize(
    ("rule", "modules", "exceptions"),
    [
        pytest.param(arrows, PRODUCT, {}, id="arrows"),
        pytest.param(libraries, PRODUCT, {}, id="libraries"),
        pytest.param(offline, PRODUCT, {}, id="offline"),
        pytest.param(world, PRODUCT, WORLD_EXCEPTIONS, id="world"),
        pytest.param(broad_except, PRODUCT + TESTS, BROAD_EXCEPTS, id="broad-except"),
        pytest.param(file_length, PRODUCT + TESTS, LONG_FILES, id="file-length"),
        pytest.param(function_length, PRODUCT + TESTS, LONG_FUNCTIONS, id="function-length"),
    ],
)
def test_rule_holds(rule: Rule, modules: list[Module], exceptions: dict[str, str]) -> None:
    assert faults(rule, modules, exceptions) == []


def test_every_package_was_read() -> None:
    assert {module.package for module in PRODUCT} == {*CHAIN, "templates"}


def test_templates_holds_no_logic() -> None:
    assert [module.name for module in PRODUCT if module.package == "templates"] == ["templates.__init__"]


def declared() -> tuple[set[str], set[str]]:
    """Names of the required and of the optional distributions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = [line for extra in project["optional-dependencies"].values() for line in extra]
    name = re.compile(r"[A-Za-z0-9._-]+")
    return tuple({name.match(line)[0] for line in lines} for lines in (project["dependencies"], optional))


def test_what_is_imported_is_declared() -> None:
    required, optional = declared()
    used = {
        allowed_libraries(module.package)[top]
        for module in PRODUCT
        for _, top in third_party(module)
        if top in allowed_libraries(module.package)
    }
    assert used - required - optional == set()


def test_what_is_declared_belongs_to_a_package() -> None:
    known = {distribution for package in CHAIN for distribution in allowed_libraries(package).values()}
    assert set.union(*declared()) - known == set()


def test_top_level_holds_only_what_belongs_there() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split("\n") if line[:1] not in "#"]
    names = {path.name for path in ROOT.iterdir()} - TOP_LEVEL
    assert [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)] == []


LONG_BODY = "\n    a = 1" * 40

BROKEN = [
    (arrows, "keys.jws", "import verifier.report", "against the arrow"),
    (arrows, "keys.jws", "def f():\n    from issuer import models", "against the arrow"),
    (arrows, "verifier.verify", "from issuer.config import Config", "against the arrow"),
    (arrows, "verifier.verify", "from ..issuer import config", "against the arrow"),
    (arrows, "issuer.cli", "from tests.world import world", "against the arrow"),
    (arrows, "verifier.web", "from keys import ceremony", "must never"),
    (arrows, "verifier.web", "from keys.cli import main", "must never"),
    (arrows, "issuer.cli", "from importlib import import_module", "cannot see"),
    (arrows, "verifier.__init__", "from .. import issuer", "against the arrow"),
    (arrows, "verifier.__init__", "from keys.ceremony import run", "must never"),
    (libraries, "keys.trust", "import flask", "not for keys"),
    (libraries, "keys.trust", "from sqlalchemy import orm", "not for keys"),
    (libraries, "verifier.web", "import sqlalchemy.orm", "not for verifier"),
    (libraries, "issuer.cosigning", "import pyrage", "not for issuer"),
    (libraries, "templates", "import click", "not for templates"),
    (offline, "keys.network_cli", "import socket", "can open a socket"),
    (offline, "keys.home", "from http.client import HTTPConnection", "can open a socket"),
    (world, "verifier.verify", "text = open('x').read()", "calls open()"),
    (world, "verifier.verify", "def f(path):\n    return path.read_bytes()", "calls read_bytes()"),
    (world, "verifier.verify", "import os\n", "imports os"),
    (world, "verifier.verify", "from os import environ", "imports os.environ"),
    (world, "verifier.verify", "import socket", "imports socket"),
    (world, "verifier.verify", "from urllib.request import urlopen", "imports urllib.request.urlopen"),
    (world, "keys.jws", "from time import time", "imports time.time"),
    (world, "keys.jws", "import datetime\nat = datetime.datetime.now(datetime.UTC)", "calls now()"),
    (world, "verifier.state", "import secrets", "imports secrets"),
    (world, "keys.request", "import uuid\nname = uuid.uuid4()", "calls uuid4()"),
    (broad_except, "keys.jws", "try:\n    f()\nexcept Exception:\n    pass", "catches"),
    (broad_except, "keys.jws", "try:\n    f()\nexcept (ValueError, BaseException):\n    pass", "catches"),
    (broad_except, "keys.jws", "try:\n    f()\nexcept:\n    pass", "catches everything"),
    (broad_except, "keys.jws", "with contextlib.suppress(Exception):\n    f()", "catches"),
    (file_length, "keys.jws", "a = 1\n" * 351, "has 351 lines"),
    (function_length, "keys.jws", f"def f():{LONG_BODY}", "has 41 lines"),
]


@pytest.mark.parametrize(("rule", "name", "source", "expected"), BROKEN)
def test_a_broken_rule_is_found(rule: Rule, name: str, source: str, expected: str) -> None:
    found = faults(rule, [parse(name, source)], {})
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("rule", "name", "source"),
    [
        (arrows, "issuer.cli", "from verifier.verify import verify\nfrom keys.cli import main\nfrom . import demo"),
        (arrows, "keys.__init__", "from . import jws\nfrom .jws import verify"),
        (libraries, "keys.trust", "import json\nimport tuf.api.metadata\nfrom keys.errors import HandsealError"),
        (world, "keys.keyfile", "import os, secrets\ndef f(path):\n    return path.read_bytes(), os.environ"),
        (
            world,
            "verifier.verify",
            "from os import PathLike\nfrom urllib.parse import urlsplit\nopen_keys = 'a'.replace",
        ),
        (broad_except, "keys.jws", "try:\n    f()\nexcept ValueError as error:\n    raise TypeError from error"),
        (file_length, "keys.jws", "a = 1\n" * 350),
        (function_length, "keys.jws", f'def f():\n    """Long.\n\n    Docstring.\n    """{LONG_BODY[:-10]}'),
    ],
)
def test_a_kept_rule_is_silent(rule: Rule, name: str, source: str) -> None:
    assert faults(rule, [parse(name, source)], {}) == []


def test_an_exception_needs_a_reason_and_a_use() -> None:
    module = parse("keys.jws", "a = 1\n" * 351)
    assert faults(file_length, [module], {"keys.jws": "vectors"}) == []
    assert "no reason" in faults(file_length, [module], {"keys.jws": " "})[0]
    assert "no longer needed" in faults(file_length, [], {"keys.jws": "vectors"})[0]
