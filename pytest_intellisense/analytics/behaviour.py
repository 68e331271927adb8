"""What every plan did in a run, without its times: verdicts, validations, trace shapes and orders, to be kept and compared."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable

import msgspec

from pytest_intellisense.analytics.samples import NOT_RUN
from pytest_intellisense.analytics.shapes import Shape, TracedStage, shape_of

GATE_TYPES = frozenset({"regression", "behaviour"})
"""Types of outcomes that a comparison added to the run: no behaviour of the application."""


class RunOutcome(msgspec.Struct, gc=False):
    validation_id: str
    passed: bool
    inconclusive: bool
    type: str


class RunPipeline(msgspec.Struct, gc=False):
    stages: list[TracedStage]
    diverted_by: str


class RunStep(msgspec.Struct, gc=False):
    step_id: str
    passed: bool
    pipeline: RunPipeline | None
    validation_outcomes: list[RunOutcome]
    orders: list[str] | None = None


class RunPlan(msgspec.Struct, gc=False):
    """The part of a plan's row that is its behaviour."""

    nodeid: str
    verdict: str
    sentence: str
    steps: list[RunStep]
    known_issue: str = ""


class SeenShape(msgspec.Struct, frozen=True):
    shape: Shape
    count: int


class SeenOrders(msgspec.Struct, frozen=True):
    """Side, quantity, symbol, type and limit of everything a run of the step ordered, without ids, sorted."""

    orders: tuple[str, ...]
    count: int


class StepBehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """`held`: validation id -> (how often it held, how often it was judged). What was seen most comes first."""

    step: str
    shapes: list[SeenShape]
    held: dict[str, tuple[int, int]]
    orders: list[SeenOrders]


class CaseBehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """`verdicts`: verdict -> in how many runs. `digest` is of the orders seen most, over all steps."""

    case: str
    verdicts: dict[str, int]
    sentence: str
    steps: list[StepBehaviour]
    known_issue: str = ""

    @property
    def digest(self) -> str:
        ordered = [step.orders[0].orders if step.orders else () for step in self.steps]
        return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:12]


def behaviour_of(plans: Iterable[RunPlan]) -> list[CaseBehaviour]:
    """Plans that were not run to their end have none."""
    return [_case(plan) for plan in plans if plan.verdict not in NOT_RUN]


def _case(plan: RunPlan) -> CaseBehaviour:
    steps: dict[str, list[RunStep]] = {}
    for step in plan.steps:
        steps.setdefault(step.step_id, []).append(step)
    verdict = plan.verdict
    if verdict == "failed" and all(_held_but_for_the_gate(step) for step in plan.steps):
        verdict = "passed"
    return CaseBehaviour(
        case=plan.nodeid,
        verdicts={verdict: 1},
        sentence="" if verdict == "passed" else plan.sentence,
        steps=[_step(step, runs) for step, runs in steps.items()],
        known_issue=plan.known_issue,
    )


def _held_but_for_the_gate(step: RunStep) -> bool:
    outcomes = step.validation_outcomes
    return step.passed or (
        any(not outcome.passed for outcome in outcomes)
        and all(outcome.passed or outcome.type in GATE_TYPES for outcome in outcomes)
    )


def _step(step_id: str, runs: list[RunStep]) -> StepBehaviour:
    shapes = Counter(shape_of(run.pipeline.stages, run.pipeline.diverted_by) for run in runs if run.pipeline)
    orders = Counter(tuple(sorted(run.orders)) for run in runs if run.orders is not None)
    held: dict[str, tuple[int, int]] = {}
    for outcome in (outcome for run in runs for outcome in run.validation_outcomes):
        if outcome.type not in GATE_TYPES and not outcome.inconclusive:
            good, judged = held.get(outcome.validation_id, (0, 0))
            held[outcome.validation_id] = (good + outcome.passed, judged + 1)
    return StepBehaviour(
        step=step_id,
        shapes=[SeenShape(shape, count) for shape, count in shapes.most_common()],
        held=held,
        orders=[SeenOrders(seen, count) for seen, count in orders.most_common()],
    )


def together(runs: Iterable[list[CaseBehaviour]]) -> list[CaseBehaviour]:
    """Several runs as one: what was seen in each, added up; the sentence is of the last."""
    found: dict[str, list[CaseBehaviour]] = {}
    for run in runs:
        for case in run:
            found.setdefault(case.case, []).append(case)
    return [cases[0] if len(cases) == 1 else _added(cases) for cases in found.values()]


def _added(cases: list[CaseBehaviour]) -> CaseBehaviour:
    verdicts: Counter[str] = Counter()
    steps: dict[str, list[StepBehaviour]] = {}
    for case in cases:
        verdicts.update(case.verdicts)
        for step in case.steps:
            steps.setdefault(step.step, []).append(step)
    return CaseBehaviour(
        case=cases[0].case,
        verdicts=dict(verdicts),
        sentence=cases[-1].sentence,
        steps=[_added_step(step, seen) for step, seen in steps.items()],
        known_issue=cases[-1].known_issue,
    )


def _added_step(step_id: str, seen: list[StepBehaviour]) -> StepBehaviour:
    shapes: Counter[Shape] = Counter()
    orders: Counter[tuple[str, ...]] = Counter()
    held: dict[str, tuple[int, int]] = {}
    for step in seen:
        shapes.update({one.shape: one.count for one in step.shapes})
        orders.update({one.orders: one.count for one in step.orders})
        for name, (good, judged) in step.held.items():
            before = held.get(name, (0, 0))
            held[name] = (before[0] + good, before[1] + judged)
    return StepBehaviour(
        step=step_id,
        shapes=[SeenShape(shape, count) for shape, count in shapes.most_common()],
        held=held,
        orders=[SeenOrders(one, count) for one, count in orders.most_common()],
    )
