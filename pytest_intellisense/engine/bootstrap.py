"""What must be true before the first injection; if it is not, one clear problem instead of many timeouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.asking import Requests
from pytest_intellisense.engine.criteria import Matcher
from pytest_intellisense.engine.ids import correlation_id
from pytest_intellisense.engine.ports import Clock, EventSource, InjectionCommand, Injector
from pytest_intellisense.engine.tracing import Chain
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.plan import Bootstrap
from pytest_intellisense.model.timeline import TimelineEvent

STALENESS_S = 5.0
VERIFY_TIMEOUT_S = 5.0
_POLL_NS = 50_000_000
_ACCOUNT = "BOOTSTRAP_ACCT"
_DEFAULT_SYMBOL = "AAPL"


@dataclass(frozen=True, slots=True)
class BootstrapReport:
    """What was found. `state_reset` is False if TESTRADE registered no reset, or the plan did not want one."""

    contract_generation: str
    state_reset: bool
    fresh_symbols: tuple[str, ...]


class PrecisionBootstrap:
    """Makes sure that what happens next can be observed and starts from known values. The source must be started."""

    def __init__(self, source: EventSource, injector: Injector, *, now_ns: Clock, requests: Requests | None = None) -> None:
        self._source = source
        self._injector = injector
        self._now_ns = now_ns
        self._requests = requests or Requests(injector)

    def run(self, wanted: Bootstrap) -> BootstrapReport:
        """Raises EnvironmentProblem (InjectionRefused if a gate said no) naming what is not there and what to do."""
        self._source.events_since(self._source.position())
        was_reset = self._reset_or_ping(wanted.reset)
        if wanted.verify_ocr:
            self._verify_ocr(wanted.symbols)
        if wanted.verify_trade:
            self._verify_trade(wanted.symbols)
        if wanted.reset and (wanted.verify_ocr or wanted.verify_trade):
            self._requests.reset(keep_config=False)
        for symbol in wanted.symbols:
            self._await_price(symbol, wanted.price_feed_timeout_s)
        return BootstrapReport(self._source.contract_generation(), was_reset, wanted.symbols)

    def _reset_or_ping(self, reset: bool) -> bool:
        if reset:
            return self._requests.reset(keep_config=False)
        self._requests.attempt("query_state", {"component": "trading_state"})
        return False

    def _await_price(self, symbol: str, timeout_s: float) -> None:
        deadline_ns = self._now_ns() + round(timeout_s * 1e9)
        while True:
            answer = self._requests.demand("is_price_feed_active", {"symbol": symbol, "staleness_s": STALENESS_S})
            if answer.get("active"):
                return
            now_ns = self._now_ns()
            if now_ns >= deadline_ns:
                raise EnvironmentProblem(
                    f"the price feed of {symbol} is not fresh: {_age(answer)}, waited {timeout_s:g} s",
                    hint=f"start the feed for {symbol}, or leave it out of bootstrap.symbols",
                )
            self._source.wait(self._source.position(), min(deadline_ns, now_ns + _POLL_NS))

    def _verify_ocr(self, symbols: Sequence[str]) -> None:
        """A closed position on the screen trades nothing, but passes the whole OCR path."""
        symbol = symbols[0] if symbols else _DEFAULT_SYMBOL
        parameters = {"raw_data": {"full_raw_text": f"Closed {symbol} 0.00 +0.00 +0.00", "overall_confidence": 95.0}}
        self._round_trip(
            "ocr_event",
            parameters,
            arrives={"event_type": "OCR_SNAPSHOT_CLEANED"},
            fails={"event_type": ["NO_TRADE_DATA", "OCR_CONDITIONING_ERROR"]},
            what=f"an OCR line for {symbol} did not come back cleaned",
        )

    def _verify_trade(self, symbols: Sequence[str]) -> None:
        symbol = symbols[0] if symbols else _DEFAULT_SYMBOL
        parameters = {"symbol": symbol, "side": "BUY", "quantity": 1, "order_type": "MKT", "account": _ACCOUNT}
        self._round_trip(
            "bootstrap_trade",
            parameters,
            arrives={"event_type": "FILL"},
            fails={"event_type": ["RISK_REJECTION", "REJECT", "TradingSkipped"]},
            what=f"the bootstrap trade of 1 {symbol} was not filled",
        )

    def _round_trip(
        self,
        command_type: str,
        parameters: Mapping[str, Any],
        *,
        arrives: Mapping[str, Any],
        fails: Mapping[str, Any],
        what: str,
    ) -> None:
        own_id = correlation_id("intellisense")
        self._requests.issued.add(own_id)
        chain, position = Chain(own_id), self._source.position()
        command = InjectionCommand(command_type=command_type, parameters=parameters, correlation_id=own_id)
        self._injector.send(command)
        deadline_ns = self._now_ns() + round(VERIFY_TIMEOUT_S * 1e9)
        good, bad = Matcher(arrives), Matcher(fails)
        while True:
            for event in self._source.events_since(position):
                position = event.global_sequence_id + 1
                for joined in chain.add(event):
                    if good(joined.event):
                        return
                    if reason := _failure(joined.event, bad):
                        raise EnvironmentProblem(f"{what}: {reason}", hint=_VERIFY_HINT)
            if not self._source.wait(position, deadline_ns) and self._now_ns() >= deadline_ns:
                raise EnvironmentProblem(f"{what} within {VERIFY_TIMEOUT_S:g} s", hint=_VERIFY_HINT)


_VERIFY_HINT = "see what TESTRADE logged, or switch verify_ocr and verify_trade off in the plan's bootstrap"


def _failure(event: TimelineEvent, bad: Matcher) -> str:
    if event.event_type == "INJECTION_RESPONSE" and event.payload.get("status") != "success":
        return str(event.payload.get("message") or event.payload.get("status"))
    if bad(event):
        reason = event.payload.get("reason") or event.payload.get("error_message") or event.payload.get("status")
        return f"{event.event_type} {reason or ''}".strip()
    return ""


def _age(answer: Mapping[str, Any]) -> str:
    age_s = answer.get("age_s")
    return f"its last price is {age_s:.1f} s old" if isinstance(age_s, int | float) else "it has no price"
