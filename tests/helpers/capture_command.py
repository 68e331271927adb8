"""`intellisense capture` as a user runs it: processes of their own, and what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.segments import LogFile, all_logs
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import wire

_END_WITHIN_S = 60.0
WITHIN_S = 30.0


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    output: str
    errors: str


def intellisense(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        _command(*words), cwd=folder, env=_environment(environment), capture_output=True, text=True, timeout=60
    )


def eventually(holds: Callable[[], Any], what: str, within_s: float = WITHIN_S) -> Any:
    """The first true value of `holds`; fails with `what` when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (value := holds()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.01)
    return value


def publish(client: redis.Redis, numbers: range, event_type: str = "TESTRADE_ORDER_FILL", **payload: Any) -> None:
    """Publish numbered events as TESTRADE does."""
    pipeline = client.pipeline(transaction=False)
    for number in numbers:
        event = wire.event(event_type, {"number": number, **payload}, correlation_id=f"c-{number}")
        pipeline.xadd(event.stream, wire.encode(event))
    pipeline.execute()


def publish_image(client: redis.Redis, number: int, image: bytes) -> None:
    """Publish a numbered image as TESTRADE's preprocessor does."""
    event = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"number": number}, image_bytes=image)
    client.xadd(event.stream, wire.encode(event))


def events_in(directory: Path) -> list[TimelineEvent]:
    return list(read_session(directory))


def numbers_in(directory: Path) -> list[int]:
    """The numbers of the published events that are on disk, in the order of the log."""
    return [event.payload["number"] for event in events_in(directory) if "number" in event.payload]


class Capture:
    """A running `capture start` in the foreground. Leaving the context kills it if it still runs."""

    def __init__(
        self, folder: Path, url: str, *options: str, session_id: str = "one", stderr: int = subprocess.PIPE, **environment: str
    ) -> None:
        self.directory = folder / "captures" / session_id
        naming = [] if "--resume" in options else ["--session-id", session_id]
        self._command = _command("capture", "start", *naming, *options)
        self._folder = folder
        self._stderr = stderr
        self._environment = _environment({"INTELLISENSE_REDIS": url, **environment})
        self.output = ""
        self.errors = ""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command, cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, stderr=self._stderr, text=True
        )
        assert self.process.stdout is not None
        self.announced = self.process.stdout.readline()
        if not self.announced:
            raise AssertionError(f"it does not record: {self.process.communicate()[1]}")
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.output, self.errors = self.process.communicate()

    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads((self.directory / "session.json").read_bytes())
        return facts

    def has_written(self, lines: int) -> None:
        """Return when at least so many lines are on disk."""
        eventually(lambda: self.lines_on_disk() >= lines, f"{lines} lines on disk")

    def lines_on_disk(self) -> int:
        """0 where a log was compressed in the moment of looking."""
        try:
            return sum(_lines_of(log) for log in all_logs(self.directory))
        except FileNotFoundError:
            return 0

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """The exit code after a signal."""
        self.process.send_signal(by)
        return self.wait()

    def wait(self) -> int:
        """The exit code when it ends by itself."""
        self.output, self.errors = self.process.communicate(timeout=_END_WITHIN_S)
        return self.process.returncode


def _lines_of(log: LogFile) -> int:
    with log.opened() as text:
        return text.read().count(b"\n")


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "pytest_intellisense.cli", *words]


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("INTELLISENSE_")}
    return {**plain, **added}
