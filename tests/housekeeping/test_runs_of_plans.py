"""A run of plans on a disk that is nearly full says so, and passes nothing that it could not record."""

from __future__ import annotations

import json

import pytest
from helpers.small_disks import small_disk

PLAN = {
    "plan_name": "buy",
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10},
            "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
        }
    ],
}


@pytest.mark.parametrize("filled", [True, False], ids=["nearly full", "with room"])
def test_a_disk_that_is_nearly_full(pytester: pytest.Pytester, filled: bool) -> None:
    """The plan fails with what is wrong and what to do, before the disk is full; with room it passes."""
    (pytester.path / "buy.plan.json").write_text(json.dumps(PLAN))
    with small_disk(pytester.path / "disk", size="4m") as disk:
        if filled:
            (disk / "filler").write_bytes(bytes(4_000_000))
        result = pytester.runpytest_subprocess("--intellisense-capture-dir", str(disk / "captures"))
    if filled:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["ENV *capture stopped before the disk is full*"])
        assert "Traceback" not in result.stdout.str()
    else:
        result.assert_outcomes(passed=1)
