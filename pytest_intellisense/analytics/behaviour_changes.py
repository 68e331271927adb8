"""What a run did otherwise than its baseline, plan by plan, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pytest_intellisense.analytics.behaviour import CaseBehaviour, SeenShape, StepBehaviour
from pytest_intellisense.analytics.shapes import departures, only_order_differs

LEAST_CHANCE = 0.01
"""An order of stages that a race may bring counts as changed below this chance."""


class BehaviourKind(StrEnum):
    NEW_FAILURE = "new failure"
    FIXED = "fixed"
    STILL_FAILING = "still failing"
    KNOWN = "known issue"
    NOT_JUDGED = "not judged"
    VALIDATION = "validation"
    SHAPE = "shape"
    ORDERS = "orders"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class BehaviourChange:
    """`regressed`: the build is to be stopped for it."""

    case: str
    step: str
    kind: BehaviourKind
    sentence: str
    regressed: bool = False


def behaviour_changes(base: Iterable[CaseBehaviour], now: Iterable[CaseBehaviour]) -> list[BehaviourChange]:
    """Every change of every plan; what both did alike is not told."""
    before = {case.case: case for case in base}
    after = {case.case: case for case in now}
    found = [change for name, case in after.items() for change in case_changes(before.get(name), case)]
    gone = [BehaviourChange(name, "", BehaviourKind.REMOVED, "did not run") for name in before if name not in after]
    return [*found, *gone]


def case_changes(base: CaseBehaviour | None, now: CaseBehaviour) -> list[BehaviourChange]:
    """A failure that is known (`known_issues.json`) is told and stops nothing."""
    if base is None:
        return [*_verdict_change(None, now), BehaviourChange(now.case, "", BehaviourKind.ADDED, "is not in the baseline")]
    verdict = _verdict_change(base, now)
    if any(change.kind is BehaviourKind.NOT_JUDGED for change in verdict):
        return verdict
    steps = {step.step: step for step in base.steps}
    excused = bool(now.known_issue) or _failed(now)
    for step in now.steps:
        if (before := steps.get(step.step)) is not None:
            verdict += _step_changes(now.case, before, step, excused=excused)
    return verdict


def _verdict_change(base: CaseBehaviour | None, now: CaseBehaviour) -> list[BehaviourChange]:
    def change(kind: BehaviourKind, sentence: str, *, regressed: bool = False) -> list[BehaviourChange]:
        return [BehaviourChange(now.case, "", kind, sentence, regressed)]

    runs = sum(base.verdicts.values()) if base else 0
    failures = base.verdicts.get("failed", 0) if base else 0
    if now.verdicts.keys() & {"inconclusive", "error"}:
        return change(BehaviourKind.NOT_JUDGED, now.sentence)
    if _failed(now):
        if now.known_issue:
            return change(BehaviourKind.KNOWN, now.known_issue)
        if failures:
            return change(BehaviourKind.STILL_FAILING, f"{_in_baseline('failed', failures, runs)}: {now.sentence}")
        passed = _in_baseline("passed", runs, runs) if runs else "is not in the baseline"
        return change(BehaviourKind.NEW_FAILURE, f"{passed}: {now.sentence}", regressed=True)
    if failures:
        return change(BehaviourKind.FIXED, _in_baseline("failed", failures, runs))
    return []


def _failed(case: CaseBehaviour) -> bool:
    return "failed" in case.verdicts


def _in_baseline(word: str, count: int, runs: int) -> str:
    """`failed in the baseline`, `passed in the 14 runs of the baseline`, `failed in 3 of the 14 runs of the baseline`."""
    of = f"{count} of " if count < runs else ""
    return f"{word} in {of}the {runs} runs of the baseline" if runs > 1 else f"{word} in the baseline"


def _step_changes(case: str, base: StepBehaviour, now: StepBehaviour, *, excused: bool) -> Iterator[BehaviourChange]:
    """`excused`: the plan failed, which is told already, or is known; what else it did otherwise stops nothing more."""
    for name, (held, judged) in now.held.items():
        if name in base.held and (held == judged) != (base.held[name][0] == base.held[name][1]):
            was = f"{base.held[name][0]} of {base.held[name][1]}"
            yield BehaviourChange(case, now.step, BehaviourKind.VALIDATION, f"{name} held {held} of {judged}, was {was}")
    yield from _shape_change(case, base, now, excused=excused)
    if base.orders and now.orders and not {one.orders for one in base.orders} & {one.orders for one in now.orders}:
        was, is_now = (_ordered(side.orders[0].orders) for side in (base, now))
        yield BehaviourChange(case, now.step, BehaviourKind.ORDERS, f"ordered {is_now}, was {was}", regressed=not excused)


def _shape_change(case: str, base: StepBehaviour, now: StepBehaviour, *, excused: bool) -> Iterator[BehaviourChange]:
    known = {one.shape for one in base.shapes}
    new = [one for one in now.shapes if one.shape not in known]
    if not new or not base.shapes:
        return
    usual, runs, baseline_runs = base.shapes[0].shape, _count(now.shapes), _count(base.shapes)
    told = "; ".join(departures(usual, new[0].shape)) or "the stages came as never before"
    share = "" if new[0].count == runs == 1 else f" in {new[0].count} of {runs}"
    only_order = only_order_differs(usual, new[0].shape)
    chance = 1 / math.comb(runs + baseline_runs, runs) if len(new) == len(now.shapes) else 1.0
    regressed = not excused and len(new) == len(now.shapes) and (not only_order or chance < LEAST_CHANCE)
    yield BehaviourChange(case, now.step, BehaviourKind.SHAPE, f"{told}{share}, never in the baseline", regressed)


def _count(shapes: Sequence[SeenShape]) -> int:
    return sum(one.count for one in shapes)


def _ordered(orders: tuple[str, ...]) -> str:
    return "; ".join(orders) or "nothing"
