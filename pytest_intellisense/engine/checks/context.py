"""What checks may look at: the step as it was carried out, and the state of TESTRADE, asked for once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.engine.latency import Origin
from pytest_intellisense.engine.observing import Observation
from pytest_intellisense.engine.operators import OperatorRegistry
from pytest_intellisense.engine.placeholders import Scope
from pytest_intellisense.engine.stages import Tracker
from pytest_intellisense.engine.tracing import Joined
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.results import PipelineResult, StageResult
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.model.validation import ValidationPoint

Query = Callable[[str], Mapping[str, Any]]


@dataclass(slots=True, kw_only=True)
class StepView:
    """One repetition of a step, as checks see it.

    `repeats` are the pipelines of all repetitions so far, this one last; `earlier` those of the steps before, by step id.
    `samples` are times measured in each repetition, by validation id and number of the repetition.
    `known_symbols` are those the step is about.
    `query` asks TESTRADE for a component: orders, positions, prices, trading_state, config.
    """

    observation: Observation
    pipeline: PipelineResult
    scope: Scope
    operators: OperatorRegistry
    query: Query
    repeats: Sequence[PipelineResult]
    samples: dict[str, dict[int, int]]
    earlier: Mapping[str, Sequence[PipelineResult]]
    known_symbols: Callable[[], frozenset[str]]
    _states: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def events(self) -> Sequence[Joined]:
        """Every event of the step, of all frames, in the order of their arrival."""
        return self.observation.events

    @property
    def tracker(self) -> Tracker:
        return self.observation.tracker

    @property
    def origin(self) -> Origin:
        return self.observation.origin()

    @property
    def completed_at_ns(self) -> int | None:
        """When the pipeline was complete, after the injection."""
        return self.pipeline.latencies_ns.get("total_observed_pipeline_ns")

    def state(self, component: str) -> Mapping[str, Any]:
        """The state of a component of TESTRADE, asked for once per evaluation. Raises EnvironmentProblem."""
        if component not in self._states:
            self._states[component] = self.query(component)
        return self._states[component]

    def stage(self, key: object) -> StageResult:
        """Raises PlanError naming the stages there are. A diversion that did not happen is a stage that never arrived."""
        stage = self.pipeline.stage(str(key))
        if stage is not None:
            return stage
        signature = self.tracker.signature
        for diversion in signature.diversions:
            if diversion.key == key:
                return StageResult(key=diversion.key, event_type="", arrived=False, at_ns=None, optional=True)
        raise PlanError(f'"{key}" is no stage of {signature.name}', hint=f"stages: {', '.join(signature.all_keys)}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A validation point with its references resolved."""

    point: ValidationPoint
    target: Any
    field: str | None
    expected: Any
    criteria: Mapping[str, Any] | None
    tolerance: Any
    operator: str

    @property
    def has_expectation(self) -> bool:
        return "expected_value" in self.point.model_fields_set


def asked(point: ValidationPoint, scope: Scope) -> Asked:
    """Raises PlanError for a reference that refers to nothing."""
    written = (point.target_identifier, point.field_to_check, point.expected_value, point.event_criteria, point.tolerance)
    target, field, expected, criteria, tolerance = [None if value is None else scope.resolved(value) for value in written]
    return Asked(point, target, field, expected, criteria, tolerance, point.operator)


def symbol_of(event: TimelineEvent) -> str | None:
    symbol = event.payload.get("symbol")
    return symbol if isinstance(symbol, str) else None
