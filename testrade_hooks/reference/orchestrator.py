"""Turns what the screen says into order requests, and says why when it does not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.desk import TradingDesk
from testrade_hooks.reference.interpreter import Action, Interpretation, ShownPosition, interpret
from testrade_hooks.reference.master_action_filter import FilterDecision, MasterActionFilter
from testrade_hooks.reference.milestones import Milestones
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.orders import Order, OrderStatus
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.request_builder import CleanedFrame, NoOrder, RequestBuilder
from testrade_hooks.reference.signal_memory import SignalMemory

_SERVICE = "OCRScalpingSignalOrchestratorService"
_DECISIONS = "OCRScalpingSignalOrchestrator"


@dataclass(slots=True)
class _Passage:
    """One screen line on its way through the orchestrator."""

    line: ShownPosition
    frame: CleanedFrame
    price: float | None
    milestones: Milestones


class Orchestrator:
    def __init__(self, config: Config, desk: TradingDesk, outlet: Outlet) -> None:
        self._config = config
        self._desk = desk
        self._outlet = outlet
        self._requests = RequestBuilder(config, desk)
        self.memory = SignalMemory(config)
        self.filter = MasterActionFilter(config)
        self._mocks: dict[str, dict[str, Any]] = {}

    def reset(self) -> None:
        self.memory.reset()
        self.filter.reset()
        self._mocks = {}

    def set_mocks(self, profiles: Mapping[str, dict[str, Any]]) -> None:
        """Show the orchestrator these lines in place of the screen's own; none switches that off."""
        self._mocks = dict(profiles)

    def order_settled(self, order: Order) -> None:
        """An order is over. What a signal's order did not do, the same screen may ask for again."""
        self.memory.order_settled(order.request.symbol)
        if self._left_undone(order):
            self.memory.not_done(order.request.symbol)

    def _left_undone(self, order: Order) -> bool:
        action, cancelled = order.request.action, order.status is OrderStatus.CANCELLED and not order.fills
        if action == Action.CLOSE_POSITION:
            return order.leftover_shares > 0
        if action == Action.OPEN_LONG:
            return cancelled and not self._desk.positions.get(order.request.symbol).open
        return cancelled and action in (Action.ADD_LONG, Action.REDUCE_PARTIAL)

    def process(self, frame: CleanedFrame, link: Link) -> None:
        """Decide about every line of a cleaned screen."""
        for symbol, snapshot in frame.snapshots.items():
            line = ShownPosition.from_snapshot(self._mocks.get(symbol, snapshot))
            self._decide(line, frame, link)

    def _decide(self, line: ShownPosition, frame: CleanedFrame, link: Link) -> None:
        passage = _Passage(line, frame, self._desk.current_price(line.symbol), Milestones())
        passage.milestones.mark("t7_orchestration_start")
        self._outlet.log("orchestrator_signal_logic_started", _SERVICE, {"symbol": line.symbol}, link)
        reason = self._seen_before(line, passage.price)
        if reason:
            self._suppress(passage, reason, link)
            return
        if not self._config.get("snapshot_interpreter_enabled"):
            self._fail("VALIDATION", "NO_SNAPSHOT_INTERPRETER_SERVICE", passage, {}, link)
            return
        interpretation, link = self._interpret(passage, link)
        if interpretation.action is None:
            if not interpretation.held_back:
                self.memory.remember(line)
            self._conclude(passage, "SIGNAL_SUPPRESSED", "NO_SIGNAL_GENERATED", link)
            return
        self._act(interpretation.action, passage, link)

    def _act(self, action: Action, passage: _Passage, link: Link) -> None:
        if not self._config.get("master_action_filter_enabled"):
            self._fail("VALIDATION", "NO_MASTER_ACTION_FILTER_SERVICE", passage, {}, link)
            return
        decision, link = self._filter(action, passage, link)
        if not decision.passes:
            self._conclude(passage, "SIGNAL_SUPPRESSED", "NO_FILTERED_SIGNAL", link)
            return
        try:
            request = self._requests.build(action, passage.line, passage.frame, passage.price, decision, link)
        except NoOrder as problem:
            if not problem.passing:
                self.memory.remember(passage.line)
            self._fail("GENERATION", problem.reason, passage, {"action": action, "details": str(problem)}, link)
            return
        passage.milestones.mark("t10_decision_ready")
        self._send(action, request, passage, link)

    def _seen_before(self, line: ShownPosition, price: float | None) -> str | None:
        shares = self._desk.positions.get(line.symbol).total_shares
        if self.memory.is_duplicate(line, shares):
            return "DUPLICATE_FINGERPRINT"
        return "NO_CHANGE_DETECTED" if self.memory.is_unchanged(line, price) else None

    def _interpret(self, passage: _Passage, link: Link) -> tuple[Interpretation, Link]:
        symbol = passage.line.symbol
        interpretation = interpret(
            passage.line,
            self._desk.positions.get(symbol),
            self._config,
            pending_open=any(order.request.side == "BUY" for order in self._desk.orders.open_orders(symbol)),
            pending_sell=self._desk.orders.pending(symbol, "SELL"),
            seconds_since_sync=self._desk.positions.seconds_since_sync(symbol),
        )
        passage.milestones.mark("t8_interpretation_end")
        action = interpretation.action
        body = {
            "symbol": symbol,
            "decision_type": "SIGNAL_GENERATED" if action else "NO_SIGNAL_GENERATED",
            "signal_data": {"action": action, "side": action.side} if action else None,
            "interpretation_context": {"reason": interpretation.reason, **interpretation.context},
            "timestamp": time.time(),
            "correlation_id": link.correlation_id,
        }
        return interpretation, self._outlet.publish("TESTRADE_SIGNAL_INTERPRETATION", body, link)

    def _filter(self, action: Action, passage: _Passage, link: Link) -> tuple[FilterDecision, Link]:
        passage.milestones.mark("t9_filtering_start")
        decision = self.filter.decide(action, passage.line, passage.price)
        passage.milestones.mark("t9_filtering_end")
        body = {
            "decision_type": decision.decision_type,
            "symbol": passage.line.symbol,
            "action": action,
            "reason": decision.reason,
            "details": decision.details,
            "time_remaining": decision.details.get("time_remaining"),
            "timestamp": time.time(),
            "correlation_id": link.correlation_id,
        }
        return decision, self._outlet.publish("TESTRADE_MAF_DECISION", body, link)

    def _send(self, action: Action, request: OrderRequest, passage: _Passage, link: Link) -> None:
        line = passage.line
        self.memory.remember(line)
        self.memory.requested(line, request.current_position or 0.0)
        body = {
            "decision_type": "ORDER_REQUEST_GENERATED",
            "symbol": line.symbol,
            "order_request_data": request.payload(),
            "correlation_id": link.correlation_id,
            "timestamp": time.time(),
            "source_component": _SERVICE,
        }
        link = self._outlet.publish("TESTRADE_SIGNAL_DECISION", body, link)
        passage.milestones.mark("t11_signal_published")
        self._outlet.log("orchestrator_signal_logic_completed", _SERVICE, {"symbol": line.symbol}, link)
        link = self._desk.announce(request, link)
        passage.milestones.mark("t12_order_request_published")
        self._conclude(passage, "SIGNAL_GENERATED", "ORDER_REQUEST_GENERATED", link, request)
        if self._desk.carry_out(request, link):
            self._accepted(action, passage, link)
        else:
            self._refused(action, passage)

    def _accepted(self, action: Action, passage: _Passage, link: Link) -> None:
        self.memory.open_accepted(passage.line.symbol)
        if self.filter.record(action, passage.line, passage.price):
            kind = "ADD" if action is Action.ADD_LONG else "REDUCE"
            body = {"symbol": passage.line.symbol, "action": action, "reason": f"System {kind} action recorded"}
            self._outlet.log("MAFDecision", "MasterActionFilterService", body, link)

    def _refused(self, action: Action, passage: _Passage) -> None:
        self.memory.order_settled(passage.line.symbol)
        if action is Action.OPEN_LONG:
            self.memory.open_refused(passage.line.symbol, passage.price)
        else:
            self.memory.not_done(passage.line.symbol)

    def _suppress(self, passage: _Passage, reason: str, link: Link) -> None:
        body = {
            "decision_type": "SIGNAL_SUPPRESSED",
            "symbol": passage.line.symbol,
            "suppression_reason": reason,
            "timestamp": time.time(),
            "correlation_id": link.correlation_id,
        }
        link = self._outlet.publish("TESTRADE_SIGNAL_SUPPRESSION", body, link)
        self._conclude(passage, "SIGNAL_SUPPRESSED", reason, link)

    def _fail(self, kind: str, reason: str, passage: _Passage, context: Mapping[str, Any], link: Link) -> None:
        body = {
            "decision_type": f"{kind}_FAILURE",
            "symbol": passage.line.symbol,
            "failure_reason": reason,
            "failure_context": dict(context),
            "timestamp": time.time(),
            "correlation_id": link.correlation_id,
        }
        link = self._outlet.publish(f"TESTRADE_SIGNAL_{kind}_FAILURE", body, link)
        self._conclude(passage, f"{kind}_FAILURE", reason, link)

    def _conclude(self, passage: _Passage, kind: str, reason: str, link: Link, request: OrderRequest | None = None) -> None:
        """Every line ends here, traded or not, with its times."""
        if request is None:
            self._outlet.log("orchestrator_signal_logic_completed", _SERVICE, {"symbol": passage.line.symbol}, link)
        line, times = passage.line, passage.milestones.payload()
        body = {
            "decision_type": kind,
            "symbol": line.symbol,
            "master_correlation_id": link.correlation_id,
            "origin_ocr_event_id": passage.frame.raw_event_id,
            "signal_reason": reason,
            "signal_quantity": request.quantity if request else None,
            "order_request_id": request.request_id if request else None,
            "order_side": request.side if request else None,
            "order_type": request.order_type if request else None,
            "limit_price": request.limit_price if request else None,
            "current_price": passage.price,
            "current_position": self._desk.positions.get(line.symbol).total_shares,
            "triggering_cost_basis": line.cost_basis,
            "ocr_frame_timestamp": passage.frame.frame_timestamp,
            "ocr_confidence": passage.frame.confidence,
            **times,
        }
        self._outlet.log(f"SignalDecision_{kind}", _DECISIONS, body, link)
        milestones = {"correlation_id": link.correlation_id, "symbol": line.symbol, "decision_type": kind, **times}
        self._outlet.publish("TESTRADE_ORCHESTRATION_MILESTONES", milestones, link)
