"""``python -m simulate``: the command."""

from simulate.cli import main

if __name__ == "__main__":
    main()
