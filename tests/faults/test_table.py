"""The table of faults names tests that exist, for every fault."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def broken_rows(table: str) -> list[str]:
    """Faults without a row, and rows that name no test or one that is not there."""
    rows = {int(number): tests.strip() for number, tests, _ in ROW.findall(table)}
    found = [f"{number} has no row" for number in range(1, 73) if number not in rows]
    for number, tests in rows.items():
        if tests == "not part of the product yet":
            continue
        paths = re.findall(r"`([a-z_]+/[a-z_]+\.py)`", tests)
        found += [f"{number} names no test"] if not paths else []
        found += [f"{number}: no {path}" for path in paths if not (TESTS / path).is_file()]
    return found


def test_every_fault_has_a_test_that_is_there() -> None:
    assert broken_rows((TESTS / "faults" / "README.md").read_text()) == []


def test_a_row_without_a_test_would_be_found() -> None:
    """The control."""
    assert "2 names no test" in broken_rows("| 2 | wrong password | | |")
    assert "2: no faults/test_gone.py" in broken_rows("| 2 | wrong password | `faults/test_gone.py` | |")
