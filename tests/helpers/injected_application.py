"""An application that takes injections, and what a test tells it and hears of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from testrade_hooks import wire
from testrade_hooks.gate import AppGate
from testrade_hooks.injection import Command, InjectionListener

RUN = "run-7f3a"


@dataclass
class Application:
    """An application that takes injections, as a test sees it: what was carried out, and how to send it more."""

    redis: redis.Redis
    listener: InjectionListener
    carried_out: list[Command] = field(default_factory=list)
    last_answer: Any = "0-0"

    def send(self, command_type: str = "note", *, image: bytes | None = None, **changed: Any) -> str:
        """Put a command on the stream, well formed except for what is changed; gives its event id."""
        event = injection(command_type, image=image, **changed)
        put(self.redis, event)
        return event.event_id

    def answer(self) -> wire.WireEvent:
        """The next answer, as soon as it comes."""
        reply: Any = self.redis.xread({wire.INJECTION_RESPONSES: self.last_answer}, count=1, block=15_000)
        assert reply, "the application does not answer"
        self.last_answer, fields = reply[0][1][0]
        return wire.decode(wire.INJECTION_RESPONSES, fields)

    def ask(self, command_type: str = "note", **changed: Any) -> dict[str, Any]:
        """Send a command and give the payload of its answer."""
        self.send(command_type, **changed)
        return dict(self.answer().payload)

    @property
    def notes(self) -> list[Any]:
        return [command.parameters.get("number") for command in self.carried_out]


def injection(command_type: str = "note", *, image: bytes | None = None, **changed: Any) -> wire.WireEvent:
    payload = {
        "command_id": str(uuid.uuid4()),
        "command_type": command_type,
        "parameters": {},
        "run_id": RUN,
        "injected": True,
        "expires_at_epoch_s": time.time() + 60,
        **changed,
    }
    return wire.event(wire.INJECTION_COMMAND_TYPE, payload, correlation_id="master-1", image_bytes=image)


def put(client: redis.Redis, event: wire.WireEvent, entry_id: str = "*") -> None:
    fields: dict[Any, Any] = wire.encode(event)
    client.xadd(wire.INJECTION_COMMANDS, fields, id=entry_id)


@contextmanager
def application(client: redis.Redis, *, listen_with: redis.Redis | None = None, **gate: Any) -> Iterator[Application]:
    """A running application with three commands: `note` keeps what it gets, `echo` returns it, `fail` raises."""
    own = listen_with or client
    listener = InjectionListener(own, AppGate(own, **{"mode": "TEST", "allowed": True, "run_id": RUN, **gate}))
    app = Application(client, listener)
    listener.register("note", app.carried_out.append)
    listener.register("echo", lambda command: command.parameters)
    listener.register("fail", _fail)
    with listener:
        yield app


def _fail(_command: Command) -> None:
    raise LookupError("no order 17")
