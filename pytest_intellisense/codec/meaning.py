"""What a well-formed plan can still get wrong: names that do not exist, fields that do not go together.

Works on the plain JSON of one row and skips what has the wrong shape: that is reported by `shape`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.codec import (
    contradictions,
    criteria_written,
    impossible,
    limits_written,
    misspelt_events,
    run_references,
)
from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.durations import parse_ns
from pytest_intellisense.model.plan import InjectionPlan, InjectionStep, JsonPath
from pytest_intellisense.model.validation import COMMON_FIELDS, OPERATOR_NAMES

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What a validation point may refer to: its step's pipeline and stimulus, and the steps before it (None: not known).

    `deadline_ns` is when the step is over at the latest.
    """

    pipeline: str | None
    earlier: tuple[str, ...] | None
    vocabulary: Vocabulary
    stimulus: str | None = None
    deadline_ns: int | None = None


def context_of(steps: Any, index: int, vocabulary: Vocabulary) -> Context:
    """The context of the validation points of step `index`."""
    earlier = [step.get("step_id") for at, step in objects(steps) if at < index]
    known = tuple(name for name in earlier if isinstance(name, str))
    step = steps[index]
    return Context(
        pipeline_of(step, vocabulary),
        known if len(known) == len(earlier) else None,
        vocabulary,
        run_references.stimulus_type(step),
        _deadline_ns(step),
    )


def _deadline_ns(step: Json) -> int | None:
    """The time after which nothing of the step is observed; None where a part of it is not written out."""
    times_s: list[float] = [step.get("timeout_s", _TIMEOUT_S), step.get("wait_after_injection_s", 0)]
    windows = [point["within"] for _, point in objects(step.get("validation_points")) if point.get("within") is not None]
    try:
        return max(round(max(times_s) * 1e9), *(parse_ns(window, bare_unit="ms") for window in windows), 0)
    except (TypeError, ValueError):
        return None


_TIMEOUT_S = InjectionStep.model_fields["timeout_s"].default
NEEDS_EXPECTED = frozenset(OPERATOR_NAMES) - {"exists", "not_exists", "is_empty", "is_not_empty"}
STAGE_FIELDS = {"specific_log_event_field": ("target_identifier",), "latency_between": ("from_event", "to_event")}


def objects(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The members of a list that are objects, with their index."""
    if isinstance(value, list):
        yield from ((index, member) for index, member in enumerate(value) if isinstance(member, dict))


def findings(plan: Json, vocabulary: Vocabulary) -> Iterator[Finding]:
    yield from _tags(plan.get("tags"), vocabulary)
    steps = list(objects(plan.get("steps")))
    yield from _used_twice([(("steps", index), step) for index, step in steps], "step_id")
    for index, step in steps:
        yield from _step(step, ("steps", index), context_of(plan["steps"], index, vocabulary))
    yield from limits_written.findings(plan.get("regression_limits"), ("regression_limits",), _pipelines(steps, vocabulary))
    points = [step.get("validation_points", []) for _, step in steps]
    if steps and all(each == [] for each in points):
        yield Finding(("steps",), "no step has validation points: a plan that checks nothing cannot pass")


def _tags(tags: Any, vocabulary: Vocabulary) -> Iterator[Finding]:
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if isinstance(tag, str) and tag in vocabulary.marks:
            instead = f'; for that the plan has the key "{tag}"' if tag in InjectionPlan.model_fields else ""
            yield Finding(("tags", index), f'"{tag}" is no tag: pytest.mark.{tag} changes how a test runs{instead}')


def _used_twice(members: list[tuple[JsonPath, dict[str, Any]]], key: str) -> Iterator[Finding]:
    first: dict[str, JsonPath] = {}
    for path, member in members:
        name = member.get(key)
        if isinstance(name, str) and first.setdefault(name, path) != path:
            yield Finding((*path, key), f'the {key} "{name}" is used twice', first_path=(*first[name], key))


def pipeline_of(step: Json, vocabulary: Vocabulary) -> str | None:
    """The name of the pipeline that traces a step; None if there is none or an unknown one is named."""
    named = step.get("pipeline")
    if isinstance(named, str):
        return vocabulary.spelling(named)
    stimulus = step.get("stimulus")
    kind = stimulus.get("type") if isinstance(stimulus, dict) else None
    return vocabulary.default_pipelines.get(kind) if isinstance(kind, str) else None


def _pipelines(steps: list[tuple[int, dict[str, Any]]], vocabulary: Vocabulary) -> Collection[str] | None:
    """The stages of all steps; None if the pipeline of one is not known."""
    traced = [pipeline_of(step, vocabulary) for _, step in steps]
    return _stages([name for name in traced if name], vocabulary) if all(traced) else None


def _stages(pipelines: list[str] | None, vocabulary: Vocabulary) -> Collection[str] | None:
    return None if pipelines is None else [key for name in pipelines for key in vocabulary.stage_keys(name)]


def _step(step: dict[str, Any], at: JsonPath, context: Context) -> Iterator[Finding]:
    named = step.get("pipeline")
    if isinstance(named, str) and context.pipeline is None and named.casefold() not in context.vocabulary.unusable:
        yield _unknown((*at, "pipeline"), "pipeline", named, context.vocabulary.pipelines)
    traced = [context.pipeline] if context.pipeline is not None else None
    yield from limits_written.findings(
        step.get("regression_limits"), (*at, "regression_limits"), _stages(traced, context.vocabulary)
    )
    points = [((*at, "validation_points", index), point) for index, point in objects(step.get("validation_points"))]
    yield from _used_twice(points, "validation_id")
    yield from contradictions.findings(points)
    yield from run_references.of_step(step, at, context.pipeline, context.vocabulary)
    for path, point in points:
        yield from point_findings(point, path, context)


def point_findings(point: dict[str, Any], at: JsonPath, context: Context) -> Iterator[Finding]:
    vocabulary = context.vocabulary
    kind = point.get("type")
    if not isinstance(kind, str):
        return
    known = vocabulary.validation_types.get(kind)
    if known is None:
        yield _unknown((*at, "type"), "validation type", kind, vocabulary.validation_types)
        return
    if not point.keys() >= known.needs or point.keys() - known.needs - known.takes - COMMON_FIELDS:
        yield from _fields(point, at, kind, vocabulary)
    for key in ("event_criteria", "from_event", "to_event"):
        if key in point:
            yield from misspelt_events.findings(point[key], (*at, key))
            yield from criteria_written.findings(point[key], (*at, key), vocabulary.operators)
    if kind == "event_order":
        for index, criteria in objects(point.get("expected_value")):
            yield from criteria_written.findings(criteria, (*at, "expected_value", index), vocabulary.operators)
    if "operator" in known.takes:
        yield from _comparison(point, at, kind, vocabulary)
    yield from impossible.findings(point, at, kind, context.deadline_ns)
    yield from run_references.of_point(point, at, context.stimulus, context.pipeline, vocabulary)
    if context.pipeline is not None:
        yield from _names_of_pipeline(point, at, kind, context.pipeline, vocabulary)
    if "compare_with_step" in known.needs and "compare_with_step" in point and context.earlier is not None:
        step = point["compare_with_step"]
        if step not in context.earlier:
            yield _unknown((*at, "compare_with_step"), "earlier step", step, context.earlier)


def _fields(point: dict[str, Any], at: JsonPath, kind: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    known = vocabulary.validation_types[kind]
    fields = frozenset[str]().union(*(each.needs | each.takes for each in vocabulary.validation_types.values()))
    used = tuple(sorted(known.needs) + sorted(known.takes))
    for key in point.keys() & fields - known.needs - known.takes:
        yield Finding((*at, key), f'"{key}" is not used by {kind}', used, on_key=True)
    for key in sorted(known.needs - point.keys()):
        yield Finding(at, f'{kind} needs "{key}"')


def _comparison(point: dict[str, Any], at: JsonPath, kind: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    operator = point.get("operator", "==")
    if not isinstance(operator, str):
        return
    expected = point.get("expected_value")
    if operator not in vocabulary.operators:
        yield _unknown((*at, "operator"), "operator", operator, vocabulary.operators)
    elif operator in NEEDS_EXPECTED and "expected_value" not in point and "expected_event_count" not in point:
        yield Finding(at, f'"expected_value" is missing: {operator} compares with it')
    elif operator == "matches_regex" and isinstance(expected, str):
        yield from impossible.pattern(expected, (*at, "expected_value"))
    elif kind in impossible.LATENCIES and operator in NEEDS_EXPECTED:
        yield from _durations(expected, (*at, "expected_value"))


def _durations(expected: Any, at: JsonPath) -> Iterator[Finding]:
    if isinstance(expected, list):
        for index, each in enumerate(expected):
            yield from _durations(each, (*at, index))
    elif not (isinstance(expected, str) and expected.startswith("$")):
        try:
            parse_ns(expected, bare_unit="ms")
        except ValueError as problem:
            yield Finding(at, str(problem))


def _names_of_pipeline(
    point: dict[str, Any], at: JsonPath, kind: str, pipeline: str, vocabulary: Vocabulary
) -> Iterator[Finding]:
    if kind in ("pipeline_latency", "latency_comparison"):
        key = point.get("field_to_check")
        if isinstance(key, str) and not vocabulary.has_latency(pipeline, key):
            yield _unknown((*at, "field_to_check"), f"latency of {pipeline}", key, vocabulary.latency_keys(pipeline))
        return
    keys = vocabulary.stage_keys(pipeline)
    if kind == "event_order":
        yield from misspelt_events.in_order(point.get("expected_value"), (*at, "expected_value"), pipeline, keys)
    named = {field: point[field] for field in STAGE_FIELDS.get(kind, ()) if isinstance(point.get(field), str)}
    for field, key in named.items():
        if not key.startswith("$") and key not in keys:
            yield _unknown((*at, field), f"stage of {pipeline}", key, keys)
    if len(named) == 2 and len(set(named.values())) == 1:
        yield Finding((*at, "to_event"), "from_event and to_event are the same: this latency is always 0")


def _unknown(path: JsonPath, what: str, given: Any, known: Collection[str]) -> Finding:
    names = tuple(known)
    return Finding(path, f'"{given}" is no {what}', names, nearest(given, names))
