"""Plans that end outside of their steps, and reports that cannot be written: nothing is lost, and no traceback of ours."""

from __future__ import annotations

import json

import pytest

STEP = {"step_id": "buy", "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1}}
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
DRY = "--intellisense-dry-run"


@pytest.fixture(autouse=True)
def plans(pytester: pytest.Pytester) -> None:
    for name in ("sound", "unlucky"):
        plan = {"plan_name": name, "steps": [{**STEP, "validation_points": [DONE]}]}
        (pytester.path / f"{name}.plan.json").write_text(json.dumps(plan))


def outcomes(pytester: pytest.Pytester, file: str = "report.json") -> dict[str, tuple[str, str]]:
    document = json.loads((pytester.path / "reports" / file).read_text())
    return {row["plan_name"]: (row["outcome"], row["sentence"]) for row in document["plans"]}


def test_a_plan_whose_worker_died_is_in_the_report(pytester: pytest.Pytester) -> None:
    """With what is known of it; the other plans are as they are."""
    pytester.makeconftest("""
        import os, signal
        def pytest_runtest_setup(item):
            if "unlucky" in item.name:
                os.kill(os.getpid(), signal.SIGKILL)
    """)
    result = pytester.runpytest_subprocess(DRY, "-n2")
    assert result.ret == 1
    found = outcomes(pytester)
    assert found["sound"][0] == "passed"
    assert found["unlucky"][0] == "error"
    assert "crashed while running 'unlucky.plan.json::unlucky'" in found["unlucky"][1]


def test_a_plan_that_cannot_be_torn_down_is_an_error(pytester: pytest.Pytester) -> None:
    """As pytest says."""
    pytester.makeconftest("""
        import pytest
        @pytest.fixture(autouse=True)
        def unlucky(request):
            yield
            assert "unlucky" not in request.node.name
    """)
    pytester.runpytest_subprocess(DRY).assert_outcomes(passed=2, errors=1)
    assert {name: outcome for name, (outcome, _) in outcomes(pytester).items()} == {"sound": "passed", "unlucky": "error"}


def test_a_report_that_cannot_be_written_is_told(pytester: pytest.Pytester) -> None:
    """The verdicts stay; the report that is not there is not listed."""
    (pytester.path / "reports").write_text("a file where the folder should be")
    result = pytester.runpytest_subprocess(DRY, "-p", "no:html")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*reports cannot be written: *"])
    assert "\njson " not in result.stdout.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
