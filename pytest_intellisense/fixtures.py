"""Fixtures: what plans have, for plain Python tests. `pytest --fixtures` shows these texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from pytest_intellisense.capture.session import CaptureSession
    from pytest_intellisense.composition import Runtime
    from pytest_intellisense.engine.bootstrap import PrecisionBootstrap
    from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
    from pytest_intellisense.errors import IntelliSenseError
    from pytest_intellisense.model.results import StepExecutionResult
    from pytest_intellisense.replay.frames import ImageFileReplayInjector
    from pytest_intellisense.streams.injector import StreamInjector
    from pytest_intellisense.targets.embedded import EmbeddedTarget
    from pytest_intellisense.targets.external import ExternalTarget


@pytest.fixture(scope="session")
def intellisense_runtime(pytestconfig: pytest.Config) -> Runtime:
    """Target, capture and injector of this run, not yet started: `start()` does that, once."""
    from pytest_intellisense.composition import runtime_of
    from pytest_intellisense.errors import SettingsError

    try:
        return runtime_of(pytestconfig)
    except SettingsError as problem:
        raise _failed(problem) from None


@pytest.fixture(scope="session")
def _intellisense_running(intellisense_runtime: Runtime) -> Runtime:
    from pytest_intellisense.errors import IntelliSenseError

    if intellisense_runtime.settings.dry_run:
        pytest.skip("dry run: nothing is connected")
    try:
        intellisense_runtime.start()
    except IntelliSenseError as problem:
        raise _failed(problem) from None
    return intellisense_runtime


def _failed(problem: IntelliSenseError) -> BaseException:
    """What fails a test with nothing but the words of `problem`."""
    from pytest_intellisense.reporting.lines import terminal_speaks_unicode, text_of
    from pytest_intellisense.reporting.problem_text import environment_lines

    return pytest.fail.Exception(text_of(environment_lines(problem, unicode=terminal_speaks_unicode())), pytrace=False)


@pytest.fixture(scope="session")
def intellisense_target(_intellisense_running: Runtime) -> EmbeddedTarget | ExternalTarget:
    """The running system under test: the reference application, or the TESTRADE behind `--intellisense-redis URL`."""
    return _intellisense_running.target


@pytest.fixture(scope="session")
def intellisense_redis(_intellisense_running: Runtime) -> redis.Redis:
    """A client of the Redis that the system under test publishes on; answers are bytes."""
    return _intellisense_running.client


@pytest.fixture(scope="session")
def intellisense_capture(_intellisense_running: Runtime) -> CaptureSession:
    """The recording CaptureSession: `position()`, `wait(sequence, deadline_ns)`, `events_since(sequence)`, `loss()`.

    `flush()` returns when everything it has shown is on disk, in `directory`.
    """
    return _intellisense_running.capture


@pytest.fixture(scope="session")
def intellisense_injector(_intellisense_running: Runtime) -> StreamInjector:
    """Sends commands through the injection stream: `send(InjectionCommand)`, `request(InjectionCommand, timeout_s=…)`."""
    return _intellisense_running.injector


@pytest.fixture(scope="session")
def intellisense_moc(_intellisense_running: Runtime) -> MillisecondOptimizationCapture:
    """The MillisecondOptimizationCapture that runs plans: `run(case)` gives a PlanResult."""
    return _intellisense_running.moc


@pytest.fixture
def intellisense_bootstrap(_intellisense_running: Runtime) -> PrecisionBootstrap:
    """Brings the application to known values and proves that it answers: `run(Bootstrap(symbols=("AAPL",)))`."""
    return _intellisense_running.moc.bootstrap


@pytest.fixture
def intellisense_image_injector(_intellisense_running: Runtime) -> ImageFileReplayInjector:
    """Feeds the frames of a manifest with their original timing: `replay(Path("manifest.jsonl"))`."""
    from pytest_intellisense.replay.frames import ImageFileReplayInjector

    return ImageFileReplayInjector(_intellisense_running.injector)


@pytest.fixture
def intellisense_trace(_intellisense_running: Runtime) -> Callable[..., StepExecutionResult]:
    """Inject one stimulus and follow it: `intellisense_trace(TradeCommand(...), pipeline="TRADE_CMD_TO_BROKER_FILL")`.

    Gives a StepExecutionResult: `pipeline.stages`, `pipeline.latencies_ns`, `pipeline.events`, `correlation_id`.
    """
    return _intellisense_running.moc.trace
