"""What a plan gives to JUnit: properties, as texts because every reader and xdist take them, and attachments."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_intellisense.reporting.lines import printable
from pytest_intellisense.reporting.rows import PlanRow, StepRow

PREFIX = "intellisense."


def record(user_properties: list[tuple[str, object]], row: PlanRow) -> None:
    """Put the properties of `row` into `item.user_properties`, instead of those of an earlier run of the same plan."""
    user_properties[:] = [pair for pair in user_properties if not pair[0].startswith(PREFIX)]
    user_properties += properties(row)


def properties(row: PlanRow) -> list[tuple[str, str]]:
    """Verdict, counts, and for each step its correlation id and the time of each stage in ns."""
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    head = [
        (f"{PREFIX}verdict", row["verdict"]),
        (f"{PREFIX}fault", row["fault"] or ""),
        (f"{PREFIX}validations", f"{sum(outcome['passed'] for outcome in outcomes)}/{len(outcomes)}"),
    ]
    return [*(pair for pair in head if pair[1]), *(pair for step in row["steps"] for pair in _of_step(step))]


def attachments(row: PlanRow) -> str:
    """The pictures of failed steps, a line each in the form that GitLab and Jenkins read; paths count from the rootdir."""
    return "".join(
        f"[[ATTACHMENT|{printable(row['session_dir'])}/{printable(image['path'])}]]\n"
        for step in row["steps"]
        if not step["passed"]
        for image in step["images"]
    )


def _of_step(step: StepRow) -> Iterator[tuple[str, str]]:
    name = f"{PREFIX}{step['step_id']}[{step['repeat_index']}]"
    yield f"{name}.correlation_id", step["correlation_id"]
    for stage in step["pipeline"]["stages"] if step["pipeline"] else ():
        if stage["at_ns"] is not None:
            yield f"{name}.{stage['name']}_ns", str(stage["at_ns"])
    for outcome in step["validation_outcomes"]:
        if not outcome["passed"]:
            yield f"{name}.failed", outcome["validation_id"]
