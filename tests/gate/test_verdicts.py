"""What the gate says about samples that are made up: the same build, a slower one, too few, and a noisy machine."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_intellisense.analytics.gate import Comparison, compare_all, compare_case
from pytest_intellisense.analytics.measurements import Launch, Noise, StageSamples, StepSamples
from pytest_intellisense.model.regression_limit import parse_expression

MS = 1_000_000


def launches(
    rng: np.random.Generator, count: int = 4, *, cases: int = 20, each: int = 1, drift: float = 0.0, factor: float = 1.0
) -> list[Launch]:
    """Launches of cases that take 5, 6, 7 … ms, 5 % noise, one sample in twenty three times as long."""
    return [launch(rng, cases, each, factor * float(np.exp(rng.normal(0, drift)))) for _ in range(count)]


def launch(rng: np.random.Generator, cases: int, each: int, factor: float) -> Launch:
    steps = []
    for case in range(cases):
        noise = np.exp(rng.normal(0, 0.05, each)) * np.where(rng.random(each) < 0.05, 3, 1)
        took = [int(value) for value in (5 + case) * MS * factor * noise]
        stage = StageSamples(stage="fill", event="FILL", before="ACK", clock="app", took_ns=took, at_ns=took)
        steps.append(StepSamples(case=f"case{case}", step="buy", pipeline="P", stages=[stage], total_ns=[], latencies_ns={}))
    return Launch(steps=steps, noise={})


def judged(base: list[Launch], now: list[Launch], limit: str = "fill.median:10%") -> Comparison:
    (one,) = compare_all(base, now, lambda _case, _step: [(parse_expression(limit),)])
    return one


def test_the_same_build_is_ok_and_says_what_it_would_have_seen():
    rng = np.random.default_rng(1)
    for _ in range(20):
        one = judged(launches(rng), launches(rng))
        assert one.judgement.verdict == "ok"
        assert one.judgement.reason.startswith("at most ")


def test_a_slower_build_is_a_regression_and_a_faster_one_an_improvement():
    rng = np.random.default_rng(2)
    base = launches(rng)
    slower, faster = judged(base, launches(rng, factor=1.3)), judged(base, launches(rng, factor=0.7))
    assert slower.judgement.verdict == "regression"
    assert slower.change is not None
    assert slower.change.size == pytest.approx(0.3, abs=0.05)
    assert slower.change.cases_slower >= 19
    assert faster.judgement.verdict == "improvement"


def test_drift_between_launches_is_not_taken_for_a_change():
    """Launches that differ by 20 % among themselves: the change is named, and how many would decide."""
    rng = np.random.default_rng(3)
    found = [judged(launches(rng, drift=0.2), launches(rng, drift=0.2)) for _ in range(20)]
    unsure = [one.judgement for one in found if one.judgement.verdict == "inconclusive"]
    assert not [one for one in found if one.judgement.verdict == "regression"]
    assert unsure
    assert all("drift between launches" in one.reason or "less than half" in one.reason for one in unsure)
    assert any((one.needed_launches or 0) > 4 for one in unsure)


def test_without_a_look_at_launches_drift_is_taken_for_a_change():
    """The control: the same samples as if one process had measured them, and no drift assumed."""
    rng = np.random.default_rng(3)

    def as_one(several: list[Launch]) -> list[Launch]:
        return [Launch(steps=[step for one in several for step in one.steps], noise={})]

    from pytest_intellisense.analytics import comparison

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparison, "ASSUMED_DRIFT", 0.0)
        patched.setattr(comparison, "ASSUMED_JITTER_NS", 0)
        found = [judged(as_one(launches(rng, drift=0.2)), as_one(launches(rng, drift=0.2))) for _ in range(20)]
    assert [one for one in found if one.judgement.verdict == "regression"]


def test_one_launch_a_side_finds_only_what_drift_cannot_explain():
    rng = np.random.default_rng(4)
    base = launches(rng, 1)
    assert judged(base, launches(rng, 1, factor=1.15)).judgement.verdict == "inconclusive"
    assert judged(base, launches(rng, 1, factor=1.6)).judgement.verdict == "regression"


def test_too_few_samples_are_inconclusive_with_the_number_that_would_do():
    rng = np.random.default_rng(5)
    four = judged(launches(rng, 4, cases=1), launches(rng, 4, cases=1, factor=3.0))
    assert (four.judgement.verdict, four.judgement.needed_samples) == ("inconclusive", 5)
    tail = judged(launches(rng), launches(rng, factor=3.0), "fill.p99:10%")
    assert (tail.judgement.verdict, tail.judgement.needed_samples) == ("inconclusive", 100)


def test_absolute_limits_and_tails_have_the_same_conditions():
    rng = np.random.default_rng(6)
    base, slower = launches(rng, 5, cases=5, each=20), launches(rng, 5, cases=5, each=20, factor=1.4)
    assert judged(base, slower, "fill.median:1ms").judgement.verdict == "regression"
    assert judged(base, slower, "fill.median:20ms").judgement.verdict == "ok"
    assert judged(base, slower, "*.p90:10%").judgement.verdict == "regression"


def test_a_noisy_machine_is_inconclusive_instead_of_slower():
    """The calibration work took half as long again: that much of a change is the machine's."""
    rng = np.random.default_rng(7)
    base = [noisy(one, 1.0) for one in launches(rng)]
    slower = [noisy(one, 1.5) for one in launches(rng, factor=1.4)]
    much_slower = [noisy(one, 1.5) for one in launches(rng, factor=3.0)]
    (one,) = (judged(base, slower),)
    assert one.judgement.verdict == "inconclusive"
    assert one.judgement.reason == "noisy: the machine alone explains +50 %"
    assert judged(base, much_slower).judgement.verdict == "regression"


def noisy(one: Launch, slow: float) -> Launch:
    noise = Noise(calibration_ns=[int(slow * 1_000_000)] * 3, waited=0.1, steal=0.0, pressure=0.2, load=1.0)
    return Launch(steps=one.steps, noise={step.case: noise for step in one.steps})


def test_a_plan_s_own_limit_replaces_the_general_one():
    """From the run to the plan to the step; a stage's own goes before `*`."""
    rng = np.random.default_rng(8)
    base, slower = launches(rng, 6, cases=1, each=10), launches(rng, 6, cases=1, each=10, factor=1.5)
    general = [parse_expression("*.median:10%")]

    def verdict(*own: list[str]) -> str:
        sources = [general, *([parse_expression(text) for text in each] for each in own)]
        (one,) = compare_case(base, slower, "case0", lambda _case, _step: sources, cases_in_run=1)
        return one.judgement.verdict

    assert verdict() == "regression"
    assert verdict(["fill.median:80%"]) == "ok"
    assert verdict(["fill.median:80%"], ["*.median:20%"]) == "regression"
    assert verdict(["*.median:20%", "fill.median:80%"]) == "ok"


@pytest.mark.parametrize("text", ["fill.median", "fill:10%", "fill.p42:10%", "fill.median:fast", "fill.median:0%", ".p95:1ms"])
def test_a_limit_that_cannot_be_meant_says_what_can(text: str):
    with pytest.raises(ValueError, match=r"STAGE|STAT|limit"):
        parse_expression(text)
