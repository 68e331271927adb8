"""`python -m pytest_intellisense.cli`: the same as the `intellisense` command."""

from pytest_intellisense.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
