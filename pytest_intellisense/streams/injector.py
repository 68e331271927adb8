"""StreamInjector: puts commands on the injection stream and finds the answers in the capture."""

from __future__ import annotations

import time
import uuid
from itertools import chain
from typing import Any, Protocol

import redis

from pytest_intellisense.engine.ports import EventSource, InjectionCommand, InjectionReceipt, InjectionResponse
from pytest_intellisense.errors import EnvironmentProblem, InjectionRefused
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.connection import address_of, is_cluster, reported
from testrade_hooks import wire
from testrade_hooks.gate import KILL_SWITCH_KEY, Layer, Refused

_COMMAND_LIFE_S = 60.0


class Gate(Protocol):
    def check(self) -> None:
        """Return if one command may be sent now. Raises gate.Refused."""


class StreamInjector:
    """Every command passes the gate, carries the run id and expires; answers are read from the captured response stream.

    Meant for one thread at a time.
    """

    def __init__(self, client: redis.Redis, source: EventSource, gate: Gate, run_id: str) -> None:
        self._client = client
        self._address = address_of(client)
        self._source = source
        self._gate = gate
        self._run_id = run_id

    def send(self, command: InjectionCommand, *, intended_ns: int | None = None) -> InjectionReceipt:
        """Put one command on the stream; it is never sent twice. Raises InjectionRefused or EnvironmentProblem."""
        started_ns = time.perf_counter_ns()
        try:
            self._gate.check()
        except Refused as refused:
            raise _refusal(command, refused.message, str(refused.layer)) from None
        command_id = uuid.uuid4().hex
        event = wire.event(
            wire.INJECTION_COMMAND_TYPE,
            {
                "command_id": command_id,
                "command_type": command.command_type,
                "parameters": command.parameters,
                "run_id": self._run_id,
                "injected": True,
                "expires_at_epoch_s": time.time() + _COMMAND_LIFE_S,
            },
            correlation_id=command.correlation_id,
            image_bytes=command.image,
        )
        with reported(self._address, key=event.stream):
            sent_ns = self._add(event.stream, wire.encode(event))
        return InjectionReceipt(
            command_id=command_id,
            event_id=event.event_id,
            intended_ns=started_ns if intended_ns is None else intended_ns,
            sent_ns=sent_ns,
        )

    def _add(self, stream: str, fields: dict[Any, Any]) -> int:
        """XADD, once; returns when it was sent. Raises redis errors."""
        if is_cluster(self._client):  # it alone knows where the stream is, and follows it to another node
            sent_ns = time.perf_counter_ns()
            self._client.xadd(stream, fields)
            return sent_ns
        connection: Any = self._client.connection_pool.get_connection()
        try:  # straight to the connection: the detours of a client are a tenth of a step, and some send twice
            sent_ns = time.perf_counter_ns()
            connection.send_command("XADD", stream, "*", *chain.from_iterable(fields.items()))
            connection.read_response()
        finally:
            self._client.connection_pool.release(connection)
        return sent_ns

    def request(self, command: InjectionCommand, *, timeout_s: float) -> InjectionResponse:
        """Send and wait for the answer. Raises InjectionRefused, or EnvironmentProblem if the app stays silent."""
        deadline_ns = time.perf_counter_ns() + round(timeout_s * 1e9)
        looked_to = self._source.position()
        receipt = self.send(command)
        while True:
            events = self._source.events_since(looked_to)
            looked_to += len(events)
            answer = next((_answer(event.payload) for event in events if _answers(event, receipt)), None)
            if answer is not None:
                break
            if not self._source.wait(looked_to, deadline_ns):
                raise EnvironmentProblem(
                    f"the application does not answer {command.command_type}",
                    hint=f"is it running, and does it listen on {wire.INJECTION_COMMANDS} of Redis at {self._address}?",
                )
        if answer.status == "refused":
            raise _refusal(command, answer.message, str(answer.data.get("layer", "application")))
        return answer


def _answers(event: TimelineEvent, receipt: InjectionReceipt) -> bool:
    return event.stream == wire.INJECTION_RESPONSES and event.payload.get("command_id") == receipt.command_id


def _answer(payload: Any) -> InjectionResponse:
    data = payload.get("data")
    return InjectionResponse(
        command_id=str(payload.get("command_id")),
        status=str(payload.get("status")),
        message=str(payload.get("message") or ""),
        data=data if isinstance(data, dict) else {},
    )


_SAME_RUN_ID = "start TESTRADE with a run id (TESTRADE_INJECTION_RUN_ID=ID) and give the same here: --intellisense-run-id ID"
_WHAT_TO_DO: dict[str, str] = {
    Layer.OPT_IN: _SAME_RUN_ID,
    Layer.RUN_ID: _SAME_RUN_ID,
    Layer.HOST: "if it is no live system, list the host: --intellisense-allow-hosts HOST",
    Layer.PERMIT: "is the application running, with its InjectionListener started?",
    Layer.KILL_SWITCH: f"somebody stopped all injections; to allow them again: redis-cli del {KILL_SWITCH_KEY}",
}


def _refusal(command: InjectionCommand, message: str, layer: str) -> InjectionRefused:
    return InjectionRefused(
        f"{command.command_type} was refused by the layer '{layer}' of the injection gate: {message}",
        layer=layer,
        hint=_WHAT_TO_DO.get(layer, "an injection needs the consent of every layer, on both sides; none can be overridden"),
    )
