"""What came out: frozen results of stages, checks, steps and plans. Times are nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from pytest_intellisense.model.attribution import Attribution
from pytest_intellisense.model.timeline import TimelineEvent


class Fault(StrEnum):
    """Whose fault a failure is; the first word of every failure text."""

    VALUE = "VALUE"
    LATENCY = "LATENCY"
    MISSING = "MISSING"
    EXTRA = "EXTRA"
    PLAN = "PLAN"
    ENV = "ENV"
    LOSS = "LOSS"
    TOOL = "TOOL"


class Verdict(StrEnum):
    PASSED = "passed"
    CHECKED = "checked"
    """Of a dry run: the plan is sound as far as that can be said without running it."""
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class TracedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the step and the key that joined it, such as correlation_id, request_id or local_order_id."""

    event: TimelineEvent
    joined_by: str
    at_ns: int | None
    time_source: str


class StageResult(msgspec.Struct, frozen=True, kw_only=True):
    """`at_ns` counts from the intended injection time; None: never arrived, or its clock is not comparable.

    `time_source` is "app" (publisher's stamp, same clock as ours) or "received" (our stamp at receipt).
    """

    key: str
    event_type: str
    arrived: bool
    at_ns: int | None
    time_source: str = "app"
    optional: bool = False
    unordered: bool = False
    absent: bool = False
    in_order: bool = True
    deadline_ns: int | None = None
    events: tuple[TracedEvent, ...] = ()
    note: str = ""

    @property
    def event(self) -> TimelineEvent | None:
        return self.events[0].event if self.events else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An event that nearly was the missing stage: `differs` says why not, `field` which one differs if it is only one."""

    stream: str
    entry_id: str
    at_ns: int | None
    summary: str
    differs: str
    field: str = ""


class PipelineResult(msgspec.Struct, frozen=True, kw_only=True):
    """`stop_reason`: complete | diverted | deadline | window.

    `stages` are the pipeline's, then its diversions that happened; `diversions` are the keys of all that it has.
    `received_keys` are the latency keys that had to be measured between our receipts, because the clock of the publisher is
    not comparable.
    """

    name: str
    completed: bool
    timed_out: bool
    stop_reason: str
    stages: tuple[StageResult, ...]
    latencies_ns: dict[str, int]
    events: tuple[TracedEvent, ...]
    waited_ns: int
    timeout_ns: int
    diverted_by: str = ""
    diversions: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    received_keys: frozenset[str] = frozenset()

    def stage(self, key: str) -> StageResult | None:
        return next((stage for stage in self.stages if stage.key == key), None)


class ValidationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One ValidationPoint, judged. `details` says why it failed, in words; `position` is (line, column) in the plan.

    `rests_on_absence`: the judgement would be another if an event had been lost. `offending` are the events that count too
    many. `attribution` says which stage went wrong first, for a failure of the application. `expected` and `tolerance` are what
    the references of the plan refer to.
    """

    validation_id: str
    type: str
    passed: bool
    operator: str
    expected: Any
    actual: Any
    details: str
    tolerance: Any = None
    fault: Fault | None = None
    subject: str = ""
    stage_key: str = ""
    inconclusive: bool = False
    rests_on_absence: bool = False
    position: tuple[int, int] | None = None
    offending: tuple[TimelineEvent, ...] = ()
    attribution: Attribution | None = None


class StepExecutionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One injection and everything judged about it. `error` is set when the step could not be carried out to its end.

    `inconclusive`: it may be that only what was lost kept it from its end.

    `injected_ns` is the intended time of the injection, a reading of `time.perf_counter_ns()`; None: nothing was injected.
    """

    step_id: str
    description: str
    stimulus_type: str
    stimulus_summary: str
    repeat_index: int
    correlation_id: str
    position: tuple[int, int] | None
    pipeline: PipelineResult | None
    injected_ns: int | None = None
    outcomes: tuple[ValidationOutcome, ...] = ()
    fault: Fault | None = None
    error: str = ""
    hint: str = ""
    inconclusive: bool = False

    @property
    def passed(self) -> bool:
        return not self.error and all(outcome.passed for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """What did not reach us. `lost` is exact where `measurable`; `notes` are gap events in words."""

    lost: int = 0
    measurable: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """`fault` and `sentence` are the first line of the failure; empty for a passed plan."""

    plan_name: str
    verdict: Verdict
    steps: tuple[StepExecutionResult, ...]
    duration_ns: int
    fault: Fault | None = None
    sentence: str = ""
    hint: str = ""
    loss: LossReport = field(default_factory=LossReport)
