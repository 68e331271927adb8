"""Paths lead to a value, to nothing, or to null, and these are three things."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_intellisense.engine.paths import MISSING, lead_nowhere, resolve
from pytest_intellisense.errors import PlanError

PAYLOAD = {
    "snapshots": {"AAPL": {"cost_basis": 150.25}, "MSFT": {"cost_basis": 420.0}},
    "fills": [{"price": 1.0}, {"price": 2.0}],
    "a.b": {"c": None},
    "roi": [1, 2, 3, 4],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("snapshots.AAPL.cost_basis", 150.25),
        ("fills[1].price", 2.0),
        ("fills.0.price", 1.0),
        ("fills[-1].price", 2.0),
        ("roi[3]", 4),
        ('["a.b"].c', None),
        ('["a.b"]["c"]', None),
        ("nothing", None),
        ("snapshots.*.cost_basis", [150.25, 420.0]),
        ("fills[*].price", [1.0, 2.0]),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: Any) -> None:
    """Keys, positions, keys with dots, every member; null is a value."""
    assert resolve(PAYLOAD, path) == value


@pytest.mark.parametrize("path", ["snapshots.TSLA", "fills[2].price", "fills.x", "nothing.more", "roi.*.x", "a.b"])
def test_a_path_that_leads_nowhere_is_missing(path: str) -> None:
    """What is not there is not null."""
    assert resolve(PAYLOAD, path) is MISSING


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a[", "a[x]", "a]b"])
def test_a_path_that_cannot_be_read_is_a_mistake_of_the_plan(path: str) -> None:
    """The message shows how paths are written."""
    with pytest.raises(PlanError, match="is not a path: write keys joined by dots"):
        resolve(PAYLOAD, path)


def test_where_a_path_ends_is_told_with_the_keys_that_are_there() -> None:
    """The reader sees the step at which the path broke off and what was meant."""
    words = lead_nowhere(PAYLOAD, "snapshots.AAPL.cost_basi", within="cleaned_ocr")
    assert words == 'cleaned_ocr.snapshots.AAPL has no "cost_basi" (did you mean "cost_basis"?); it has cost_basis'
