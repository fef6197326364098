"""`python -m tests.bench` measures each step of each `measure_*` module beside it and prints one table.

The best of five rounds counts: whatever else the machine does can only slow a round down.
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
    """Name and seconds of each step, a module at a time."""
    for found in pkgutil.iter_modules(bench.__path__):
        if found.name.startswith("measure_"):
            for name, step in pkgutil.resolve_name(f"{bench.__name__}.{found.name}:steps")():
                timer = timeit.Timer(step)
                number, _ = timer.autorange()
                yield name, min(timer.repeat(ROUNDS, number)) / number


def main() -> None:
    table = Table("step", title=f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    table.add_column("microseconds", justify="right")
    table.add_column("a second", justify="right")
    for name, seconds in measured():
        table.add_row(name, f"{seconds * 1e6:,.1f}", f"{1 / seconds:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
