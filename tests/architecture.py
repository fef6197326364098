"""The rules of the architecture as functions from a parsed module to faults; `test_architecture` applies them."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CHAIN = ("keys", "verifier", "issuer")  # each may import the ones before it, never one behind it
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 40

# Import name -> the distribution in pyproject.toml that brings it.
SHARED = {"click": "click", "idna": "idna", "msgspec": "msgspec", "rfc8785": "rfc8785"}
LIBRARIES = {
    "keys": {
        "cryptography": "cryptography",
        "mnemonic": "mnemonic",
        "pkcs11": "python-pkcs11",
        "pyrage": "pyrage",
        "qrcode": "qrcode",
        "securesystemslib": "tuf",
        "shamir_mnemonic": "shamir-mnemonic",
        "tuf": "tuf",
    },
    "verifier": {
        "babel": "babel",
        "flask": "flask",
        "flask_limiter": "flask-limiter",
        "fontTools": "fonttools",
        "justmytype_intl_cjk": "justmytype-intl-cjk",
        "limits": "flask-limiter",
        "pymupdf_fonts": "pymupdf-fonts",
        "typst": "typst",
        "jinja2": "jinja2",
        "markupsafe": "flask",
        "werkzeug": "flask",
        "PIL": "pillow",
        "reportlab": "reportlab",
        "waitress": "waitress",
        "python_calamine": "python-calamine",
        "xlsxwriter": "xlsxwriter",
        "zxingcpp": "zxing-cpp",
    },
    "issuer": {
        "alembic": "alembic",
        "jinja2": "jinja2",
        "qrcode": "qrcode",
        "sqlalchemy": "sqlalchemy",
        "typst": "typst",
        "xlsxwriter": "xlsxwriter",
    },
}
# What could open a socket. Key ceremonies never do (K01); the few libraries that import one are watched as they run.
ONLINE_MODULES = frozenset("asyncio ftplib http imaplib poplib smtplib socket socketserver ssl urllib.request".split())
# What an employer's verifier has no business with: the ceremony, and whatever opens a private key.
BANNED = {
    "verifier": (
        "keys.ceremony",
        "keys.cli",
        "keys.home",
        "keys.keyfile",
        "keys.shares",
        "keys.token_signer",
        "keys.trust_cli",
        "keys.trust_edit",
        "keys.unlock_cli",
    )
}

WORLDLY = frozenset(
    "cli web config sources state database publishing fonts keyfile signer files home console demo stage folder "
    "origin mirror rates server".split()
)
# `trust_cli` is a `cli`, `token_signer` a `signer`, `secret_files` are `files`; others are what they are called whole.
COMPOUND = frozenset({"cli", "files", "signer"})
RANDOM = frozenset("signer keyfile cli home demo stage web rates".split())
WORLD_MODULES = frozenset(
    "asyncio fcntl fileinput ftplib getpass glob http mmap os select selectors shutil signal smtplib socket "
    "socketserver sqlite3 ssl subprocess tempfile time urllib.request urllib3".split()
)
RANDOM_MODULES = frozenset({"random", "secrets"})
HARMLESS = frozenset({"http.HTTPStatus", "os.PathLike", "os.fspath"})
FILE_METHODS = frozenset(
    "chmod glob is_dir is_file is_symlink iterdir lstat mkdir open read_bytes read_text rglob rmdir stat "
    "symlink_to touch unlink write_bytes write_text".split()
)
CLOCK_METHODS = frozenset({"now", "today", "utcnow"})
RANDOM_METHODS = frozenset({"uuid1", "uuid4", "urandom", "getrandom"})
BUILTINS = frozenset({"open", "input", "print"})


class Module(NamedTuple):
    """One source file: its dotted name, its text and its tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    def __repr__(self) -> str:
        return self.name

    def is_any_of(self, names: frozenset[str]) -> bool:
        """Whether the module or a package it is in bears one of the names: `trust_cli` is a `cli` as well."""
        parts = self.name.split(".")[1:]
        return any(part in names or part.rpartition("_")[2] in names & COMPOUND for part in parts)


class Fault(NamedTuple):
    """One broken rule; `key` is how an exception table would name the place."""

    key: str
    text: str


Rule = Callable[[Module], Iterator[Fault]]


def parse(name: str, text: str) -> Module:
    return Module(name, text, ast.parse(text))


def read(folder: str) -> list[Module]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [parse(".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text("utf-8")) for path in paths]


def imported(module: Module) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of each import; `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.name.split(".")[: -node.level] if node.level else []
            stem = [*base, node.module] if node.module else base
            yield from ((node.lineno, ".".join([*stem, alias.name])) for alias in node.names)


def within(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")


def arrows(module: Module) -> Iterator[Fault]:
    """keys <- verifier <- issuer, no tests, and none of what a package must never import."""
    later = CHAIN[CHAIN.index(module.package) + 1 :] if module.package in CHAIN else CHAIN
    for line, name in imported(module):
        if name.partition(".")[0] in (*later, "tests"):
            yield Fault(module.name, f"{module.name}:{line} imports {name} against the arrow")
        if any(within(name, ban) for ban in BANNED.get(module.package, ())):
            yield Fault(module.name, f"{module.name}:{line} imports {name}, which {module.package} must never")
        if name in {"importlib.import_module", "runpy"} or within(name, "pickle"):
            yield Fault(module.name, f"{module.name}:{line} imports {name}: an import this test cannot see")


def offline(module: Module) -> Iterator[Fault]:
    """`keys` imports nothing that could open a socket, not even where files may be touched."""
    for line, name in imported(module):
        if module.package == "keys" and any(within(name, banned) for banned in ONLINE_MODULES):
            yield Fault(module.name, f"{module.name}:{line} imports {name}, which can open a socket")


def allowed_libraries(package: str) -> dict[str, str]:
    return SHARED | LIBRARIES[package] if package in CHAIN else {}


def third_party(module: Module) -> Iterator[tuple[int, str]]:
    for line, name in imported(module):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in (*CHAIN, "templates", "tests"):
            yield line, top


def libraries(module: Module) -> Iterator[Fault]:
    """Only the libraries that a package may use."""
    for line, top in third_party(module):
        if top not in allowed_libraries(module.package):
            yield Fault(module.name, f"{module.name}:{line} imports {top}, which is not for {module.package}")


def touches(node: ast.Call) -> tuple[str, frozenset[str]] | None:
    """What a call touches, and the modules that may; None for an innocent call."""
    if isinstance(node.func, ast.Name):
        return (node.func.id, WORLDLY) if node.func.id in BUILTINS else None
    if not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if method in RANDOM_METHODS:
        return method, RANDOM
    return (method, WORLDLY) if method in FILE_METHODS | CLOCK_METHODS else None


def world(module: Module) -> Iterator[Fault]:
    """Files, sockets, environment, clock and randomness are for the modules named so."""
    for line, name in imported(module):
        if name in HARMLESS:
            continue
        for kind, may in ((WORLD_MODULES, WORLDLY), (RANDOM_MODULES, RANDOM)):
            if any(within(name, banned) for banned in kind) and not module.is_any_of(may):
                yield Fault(f"{module.name}:{name}", f"{module.name}:{line} imports {name}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (touched := touches(node)) and not module.is_any_of(touched[1]):
            yield Fault(f"{module.name}:{touched[0]}", f"{module.name}:{node.lineno} calls {touched[0]}()")


def file_length(module: Module) -> Iterator[Fault]:
    lines = len(module.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield Fault(module.name, f"{module.name} has {lines} lines, more than {MAX_FILE_LINES}")


def function_length(module: Module) -> Iterator[Fault]:
    """From `def` to the last line, its docstring not counted."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            spoken = ast.get_docstring(node) is not None
            doc = (first.end_lineno or 0) - first.lineno + 1 if spoken else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - doc
            if lines > MAX_FUNCTION_LINES:
                key = f"{module.name}:{node.name}"
                yield Fault(key, f"{key} has {lines} lines, more than {MAX_FUNCTION_LINES}")


def broad_except(module: Module) -> Iterator[Fault]:
    """`except:`, `except Exception` and `except BaseException`, alone or in a tuple, and their suppression."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(module.tree):
        caught: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else []
            if node.type is None:
                yield Fault(module.name, f"{module.name}:{node.lineno} catches everything")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        if any(isinstance(kind, ast.Name) and kind.id in broad for kind in caught):
            yield Fault(module.name, f"{module.name}:{node.lineno} catches {' or '.join(sorted(broad))}")


def faults(rule: Rule, modules: list[Module], exceptions: dict[str, str]) -> list[str]:
    found = [fault for module in modules for fault in rule(module)]
    stale = sorted(set(exceptions) - {fault.key for fault in found})
    bare = sorted(key for key, reason in exceptions.items() if not reason.strip())
    return (
        [fault.text for fault in found if fault.key not in exceptions]
        + [f"the exception for {key} is no longer needed" for key in stale]
        + [f"the exception for {key} has no reason" for key in bare]
    )
