"""Shapes of traces, told apart in words, and what counts as another behaviour."""

from __future__ import annotations

import pytest
from helpers import rows

from pytest_intellisense.reporting.behaviour_rows import behaviour, changes, explain_flakiness

NAMES = ("raw_ocr", "cleaned_ocr", "validated_order", "order_fill")


def step(order: tuple[str, ...] = NAMES, *, held: bool = True, **of_stage: dict):
    """A repetition whose stages came in `order`, one a millisecond; those not in it never came."""
    stages = [
        rows.stage(name, name.upper(), order.index(name) + 1.0 if name in order else None, **of_stage.get(name, {}))
        for name in NAMES
    ]
    outcomes = [rows.outcome("side", passed=held)]
    return rows.step(pipeline=rows.pipeline(stages), validation_outcomes=outcomes, orders=["BUY 100 AAPL MKT"])


RISK_FIRST = ("raw_ocr", "validated_order", "cleaned_ocr", "order_fill")
OCR_LAST = ("raw_ocr", "validated_order", "order_fill", "cleaned_ocr")
NO_FILL = NAMES[:3]


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (step(RISK_FIRST, held=False), "validated_order overtook cleaned_ocr, side did not hold"),
        (step(OCR_LAST, held=False), "cleaned_ocr came only after order_fill, side did not hold"),
        (step(NO_FILL, held=False), "order_fill never arrived, side did not hold"),
        (step(held=False, order_fill={"count": 3}), "order_fill 3 times instead of 1, side did not hold"),
        ({**step(held=False), "orders": []}, "ordered nothing instead of BUY 100 AAPL MKT, side did not hold"),
        (step(held=False), "side did not hold"),
    ],
)
def test_a_flaky_plan_is_given_its_cause(odd, words):
    """Eighteen repetitions went one way, two another; the second is told by how it departs from the first."""
    plan = rows.plan(*[step() for _ in range(18)], odd, odd)
    explain_flakiness(plan)
    (flaky,) = plan["flaky"]
    assert flaky["sentence"] == f"18 of 20: all 4 stages in order | 2 of 20: {words}"
    assert [cluster["failed"] for cluster in flaky["clusters"]] == [[], ["side"]]
    assert f"step open is flaky: {flaky['sentence']}" in plan["hint"]


@pytest.mark.parametrize("held", [True, False])
def test_what_always_ends_alike_is_not_flaky(held):
    """Nor is a validation over all repetitions, which is judged once."""
    plan = rows.plan(*[step(held=held) for _ in range(5)])
    if held:
        plan["steps"][-1]["validation_outcomes"].append(rows.outcome("p95", passed=False))
        plan["verdict"] = "failed"
    explain_flakiness(plan)
    assert "flaky" not in plan


def compared(before: list, after: list) -> list[tuple[str, str, bool]]:
    base = behaviour([rows.plan(*before)])
    return [(one["kind"], one["sentence"], one["regressed"]) for one in changes(base, behaviour([rows.plan(*after)]))]


def test_stages_that_raced_once_do_not_stop_a_build():
    """One run against one proves no order; five against five do."""
    said = "validated_order overtook cleaned_ocr"
    once = compared([step()], [step(RISK_FIRST)])
    assert once == [("shape", f"{said}, never in the baseline", False)]
    assert compared([step()] * 5, [step(RISK_FIRST)] * 5) == [("shape", f"{said} in 5 of 5, never in the baseline", True)]
    assert compared([step()] * 5, [step()] * 4 + [step(RISK_FIRST)])[0][2] is False
    assert compared([step(), step(RISK_FIRST)], [step(RISK_FIRST)]) == []


@pytest.mark.parametrize("freedom", [{"unordered": True}, {"time_source": "received"}])
def test_a_stage_without_a_turn_has_no_place_in_the_order(freedom):
    """One that may come at any time, or was timed by another clock because it was joined from elsewhere."""
    assert compared([step()] * 5, [step(RISK_FIRST, validated_order=freedom)] * 5) == []


def test_a_stage_that_does_not_come_any_more_stops_a_build():
    """One run is enough, for no race explains it."""
    assert compared([step()], [step(NO_FILL)]) == [("shape", "order_fill never arrived, never in the baseline", True)]


def test_other_orders_stop_a_build_and_their_sequence_does_not():
    """The same orders the other way round are the same orders."""
    two = {**step(), "orders": ["BUY 100 AAPL MKT", "BUY 50 MSFT MKT"]}
    turned = {**step(), "orders": two["orders"][::-1]}
    assert compared([two], [turned]) == []
    more = {**step(), "orders": ["BUY 100 AAPL MKT", "BUY 60 MSFT MKT"]}
    (change,) = compared([two], [more])
    assert change == ("orders", "ordered BUY 100 AAPL MKT; BUY 60 MSFT MKT, was BUY 100 AAPL MKT; BUY 50 MSFT MKT", True)


def test_a_failure_of_the_baseline_is_still_failing_not_new():
    """And what could not be judged is neither."""
    failing, passing = [step(held=False)], [step()]
    assert [kind for kind, _, regressed in compared(failing, failing) if not regressed] == ["still failing"]
    assert [kind for kind, _, _ in compared(failing, passing)] == ["fixed", "validation"]
    assert compared(passing, failing)[0][0::2] == ("new failure", True)
    base = behaviour([rows.plan(*passing)])
    (change,) = changes(base, behaviour([rows.plan(verdict="inconclusive", sentence="3 events lost")]))
    assert (change["kind"], change["sentence"], change["regressed"]) == ("not judged", "3 events lost", False)


def test_a_report_without_orders_is_compared_by_the_rest():
    """Rows of versions that did not tell orders."""
    old = step()
    del old["orders"]
    assert compared([old], [step()]) == []


def test_a_known_failure_stops_nothing():
    """Whatever else it did otherwise."""
    base = behaviour([rows.plan(step())])
    known = rows.plan(step(NO_FILL, held=False), known_issue="BUG-12 (until 2999-12-31)")
    told = changes(base, behaviour([known]))
    assert [one["kind"] for one in told] == ["known issue", "validation", "shape"]
    assert told[0]["sentence"] == "BUG-12 (until 2999-12-31)"
    assert not any(one["regressed"] for one in told)
