"""The refusals of a module, found in its source, and the module without one of them."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.removal.weakening import answers, weakenings

_REQUIRES = re.compile(r"_?(require|check|confirm|verify|open)(_|\b).*")
_FINDS = frozenset({"failed", "unknown", "take"})  # of verifier.findings
_OUTCOME = re.compile(r"\b(Outcome|PartnerOutcome|Standing|Verdict|Alarm|_fall_back)\b")
REACHED = "__reached__"


class Step(NamedTuple):
    """One refusal, or one part of the condition for it."""

    module: str
    function: str  # the outermost one around it, `Class.method` for a method
    line: int
    text: str  # what is taken out

    @property
    def key(self) -> str:
        """How the list of exceptions names it: the same when lines move."""
        return f"{self.module}.{self.function}: {self.text}"


class Removal(NamedTuple):
    """A step, and how to take it out of the tree in which it was found."""

    step: Step
    statement: ast.stmt
    block: list[ast.stmt]  # where the statement stands
    take_out: Callable[[], None]


class _Place(NamedTuple):
    statement: ast.stmt
    block: list[ast.stmt]
    guard: ast.If | None  # the `if` whose body the block is


def find(module: str, tree: ast.Module) -> list[Removal]:
    """All removals of a module, in the order of its source."""
    return [removal for name, function in functions(tree) for removal in _in_function(module, name, function)]


def functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module and the methods of its classes, by qualified name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")


def probe(removals: list[Removal]) -> None:
    """Lets each statement of a step report its line before it is run, through a builtin called REACHED.

    One that only calls what refuses reports its line again, negative, when it was refused.
    """
    places = {id(removal.statement): removal for removal in removals}
    for statement, block in ((removal.statement, removal.block) for removal in places.values()):
        report = f"{REACHED}({removals[0].step.module!r}, {{}})"
        reached, refused = (ast.parse(report.format(line)).body[0] for line in (statement.lineno, -statement.lineno))
        place = block.index(statement)
        if _only_requires(statement):
            handler = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, [refused, ast.Raise()])
            block[place] = ast.Try([statement], [handler], [], [])
            ast.fix_missing_locations(ast.copy_location(block[place], statement))
        block.insert(place, reached)
        for node in ast.walk(reached):
            ast.copy_location(node, statement)


def _in_function(module: str, name: str, function: ast.FunctionDef) -> Iterator[Removal]:
    guards: set[int] = set()
    answers_yes_or_no = isinstance(function.returns, ast.Name) and function.returns.id == "bool"
    for place in _places(function.body, None):
        statement = place.statement

        def removal(text: str, take_out: Callable[[], None], at: _Place = place) -> Removal:
            return Removal(Step(module, name, at.statement.lineno, text), at.statement, at.block, take_out)

        if answers_yes_or_no and isinstance(statement, ast.Return) and statement.value is not None:
            for text, value in answers(statement.value):
                if ast.unparse(value) != ast.unparse(statement.value):
                    yield removal(f"{_brief(statement)}: {text}", _setter(statement, "value", value))
        elif _refuses(place):
            yield removal(_brief(statement), _replacer(place))
            if place.guard is not None and id(place.guard) not in guards:
                guards.add(id(place.guard))
                yield from _of_guard(place.guard, removal)


def _of_guard(guard: ast.If, removal: Callable[[str, Callable[[], None]], Removal]) -> Iterator[Removal]:
    for text, test in weakenings(guard.test):
        yield removal(f"if {ast.unparse(guard.test)}: without {text}", _setter(guard, "test", test))
    if guard.orelse or len(guard.body) > 1:
        yield removal(f"if {ast.unparse(guard.test)}", _setter(guard, "test", ast.Constant(False)))


def _places(block: list[ast.stmt], guard: ast.If | None) -> Iterator[_Place]:
    for statement in block:
        yield _Place(statement, block, guard)
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(statement, field, [])
            yield from _places(inner, statement if isinstance(statement, ast.If) and field == "body" else None)
        for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _places(branch.body, None)


def _refuses(place: _Place) -> bool:
    match place.statement:
        case ast.Raise(exc=raised):
            return raised is None or not ast.unparse(raised).startswith("AssertionError")
        case ast.Return(value=value):
            return place.guard is not None and value is not None and _says_no(value)
        case ast.Expr(value=ast.Yield(value=value)):
            return place.guard is not None and value is not None and _is_finding(value)
        case ast.Expr(value=ast.Call(func=function, args=arguments)):
            name = ast.unparse(function).rpartition(".")[2]
            alarm = name == "append" and ast.unparse(arguments[0]).startswith("Alarm(")
            return alarm or name in _FINDS or _only_requires(place.statement)
    return False


def _only_requires(statement: ast.stmt) -> bool:
    """Whether it is the call of something that returns nothing, or refuses."""
    match statement:
        case ast.Expr(value=ast.Call(func=function)):
            return _REQUIRES.fullmatch(ast.unparse(function).rpartition(".")[2]) is not None
    return False


def _is_finding(value: ast.expr) -> bool:
    """A text for people, or a struct that is made to tell something."""
    match value:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.Call(func=function):
            return ast.unparse(function).rpartition(".")[2][:1].isupper()
    return False


def _says_no(value: ast.expr) -> bool:
    """`False`, a reason in words, or an outcome that is worse than another."""
    match value:
        case ast.Constant(value=said):
            return said is False or (isinstance(said, str) and said != "")
        case ast.JoinedStr():
            return True
    return _OUTCOME.search(ast.unparse(value)) is not None


def _brief(statement: ast.stmt) -> str:
    text = " ".join(ast.unparse(statement).split())
    return text if len(text) <= 110 else f"{text[:109]}…"


def _replacer(place: _Place) -> Callable[[], None]:
    def take_out() -> None:
        place.block[place.block.index(place.statement)] = ast.copy_location(ast.Pass(), place.statement)

    return take_out


def _setter(node: ast.AST, field: str, value: ast.expr) -> Callable[[], None]:
    def take_out() -> None:
        setattr(node, field, ast.copy_location(value, getattr(node, field)))
        ast.fix_missing_locations(node)

    return take_out
