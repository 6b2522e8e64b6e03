"""``python -m simulate``: the command."""

import sys

from simulate.cli import main

if __name__ == "__main__":
    sys.exit(main())
