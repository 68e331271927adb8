"""What is not there is said once, in time, without a traceback and without a secret."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest
from helpers.redis_server import RedisServer
from helpers.small_disks import small_disk

PLAN = {
    "plan_name": "buy",
    "matrix": {"symbol": ["AAPL", "MSFT", "TSLA"]},
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "${symbol}", "side": "BUY", "quantity": 10},
            "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
        }
    ],
}
SECRET = "s3cr3t/with@odd:letters"


@pytest.fixture
def plan(pytester: pytest.Pytester) -> Path:
    path = pytester.path / "buy.plan.json"
    path.write_text(json.dumps(PLAN))
    return path


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def everything_written(pytester: pytest.Pytester, result: pytest.RunResult) -> str:
    """All output and every file of the run."""
    files = [path.read_bytes().decode(errors="replace") for path in pytester.path.rglob("*") if path.is_file()]
    return "\n".join([result.stdout.str(), result.stderr.str(), *files])


def test_redis_down_is_one_message(pytester: pytest.Pytester, plan: Path, closed_port: int) -> None:
    """Refused connection: the address and what to do, told in full once, and every plan fails."""
    started = time.monotonic()
    result = pytester.runpytest_subprocess("--intellisense-redis", f"redis://user:{SECRET}@127.0.0.1:{closed_port}/0")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"ENV *127.0.0.1:{closed_port} refused the connection*"])
    output = result.stdout.str()
    assert output.count("ENV  same as") == 2
    assert "Traceback" not in output
    assert SECRET not in everything_written(pytester, result)
    assert "with@odd" not in everything_written(pytester, result)
    report = json.loads((pytester.path / "reports" / "report.json").read_text())
    assert [(row["verdict"], row["fault"]) for row in report["plans"]] == [("error", "ENV")] * 3
    assert time.monotonic() - started < 60


def test_wrong_password_is_one_message(pytester: pytest.Pytester, plan: Path) -> None:
    """A refused password is tried once and never shown."""
    with RedisServer("--requirepass", "another") as server:
        url = f"redis://:{SECRET}@127.0.0.1:{server.port}/0"
        result = pytester.runpytest_subprocess("--intellisense-redis", url)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["ENV *password*"])
    assert SECRET not in everything_written(pytester, result)
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("full", [False, True], ids=["no folder", "full disk"])
def test_captures_that_cannot_be_written_are_env_everywhere(pytester: pytest.Pytester, plan: Path, full: bool) -> None:
    """The disk is no loss of events: terminal, summary and every report give it one domain."""
    with small_disk(pytester.path / "disk", size="64k") as disk:
        if full:
            disk.fill("bytes")
        else:
            (disk / "captures").touch()
        options = ("--intellisense-capture-dir", "disk/captures", "--intellisense-formats", "markdown,text,ctrf,junit")
        result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["ENV  capture stopped*", "FAILED *buy?AAPL? - ENV capture stopped*"])
    written = everything_written(pytester, result)
    assert "LOSS" not in written.replace(".is-LOSS", "")
    report = json.loads((pytester.path / "reports" / "report.json").read_text())
    assert [(row["verdict"], row["fault"]) for row in report["plans"]] == [("error", "ENV")] * 3


def test_a_silent_application_is_one_message(pytester: pytest.Pytester, plan: Path) -> None:
    """A Redis without a TESTRADE: no permit is there, so nothing is sent."""
    with RedisServer() as server:
        result = pytester.runpytest_subprocess("--intellisense-redis", server.url, "--intellisense-run-id", "desk-42")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["ENV *permit*"])
    assert "Traceback" not in result.stdout.str()


def test_without_a_run_id_nothing_is_injected(pytester: pytest.Pytester, plan: Path) -> None:
    """A URL alone is no consent."""
    with RedisServer() as server:
        result = pytester.runpytest_subprocess("--intellisense-redis", server.url)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["ENV *opt-in*", "*--intellisense-run-id ID*"])


def test_tesseract_missing_is_one_message(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Tesseract plans with images fail and say what to install; others run."""
    import cv2
    import numpy

    cv2.imwrite(str(pytester.path / "screen.png"), numpy.zeros((137, 617, 3), numpy.uint8))
    step = {
        "step_id": "screen",
        "stimulus": {"type": "raw_image_injection", "image": "screen.png"},
        "timeout_s": 3,
        "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
    }
    (pytester.path / "screen.plan.json").write_text(json.dumps({"plan_name": "screen", "steps": [step]}))
    (pytester.path / "buy.plan.json").write_text(json.dumps(PLAN))
    monkeypatch.setenv("PATH", "/nowhere" + os.pathsep + str(Path(os.sys.executable).parent))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["ENV *esseract*"])
    assert "tesseract-ocr" in result.stdout.str()


@pytest.mark.parametrize("value", ["localhost:6379", "http://localhost", ""])
def test_a_setting_that_cannot_be_meant_is_a_usage_error(pytester: pytest.Pytester, plan: Path, value: str) -> None:
    """pytest's own exit code 4, with the allowed values."""
    result = pytester.runpytest_inprocess("--intellisense-redis", value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "allowed: embedded, server, redis://" in result.stderr.str()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:{port}/0", "refused the connection"),
        ("redis://127.0.0.1:{port}/0?foo=1", "option"),
        ("here", "'here'"),
    ],
)
@pytest.mark.parametrize("fixture", ["redis", "trace", "moc"])
def test_python_tests_are_told_the_same_once(
    pytester: pytest.Pytester, closed_port: int, fixture: str, url: str, said: str
) -> None:
    """A fixture that cannot be had fails its test with the words that a plan would get, and nothing else."""
    pytester.makepyfile(f"def test_it(intellisense_{fixture}): pass")
    result = pytester.runpytest_subprocess("--intellisense-redis", url.format(port=closed_port), "-rN")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_it*", f"ENV  *{said}*"], consecutive=True)
    output = result.stdout.str()
    assert "Traceback" not in output and "During handling" not in output
    assert output.count(said) == 1 and output.count("ENV  ") == 1


def test_workers_cannot_share_a_running_application(pytester: pytest.Pytester, plan: Path) -> None:
    """Plans of two workers would undo each other's state."""
    result = pytester.runpytest_subprocess("-n", "2", "--intellisense-redis", "redis://127.0.0.1:1/0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "one plan at a time" in result.stderr.str()
