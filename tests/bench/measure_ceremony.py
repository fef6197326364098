"""What an officer waits for with a large cohort: its review, and its co-signature."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.ceremony import measure

FEW, MANY = 2_000, 20_000
LIMIT = 60.0  # seconds that an officer may be kept waiting


def runs() -> Iterator[tuple[str, float]]:
    few, many = measure(FEW), measure(MANY)
    for act, run in many.items():
        if run.computing > LIMIT:  # what else the machine does is not the program's
            raise SystemExit(f"{act} of {MANY:,} computes for {run.computing:.0f} s, more than {LIMIT:.0f}")
        memory = f"{run.megabytes:.0f} MB at most; {few[act].megabytes:.0f} MB for {FEW:,}"
        yield f"{act} {MANY:,} certificates with a roster ({memory})", run.seconds
