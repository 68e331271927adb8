"""InjectionListener: the door through which a test drives the application.

The whole adapter of an application, here with two of the commands::

    import os
    import redis
    from testrade_hooks import AppGate, Command, EventPublisher, InjectionListener

    class IntelliSenseAdapter:
        def __init__(self, app):
            client = redis.Redis(host=app.config.redis_host, port=app.config.redis_port)
            gate = AppGate(
                client,
                mode=lambda: app.mode.name,
                allowed=app.config.injection_allowed,
                run_id=os.environ.get("TESTRADE_INJECTION_RUN_ID", ""),
            )
            self.app = app
            self.publisher = EventPublisher(client)
            self.listener = InjectionListener(client, gate)
            self.listener.register("trade_command", self.trade)
            self.listener.register("raw_image_injection", self.image)
            self.listener.start()

        def trade(self, command: Command):
            self.app.order_requests.put(command.parameters, correlation_id=command.correlation_id)
            return {"request_id": command.parameters["request_id"]}

        def image(self, command: Command):
            self.app.ocr.inject_raw_image_frame(command.image, correlation_id=command.correlation_id)

        def close(self):
            self.listener.close()
            self.publisher.close()
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import redis

from testrade_hooks import wire
from testrade_hooks.connection import is_cluster, own_client
from testrade_hooks.gate import AppGate, Refused

_BLOCK_MS = 500
_SOCKET_TIMEOUT_S = _BLOCK_MS / 1000 + 4.0
_COUNT = 8
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0

_log = logging.getLogger("testrade_hooks.injection")


@dataclass(frozen=True, slots=True)
class Command:
    """One permitted command. What follows from it carries `correlation_id`, and `event_id` as its causation id."""

    command_id: str
    command_type: str
    parameters: Mapping[str, Any]
    correlation_id: str | None
    event_id: str
    image: bytes | None = field(default=None, repr=False)


Handler = Callable[[Command], Mapping[str, Any] | None]


class InjectionListener:
    """Reads the injection stream, asks the gate, calls what was registered and answers.

    Callables run one after another in the listener's thread and should only hand the work over; an answer says that
    the callable returned. What it raises becomes the answer's error. Commands from before `start`, or from a time
    without connection to a stream that was lost meanwhile, are not carried out.
    """

    def __init__(self, redis_client: redis.Redis, gate: AppGate) -> None:
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._gate = gate
        self._handlers: dict[str, Handler] = {}
        self._closing = threading.Event()
        self._last_id: bytes | None = None
        self._connection_id: int | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def register(self, command_type: str, handler: Handler) -> None:
        """Have `handler` called for each permitted command of this type; its mapping becomes the answer's data."""
        self._handlers[command_type] = handler

    def start(self) -> None:
        """Take commands from now on. Raises nothing: what keeps injection off is logged.

        If the gate says no, injection stays off. If Redis does not answer, it is tried again in the background.
        """
        attached = False
        try:
            self._attach()
            attached = True
        except Refused as refusal:
            _log.warning("injection is off (%s)", refusal)
            return
        except (redis.RedisError, OSError) as problem:
            _log.warning("injection waits for Redis: %s", problem)
        self._thread = threading.Thread(target=self._run, args=(attached,), name="testrade-injection", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop taking commands, let the running one end (for at most `timeout_s`) and withdraw the permit."""
        self._closing.set()
        if self._thread is not None:
            self._join(self._thread, time.monotonic() + timeout_s)
        try:
            self._gate.close()
        except (redis.RedisError, OSError) as problem:
            _log.warning("the injection permit could not be withdrawn: %s", problem)
        if self._thread is None:
            self._client.close()

    def _join(self, thread: threading.Thread, deadline: float) -> None:
        if is_cluster(self._client):
            thread.join(max(0.0, deadline - time.monotonic()))
            return
        with own_client(self._client, socket_timeout_s=0.5) as waker:
            while thread.is_alive() and time.monotonic() < deadline:
                try:
                    if self._connection_id is not None:
                        waker.client_unblock(self._connection_id)
                except (redis.RedisError, OSError):
                    self._connection_id = None
                thread.join(0.02)

    def _run(self, attached: bool) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                if not attached:
                    self._attach()
                attached = True
                self._read()
                pause_s = _FIRST_PAUSE_S
            except Refused as refusal:
                _log.warning("injection is off (%s)", refusal)
                break
            except (redis.RedisError, OSError) as problem:
                attached = False
                _log.warning("injection lost Redis and tries again: %s", problem)
                self._closing.wait(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
        self._client.close()

    def _attach(self) -> None:
        """Find our place in the stream, then announce that we listen: what is sent after the permit is seen is read."""
        self._connection_id = self._own_connection_id()
        newest = self._newest_id()
        if self._last_id is None or _order(newest) < _order(self._last_id):
            self._last_id = newest
        self._gate.open()

    def _own_connection_id(self) -> int | None:
        """None where a blocking read cannot be ended from outside: of a cluster nobody says which node holds the connection."""
        if is_cluster(self._client):
            return None
        try:
            return self._client.client_id()
        except redis.ResponseError:
            return None

    def _newest_id(self) -> bytes:
        if not self._client.exists(wire.INJECTION_COMMANDS):
            return b"0-0"
        newest: bytes = self._client.xinfo_stream(wire.INJECTION_COMMANDS)["last-generated-id"]
        return newest

    def _read(self) -> None:
        start: bytes = self._last_id or b"0-0"
        reply: Any = self._client.xread({wire.INJECTION_COMMANDS: start}, count=_COUNT, block=_BLOCK_MS)
        for entry_id, fields in reply[0][1] if reply else ():
            if self._closing.is_set():
                return
            self._last_id = entry_id
            try:
                self._handle(fields)
            except (redis.RedisError, OSError):
                raise
            except Exception as problem:  # noqa: BLE001 - anybody may write there: no entry ends the listening
                _log.warning("an entry on the injection stream was passed over: %s", type(problem).__name__)
                _log.debug("where an entry on the injection stream was passed over", exc_info=True)

    def _handle(self, fields: Mapping[bytes, bytes]) -> None:
        try:
            event = wire.decode(wire.INJECTION_COMMANDS, fields)
        except wire.UnreadableEntry as problem:
            _log.warning("an entry on the injection stream is no command: %s", problem)
            return
        if event.event_type != wire.INJECTION_COMMAND_TYPE:
            _log.warning("an entry on the injection stream is no command but %s", event.event_type)
            return
        answer = _Answer(event)
        self._carry_out(event, answer)
        fields_of_answer: dict[Any, Any] = answer.fields()
        self._client.xadd(wire.INJECTION_RESPONSES, fields_of_answer)

    def _carry_out(self, event: wire.WireEvent, answer: _Answer) -> None:
        payload = event.payload
        try:
            self._gate.check(payload)
        except Refused as refusal:
            return answer.refuse(str(refusal), refusal.layer)
        except Exception as problem:  # noqa: BLE001 - a gate that fails is a gate that is shut
            return answer.refuse(f"the gate failed: {problem}", "gate")
        command_type, parameters = payload.get("command_type"), payload.get("parameters")
        if not isinstance(command_type, str):
            return answer.fail("command_type must be a text")
        handler = self._handlers.get(command_type)
        if handler is None:
            return answer.fail(f"unknown command type {command_type!r}; registered: {', '.join(sorted(self._handlers))}")
        if not isinstance(parameters, dict):
            return answer.fail("parameters must be an object")
        command = Command(
            payload["command_id"], command_type, parameters, event.correlation_id, event.event_id, event.image_bytes
        )
        try:
            answer.data = dict(handler(command) or {})
        except Exception as problem:  # noqa: BLE001 - the application's mistakes are answers to the test
            _log.warning("command %s failed: %s", command_type, type(problem).__name__)
            _log.debug("where command %s failed", command_type, exc_info=True)
            answer.fail(f"{type(problem).__name__}: {problem}")
        return None


class _Answer:
    """The answer to one command; success until told otherwise."""

    def __init__(self, command: wire.WireEvent) -> None:
        self._command = command
        self._status, self._message = "success", ""
        self.data: Mapping[str, Any] = {}

    def refuse(self, message: str, layer: str) -> None:
        self._status, self._message, self.data = "refused", message, {"layer": str(layer)}

    def fail(self, message: str) -> None:
        self._status, self._message, self.data = "error", message, {}

    def fields(self) -> dict[bytes, bytes]:
        try:
            return wire.encode(self._event())
        except (TypeError, ValueError, RecursionError) as problem:
            self.fail(f"the command was carried out, but what it returned is not JSON: {problem}")
            return wire.encode(self._event())

    def _event(self) -> wire.WireEvent:
        asked = self._command.payload
        return wire.event(
            wire.INJECTION_RESPONSE_TYPE,
            {
                "command_id": _if_text(asked.get("command_id")),
                "command_type": _if_text(asked.get("command_type")),
                "status": self._status,
                "message": self._message,
                "data": self.data,
            },
            correlation_id=self._command.correlation_id,
            causation_id=self._command.event_id,
        )


def _if_text(stated: object) -> str | None:
    """What is no text may not even be JSON, and an answer must be."""
    return stated if isinstance(stated, str) else None


def _order(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition(b"-")
    return int(milliseconds), int(sequence or 0)
