"""Hooks of a conftest.py: what they may return, and what is said of one that returns something else."""

from __future__ import annotations

import json

import pytest

DRY = "--intellisense-dry-run"
PLAN = {
    "plan_name": "tick",
    "steps": [
        {
            "step_id": "tick",
            "stimulus": {"type": "price_update", "symbol": "AAPL", "price": 151.0},
            "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
        }
    ],
}
TICK = '{"key": "tick", "match": {"event_type": "PRICE_TRADE"}}'
BROKEN = '{"key": "broken", "match": {"symbol": {"matches_regex": "("}}}'
LATE = '{"key": "late", "match": {"event_type": "ALERT"}, "deadline_ms": 5}'


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """Two plans below a conftest.py that a test writes, and one beside it."""
    for name in ("with/a", "with/b", "without/c"):
        path = pytester.path / f"{name}.plan.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(PLAN))
    return pytester


def write_hook(folder: pytest.Pytester, hook: str, returns: str) -> None:
    (folder.path / "with" / "conftest.py").write_text(f"\ndef pytest_intellisense_{hook}():\n    return {returns}\n")


@pytest.mark.parametrize("pipeline", [f'{{"stages": [{TICK}]}}', f'{{"stages": ({TICK},), "description": "ticks"}}'])
def test_a_pipeline_is_written_as_in_a_plan(folder: pytest.Pytester, pipeline: str) -> None:
    """No class is needed; a plan follows it."""
    write_hook(folder, "pipelines", f'{{"ticks": {pipeline}}}')
    steps = [{**PLAN["steps"][0], "pipeline": "ticks"}]
    (folder.path / "with" / "a.plan.json").write_text(json.dumps({**PLAN, "steps": steps}))
    folder.runpytest_subprocess("with/a.plan.json").assert_outcomes(passed=1)


WRONG = [
    ("pipelines", "[1]", "returned a list of 1", "name -> PipelineSignature or the object*"),
    ("pipelines", '{"p": {}}', 'returned the pipeline "p" with a mistake: "stages" is missing', None),
    ("operators", '{"a": 5}', 'returned the number 5 as the operator "a"', "name -> compare(actual, expected, tolerance)"),
    ("operators", "1 / 0", "raised ZeroDivisionError: division by zero (with/conftest.py:3)", None),
    ("streams", '"desk:own"', 'returned text "desk:own"', "a list or tuple of names"),
]
MORE_WRONG = [
    ("pipelines", '{"p": 5}', 'returned the number 5 as the pipeline "p"', "name -> *"),
    ("pipelines", '{5: {"stages": []}}', "returned the number 5 as a name", "name -> *"),
    ("pipelines", '{"p": {"stages": []}}', 'returned the pipeline "p" with a mistake: stages: *', None),
    ("pipelines", '{"p": {"stages": [{"key": "a", "match": {}, 5: 1}]}}', "*stages?0?.5: *", "key, *"),
    ("pipelines", '{"p": {"stages": {1, 2}}}', 'returned the pipeline "p", which no plan can hold: *', "name -> *"),
    ("pipelines", f'{{"p": {{"stages": [{TICK}], "diversions": [{LATE}]}}}}', "*diversions?0?.deadline_ms: *", "key, match"),
    ("pipelines", f'{{"p": {{"stages": [{BROKEN}]}}}}', "*stages?0?.match.symbol.matches_regex: this is no reg*", None),
    ("operators", '{"==": max}', 'returned the operator "==", which there is already', None),
    ("streams", '["desk:own", 5]', "returned the number 5 as the name of a stream", "a list or tuple of names"),
]


@pytest.mark.parametrize(
    ("hook", "returns", "said", "allowed"), [*WRONG, *(pytest.param(*each, marks=pytest.mark.long) for each in MORE_WRONG)]
)
def test_a_hook_that_returns_something_else_is_named(
    folder: pytest.Pytester, hook: str, returns: str, said: str, allowed: str | None
) -> None:
    """Hook, file and line, what came and what is allowed; only the plans below it fail."""
    write_hook(folder, hook, returns)
    result = folder.runpytest_subprocess(DRY)
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines([f"E  with/conftest.py:2:1  the hook pytest_intellisense_{hook} {said}"])
    if allowed:
        result.stdout.fnmatch_lines([f"E    = allowed: {allowed}"])
    assert "Traceback" not in result.stdout.str() and "pydantic" not in result.stdout.str()


def test_one_operator_in_two_folders(folder: pytest.Pytester) -> None:
    """A run has one table of operators: the same function may be added twice, two different ones may not."""
    own = "def pytest_intellisense_operators():\n    return {'own': lambda actual, expected, tolerance: None}\n"
    for name in ("with", "without"):
        (folder.path / name / "conftest.py").write_text(own)
    result = folder.runpytest_subprocess()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        ["PLAN *conftest.py has 1 problem", '*operator "own", which another conftest.py defines otherwise']
    )
    folder.makepyfile(shared="def own(actual, expected, tolerance): return None")
    for name in ("with", "without"):
        text = "from shared import own\ndef pytest_intellisense_operators():\n    return {'own': own}\n"
        (folder.path / name / "conftest.py").write_text(text)
    folder.runpytest_subprocess("-o", "pythonpath=.").assert_outcomes(passed=3)
