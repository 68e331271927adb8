"""What a user can cause or meet, on stderr."""

from __future__ import annotations

import sys

from pytest_intellisense.errors import IntelliSenseError


def print_error(error: IntelliSenseError) -> None:
    print(f"error: {error}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
