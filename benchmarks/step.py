"""The framework's own share of a step: from the injection to the verdict, without the time the application takes.

Both sides go through one Redis, in turns: a bare XADD until a blocking XREADGROUP in another thread has it, and a
whole step (gate, injection, durable capture, tracing, one validation point) against a minimal application. The
application's own time, from the return of its read until it sends its XADD, is taken off: it ends as the injection begins,
with the command on its way into a connection. Both sides start from rest, 5 ms apart.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import fakeredis
import redis
from timing import print_figure

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.engine.emitted import Emitted, StepFinished
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.engine.ports import InjectionCommand, InjectionReceipt
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import InjectionPlan, PlanCase, PlanSource
from pytest_intellisense.streams.connection import Endpoint, embedded_endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.injector import StreamInjector
from pytest_intellisense.streams.replies import entries_of
from pytest_intellisense.streams.server import PrivateServer
from testrade_hooks import wire
from testrade_hooks.gate import AppGate, TestGate

ROUNDS = 12
STEPS = 25
PAUSE_S = 0.005
GOAL = 3.0
RUN_ID = "step-benchmark"
BARE_STREAM = "benchmark:bare"


class BareLoop:
    """What anyone would write: XADD here, blocking XREADGROUP in a thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._writer, self._reader = endpoint.open(), endpoint.open()
        self._options: dict[str, int] = {} if endpoint.doorbell else {"count": 100}
        self._writer.delete(BARE_STREAM)
        self._writer.xgroup_create(BARE_STREAM, "bare", "0-0", mkstream=True)
        self._arrived_ns = 0
        self._arrived = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def round_trip_ns(self) -> int:
        """XADD to the return of the reader. A lost wake-up (fakeredis has them) is tried again."""
        while True:
            self._arrived.clear()
            start_ns = time.perf_counter_ns()
            self._writer.xadd(BARE_STREAM, {"json_payload": b"x" * 400})
            if self._arrived.wait(0.2):
                return self._arrived_ns - start_ns

    def close(self) -> None:
        self._ending = True
        self._thread.join()
        self._writer.close()
        self._reader.close()

    def _read(self) -> None:
        while not self._ending:
            if self._reader.xreadgroup("bare", "reader", {BARE_STREAM: ">"}, block=200, **self._options):
                self._arrived_ns = time.perf_counter_ns()
                self._arrived.set()


class MinimalApp:
    """Answers a price update by a tick and a query by nothing; says how long it took for each command."""

    def __init__(self, client: redis.Redis) -> None:
        self.own_ns: dict[str, int] = {}
        self._pool: Any = client.connection_pool
        self._connection = self._pool.get_connection()
        self._gate = AppGate(client, mode="TEST", allowed=True, run_id=RUN_ID)
        self._gate.open()
        self._ending = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._ending = True
        self._thread.join()
        self._gate.close()
        self._pool.release(self._connection)

    def _run(self) -> None:
        position: Any = "0-0"
        while not self._ending:
            reply = self._answer("XREAD", "BLOCK", 200, "STREAMS", wire.INJECTION_COMMANDS, position)
            received_ns = time.perf_counter_ns()
            for _, entries in entries_of(reply):
                for entry_id, fields in entries:
                    position = entry_id
                    self._handle(wire.decode(wire.INJECTION_COMMANDS, fields), received_ns)

    def _handle(self, command: wire.WireEvent, received_ns: int) -> None:
        if command.payload["command_type"] == "price_update":
            answer = wire.event("TESTRADE_MARKET_TICK", command.payload["parameters"], correlation_id=command.correlation_id)
        else:
            asked = {name: command.payload[name] for name in ("command_id", "command_type")}
            payload = {**asked, "status": "success", "message": "", "data": {"trading_state": {}}}
            answer = wire.event(wire.INJECTION_RESPONSE_TYPE, payload, correlation_id=command.correlation_id)
        fields = chain.from_iterable(wire.encode(answer).items())
        self.own_ns[command.correlation_id or ""] = time.perf_counter_ns() - received_ns
        self._answer("XADD", answer.stream, "*", *fields)

    def _answer(self, *words: Any) -> Any:
        """No client between: its detours would be the application's, and are no share of the framework."""
        self._connection.send_command(*words)
        return self._connection.read_response()


class StampedInjector(StreamInjector):
    """Remembers when each command was sent."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.sent_ns: dict[str, int] = {}

    def send(self, command: InjectionCommand, *, intended_ns: int | None = None) -> InjectionReceipt:
        receipt = super().send(command, intended_ns=intended_ns)
        self.sent_ns[command.correlation_id] = receipt.sent_ns
        return receipt


class Steps:
    """A plan of many equal steps, run by the engine on real capture."""

    def __init__(self, endpoint: Endpoint, client: redis.Redis, folder: Path, app: MinimalApp) -> None:
        self._app = app
        self._verdicts: list[tuple[str, int]] = []
        self._session = CaptureSession(folder, "benchmark", StreamConsumer(endpoint, "benchmark"))
        self._session.start()
        gate = TestGate(client, allowed=True, run_id=RUN_ID)
        self._injector = StampedInjector(client, self._session, gate, RUN_ID)
        self._moc = MillisecondOptimizationCapture(self._session, self._injector, images=_no_image, emit=self._note)

    def shares_ns(self) -> list[int]:
        """From the sending of each command to its verdict, less what the application took."""
        self._verdicts.clear()
        result = self._moc.run(CASE)
        assert result.verdict == "passed", result.sentence
        return [at_ns - self._injector.sent_ns[name] - self._app.own_ns[name] for name, at_ns in self._verdicts]

    def close(self) -> None:
        self._session.close()

    def _note(self, emitted: Emitted) -> None:
        if isinstance(emitted, StepFinished):
            self._verdicts.append((emitted.result.correlation_id, time.perf_counter_ns()))
            time.sleep(PAUSE_S)


def _no_image(_folder: Path, _relative: str) -> bytes:
    raise AssertionError("no step has an image")


def _step(number: int) -> dict[str, Any]:
    return {
        "step_id": f"tick_{number}",
        "stimulus": {"type": "price_update", "symbol": "AAPL", "price": 150.25},
        "pipeline": "TICK",
        "validation_points": [{"validation_id": "arrived", "type": "pipeline_completion_status", "expected_value": True}],
    }


TICK = PipelineSignature.model_validate({"name": "TICK", "stages": [{"key": "tick", "match": {"event_type": "PRICE_TRADE"}}]})
PLAN = InjectionPlan.model_validate(
    {"plan_name": "step_benchmark", "bootstrap": {"reset": False}, "steps": [_step(number) for number in range(STEPS)]}
)
CASE = PlanCase(plan=PLAN, source=PlanSource(Path("step.plan.json"), {}), case_id="", row={}, pipelines={"TICK": TICK})


def share_of(endpoint: Endpoint) -> float:
    """The median over the rounds of: median step / median bare round trip."""
    ratios = []
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        client, app_client = (opened.enter_context(endpoint.open()) for _ in range(2))
        app = MinimalApp(app_client)
        opened.callback(app.close)
        steps = Steps(endpoint, client, folder, app)
        opened.callback(steps.close)
        for number in range(ROUNDS + 1):
            shares, round_trips = steps.shares_ns(), _bare_ns(endpoint)
            if number:
                ratios.append(statistics.median(shares) / statistics.median(round_trips))
    return statistics.median(ratios)


def _bare_ns(endpoint: Endpoint) -> list[int]:
    """The bare reader lives for its own measurement only: fakeredis wakes it for every write to any key."""
    bare = BareLoop(endpoint)
    try:
        return [_after_a_pause(bare.round_trip_ns) for _ in range(STEPS)]
    finally:
        bare.close()


def _after_a_pause(measured: Callable[[], int]) -> int:
    time.sleep(PAUSE_S)
    return measured()


def main() -> None:
    print_figure("step_embedded", share_of(embedded_endpoint(fakeredis.FakeServer(version=(7, 4)))), at_most=GOAL)
    server = PrivateServer()
    try:
        print_figure("step_server", share_of(server.start()), at_most=GOAL)
    finally:
        server.close()


if __name__ == "__main__":
    main()
