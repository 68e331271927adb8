"""The reference application on a Redis of its own, driven and read the way a test run does it: over the streams."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import redis

from testrade_hooks import wire
from testrade_hooks.gate import AppGate
from testrade_hooks.reference.app import ReferenceApp

RUN_ID = "reference-tests"
_DEADLINE_S = 30.0


class Driver:
    """Sends commands, remembers every event that appears on any stream, and waits for the ones a test is about."""

    def __init__(self, client: redis.Redis, app: ReferenceApp | None = None) -> None:
        self._client = client
        self.application = app
        self._numbers = itertools.count(1)
        self._positions: dict[bytes, bytes] = {stream.encode(): b"0-0" for stream in wire.STREAMS}
        self.events: list[wire.WireEvent] = []

    def send(self, command_type: str, image: bytes | None = None, as_json: str | None = None, **parameters: Any) -> Chain:
        """Put a command on the injection stream; the result shows what follows from it.

        `as_json` are the parameters in words, where they are what no JSON writer writes.
        """
        number = next(self._numbers)
        payload = {
            "command_id": f"command-{number}-{time.time_ns()}",
            "command_type": command_type,
            "parameters": parameters,
            "run_id": RUN_ID,
            "injected": True,
            "expires_at_epoch_s": time.time() + 60,
        }
        event = wire.event(wire.INJECTION_COMMAND_TYPE, payload, correlation_id=f"master-{number}", image_bytes=image)
        fields = wire.encode(event)
        if as_json is not None:
            fields[b"json_payload"] = fields[b"json_payload"].replace(b'"parameters":{}', b'"parameters":' + as_json.encode())
        self._client.xadd(wire.INJECTION_COMMANDS, fields)
        return Chain(self, event)

    def ask(self, command_type: str, **parameters: Any) -> Mapping[str, Any]:
        """Send a command and give the data of its successful answer."""
        answer = self.send(command_type, **parameters).answer()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, component: str, key: str | None = None) -> Any:
        return self.ask("query_state", component=component, key=key)[component]

    def wait_for(self, wanted: Callable[[], Any], what: str) -> Any:
        """Read events until `wanted()` is true and give that; fails after some seconds without it."""
        deadline = time.monotonic() + _DEADLINE_S
        while not (found := wanted()):
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"{what} did not come; seen: {[_name(event) for event in self.events[-60:]]}"
            self._read(block_ms=max(1, min(100, int(left_s * 1000))))
        return found

    def settle(self) -> None:
        """Wait until the application has done and published all that is due by now, and read it."""
        self.query("trading_state")
        assert self.application is not None, "only an application in this process can be asked to flush"
        assert self.application.publisher.flush(_DEADLINE_S)
        self.read_all()

    def read_all(self) -> list[wire.WireEvent]:
        """Everything that is on the streams now."""
        while self._read(block_ms=None):
            pass
        return self.events

    def _read(self, block_ms: int | None) -> bool:
        reply: Any = self._client.xread(self._positions, count=1000, block=block_ms)
        for stream, entries in reply or ():
            for entry_id, fields in entries:
                self._positions[stream] = entry_id
                self.events.append(wire.decode(stream.decode(), fields))
        return bool(reply)


class Chain:
    """All events with the master correlation id of one command."""

    def __init__(self, driver: Driver, command: wire.WireEvent) -> None:
        self._driver = driver
        self.command = command

    @property
    def correlation_id(self) -> str:
        return str(self.command.correlation_id)

    def events(self, name: str | None = None) -> list[wire.WireEvent]:
        """What has come so far, by event type (without TESTRADE_) or correlation event name, in order of their clock."""
        own = [event for event in self._driver.events if event.correlation_id == self.correlation_id]
        return sorted((e for e in own if name in (None, _name(e))), key=lambda event: event.timestamp_ns or 0)

    def names(self) -> list[str]:
        return [_name(event) for event in self.events() if not event.stream.startswith("intellisense:")]

    def await_(self, name: str, count: int = 1) -> wire.WireEvent:
        """The `count`-th event of that name, waited for."""
        self._driver.wait_for(lambda: len(self.events(name)) >= count, f"{name} of {self.correlation_id}")
        return self.events(name)[count - 1]

    def answer(self) -> Mapping[str, Any]:
        return self.await_("INTELLISENSE_INJECTION_RESPONSE").payload

    def settled(self) -> Chain:
        """The same, after everything that the application has to do by now is done and published."""
        self._driver.settle()
        return self

    def status_words(self) -> list[str]:
        return [event.payload["status"] for event in self.events("ORDER_STATUS_UPDATE")]

    def causes(self, event: wire.WireEvent) -> list[str]:
        """The names of the events that led to `event`, the command first."""
        by_id = {known.event_id: known for known in self._driver.events}
        path = [event]
        while path[0].causation_id:
            path.insert(0, by_id[path[0].causation_id])
        return [_name(step) for step in path]


def _name(event: wire.WireEvent) -> str:
    if event.event_type == wire.CORRELATION_LOG_TYPE:
        return str(event.payload["correlation_event_name"])
    return event.event_type.removeprefix("TESTRADE_")


@contextmanager
def running(client: Callable[[], redis.Redis], **config: Any) -> Iterator[Driver]:
    """A started application with this configuration, and the driver that reads its streams."""
    with client() as own, client() as for_gate:
        gate = AppGate(for_gate, mode="TEST", allowed=True, run_id=RUN_ID)
        with ReferenceApp(client, gate=gate, config=config) as app:
            yield Driver(own, app)
