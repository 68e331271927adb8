"""`--intellisense-dry-run`: everything of a run but the run."""

from __future__ import annotations

import json

import pytest
from helpers.plan_files import SOUND, scenario

pytest_plugins = ["pytester"]
CLOSED = "redis://127.0.0.1:1/0"


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    scenario(pytester.path)
    (pytester.path / "sound.plan.json").write_text(SOUND)
    return pytester


def dry(folder: pytest.Pytester, *words: str) -> pytest.RunResult:
    """A Redis that refuses every connection: whoever connects fails."""
    return folder.runpytest_subprocess("--intellisense-redis", CLOSED, "--intellisense-dry-run", *words)


def test_sound_plans_are_checked_and_nothing_is_connected(folder: pytest.Pytester) -> None:
    """Every row has the word CHECKED, the reports say what kind of run it was, no capture is made."""
    result = dry(folder, "-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "intellisense *: dry run, nothing is connected and nothing is sent",
            "*sound?AAPL-100? CHECKED (3 steps, nothing sent)*",
            "*intellisense: dry run*",
            "dry run: 4 of 4 plans are sound; nothing was connected, nothing was sent",
        ]
    )
    assert not (folder.path / "captures").exists()
    report = json.loads((folder.path / "reports" / "report.json").read_text())
    assert report["session"]["dry_run"] is True
    assert {plan["verdict"] for plan in report["plans"]} == {"checked"}
    assert [step["stimulus"] for step in report["plans"][0]["steps"]] == [
        "AAPL BUY 100",
        "screens/long_aapl.png roi=(0, 0, 4, 3)",
        "broker says FILLED for order ${order_id}",
    ]
    assert "dry run: checked, nothing was sent" in (folder.path / "reports" / "report.html").read_text()


def test_the_same_plans_connect_without_the_option(folder: pytest.Pytester) -> None:
    """Control: in a real run this Redis is not usable."""
    result = folder.runpytest_subprocess("--intellisense-redis", CLOSED, "--intellisense-run-id", "r")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["ENV *127.0.0.1:1*"])


def test_broken_plans_and_files_fail(folder: pytest.Pytester) -> None:
    """A manifest is read to its last line: a frame that is not there is found without a run."""
    manifest = [
        {"correlation_id": "c", "image_filename": name, "perf_counter_ns_capture": at, "epoch_s_capture": 1.0}
        for at, name in enumerate(["long_aapl.png", "nowhere.png"])
    ]
    (folder.path / "screens" / "manifest.jsonl").write_text("\n".join(map(json.dumps, manifest)))
    frames = '"raw_image_sequence", "manifest": "screens/manifest.jsonl"'
    old = '"raw_image_injection", "image": "screens/long_aapl.png", "roi": [0, 0, 4, 3]'
    (folder.path / "frames.plan.json").write_text(SOUND.replace(old, frames))
    (folder.path / "wrong.plan.json").write_text(SOUND.replace('"quantity"', '"quantty"'))
    result = dry(folder, "-n0")
    result.assert_outcomes(passed=4, failed=5)
    result.stdout.fnmatch_lines(
        ['PLAN  step screen: there is no file "screens/nowhere.png"*', "dry run: 4 of 9 plans are sound*"]
    )
    assert "Traceback" not in result.stdout.str()


def test_an_expected_failure_is_checked_too(folder: pytest.Pytester) -> None:
    """What it is expected to fail for needs a run: a strict xfail must not turn a sound plan red."""
    xfail = '"xfail": {"reason": "BUG-12", "strict": true}, "matrix"'
    (folder.path / "sound.plan.json").write_text(SOUND.replace('"matrix"', xfail))
    dry(folder).assert_outcomes(passed=4)


def test_python_tests_that_need_a_connection_are_skipped(folder: pytest.Pytester) -> None:
    """And say why."""
    folder.makepyfile("def test_it(intellisense_redis): raise AssertionError")
    result = dry(folder, "-rs")
    result.assert_outcomes(passed=4, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*dry run: nothing is connected"])
