"""Many plans that fail for one reason are one thing to repair, and the end of the run says so."""

from __future__ import annotations

from helpers import rows

from pytest_intellisense.reporting.causes import cause_lines, causes_of
from pytest_intellisense.reporting.lines import text_of
from pytest_intellisense.reporting.rows import PlanRow


def named(row: PlanRow, name: str) -> PlanRow:
    return {**row, "nodeid": f"scenarios/{name}.plan.json::{name}"}


def test_failures_of_one_cause_are_told_once_with_their_plans():
    """Domain, first wrong stage, field and what became of it; then three plans and how many more."""
    failed = [named(rows.value_failure(), f"p{number}") for number in range(12)]
    assert text_of(cause_lines([*failed, rows.extra_failure(), rows.plan(rows.step())])).splitlines() == [
        "12 plans  VALUE  raw_ocr: limit_price read 2 as 6",
        "    scenarios/p0.plan.json::p0",
        "    scenarios/p1.plan.json::p1",
        "    scenarios/p2.plan.json::p2",
        "    … and 9 more",
    ]


def test_what_differs_among_them_is_not_said():
    """Two letters misread at one stage are one cause; which letters is not the same."""
    one, other = named(rows.value_failure(), "one"), named(rows.value_failure(), "other")
    other["attribution"] = {**other["attribution"], "change": "read 7 as 1"}
    assert text_of(cause_lines([one, other])).splitlines()[0] == "2 plans  VALUE  raw_ocr: limit_price"


def test_failures_that_differ_stay_apart_and_expected_ones_are_none():
    """Another stage or domain is another cause; xfailed plans do not count."""
    expected = {**rows.value_failure(), "outcome": "xfailed"}
    found = causes_of([rows.value_failure(), rows.text_failure(), rows.missing_failure(), expected])
    assert [len(cause.plans) for cause in found] == [1, 1, 1]
    assert cause_lines([rows.value_failure(), expected]) == []
    assert text_of(cause_lines([rows.text_failure(), rows.text_failure()], unicode=False)).isascii()
