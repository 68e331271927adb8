"""The reader itself: it dies, it is too slow, it runs on another kind of Redis than one thinks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.capture_bench import STREAM, CaptureBench
from helpers.redis_server import RedisServer

from pytest_intellisense.capture import recording
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer

PLAN = {
    "plan_name": "buy",
    "matrix": {"symbol": ["AAPL", "MSFT"]},
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "${symbol}", "side": "BUY", "quantity": 10},
            "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
        }
    ],
}
DIES_AT_THE_SECOND_ORDER = """
from pytest_intellisense.streams.tracks import Track
advance = Track.advance
def die(track, *position):
    advance(track, *position)
    if "validated-orders" in track.stream and track.received > 1:
        raise ZeroDivisionError("a bug in the reader")
Track.advance = die
"""


def test_a_plan_fails_when_the_reader_dies(pytester: pytest.Pytester) -> None:
    """With the reason, in the plan that runs, and not as a warning that a green run would hide.

    The control comes first in the same run: before the reader dies, the same plan passes.
    """
    pytester.makeconftest(DIES_AT_THE_SECOND_ORDER)
    (pytester.path / "buy.plan.json").write_text(json.dumps(PLAN))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError: a bug in the reader*"])
    assert "PytestUnhandledThreadException" not in result.stdout.str()


@pytest.fixture
def direct(server: RedisServer, tmp_path: Path) -> CaptureBench:
    """Captures without a proxy in between."""
    return CaptureBench(server, server.url, tmp_path)


@contextmanager
def disk_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Gives what to call for it to go on."""
    goes_on, write = threading.Event(), LogWriter.write

    def wait_and_write(*arguments: object, **options: object) -> object:
        assert goes_on.wait(30)
        return write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(LogWriter, "write", wait_and_write)
    try:
        yield goes_on.set
    finally:
        goes_on.set()


def backlog(bench: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of 2,000 entries stay on the server while the disk stands still; most of those are trimmed then."""
    with disk_that_stands_still(monkeypatch) as go_on, bench.capturing() as session:
        for _ in range(20):
            bench.publish(100)
        seen = session.position()
        while session.wait(seen, time.perf_counter_ns() + 500_000_000):
            seen = session.position()
        with bench.server.client() as client:
            client.xtrim(STREAM, maxlen=10, approximate=False)
        go_on()
    return len(bench.published) - seen


def test_a_slow_disk_leaves_entries_on_the_server(direct: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, the reader waits, and what the application trims meanwhile is counted to the entry."""
    monkeypatch.setattr(recording, "_MOST_WAITING_BYTES", 100_000)
    assert backlog(direct, monkeypatch) > 1000
    account = direct.account()
    assert account.lost > 1000
    assert account.measurable
    assert account.honest


def test_with_more_room_everything_is_taken(direct: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same entries fit the usual bound, and trimming them afterwards is no loss."""
    assert backlog(direct, monkeypatch) == 0
    assert direct.account().complete


def test_a_session_says_on_which_redis_it_ran(endpoint: Endpoint, tmp_path: Path) -> None:
    """What held on the Redis inside the process is no promise for a server: nobody may take one for the other."""
    with CaptureSession(tmp_path, "one", StreamConsumer(endpoint, "one")) as session:
        pass
    said = read_session(session.directory).facts()["redis"]
    assert said == ("embedded" if endpoint.doorbell else endpoint.address)


WAITS_FOR_EVER = """
import pytest, time

@pytest.mark.timeout(TIMEOUT)
def test_it(intellisense_capture):
    assert not intellisense_capture.wait(intellisense_capture.position() + 1_000_000, time.perf_counter_ns() + 1_500_000_000)
"""


@pytest.mark.parametrize(("timeout_s", "failed"), [(0.7, 1), (60, 0)], ids=["too long", "control"])
def test_a_test_that_waits_for_an_event_in_vain_ends_at_its_timeout(
    pytester: pytest.Pytester, timeout_s: float, failed: int
) -> None:
    """Also at its second attempt, and with the session closed behind it. The control: enough time, and it passes."""
    pytester.makepyfile(WAITS_FOR_EVER.replace("TIMEOUT", str(timeout_s)))
    result = pytester.runpytest_subprocess("--reruns", "1", "-o", "timeout_func_only=true")
    result.assert_outcomes(failed=failed, passed=1 - failed)
    assert ("1 rerun" in result.stdout.str()) == bool(failed)
    assert ("Timeout (>0.7s)" in result.stdout.str()) == bool(failed)
    (session,) = (pytester.path / "captures").iterdir()
    assert read_session(session).facts()["state"] == "complete"
