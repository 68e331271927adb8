"""Which part of an injection a latency check measured, and how long that was allowed to take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.attribution.passage import stages_of
from pytest_intellisense.engine.attribution.trial import Trial
from pytest_intellisense.engine.checks.context import Asked
from pytest_intellisense.engine.criteria import Matcher, names_of
from pytest_intellisense.model.durations import parse_ns
from pytest_intellisense.model.results import PipelineResult, StageResult

_ENDING = re.compile(r"_(from_inject|component_internal)_ns$")


@dataclass(frozen=True, slots=True)
class Window:
    """Nanoseconds after the injection. `inside`: the one stage whose own clock measured it."""

    after_ns: int
    until_ns: int
    inside: str = ""


def window_of(trial: Trial, kind: str, asked: Asked) -> Window | None:
    """None where the ends are not both known."""
    if kind == "latency_between":
        first, second = (_at(trial, selector) for selector in (asked.point.from_event, asked.point.to_event))
        return Window(first, second) if first is not None and second is not None else None
    return _of_key(trial.pipeline, str(asked.field))


def _of_key(pipeline: PipelineResult, key: str) -> Window | None:
    stages = {stage.key: stage for stage in stages_of(pipeline)}
    if key == "total_observed_pipeline_ns":
        end_ns = pipeline.latencies_ns.get(key)
        return None if end_ns is None else Window(0, end_ns)
    ending = _ENDING.search(key)
    if ending is not None:
        stage = stages.get(key[: ending.start()])
        if stage is None or stage.at_ns is None:
            return None
        return Window(0, stage.at_ns, stage.key if ending[1] == "component_internal" else "")
    return next((found for one in stages.values() for other in stages.values() if (found := _between(one, other, key))), None)


def _between(one: StageResult, other: StageResult, key: str) -> Window | None:
    if key != f"{one.key}_to_{other.key}_ns" or one.at_ns is None or other.at_ns is None:
        return None
    return Window(one.at_ns, other.at_ns)


def _at(trial: Trial, selector: Any) -> int | None:
    """When the first event came that a plan selects by a stage key, an event type or criteria."""
    selector = trial.scope.resolved(selector)
    if isinstance(selector, str):
        stage = trial.pipeline.stage(selector)
        if stage is not None:
            return stage.at_ns
        return next((one.at_ns for one in trial.pipeline.events if selector in names_of(one.event)), None)
    if isinstance(selector, Mapping):
        matches = Matcher(selector, trial.operators)
        return next((one.at_ns for one in trial.pipeline.events if matches(one.event)), None)
    return None


def longest_ns(durations: Any) -> int | None:
    """A duration of an outcome, of bounds the upper one, in nanoseconds; None for what is no duration."""
    longest = durations[-1] if isinstance(durations, list | tuple) and durations else durations
    try:
        return parse_ns(longest, bare_unit="ms")
    except (ValueError, ArithmeticError):
        return None
