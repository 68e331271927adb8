"""MillisecondOptimizationCapture: runs a plan case and says what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from pytest_intellisense.engine.asking import Requests
from pytest_intellisense.engine.attribution.attributing import attributed, readers_of
from pytest_intellisense.engine.attribution.trial import Trial
from pytest_intellisense.engine.bootstrap import PrecisionBootstrap
from pytest_intellisense.engine.checks.registry import CHECKS, CheckRegistry
from pytest_intellisense.engine.commands import LoadImage, LoadManifest, StimulusFiles
from pytest_intellisense.engine.emitted import Emitted, PlanFinished, PlanStarted, StepFinished
from pytest_intellisense.engine.operators import OPERATORS, OperatorRegistry
from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES
from pytest_intellisense.engine.ports import Clock, EventSource, Injector, StreamReaders
from pytest_intellisense.engine.preparing import summary_of
from pytest_intellisense.engine.restoring import StateBefore
from pytest_intellisense.engine.stepping import Injected, Position, RunSoFar, StepRunner
from pytest_intellisense.engine.verdicts import is_loss, lost_between, plan_result, step_fault, without_certainty
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem, IntelliSenseError, PlanError, StageNeverArrived
from pytest_intellisense.model.attribution import ReaderState
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import InjectionStep, PlanCase
from pytest_intellisense.model.results import (
    Fault,
    LossReport,
    PipelineResult,
    PlanResult,
    StepExecutionResult,
    ValidationOutcome,
    Verdict,
)
from pytest_intellisense.model.stimulus import SequenceFrame, Stimulus
from pytest_intellisense.model.validation import ValidationPoint


def _no_listener(_: Emitted) -> None:
    pass


def _no_manifest(_folder: Path, relative: str) -> list[SequenceFrame]:
    raise PlanError(f'the manifest "{relative}" cannot be read here')


class MillisecondOptimizationCapture:
    """Injects the steps of a plan, follows each through its pipeline and judges every validation point.

    A sequence of frames is followed for its last frame; counts, order and absence see the events of all its frames.
    Repetitions of a step each start from the state the first one found.
    """

    def __init__(
        self,
        source: EventSource,
        injector: Injector,
        *,
        images: LoadImage,
        manifests: LoadManifest = _no_manifest,
        operators: OperatorRegistry = OPERATORS,
        checks: CheckRegistry = CHECKS,
        pipelines: Mapping[str, PipelineSignature] = BUILT_IN_PIPELINES,
        readers: StreamReaders | None = None,
        now_ns: Clock = time.perf_counter_ns,
        emit: Callable[[Emitted], None] | None = None,
    ) -> None:
        self._source = source
        self._readers = readers
        self._now_ns = now_ns
        self._emit = emit or _no_listener
        self._requests = Requests(injector)
        self.bootstrap = PrecisionBootstrap(source, injector, now_ns=now_ns, requests=self._requests)
        self._runner = StepRunner(
            source,
            injector,
            self._requests,
            operators=operators,
            checks=checks,
            pipelines=pipelines,
            files=StimulusFiles(images, manifests),
            now_ns=now_ns,
            emit=self._emit,
        )

    def run(self, case: PlanCase) -> PlanResult:
        """Run every step of the plan. Whatever goes wrong is in the result; only mistakes of our own are raised."""
        plan, started_ns = case.plan, self._now_ns()
        self._emit(PlanStarted(plan.plan_name, len(plan.steps)))
        self._source.let_go(self._source.position())
        try:
            self.bootstrap.run(plan.bootstrap)
            before = self._source.loss()
        except (EnvironmentProblem, CaptureFailed) as problem:
            return self._finished(_not_started(plan.plan_name, problem, self._now_ns() - started_ns))
        so_far = RunSoFar(
            folder=case.folder,
            pipelines=case.pipelines,
            symbols=frozenset(plan.bootstrap.symbols),
            values=dict(case.row),
        )
        results: list[StepExecutionResult] = []
        for index, step in enumerate(plan.steps):
            results += self._step(step, so_far, _Positions(case, index))
            if results[-1].error:
                break
        loss, unknown_for = self._loss_since(before)
        if is_loss(loss) and not plan.allow_loss:
            results = [without_certainty(result, unknown_for) for result in results]
        return self._finished(plan_result(plan.plan_name, results, self._now_ns() - started_ns, loss))

    def trace(
        self,
        stimulus: Stimulus,
        *,
        pipeline: str | None = None,
        timeout_s: float = 5.0,
        folder: Path | None = None,
        pipelines: Mapping[str, PipelineSignature] | None = None,
    ) -> StepExecutionResult:
        """Inject one stimulus outside of a plan and follow it; its files are looked up in `folder`, default `.`."""
        step = InjectionStep(step_id="trace", stimulus=stimulus, pipeline=pipeline, timeout_s=timeout_s)
        so_far = RunSoFar(folder=folder or Path(), pipelines=pipelines or {}, symbols=frozenset())
        return self._step(step, so_far, None)[-1]

    def _finished(self, result: PlanResult) -> PlanResult:
        self._emit(PlanFinished(result))
        return result

    def _loss_since(self, before: LossReport) -> tuple[LossReport, IntelliSenseError | None]:
        """What got lost, and what keeps it from being known."""
        try:
            return lost_between(before, self._source.loss()), None
        except (EnvironmentProblem, CaptureFailed) as problem:
            return LossReport(measurable=False, notes=(str(problem),)), problem

    def _step(self, step: InjectionStep, so_far: RunSoFar, positions: _Positions | None) -> list[StepExecutionResult]:
        so_far.samples = {}
        results: list[StepExecutionResult] = []
        repeats: list[PipelineResult] = []
        attempts: list[_Attempt] = []
        state: StateBefore | None = None
        for repeat_index in range(step.repeat):
            attempt = _Attempt(step, positions, repeat_index)
            attempts.append(attempt)
            try:
                if step.repeat > 1 and state is None:
                    state = StateBefore(self._requests)
                elif state is not None:
                    state.restore()
                result = self._repetition(attempt, so_far, repeats)
            except IntelliSenseError as problem:
                result = attempt.broken(problem)
            results.append(result)
            self._emit(StepFinished(result))
            if result.error:
                break
        so_far.traced[step.step_id] = repeats
        return self._attributed(attempts, results)

    def _attributed(self, attempts: list[_Attempt], results: list[StepExecutionResult]) -> list[StepExecutionResult]:
        """The results, every failed validation with the stage that went wrong first; repetitions are compared."""
        if all(result.passed or not result.outcomes for result in results):
            return results
        trials = [attempt.trial(self._runner.operators) for attempt in attempts]
        return [
            result
            if trial is None or result.passed
            else msgspec.structs.replace(
                result, outcomes=attributed(trial, [other for other in trials if other is not None and other is not trial])
            )
            for trial, result in zip(trials, results, strict=True)
        ]

    def _repetition(self, attempt: _Attempt, so_far: RunSoFar, repeats: list[PipelineResult]) -> StepExecutionResult:
        step = attempt.step
        self._runner.prepare(step)
        attempt.injected = injected = self._runner.inject(step, so_far, attempt.repeat_index)
        attempt.pipeline = pipeline = self._runner.observe(injected)
        repeats.append(pipeline)
        pipeline, outcomes = self._runner.judge(injected, pipeline, so_far, repeats, attempt.position_of)
        attempt.pipeline = repeats[-1] = so_far.last = pipeline
        attempt.outcomes = outcomes
        if any(outcome.fault is Fault.MISSING for outcome in outcomes):
            attempt.readers = readers_of(pipeline, self._readers)
        self._runner.tidy(step)
        self._capture(attempt, so_far)
        return attempt.result()

    def _capture(self, attempt: _Attempt, so_far: RunSoFar) -> None:
        """A value that cannot be captured breaks the plan, unless a check has already said what is wrong."""
        injected = attempt.injected
        if injected is None or not attempt.step.capture:
            return
        scope = injected.scope.at(attempt.pipeline)
        for name, source in attempt.step.capture.items():
            attempt.capturing = name
            try:
                so_far.values[name] = scope.captured(source)
            except (PlanError, StageNeverArrived) as problem:
                if not all(outcome.passed for outcome in attempt.outcomes):
                    continue
                if isinstance(problem, StageNeverArrived):
                    problem.hint = f'"{name}" is captured from {source}'
                    raise
                raise PlanError(f'cannot capture "{name}": {problem}', hint=problem.hint) from None
        attempt.capturing = None


class _Positions:
    """Where a step and its validation points stand in the plan file; older files are a bare list of steps."""

    def __init__(self, case: PlanCase, index: int) -> None:
        self._source = case.source
        self._base: tuple[str | int, ...] = ("steps", index) if ("steps",) in case.source.positions else (index,)

    def of_step(self) -> tuple[int, int] | None:
        return self._source.at(*self._base)

    def of_capture(self, name: str) -> tuple[int, int] | None:
        return self._source.at(*self._base, "capture", name)

    def of_point(self, index: int) -> tuple[int, int] | None:
        return self._source.at(*self._base, "validation_points", index)


class _Attempt:
    """One repetition, as far as it got."""

    def __init__(self, step: InjectionStep, positions: _Positions | None, repeat_index: int) -> None:
        self.step = step
        self.repeat_index = repeat_index
        self.injected: Injected | None = None
        self.pipeline: PipelineResult | None = None
        self.outcomes: tuple[ValidationOutcome, ...] = ()
        self.readers: Sequence[ReaderState] = ()
        self.capturing: str | None = None
        self._positions = positions
        self._order = {id(point): index for index, point in enumerate(step.validation_points)}
        self.position_of: Position = self._position_of

    def _position_of(self, point: ValidationPoint) -> tuple[int, int] | None:
        return self._positions.of_point(self._order[id(point)]) if self._positions else None

    def trial(self, operators: OperatorRegistry) -> Trial | None:
        """The evidence of this repetition, if it came to be judged."""
        if self.injected is None or self.pipeline is None:
            return None
        return Trial(
            step=self.step,
            scope=self.injected.scope.at(self.pipeline),
            pipeline=self.pipeline,
            outcomes=self.outcomes,
            operators=operators,
            readers=self.readers,
        )

    def result(self) -> StepExecutionResult:
        return self._result(step_fault(self.outcomes), "", "")

    def broken(self, problem: IntelliSenseError) -> StepExecutionResult:
        """The step could not be carried out."""
        return self._result(Fault(problem.domain), str(problem), problem.hint)

    def _result(self, fault: Fault | None, error: str, hint: str) -> StepExecutionResult:
        return StepExecutionResult(
            step_id=self.step.step_id,
            description=self.step.description,
            stimulus_type=self.step.stimulus.type,
            stimulus_summary=self.injected.summary if self.injected else summary_of(self.step.stimulus),
            repeat_index=self.repeat_index,
            correlation_id=self.injected.correlation_id if self.injected else "",
            injected_ns=self.injected.intended_ns if self.injected else None,
            position=self._position(),
            pipeline=self.pipeline,
            outcomes=self.outcomes,
            fault=fault,
            error=error,
            hint=hint,
        )

    def _position(self) -> tuple[int, int] | None:
        if self._positions is None:
            return None
        return self._positions.of_step() if self.capturing is None else self._positions.of_capture(self.capturing)


def _not_started(plan_name: str, problem: IntelliSenseError, duration_ns: int) -> PlanResult:
    return PlanResult(
        plan_name=plan_name,
        verdict=Verdict.ERROR,
        steps=(),
        duration_ns=duration_ns,
        fault=Fault(problem.domain),
        sentence=str(problem),
        hint=problem.hint,
    )
