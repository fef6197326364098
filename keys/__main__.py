"""`python -m keys` is the program `handseal-ceremony`."""

import sys

if __name__ == "__main__":  # Worker processes import this file again under another name.
    from keys.cli import main

    sys.exit(main())
