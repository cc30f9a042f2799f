"""``python -m shared``: the command line. Run it through ``python dev.py``."""

import sys

from shared.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
