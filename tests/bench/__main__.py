"""`python -m tests.bench` measures what each `measure_*` module beside it yields and prints one table.

Of a step, the best of five rounds counts: whatever else the machine does can only slow a round down. Long runs are made
once, by the module itself.
"""

import os
import pkgutil
import platform
import timeit
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests import bench

ROUNDS = 5


def measured() -> Iterator[tuple[str, float]]:
    """Name and seconds of each step and run, a module at a time."""
    for found in pkgutil.iter_modules(bench.__path__):
        if found.name.startswith("measure_"):
            module = pkgutil.resolve_name(f"{bench.__name__}.{found.name}")
            for name, step in getattr(module, "steps", tuple)():
                timer = timeit.Timer(step)
                number, _ = timer.autorange()
                yield name, min(timer.repeat(ROUNDS, number)) / number
            yield from getattr(module, "runs", tuple)()


def main() -> None:
    table = Table("step", title=f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    table.add_column("microseconds", justify="right")
    table.add_column("a second", justify="right")
    for name, seconds in measured():
        table.add_row(name, f"{seconds * 1e6:,.1f}", f"{1 / seconds:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
