"""How the plans of a run ended, counted in pytest's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pytest_intellisense.reporting.rows import PlanRow

_ORDER = ("failed", "error", "interrupted", "passed", "skipped", "xfailed", "xpassed", "rerun")


def outcome_of(row: PlanRow) -> str:
    """pytest's word; where a row has none, what the plan's own verdict comes to."""
    return row.get("outcome") or ("failed" if row["verdict"] == "inconclusive" else row["verdict"])


def failed(row: PlanRow) -> bool:
    return outcome_of(row) in ("failed", "error")


def flaky(row: PlanRow) -> bool:
    """Passed, but not at the first attempt."""
    return row.get("attempts", 1) > 1 and outcome_of(row) == "passed"


def counted(plans: Iterable[PlanRow]) -> str:
    """`2 failed, 1 interrupted, 40 passed`."""
    found = Counter(outcome_of(row) for row in plans)
    return ", ".join(f"{found[word]} {word}" for word in _ORDER if found[word]) or "no plans"
