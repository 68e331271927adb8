"""The reference application with one fault at a time, put into its stages from outside.

`install` wraps the public methods of its stages once; `armed` switches a fault on while a plan runs. A fault is either one
of an event on its way out (dropped, doubled, late, altered) or one of a stage's work (`works`), which then goes on with it.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from testrade_hooks.reference import app as application
from testrade_hooks.reference import screen_reader
from testrade_hooks.reference.broker import SimulatedBroker
from testrade_hooks.reference.conditioner import Conditioner
from testrade_hooks.reference.conditioning_service import ConditioningService
from testrade_hooks.reference.desk import TradingDesk
from testrade_hooks.reference.executor import Executor
from testrade_hooks.reference.ocr_engine import PytesseractEngine
from testrade_hooks.reference.orchestrator import Orchestrator
from testrade_hooks.reference.order_events import OrderEvents
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.positions import PositionBook
from testrade_hooks.reference.request_builder import RequestBuilder
from testrade_hooks.reference.risk_service import RiskService
from testrade_hooks.reference.screen_reader import ScreenReader

Payload = dict[str, Any]
Works = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """`event` is the wire type that `drop`, `double`, `late_s`, `alter` and `nameless` (no correlation id) are about.

    `works` maps a stage's method (`Conditioner.condition`) to what is done instead; it is given the real method first.
    `from_call` lets the first calls of the method, or events of the type, be as they should.
    """

    event: str = ""
    drop: bool = False
    double: bool = False
    nameless: bool = False
    late_s: float = 0.0
    alter: Callable[[Payload], Payload] | None = None
    works: Mapping[str, Works] = field(default_factory=dict)
    from_call: int = 1


_STAGES = (
    *((ScreenReader, name) for name in ("take_text", "read_image")),
    *((TradingDesk, name) for name in ("announce", "carry_out")),
    (PytesseractEngine, "read_text"),
    (Conditioner, "condition"),
    (ConditioningService, "process"),
    (Orchestrator, "process"),
    (RequestBuilder, "build"),
    (RiskService, "assess"),
    (Executor, "execute"),
    (SimulatedBroker, "send"),
    (OrderEvents, "on_message"),
    (PositionBook, "apply_fill"),
)
_current: Fault | None = None
_calls: dict[str, int] = {}


@contextlib.contextmanager
def armed(fault: Fault | None) -> Iterator[None]:
    global _current
    _calls.clear()
    _current = fault
    try:
        yield
    finally:
        _current = None


def install() -> None:
    """Once, before the application is started."""
    application.Outlet = _FaultyOutlet  # type: ignore[misc]
    for owner, name in _STAGES:
        setattr(owner, name, _wrapped(f"{owner.__name__}.{name}", getattr(owner, name)))
    screen_reader.preprocess = _wrapped("preprocess", screen_reader.preprocess)


def _is_due(name: str, fault: Fault) -> bool:
    _calls[name] = _calls.get(name, 0) + 1
    return _calls[name] >= fault.from_call


def _wrapped(name: str, real: Works) -> Works:
    def method(*arguments: Any, **named: Any) -> Any:
        fault = _current
        if fault is None or name not in fault.works or not _is_due(name, fault):
            return real(*arguments, **named)
        return fault.works[name](real, *arguments, **named)

    return method


class _FaultyOutlet(Outlet):
    def publish(self, event_type: str, payload: Mapping[str, Any], link: Link, **named: Any) -> Link:
        fault = _current
        name = payload.get("correlation_event_name", event_type) if event_type == "TESTRADE_CORRELATION_LOG" else event_type
        if fault is None or fault.event != name or not _is_due(name, fault):
            return super().publish(event_type, payload, link, **named)
        if fault.drop:
            return replace(link, event_id=str(uuid.uuid4()))
        time.sleep(fault.late_s)
        if fault.alter is not None:
            payload = fault.alter(dict(payload))
        if fault.nameless:
            bare = Link("", None, link.validation_id)
            clean = {key: value for key, value in payload.items() if not key.endswith(("_id", "correlation_id", "meta"))}
            super().publish(event_type, clean, bare, **named)
            return link
        sent = super().publish(event_type, payload, link, **named)
        return super().publish(event_type, payload, link, **named) if fault.double else sent
