"""Behaviour in rows: what a run did otherwise than its baseline, and why repetitions of a step do not end alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.rows import BEHAVIOUR, BehaviourRow, ClusterRow, FlakyRow, OutcomeRow, PlanRow, StepRow

if TYPE_CHECKING:
    from pytest_intellisense.analytics.behaviour import CaseBehaviour, RunPlan
    from pytest_intellisense.analytics.behaviour_changes import BehaviourChange


def behaviour(plans: Iterable[PlanRow]) -> list[CaseBehaviour]:
    """What is kept of a run's behaviour in a baseline."""
    from pytest_intellisense.analytics.behaviour import behaviour_of

    return behaviour_of(_run_plans(plans))


def changes(base: Sequence[CaseBehaviour], now: Sequence[CaseBehaviour]) -> list[BehaviourRow]:
    """Empty if the baseline kept no behaviour."""
    from pytest_intellisense.analytics.behaviour_changes import behaviour_changes

    return [_row(one) for one in behaviour_changes(base, now)] if base else []


def fail_if_changed(plan: PlanRow, base: Sequence[CaseBehaviour], *, baseline: str) -> None:
    """Turn a plan that passed, but does otherwise than its baseline, into a failed one."""
    from pytest_intellisense.analytics.behaviour_changes import case_changes

    known = next((case for case in base if case.case == plan["nodeid"]), None)
    (now,) = behaviour([plan])
    found = [one for one in case_changes(known, now) if one.regressed and one.step] if known else []
    for one in found:
        step = next(step for step in reversed(plan["steps"]) if step["step_id"] == one.step)
        step["validation_outcomes"].append(_outcome(one, step, baseline))
        step["passed"] = False
        step["fault"] = step["fault"] or "VALUE"
    if found and plan["verdict"] == "passed":
        plan["verdict"], plan["fault"] = "failed", "VALUE"
        plan["sentence"] = f"step {found[0].step} behaves otherwise than {baseline}: {found[0].sentence}"
        plan["hint"] = "meant to be so? save the baseline again (--intellisense-save)"


def _outcome(change: BehaviourChange, step: StepRow, baseline: str) -> OutcomeRow:
    return OutcomeRow(
        validation_id=f"{BEHAVIOUR}_{change.kind}",
        passed=False,
        type=BEHAVIOUR,
        operator="==",
        expected=f"as in {baseline}",
        actual=change.sentence,
        details=change.sentence,
        fault="VALUE",
        subject=str(change.kind),
        stage="",
        inconclusive=False,
        line=step["line"],
        column=step["column"],
    )


def explain_flakiness(plan: PlanRow) -> None:
    """Put the causes into the row of a plan of which some repetitions failed and others did not, and words into its hint."""
    from pytest_intellisense.analytics.flakiness import flaky_steps

    if plan["verdict"] != "failed":
        return
    found = list(flaky_steps(_run_plans([plan])))
    if not found:
        return
    plan["flaky"] = [
        FlakyRow(
            step=one.step,
            sentence=str(one),
            clusters=[ClusterRow(count=each.count, failed=list(each.failed), words=each.words) for each in one.clusters],
        )
        for one in found
    ]
    told = [f"step {one.step} is flaky: {one}" for one in found]
    plan["hint"] = "\n".join([*([plan["hint"]] if plan["hint"] else []), *told])


def _row(change: BehaviourChange) -> BehaviourRow:
    return BehaviourRow(
        case=change.case, step=change.step, kind=str(change.kind), sentence=change.sentence, regressed=change.regressed
    )


def _run_plans(plans: Iterable[PlanRow]) -> list[RunPlan]:
    import msgspec

    from pytest_intellisense.analytics.behaviour import RunPlan

    return msgspec.convert(list(plans), list[RunPlan])
