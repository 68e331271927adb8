"""The gate: every measurement of a run against its baseline, first plan by plan, then each stage over all plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_intellisense.analytics.comparison import Change, Series, compare
from pytest_intellisense.analytics.measurements import Launch, StageSamples, StepSamples
from pytest_intellisense.analytics.noise import machine_share
from pytest_intellisense.analytics.verdicts import GateVerdict, Judgement, judge
from pytest_intellisense.model.regression_limit import ANY_STAGE, RegressionLimit, Statistic

FALSE_ALARMS = 0.01
"""Of a whole gate over the same build; one half for the plans, one half for the stages over all plans."""

EVERY_PLAN = ""
"""The case of a comparison over all plans."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One limit, judged. `case` is a node id and `step` its step, or both EVERY_PLAN; `event` follows `before`."""

    case: str
    step: str
    stage: str
    before: str
    event: str
    limit: RegressionLimit
    change: Change | None
    judgement: Judgement
    machine: float


LimitsOf = Callable[[str, str], Sequence[Sequence[RegressionLimit]]]
"""(case, step) -> limits from the general to the particular; later ones replace earlier ones of a stage and statistic."""


def compare_case(
    base: Sequence[Launch], now: Sequence[Launch], case: str, limits_of: LimitsOf, *, cases_in_run: int
) -> list[Comparison]:
    """Every limited measurement of one plan."""
    found = _collected(base, now, lambda step, stage: (step.step, stage.before, stage.event), of_case=case)
    noise = machine_share(*([one.noise[case] for one in side if case in one.noise] for side in (base, now)))
    return _judged(found, case, limits_of, noise, FALSE_ALARMS / 2 / max(cases_in_run, 1))


def compare_all(base: Sequence[Launch], now: Sequence[Launch], limits_of: LimitsOf) -> list[Comparison]:
    """Every stage over all plans that have it: what goes from the same event to the same event is one stage."""
    found = _collected(base, now, lambda _, stage: (EVERY_PLAN, stage.before, stage.event), of_case=None)
    noise = machine_share(*([each for one in side for each in one.noise.values()] for side in (base, now)))
    return _judged(found, EVERY_PLAN, limits_of, noise, FALSE_ALARMS / 2)


def shared(comparisons: Sequence[Comparison], everywhere: Sequence[Comparison]) -> list[Comparison]:
    """`comparisons` of one plan, regressed too where its stage regressed over all plans and it is slower than its own limit.

    One plan may have too few samples to be sure by itself; together they are.
    """
    regressed = {
        (one.before, one.event, one.limit.statistic): one
        for one in everywhere
        if one.judgement.verdict is GateVerdict.REGRESSION
    }
    return [_with(one, regressed.get((one.before, one.event, one.limit.statistic))) for one in comparisons]


def _with(one: Comparison, whole: Comparison | None) -> Comparison:
    change, limit = one.change, one.limit
    if whole is None or whole.change is None or change is None or one.judgement.verdict is GateVerdict.REGRESSION:
        return one
    bound = limit.share if limit.share is not None else float(limit.absolute_ns or 0)
    if change.size <= bound:
        return one
    reason = f"over all {whole.change.cases} cases together: {whole.judgement.reason}"
    return replace(one, judgement=Judgement(GateVerdict.REGRESSION, reason))


@dataclass(slots=True)
class _Measurement:
    """`sides` holds, for base and now, the series of each launch."""

    stage: str
    clocks: tuple[set[str], set[str]]
    sides: tuple[list[dict[str, list[int]]], list[dict[str, list[int]]]]

    @classmethod
    def empty(cls, stage: str, base: int, now: int) -> _Measurement:
        return cls(stage, (set(), set()), ([{} for _ in range(base)], [{} for _ in range(now)]))


def _collected(
    base: Sequence[Launch], now: Sequence[Launch], key_of: Callable[[StepSamples, StageSamples], Key], *, of_case: str | None
) -> dict[Key, _Measurement]:
    found: dict[Key, _Measurement] = {}
    for side, launches in enumerate((base, now)):
        for number, launch in enumerate(launches):
            for step in launch.steps:
                if of_case is not None and step.case != of_case:
                    continue
                for stage, values in step.series():
                    measurement = found.setdefault(key_of(step, stage), _Measurement.empty(stage.stage, len(base), len(now)))
                    measurement.clocks[side].add(stage.clock)
                    measurement.sides[side][number].setdefault(f"{step.case} {step.step}", []).extend(values)
    return found


def _judged(
    found: Mapping[Key, _Measurement], case: str, limits_of: LimitsOf, machine: float, alpha: float
) -> list[Comparison]:
    asked = [
        (key, measurement, limit)
        for key, measurement in found.items()
        for limit in _limits(limits_of(case, key[0]), measurement.stage)
    ]
    alpha /= max(len(asked), 1)
    return [_comparison(key, measurement, limit, case, machine, alpha) for key, measurement, limit in asked]


def _comparison(
    key: Key, measurement: _Measurement, limit: RegressionLimit, case: str, machine: float, alpha: float
) -> Comparison:
    step, before, event = key
    base, now = (_series(side) for side in measurement.sides)
    change = compare(base, now, limit, alpha=alpha)
    if change is None:
        which = "baseline" if not any(base) else "run"
        judgement = Judgement(GateVerdict.UNMATCHED, f"the {which} has no samples of it")
    elif measurement.clocks[0] != measurement.clocks[1]:
        judgement = Judgement(GateVerdict.INCONCLUSIVE, "one side is timed by the publishers, the other at receipt")
    else:
        judgement = judge(change, limit, machine=machine, alpha=alpha)
    return Comparison(case, step, measurement.stage, before, event, limit, change, judgement, machine)


def _series(launches: Iterable[Mapping[str, Sequence[int]]]) -> list[Series]:
    return [{case: np.asarray(values, dtype=np.float64) for case, values in one.items() if values} for one in launches]


def _limits(sources: Sequence[Sequence[RegressionLimit]], stage: str) -> list[RegressionLimit]:
    """The limits of a stage by statistic: a later source replaces an earlier one, within one the stage's own replaces `*`."""
    chosen: dict[Statistic, RegressionLimit] = {}
    for source in sources:
        for limit in sorted(source, key=lambda limit: limit.stage != ANY_STAGE):
            if limit.stage in (ANY_STAGE, stage):
                chosen[limit.statistic] = limit
    return list(chosen.values())
