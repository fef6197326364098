"""`python -m tests.frozen TIME PROGRAM ARGUMENT...` runs a program in a process whose clock stands still at TIME.

Programs have no switch for that, and none is wanted: the clock is replaced around them.
"""

import runpy
import sys
from datetime import datetime

import time_machine


def main() -> None:
    moment, program, *arguments = sys.argv[1:]
    sys.argv = [program, *arguments]
    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
