"""`python -m verifier` is the program `handseal-verify`."""

import sys

if __name__ == "__main__":  # Worker processes import this file again under another name.
    from verifier.cli import main

    sys.exit(main())
