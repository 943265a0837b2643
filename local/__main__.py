"""The command `stockcast` by its older name: python -m local COMMAND."""

import sys

from stockcast.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
