"""The failed validations of a plan, and the one that its sentence speaks of."""

from __future__ import annotations

import shlex

from pytest_intellisense.reporting.rows import OutcomeRow, PlanRow, StepRow

Failure = tuple[StepRow, OutcomeRow]


def rerun_of(row: PlanRow) -> str:
    """The command that runs the plan again; of a plan whose process died it knows the node id only."""
    return row.get("rerun") or shlex.join(["pytest", row["nodeid"]])


def failed_outcomes(row: PlanRow) -> list[Failure]:
    return [(step, outcome) for step in row["steps"] for outcome in step["validation_outcomes"] if not outcome["passed"]]


def primary_failure(row: PlanRow) -> Failure | None:
    """The failure that the headline speaks of: of the plan's own fault, with its details in the sentence."""

    def aptness(failure: Failure) -> tuple[bool, bool]:
        outcome = failure[1]
        return outcome["fault"] == row["fault"], bool(outcome["details"]) and outcome["details"] in row["sentence"]

    return max(failed_outcomes(row), key=aptness, default=None)
