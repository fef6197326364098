"""Every way to take one part out of a condition, so that it refuses a little less."""

import ast
from collections.abc import Iterator
from itertools import pairwise


def weakenings(test: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """What is taken out, and the condition without it: it holds less often. Nothing for a condition of one part."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=parts):
            for place, part in enumerate(parts):
                smaller = list(weakenings(part)) or [(ast.unparse(part), ast.Constant(False))]
                yield from ((text, _with(test, place, new)) for text, new in smaller)
        case ast.BoolOp(op=ast.And(), values=parts):
            for place, part in enumerate(parts):
                yield from ((text, _with(test, place, new)) for text, new in weakenings(part))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            yield from ((text, ast.UnaryOp(ast.Not(), new)) for text, new in _loosenings(part))
        case ast.Compare(left=ast.Tuple(elts=left), ops=[ast.NotEq()], comparators=[ast.Tuple(elts=right)]):
            if len(left) == len(right) and not any(isinstance(part, ast.Starred) for part in (*left, *right)):
                for place, part in enumerate(left):
                    yield ast.unparse(part), _unequal(left, right, place)


def _loosenings(test: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """As `weakenings`, for a condition that has to hold: without a part it holds more often."""
    match test:
        case ast.BoolOp(op=ast.And(), values=parts):
            for place, part in enumerate(parts):
                smaller = list(_loosenings(part)) or [(ast.unparse(part), ast.Constant(True))]
                yield from ((text, _with(test, place, new)) for text, new in smaller)
        case ast.BoolOp(op=ast.Or(), values=parts):
            for place, part in enumerate(parts):
                yield from ((text, _with(test, place, new)) for text, new in _loosenings(part))
        case ast.Compare(left=left, ops=[_, _, *_] as operators, comparators=right):
            links = list(zip(pairwise([left, *right]), operators, strict=True))
            for place, ((one, other), operator) in enumerate(links):
                kept = [ast.Compare(a, [op], [b]) for n, ((a, b), op) in enumerate(links) if n != place]
                gone = ast.unparse(ast.Compare(one, [operator], [other]))
                yield gone, kept[0] if len(kept) == 1 else ast.BoolOp(ast.And(), list(kept))


def answers(value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """For a function that answers yes or no: always yes, always no, and the answer without one of its parts."""
    yield "always False", ast.Constant(False)
    yield "always True", ast.Constant(True)
    yield from ((f"without {text}", new) for text, new in _loosenings(value))
    yield from ((f"without {text}", new) for text, new in weakenings(value))


def _with(test: ast.BoolOp, place: int, part: ast.expr) -> ast.BoolOp:
    return ast.BoolOp(test.op, [*test.values[:place], part, *test.values[place + 1 :]])


def _unequal(left: list[ast.expr], right: list[ast.expr], without: int) -> ast.expr:
    one, other = ([part for n, part in enumerate(side) if n != without] for side in (left, right))
    return ast.Compare(ast.Tuple(one, ast.Load()), [ast.NotEq()], [ast.Tuple(other, ast.Load())])
