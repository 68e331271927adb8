"""What the plugin costs a project that has no plans: `pytest` in an empty project, with and without it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.projects import project, pytest_run
from timing import interleaved, median_ratio, print_figure

ROUNDS = 21


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        empty = project(Path(scratch) / "empty")
        ways = {"with": pytest_run(empty), "without": pytest_run(empty, "-p", "no:intellisense")}
        times = interleaved(ways, ROUNDS)
    return 0 if print_figure("import", median_ratio(times["with"], times["without"]), at_most=1.10) else 1


if __name__ == "__main__":
    sys.exit(main())
