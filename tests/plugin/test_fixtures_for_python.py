"""Plain Python tests get what plans have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SCREENS = Path(__file__).parents[2] / "scenarios" / "screens"

TESTS = """
import json
from pathlib import Path

from pytest_intellisense import InjectionCommand, RawImageInjection, TradeCommand
from pytest_intellisense.model.plan import Bootstrap


def test_bootstrap(intellisense_bootstrap):
    report = intellisense_bootstrap.run(Bootstrap(symbols=("AAPL",), verify_ocr=True, verify_trade=True))
    assert report.state_reset
    assert report.contract_generation.startswith("G1")


def test_trace(intellisense_trace):
    step = intellisense_trace(
        TradeCommand(type="trade_command", symbol="AAPL", side="BUY", quantity=10), pipeline="TRADE_CMD_TO_BROKER_FILL"
    )
    assert step.pipeline.completed
    assert step.pipeline.stage("T4_BrokerFillLog").event.payload["fill_quantity"] == 10


def test_trace_of_a_screen(intellisense_trace):
    screen = RawImageInjection(type="raw_image_injection", image="long_aapl.png")
    step = intellisense_trace(screen, folder=Path(__file__).parent)
    assert "AAPL" in step.pipeline.stage("cleaned_ocr").event.payload["snapshots"]


def test_query(intellisense_injector, intellisense_capture):
    position = intellisense_capture.position()
    answer = intellisense_injector.request(
        InjectionCommand(command_type="query_state", parameters={"component": "prices"}, correlation_id="q1"), timeout_s=5
    )
    assert answer.data["prices"]["AAPL"]["last_trade_price"] > 0
    assert "INJECTION_RESPONSE" in {event.event_type for event in intellisense_capture.events_since(position)}


def test_streams(intellisense_redis, intellisense_target):
    assert intellisense_redis.xlen("testrade:order-fills") > 0
    assert "reference" in intellisense_target.name


def test_frames_with_their_timing(intellisense_image_injector, tmp_path):
    here = Path(__file__).parent
    (tmp_path / "a.png").write_bytes((here / "long_aapl.png").read_bytes())
    frames = [
        {"correlation_id": f"f{n}", "image_filename": "a.png", "perf_counter_ns_capture": n * 10**8, "epoch_s_capture": 1.0}
        for n in range(3)
    ]
    (tmp_path / "manifest.jsonl").write_text("\\n".join(map(json.dumps, frames)))
    replayed = intellisense_image_injector.replay(tmp_path / "manifest.jsonl")
    times = [frame.receipt.intended_ns for frame in replayed]
    assert [later - earlier for earlier, later in zip(times, times[1:])] == [100_000_000, 100_000_000]


def test_plans_run_from_python(intellisense_moc, tmp_path):
    from pytest_intellisense import load_plan_file
    from pytest_intellisense.engine.operators import OPERATORS
    from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES

    (case,) = load_plan_file(
        Path(__file__).parent / "one.plan.json", operators=OPERATORS, pipelines=BUILT_IN_PIPELINES, root=Path(__file__).parent
    )
    assert intellisense_moc.run(case).verdict == "passed"
"""

PLAN = """{"plan_name": "one", "steps": [{"step_id": "a",
"stimulus": {"type": "price_update", "symbol": "AAPL", "price": 151.0},
"validation_points": [{"validation_id": "p", "type": "price_state", "target_identifier": "AAPL",
"field_to_check": "last_trade_price", "expected_value": 151}]}]}"""


def test_every_fixture_works_in_a_plain_test(pytester: pytest.Pytester) -> None:
    """Target, capture, injector, MOC, bootstrap, trace, image injector, Redis: one session serves them all, plans too."""
    shutil.copy(SCREENS / "long_aapl.png", pytester.path)
    pytester.makepyfile(TESTS)
    (pytester.path / "one.plan.json").write_text(PLAN)
    pytester.runpytest_subprocess().assert_outcomes(passed=8)


def test_fixtures_read_like_a_manual(pytester: pytest.Pytester) -> None:
    """`pytest --fixtures` has a text for each."""
    lines = pytester.runpytest_subprocess("--fixtures").outlines
    for name in ("runtime", "target", "redis", "capture", "injector", "moc", "bootstrap", "image_injector", "trace"):
        (at,) = (number for number, line in enumerate(lines) if line.startswith(f"intellisense_{name} "))
        assert "no docstring available" not in lines[at + 1]


def test_users_add_operators_pipelines_and_streams(pytester: pytest.Pytester) -> None:
    """The hooks of a conftest count for the plans below it."""
    pytester.makeconftest(
        """
        from pytest_intellisense import PipelineSignature, Stage

        def pytest_intellisense_operators():
            return {"is_even": lambda actual, expected, tolerance: None if actual % 2 == 0 else f"{actual} is odd"}

        def pytest_intellisense_pipelines():
            stages = (Stage(key="tick", match={"event_type": "PRICE_TRADE"}),)
            return {"PRICE_TO_TICK": PipelineSignature(name="PRICE_TO_TICK", stages=stages)}

        def pytest_intellisense_streams():
            return ("desk:own-events",)
        """
    )
    (pytester.path / "tick.plan.json").write_text(
        """{"plan_name": "tick", "steps": [{"step_id": "a", "pipeline": "price_to_tick",
        "stimulus": {"type": "price_update", "symbol": "AAPL", "price": 152},
        "validation_points": [{"validation_id": "even", "type": "specific_log_event_field", "target_identifier": "tick",
        "field_to_check": "price", "operator": "is_even"}]}]}"""
    )
    (pytester.path / "odd.plan.json").write_text(
        (pytester.path / "tick.plan.json").read_text().replace("152", "153").replace('"tick", "steps"', '"odd", "steps"')
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["VALUE *153* is odd*"])
    (session,) = (pytester.path / "captures").iterdir()
    assert "desk:own-events" in (session / "session.json").read_text()
