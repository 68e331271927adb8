"""The older form of a plan: a bare list of steps, or `{"steps": [...]}` without a name, brought into today's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_intellisense.model.plan import JsonPath
from pytest_intellisense.model.validation import ValidationType

_OLDER_KEYS = {"$schema", "description", "steps"}
_FROM_STIMULUS = {"target_pipeline_key": "pipeline", "pipeline_timeout_s": "timeout_s"}

TODAY = {**_FROM_STIMULUS, "step_description": "description"}


def is_older(plan: Any) -> bool:
    return isinstance(plan, list) or (isinstance(plan, dict) and "steps" in plan and plan.keys() <= _OLDER_KEYS)


def modernised(
    plan: Any, name: str, validation_types: Mapping[str, ValidationType]
) -> tuple[dict[str, Any], dict[JsonPath, JsonPath]]:
    """Today's form of an older plan, and where each moved value stands in the file."""
    whole = {"steps": plan} if isinstance(plan, list) else plan
    original: dict[JsonPath, JsonPath] = {}
    prefix: JsonPath = () if isinstance(plan, list) else ("steps",)
    if isinstance(plan, list):
        original[("steps",)] = ()
    steps = whole["steps"]
    if isinstance(steps, list):
        steps = [_step(step, index, prefix, original, validation_types) for index, step in enumerate(steps)]
    return {**whole, "plan_name": name, "steps": steps}, original


def _step(
    step: Any, index: int, prefix: JsonPath, original: dict[JsonPath, JsonPath], types: Mapping[str, ValidationType]
) -> Any:
    if not isinstance(step, dict):
        return step
    at: JsonPath = ("steps", index)
    there: JsonPath = (*prefix, index)
    step = {"step_id": f"step_{index + 1}", **step}
    if "step_description" in step:
        step["description"] = step.pop("step_description")
        original[(*at, "description")] = (*there, "step_description")
    stimulus = step.get("stimulus")
    if isinstance(stimulus, dict):
        stimulus = {key: value for key, value in stimulus.items() if value is not None}
        for older, today in _FROM_STIMULUS.items():
            if older in stimulus:
                step[today] = stimulus.pop(older)
                original[(*at, today)] = (*there, "stimulus", older)
        step["stimulus"] = stimulus
    points = step.get("validation_points")
    if isinstance(points, list):
        step["validation_points"] = [_point(point, types) for point in points]
    return {key: value for key, value in step.items() if value is not None}


def _point(point: Any, types: Mapping[str, ValidationType]) -> Any:
    """Fields that mean nothing to the type of the point were ignored, so were nulls."""
    if not isinstance(point, dict) or (known := types.get(str(point.get("type")))) is None:
        return point
    everything = frozenset[str]().union(*(each.needs | each.takes for each in types.values()))
    ignored = everything - known.needs - known.takes
    return {key: value for key, value in point.items() if key not in ignored and (value is not None or key == "expected_value")}
