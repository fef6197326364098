"""A loaded module runs other code: its functions get it in place, so that whoever imported one by name has it too."""

import ast
import gc
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

from tests.removal.steps import Removal, find, functions, probe


class Living:
    """The loaded modules with their sources, and every function of theirs, however wrapped."""

    def __init__(self, modules: Iterable[str]) -> None:
        self._files = {name: str(importlib.import_module(name).__file__) for name in modules}
        self._sources = {name: Path(file).read_text("utf-8") for name, file in self._files.items()}
        self._functions: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                code = thing.__code__
                self._functions[code.co_filename, code.co_qualname].append(thing)

    def removals(self, module: str) -> list[Removal]:
        return self._found(module)[1]

    def without(self, module: str, number: int) -> None:
        """From now on this process runs the module without the step of that number."""
        tree, found = self._found(module)
        found[number].take_out()
        self._swap(module, tree, found[number].step.function)

    def probed(self, module: str) -> None:
        """From now on each step of the module reports that it was reached."""
        tree, found = self._found(module)
        probe(found)
        for function in dict.fromkeys(removal.step.function for removal in found):
            self._swap(module, tree, function)

    def _found(self, module: str) -> tuple[ast.Module, list[Removal]]:
        tree = ast.parse(self._sources[module])
        return tree, find(module, tree)

    def _swap(self, module: str, tree: ast.Module, name: str) -> None:
        file = self._files[module]
        (line,) = (node.decorator_list[0].lineno if node.decorator_list else node.lineno
                   for known, node in functions(tree) if known == name)  # fmt: skip
        new = next(code for code in _codes(compile(tree, file, "exec", dont_inherit=True))
                   if (code.co_qualname, code.co_firstlineno) == (name, line))  # fmt: skip
        live = [known for known in self._functions[file, name] if known.__code__.co_firstlineno == line]
        if not live:
            raise LookupError(f"{module}.{name}: no such function is loaded")
        for function in live:
            function.__code__ = new


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


Recorder = Callable[[str, int], None]
