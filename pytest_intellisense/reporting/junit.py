"""JUnit properties of a plan: texts only, as every reader and xdist take them."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_intellisense.reporting.rows import PlanRow, StepRow


def properties(row: PlanRow) -> list[tuple[str, str]]:
    """For `item.user_properties`: verdict, counts, and for each step its correlation id and the time of each stage in ns."""
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    head = [
        ("intellisense.verdict", row["verdict"]),
        ("intellisense.fault", row["fault"] or ""),
        ("intellisense.validations", f"{sum(outcome['passed'] for outcome in outcomes)}/{len(outcomes)}"),
    ]
    return [*(pair for pair in head if pair[1]), *(pair for step in row["steps"] for pair in _of_step(step))]


def _of_step(step: StepRow) -> Iterator[tuple[str, str]]:
    name = f"intellisense.{step['step_id']}[{step['repeat_index']}]"
    yield f"{name}.correlation_id", step["correlation_id"]
    for stage in step["pipeline"]["stages"] if step["pipeline"] else ():
        if stage["at_ns"] is not None:
            yield f"{name}.{stage['name']}_ns", str(stage["at_ns"])
    for outcome in step["validation_outcomes"]:
        if not outcome["passed"]:
            yield f"{name}.failed", outcome["validation_id"]
