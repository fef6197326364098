"""`python -m issuer` is the program `handseal`."""

import sys

if __name__ == "__main__":  # Worker processes import this file again under another name.
    from issuer.cli import main

    sys.exit(main())
