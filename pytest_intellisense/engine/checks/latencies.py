"""Checks of durations: of a pipeline, between two events, against another step; single or over all repetitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.events import first_event
from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.equality import decimal_of, is_number, show
from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.latency import RECEIVED, between, statistic_of
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.durations import parse_ns
from pytest_intellisense.model.results import Fault, PipelineResult

_KEY = re.compile(r"(?:.+_to_)?(.+?)(?:_from_inject|_component_internal)?_ns")


def pipeline_latency(view: StepView, asked: Asked) -> Finding:
    """A latency key of the pipeline; with a statistic, over all repetitions. A bare number counts in ms."""
    key = str(asked.field)
    repeats = view.repeats if asked.point.statistic else view.repeats[-1:]
    values = [repeat.latencies_ns[key] for repeat in repeats if key in repeat.latencies_ns]
    subject = f"{asked.point.statistic} of {key}" if asked.point.statistic else key
    if len(values) < len(repeats):
        return _unmeasured(view, key, subject, len(repeats) - len(values), len(repeats))
    value_ns = statistic_of(asked.point.statistic, values) if asked.point.statistic else values[0]
    received = any(key in repeat.received_keys for repeat in repeats)
    return _judge_ns(view, asked, value_ns, subject, stage_key=_stage_key(view, key), received=received, values=values)


def latency_between(view: StepView, asked: Asked) -> Finding:
    """The time from one event to another; with a statistic, over all repetitions."""
    names = view.scope.resolved(asked.point.from_event), view.scope.resolved(asked.point.to_event)
    subject = f"{_named(names[0])} to {_named(names[1])}"
    first, second = (first_event(view, name) for name in names)
    if first is None or second is None:
        missing = names[0] if first is None else names[1]
        reason = f"{_named(missing)} never arrived, so there is no time to measure"
        return Finding(reason=reason, fault=Fault.MISSING, subject=subject, rests_on_absence=True)
    value_ns, source = between(first, second)
    values, statistic = [value_ns], asked.point.statistic
    if statistic is not None:
        samples = view.samples.setdefault(asked.point.validation_id, {})
        samples[len(view.repeats)] = value_ns
        values = list(samples.values())
        if len(values) < len(view.repeats):
            reason = f"there is a time to measure in only {len(values)} of {len(view.repeats)} repetitions"
            return Finding(reason=reason, fault=Fault.MISSING, subject=subject, rests_on_absence=True)
        value_ns, subject = statistic_of(statistic, values), f"{statistic} of {subject}"
    ending = names[1] if isinstance(names[1], str) else ""
    return _judge_ns(view, asked, value_ns, subject, stage_key=ending, received=source == RECEIVED, values=values)


def latency_comparison(view: StepView, asked: Asked) -> Finding:
    """This step's latency divided by that of another step (median over repetitions, unless another statistic is named)."""
    key, other = str(asked.field), str(asked.point.compare_with_step)
    if other not in view.earlier:
        known = ", ".join(view.earlier) or "none"
        raise PlanError(f'"{other}" is no earlier step of this plan', hint=f"earlier steps: {known}")
    statistic = asked.point.statistic or "median"
    subject = f"{key} relative to step {other}"
    figures = []
    for name, repeats in (("this step", view.repeats), (f"step {other}", view.earlier[other])):
        values = [repeat.latencies_ns[key] for repeat in repeats if key in repeat.latencies_ns]
        if len(values) < len(repeats) or not values:
            lacking = f"{name} has no {key} in {len(repeats) - len(values)} of {len(repeats)} repetitions"
            return Finding(reason=lacking, fault=Fault.MISSING, subject=subject, rests_on_absence=True)
        figures.append(statistic_of(statistic, values))
    this_ns, other_ns = figures
    if other_ns <= 0:
        return Finding(reason=f"step {other} took {_ms(other_ns)}, no ratio", fault=Fault.LATENCY, subject=subject)
    ratio = round(this_ns / other_ns, 4)
    reason = view.operators.compare(asked.operator, ratio, asked.expected, asked.tolerance)
    if reason is not None:
        reason = f"{reason}: {_ms(this_ns)} here, {_ms(other_ns)} in step {other} ({statistic})"
    return Finding(reason=reason, actual=ratio, fault=Fault.LATENCY, subject=subject, stage_key=_stage_key(view, key))


def _judge_ns(
    view: StepView,
    asked: Asked,
    value_ns: int,
    subject: str,
    *,
    stage_key: str,
    received: bool,
    values: Sequence[int],
) -> Finding:
    tolerance = asked.tolerance
    if tolerance is not None and not (isinstance(tolerance, str) and "%" in tolerance):
        tolerance = _in_ns(tolerance)
    reason = view.operators.compare(asked.operator, value_ns, _in_ns(asked.expected), tolerance)
    if reason is not None:
        reason = f"{_ms(value_ns)} is not {_WORDS.get(asked.operator, asked.operator)} {_shown(asked.expected)}"
        if len(values) > 1:
            reason += f" ({len(values)} repetitions, {_ms(min(values))} to {_ms(max(values))})"
        if received:
            reason += "; measured at receipt, because the publisher's clock is not comparable with ours"
    actual: Any = f"{value_ns / 1e6:.3f} ms" if _is_text(asked.expected) else round(value_ns / 1e6, 6)
    return Finding(reason=reason, actual=actual, fault=Fault.LATENCY, subject=subject, stage_key=stage_key)


_WORDS = {">": "greater than", "<": "less than", ">=": "at least", "<=": "at most", "==": "equal to"}


def _in_ns(expected: Any) -> Any:
    if isinstance(expected, list | tuple):
        return [_in_ns(one) for one in expected]
    if expected is None:
        return None
    try:
        return parse_ns(expected, bare_unit="ms")
    except (ValueError, ArithmeticError) as problem:
        raise PlanError(str(problem)) from None


def _is_text(expected: Any) -> bool:
    return isinstance(expected, str) or (isinstance(expected, list | tuple) and any(map(_is_text, expected)))


def _shown(expected: Any) -> str:
    if isinstance(expected, list | tuple):
        return " and ".join(map(_shown, expected))
    return f"{decimal_of(expected)} ms" if is_number(expected) else str(expected)


def _ms(value_ns: int) -> str:
    return f"{value_ns / 1e6:.3f} ms"


def _named(selector: object) -> str:
    return selector if isinstance(selector, str) else show(selector)


def _unmeasured(view: StepView, key: str, subject: str, lacking: int, total: int) -> Finding:
    known = _possible_keys(view.pipeline)
    if key not in known:
        raise PlanError(f'"{key}" is no latency of {view.pipeline.name}', hint=f"latencies: {', '.join(known)}")
    short = shortfall(view.pipeline)
    stage_key = _stage_key(view, key)
    reason = f"{key} was not measured" + (f" in {lacking} of {total} repetitions" if total > 1 else "")
    stage = view.pipeline.stage(stage_key)
    if key.endswith("_component_internal_ns") and stage is not None and stage.event is not None:
        reason += f": the event of {stage_key} does not say how long its component took"
    elif short is not None:
        reason += f": {short.sentence}"
    return Finding(reason=reason, fault=Fault.MISSING, subject=subject, stage_key=stage_key, rests_on_absence=True)


def _possible_keys(pipeline: PipelineResult) -> list[str]:
    keys = [stage.key for stage in pipeline.stages if not stage.absent and stage.note != "diversion"]
    pairs = [f"{first}_to_{second}_ns" for index, first in enumerate(keys) for second in keys[index + 1 :]]
    ends = [f"{key}_{what}_ns" for key in keys for what in ("from_inject", "component_internal")]
    return ["total_observed_pipeline_ns", *ends, *pairs]


def _stage_key(view: StepView, key: str) -> str:
    """The stage a latency key ends in; of the whole pipeline, its last."""
    keys = [stage.key for stage in view.pipeline.stages if not stage.absent and stage.note != "diversion"]
    if key == "total_observed_pipeline_ns":
        return keys[-1] if keys else ""
    found = _KEY.fullmatch(key)
    ending = found[1] if found else ""
    return max((known for known in keys if ending.endswith(known)), key=len, default="")
