"""`python -m tests.removal [MODULE...]`: one line for each refusal, and how many are held."""

import os
import sys
import time

from tests.removal.proof import Broken, prove
from tests.removal.scope import EXCEPTIONS, ROOT, modules, test_files


def main(asked: list[str]) -> int:
    os.chdir(ROOT)
    started, held, loose = time.monotonic(), 0, []
    chosen = [module for module in modules() if not asked or module in asked]
    try:
        for verdict in prove(chosen, test_files(), frozenset(EXCEPTIONS)):
            step = verdict.step
            what = verdict.red or (f"GREEN, reached by {verdict.tried} tests" if verdict.tried else "NOT REACHED")
            print(f"{step.module}:{step.line} {step.function}: {step.text}\n    {what}", flush=True)
            held += verdict.held
            loose += [] if verdict.held else [verdict]
    except Broken as fault:
        print(fault)
        return 1
    for verdict in sorted(loose, key=lambda verdict: (verdict.step.module, verdict.step.line)):
        print(f"not held, line {verdict.step.line}: {verdict.step.key} ({verdict.tried} tests reach it)")
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{held} passed, {len(loose)} failed")
    return bool(loose)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
