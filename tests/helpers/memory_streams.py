"""TESTRADE, its streams and its clock, all in memory: time passes only while the engine waits."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_intellisense.engine.ports import InjectionCommand, InjectionReceipt, InjectionResponse
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem
from pytest_intellisense.model.plan import InjectionPlan, PlanCase, PlanSource
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.model.timeline import Sense, TimelineEvent

OUR_CLOCK = "boot/time"
MS = 1_000_000

_SENSES = {
    "INJECTION_COMMAND": Sense.INJECTION_CONTROL,
    "INJECTION_RESPONSE": Sense.INJECTION_CONTROL,
    "OrderProcessed": Sense.CAPTURE,
    "TradingSkipped": Sense.CAPTURE,
    "POSITION_UPDATE": Sense.TRADE_LIFECYCLE,
}
_WIRE = {
    "VALIDATED_ORDER": "TESTRADE_VALIDATED_ORDER_REQUEST",
    "FILL": "TESTRADE_ORDER_FILL",
    "ACK": "TESTRADE_ORDER_STATUS_UPDATE",
    "STATUS_UPDATE": "TESTRADE_ORDER_STATUS_UPDATE",
    "REJECT": "TESTRADE_ORDER_REJECTION",
    "OCR_FRAME_RAW": "TESTRADE_RAW_OCR_DATA",
    "OCR_SNAPSHOT_CLEANED": "TESTRADE_CLEANED_OCR_SNAPSHOT",
    "PROCESSED_ROI_IMAGE": "TESTRADE_PROCESSED_ROI_IMAGE",
}
_numbers = itertools.count(1)


def timeline_event(
    event_type: str,
    payload: Mapping[str, Any] | None = None,
    *,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    event_id: str | None = None,
    sequence: int = 0,
    time_ns: int | None = 0,
    clock: str | None = OUR_CLOCK,
    received_ns: int = 0,
    stream: str = "",
) -> TimelineEvent:
    number = next(_numbers)
    return TimelineEvent(
        global_sequence_id=sequence or number,
        stream=stream or f"testrade:{event_type.lower()}",
        entry_id=f"{received_ns // MS}-{number}",
        sense=_SENSES.get(event_type, Sense.BROKER),
        event_type=event_type,
        wire_type=_WIRE.get(event_type, f"TESTRADE_{event_type}"),
        source_component="Memory",
        event_id=event_id if event_id is not None else f"event-{number}",
        correlation_id=correlation_id,
        causation_id=causation_id,
        app_time_ns=time_ns,
        app_clock=clock,
        received_ns=received_ns,
        received_epoch_ns=received_ns,
        body=payload or {},
    )


Reaction = Callable[["MemoryTestrade", InjectionCommand, InjectionReceipt], None]


class MemoryTestrade:
    """Event source, injector and clock in one. `reactions` say what a command brings about, by command type."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * MS
        self.reactions: dict[str, Reaction] = {}
        self.answers: dict[str, Callable[[Mapping[str, Any]], Any]] = {}
        self.sent: list[InjectionCommand] = []
        self.requested: list[tuple[str, Mapping[str, Any]]] = []
        self.silent = False
        self.reader_died = False
        self.lost = LossReport()
        self.state: dict[str, Any] = {"orders": [], "positions": {}, "prices": {}, "trading_state": {"enabled": True}}
        self._events: list[TimelineEvent] = []
        self._due: list[tuple[int, int, Callable[[], TimelineEvent]]] = []
        self._waits = 0

    def clock(self) -> int:
        return self.now_ns

    def emit(
        self,
        event_type: str,
        payload: Mapping[str, Any] | None = None,
        *,
        after_ms: float = 0,
        stamp_ms: float | None = None,
        **ids: Any,
    ) -> None:
        """An event reaches us `after_ms` from now; its publisher stamped it then, or `stamp_ms` from now."""
        at_ns = self.now_ns + round(after_ms * MS)
        stamp_ns = at_ns if stamp_ms is None else self.now_ns + round(stamp_ms * MS)
        ids.setdefault("time_ns", stamp_ns)

        def arrive() -> TimelineEvent:
            return timeline_event(event_type, payload, sequence=len(self._events) + 1, received_ns=at_ns, **ids)

        heapq.heappush(self._due, (at_ns, next(_numbers), arrive))

    def _deliver(self) -> None:
        while self._due and self._due[0][0] <= self.now_ns:
            self._events.append(heapq.heappop(self._due)[2]())

    # the event source

    def start(self) -> None:
        pass

    def position(self) -> int:
        self._deliver()
        return len(self._events) + 1

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        if self.reader_died:
            raise CaptureFailed("the reader stopped")
        self._deliver()
        return self._events[sequence - 1 :]

    def let_go(self, before: int) -> None:
        pass

    def wait(self, sequence: int, deadline_ns: int) -> bool:
        self._waits += 1
        assert self._waits < 100_000, "the engine waits for ever"
        while len(self._events) < sequence:
            next_ns = self._due[0][0] if self._due else deadline_ns + 1
            if next_ns > deadline_ns:
                self.now_ns = max(self.now_ns, deadline_ns)
                return False
            self.now_ns = max(self.now_ns, next_ns)
            self._deliver()
        return True

    def loss(self) -> LossReport:
        return self.lost

    def contract_generation(self) -> str:
        return "G1"

    # the injector

    def send(self, command: InjectionCommand, *, intended_ns: int | None = None) -> InjectionReceipt:
        self.sent.append(command)
        number = next(_numbers)
        receipt = InjectionReceipt(
            command_id=f"command-{number}",
            event_id=f"cause-{number}",
            intended_ns=intended_ns or self.now_ns,
            sent_ns=self.now_ns,
        )
        payload = {
            "command_id": receipt.command_id,
            "command_type": command.command_type,
            "parameters": dict(command.parameters),
        }
        self.emit("INJECTION_COMMAND", payload, correlation_id=command.correlation_id, event_id=receipt.event_id)
        reaction = self.reactions.get(command.command_type)
        if reaction is not None and not self.silent:
            reaction(self, command, receipt)
        return receipt

    def respond(self, receipt: InjectionReceipt, status: str, message: str = "") -> None:
        payload = {"command_id": receipt.command_id, "status": status, "message": message, "data": {}}
        self.emit("INJECTION_RESPONSE", payload, causation_id=receipt.event_id)

    def request(self, command: InjectionCommand, *, timeout_s: float) -> InjectionResponse:
        self.requested.append((command.command_type, command.parameters))
        if self.silent:
            self.now_ns += round(timeout_s * 1e9)
            raise EnvironmentProblem(f"the application does not answer {command.command_type}")
        status, message = "success", ""
        data: Mapping[str, Any] = {}
        answer = self.answers.get(command.command_type, _DEFAULT_ANSWERS.get(command.command_type))
        if answer is None:
            status, message = "error", f"{command.command_type} is not registered"
        else:
            given = answer(command.parameters)
            if isinstance(given, str):
                status, message = "error", given
            else:
                data = self.state if given is None else given
        return InjectionResponse(command_id="request", status=status, message=message, data=data)


_DEFAULT_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "reset_state": lambda parameters: {},
    "set_position_state": lambda parameters: {},
    "activate_ocr_mocks": lambda parameters: {},
    "query_state": lambda parameters: None,
    "is_price_feed_active": lambda parameters: {"active": True, "age_s": 0.1},
}


def fills_orders(*, fills: Sequence[float] = (1.0,), price: float = 150.0) -> Reaction:
    """An app that validates, forwards, acknowledges and fills a trade command; `fills` are shares of the quantity."""

    def react(app: MemoryTestrade, command: InjectionCommand, receipt: InjectionReceipt) -> None:
        wanted = command.parameters
        ids: dict[str, Any] = {"correlation_id": command.correlation_id}
        order = {"local_order_id": "1", "broker_order_id": "9001", "symbol": wanted["symbol"]}
        app.respond(receipt, "success")
        app.emit("VALIDATED_ORDER", {**wanted}, after_ms=2, causation_id=receipt.event_id, **ids)
        app.emit("OrderProcessed", {"request_id": wanted["request_id"]}, after_ms=3, **ids)
        app.emit("ACK", {**order, "status": "Accepted"}, after_ms=10, **ids)
        for number, share in enumerate(fills, 1):
            quantity = wanted["quantity"] * share
            fill = {**order, "order_id": "9001", "side": wanted["side"], "fill_quantity": quantity, "fill_price": price}
            app.emit("FILL", fill, after_ms=20 * number, **ids)
        app.emit(
            "POSITION_UPDATE", {"symbol": wanted["symbol"], "quantity": wanted["quantity"]}, after_ms=20 * len(fills) + 5, **ids
        )

    return react


def rejects_orders(reason: str) -> Reaction:
    """An app whose risk checks reject every trade command."""

    def react(app: MemoryTestrade, command: InjectionCommand, receipt: InjectionReceipt) -> None:
        payload = {
            "original_request_id": command.parameters["request_id"],
            "symbol": command.parameters["symbol"],
            "reason": reason,
        }
        app.respond(receipt, "success")
        app.emit("RISK_REJECTION", payload, after_ms=2, correlation_id=command.correlation_id)

    return react


def case(*steps: Mapping[str, Any], **plan: Any) -> PlanCase:
    """A plan with these steps, as the engine gets it."""
    document = {"plan_name": "plan", "steps": list(steps), **plan}
    return PlanCase(
        plan=InjectionPlan.model_validate(document),
        source=PlanSource(Path("plans/plan.plan.json"), {(): (1, 1), ("steps",): (2, 3)}),
        case_id="",
        row={},
        pipelines={},
    )


def step(stimulus: Mapping[str, Any], *points: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    numbered = [{"validation_id": f"v{number}", **point} for number, point in enumerate(points, 1)]
    return {"step_id": "step", "stimulus": dict(stimulus), "validation_points": numbered, **fields}


BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}
TO_FILL = "TRADE_CMD_TO_BROKER_FILL"
