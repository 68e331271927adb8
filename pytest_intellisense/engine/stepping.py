"""Carrying out one repetition of a step: inject, observe, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pytest_intellisense.engine.asking import Requests
from pytest_intellisense.engine.checks.context import StepView, symbol_of
from pytest_intellisense.engine.checks.registry import CheckRegistry
from pytest_intellisense.engine.commands import Shot, StimulusFiles, shots_for
from pytest_intellisense.engine.emitted import Emitted, StimulusInjected
from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.near_misses import near_misses
from pytest_intellisense.engine.observing import Observation
from pytest_intellisense.engine.operators import OperatorRegistry
from pytest_intellisense.engine.pipelines import DEFAULT_PIPELINE, find_pipeline
from pytest_intellisense.engine.placeholders import Scope, has_references
from pytest_intellisense.engine.ports import Clock, EventSource, Injector
from pytest_intellisense.engine.preparing import (
    correlation_id_for,
    grabbed,
    resolved,
    scope_for,
    summary_of,
    windows_of,
    with_stimulus,
)
from pytest_intellisense.engine.stages import CompiledPipeline, Tracker, pipeline_result
from pytest_intellisense.engine.stopping import Stop, Windows
from pytest_intellisense.engine.tracing import Chain
from pytest_intellisense.errors import EnvironmentProblem, PlanError
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import InjectionStep
from pytest_intellisense.model.results import PipelineResult, ValidationOutcome
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

_QUIET_NS = 250_000_000
_LONGEST_MESSAGE = 300
_SAMPLED = frozenset({"latency_between"})

Position = Callable[[ValidationPoint], tuple[int, int] | None]


@dataclass(slots=True, kw_only=True)
class RunSoFar:
    """What earlier steps of the plan left behind: captured values (and the matrix row), and traced pipelines by step id."""

    folder: Path
    pipelines: Mapping[str, PipelineSignature]
    symbols: frozenset[str]
    values: dict[str, Any] = field(default_factory=dict)
    traced: dict[str, list[PipelineResult]] = field(default_factory=dict)
    last: PipelineResult | None = None
    samples: dict[str, dict[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Injected:
    """A repetition that is being carried out."""

    step: InjectionStep
    stimulus: Stimulus
    scope: Scope
    observation: Observation
    windows: Windows
    correlation_id: str
    repeat_index: int
    summary: str
    intended_ns: int


class StepRunner:
    def __init__(
        self,
        source: EventSource,
        injector: Injector,
        requests: Requests,
        *,
        operators: OperatorRegistry,
        checks: CheckRegistry,
        pipelines: Mapping[str, PipelineSignature],
        files: StimulusFiles,
        now_ns: Clock,
        emit: Callable[[Emitted], None],
    ) -> None:
        self._source = source
        self._injector = injector
        self._requests = requests
        self.operators = operators
        self._checks = checks
        self._pipelines = pipelines
        self._files = files
        self._now_ns = now_ns
        self._emit = emit
        self._compiled: dict[int, tuple[PipelineSignature, CompiledPipeline]] = {}

    def prepare(self, step: InjectionStep) -> None:
        """Set what the step wants to find. Raises EnvironmentProblem."""
        for symbol, state in step.position_manager_states_to_set.items():
            wanted = state.model_dump(exclude={"symbol", "unrealized_pnl", "market_value"})
            self._requests.demand("set_position_state", {"symbol": symbol, **wanted})
        if step.ocr_mocks_to_activate:
            self._requests.demand("activate_ocr_mocks", {"profiles": step.ocr_mocks_to_activate})

    def tidy(self, step: InjectionStep) -> None:
        if step.ocr_mocks_to_activate:
            self._requests.demand("activate_ocr_mocks", {"profiles": {}})

    def inject(self, step: InjectionStep, so_far: RunSoFar, repeat_index: int) -> Injected:
        """Send the stimulus at its intended time or times. Raises PlanError, EnvironmentProblem, CaptureFailed."""
        correlation_id = correlation_id_for(step, repeat_index)
        written = step.stimulus.model_dump()
        scope = scope_for(written, correlation_id, so_far.values, so_far.last)
        stimulus = resolved(step.stimulus, written, scope)
        shots = shots_for(stimulus, correlation_id, self._files, so_far.folder)
        scope = with_stimulus(scope, stimulus, shots[-1])
        self._requests.issued.update(shot.command.correlation_id for shot in shots)
        chains = [self._chain(shot) for shot in shots]
        pipeline = self._pipeline(step, so_far, scope)
        observation = Observation(self._source, chains, Tracker(pipeline, shots[-1].ordered_quantity), self._now_ns)
        windows, summary = windows_of(step), summary_of(stimulus)  # not later: then the application needs the processor
        scope = scope.at(None)
        first_ns = self._now_ns()
        for shot in shots:
            intended_ns = first_ns + shot.at_ns
            if shot.at_ns:
                observation.until(intended_ns)
            command = grabbed(shot.command, intended_ns)
            observation.injected(self._injector.send(command, intended_ns=intended_ns))
        self._emit(StimulusInjected(step.step_id, repeat_index, correlation_id, summary))
        injected_ns = observation.origin().intended_ns
        windows = windows.begun(injected_ns)
        return Injected(step, stimulus, scope, observation, windows, correlation_id, repeat_index, summary, injected_ns)

    def _chain(self, shot: Shot) -> Chain:
        return Chain(
            shot.command.correlation_id,
            seeds=shot.seeds,
            foreign=self._requests.issued,
            adopts_foreign=shot.adopts_foreign,
        )

    def _pipeline(self, step: InjectionStep, so_far: RunSoFar, scope: Scope) -> CompiledPipeline:
        name = step.pipeline or DEFAULT_PIPELINE[step.stimulus.type]
        signature = find_pipeline(name, so_far.pipelines) or find_pipeline(name, self._pipelines)
        if signature is None:
            known = sorted({*so_far.pipelines, *self._pipelines})
            raise PlanError(f'"{name}" is no pipeline', hint=f"pipelines: {', '.join(known)}")
        known_as = self._compiled.get(id(signature))
        if known_as is not None and known_as[0] is signature:
            return known_as[1]
        written = signature.model_dump()
        if has_references(written):
            return CompiledPipeline(PipelineSignature.model_validate(scope.resolved(written)), self.operators)
        compiled = CompiledPipeline(signature, self.operators)
        self._compiled[id(signature)] = (signature, compiled)
        return compiled

    def observe(self, injected: Injected) -> PipelineResult:
        """Follow the injection until a stop rule ends it. Raises EnvironmentProblem if TESTRADE did not do as told."""
        observation = injected.observation
        stop = observation.until_stopped(injected.windows)
        if stop is Stop.REFUSED:
            what = injected.stimulus.type
            raise EnvironmentProblem(
                f"TESTRADE did not carry out the {what}: {_cut(observation.progress.refusal or '')}",
                hint="what it says comes from the callable that TESTRADE registered for this command, or from its gate",
            )
        return self._result(injected, str(stop))

    def _result(self, injected: Injected, stop_reason: str) -> PipelineResult:
        observation = injected.observation
        observation.look_again()
        origin = observation.origin()
        result = pipeline_result(
            observation.tracker,
            origin,
            observation.events,
            stop_reason=stop_reason,
            waited_ns=self._now_ns() - origin.intended_ns,
            timeout_ns=round(injected.step.timeout_s * 1e9),
        )
        if result.completed:
            return result
        short = shortfall(result)
        missing = next((one for one in observation.tracker.missing() if short and one.stage.key == short.stage_key), None)
        if missing is None:
            return result
        return msgspec.structs.replace(
            result, near_misses=near_misses(missing, observation.chain, observation.captured(), origin)
        )

    def judge(
        self, injected: Injected, result: PipelineResult, so_far: RunSoFar, repeats: list[PipelineResult], position: Position
    ) -> tuple[PipelineResult, tuple[ValidationOutcome, ...]]:
        """Evaluate every validation point; ask failed ones again as long as events still come that may change them."""
        points: Sequence[ValidationPoint] = injected.step.validation_points
        if injected.repeat_index < injected.step.repeat - 1:
            sampled = [point for point in points if point.type in _SAMPLED and point.statistic]
            self._evaluate(injected, sampled, result, so_far, repeats, position)
            points = [point for point in points if point.statistic is None]
        judged = self._evaluate(injected, points, result, so_far, repeats, position)
        more = result.stop_reason != Stop.DEADLINE
        while more and self._undecided(judged):
            more = injected.observation.until_event_or(min(self._now_ns() + _QUIET_NS, injected.windows.deadline_ns))
            result = self._result(injected, result.stop_reason)
            judged = self._evaluate(injected, points, result, so_far, [*repeats[:-1], result], position)
        return result, judged

    def _undecided(self, outcomes: Sequence[ValidationOutcome]) -> bool:
        return any(not outcome.passed and self._checks.is_eventual(outcome.type) for outcome in outcomes)

    def _evaluate(
        self,
        injected: Injected,
        points: Sequence[ValidationPoint],
        result: PipelineResult,
        so_far: RunSoFar,
        repeats: Sequence[PipelineResult],
        position: Position,
    ) -> tuple[ValidationOutcome, ...]:
        if not points:
            return ()
        view = StepView(
            observation=injected.observation,
            pipeline=result,
            scope=injected.scope.at(result),
            operators=self.operators,
            query=self._requests.query,
            repeats=repeats,
            samples=so_far.samples,
            earlier=so_far.traced,
            known_symbols=lambda: so_far.symbols | _symbols(injected),
        )
        return tuple(self._checks.outcome(point, view, position(point)) for point in points)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def _symbols(injected: Injected) -> set[str]:
    found = {symbol for joined in injected.observation.events if (symbol := symbol_of(joined.event))}
    found.update(injected.step.position_manager_states_to_set)
    stimulus = injected.scope.stimulus
    if isinstance(symbol := stimulus.get("symbol"), str):
        found.add(symbol)
    for joined in injected.observation.events:
        if isinstance(snapshots := joined.event.payload.get("snapshots"), Mapping):
            found.update(map(str, snapshots))
    return found
