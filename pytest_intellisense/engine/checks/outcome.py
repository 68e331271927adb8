"""What a check returns: whether it holds, the value it looked at, and in words why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.model.results import Fault
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`reason` is None for a check that holds. `expected` overrides what the plan says, where that is no value.

    `offending` are the events that are too many.
    """

    reason: str | None
    actual: Any = None
    fault: Fault = Fault.VALUE
    subject: str = ""
    stage_key: str = ""
    expected: Any = MISSING
    rests_on_absence: bool = False
    offending: tuple[TimelineEvent, ...] = ()


def judge(view: StepView, asked: Asked, actual: Any, *, subject: str, stage_key: str = "", nowhere: str = "") -> Finding:
    """Compare one value by the operator of the validation point. `nowhere` says why there is no value, if there is none."""
    reason = view.operators.compare(asked.operator, actual, asked.expected, asked.tolerance)
    missing = actual is MISSING
    if reason is not None and missing:
        reason = nowhere or reason
    return Finding(
        reason=reason,
        actual=None if missing else actual,
        fault=Fault.VALUE,
        subject=subject,
        stage_key=stage_key,
        rests_on_absence=missing,
    )
