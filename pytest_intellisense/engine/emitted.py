"""What the engine tells its listeners while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_intellisense.model.results import PlanResult, StepExecutionResult


@dataclass(frozen=True, slots=True)
class PlanStarted:
    plan_name: str
    steps: int


@dataclass(frozen=True, slots=True)
class StimulusInjected:
    step_id: str
    repeat_index: int
    correlation_id: str
    summary: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    result: StepExecutionResult


@dataclass(frozen=True, slots=True)
class PlanFinished:
    result: PlanResult


Emitted = PlanStarted | StimulusInjected | StepFinished | PlanFinished
