"""Makes sense of raw OCR text: lines become snapshots of positions, and every decision on the way is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.decimal_correction import corrected_cost
from testrade_hooks.reference.flicker import FlickerFilter
from testrade_hooks.reference.screen_lines import STRATEGY_WORDS, ScreenLine, parse_line
from testrade_hooks.reference.screen_numbers import column_problem, cost_of, number_text, per_share_of, realized_of

_DECIMAL = "OCRDecimalCorrectionDecision"
_NOT_A_COST = "FIELD_NOT_COST_BASIS"

Prices = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """`event_name` is the name it is published under."""

    event_name: str
    decision_type: str
    reason: str
    context: dict[str, Any]


@dataclass(slots=True)
class ConditionedFrame:
    """What one frame said. Snapshots by symbol, money in dollars; counters are of this frame alone."""

    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    no_trade_reason: str | None = None
    counters: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "symbols_processed",
                "lines_processed",
                "flickers_rejected",
                "decimal_corrections_applied",
                "validation_failures",
            ),
            0,
        )
    )


class Conditioner:
    """Keeps per symbol the last strategy word and the last believed cost. `prices`: the live price, None if there is none."""

    def __init__(self, config: Config, prices: Prices) -> None:
        self._config = config
        self._prices = prices
        self._flicker = FlickerFilter()
        self._strategies: dict[str, str] = {}
        self._active: set[str] = set()

    def forget(self, symbol: str) -> None:
        """Read the symbol as if it came on the screen for the first time."""
        self._flicker.forget(symbol)
        self._strategies.pop(symbol, None)

    def reset(self) -> None:
        """Forget every symbol."""
        self._flicker.reset()
        self._strategies.clear()
        self._active.clear()

    def condition(self, raw_text: str, confidence: float) -> ConditionedFrame:
        """Read every line; the later of two lines with one symbol wins, even refused. `confidence` is told with refusals."""
        frame = ConditionedFrame()
        lines = [line for line in raw_text.split("\n") if line.strip()]
        for raw in lines:
            frame.counters["lines_processed"] += 1
            self._line(parse_line(raw, self._config.get("ocr_fuzzy_match_threshold")), confidence, frame)
        frame.counters["symbols_processed"] = len(frame.snapshots)
        if not frame.snapshots:
            frame.no_trade_reason = "no text on the screen" if not lines else f"none of {len(lines)} lines is a position"
        return frame

    def _line(self, line: ScreenLine, confidence: float, frame: ConditionedFrame) -> None:
        symbol, price = self._validated(line.symbols) if line.strategy else (None, None)
        refusal = self._refusal(line, symbol)
        if refusal:
            self._refuse(line, refusal, confidence, frame)
            frame.snapshots.pop(symbol or "", None)
            return
        assert symbol is not None and line.strategy is not None
        cost_field, per_share_field, realized_field = line.fields
        self._note_strategy(symbol, line.strategy)
        cost = self._cost(symbol, cost_field, price, frame)
        for field_name, text in (("pnl_per_share", per_share_field), ("realized_pnl", realized_field)):
            context = {"symbol": symbol, "field": field_name, "raw_value": number_text(text), "skip_reason": _NOT_A_COST}
            frame.decisions.append(Decision(_DECIMAL, "DECIMAL_CORRECTION_SKIPPED", _NOT_A_COST, context))
        per_share = per_share_of(per_share_field, strategy=line.strategy, cost=cost, price=price)
        frame.snapshots[symbol] = {
            "symbol": symbol,
            "strategy_hint": line.strategy,
            "cost_basis": cost,
            "pnl_per_share": round(per_share, 4),
            "realized_pnl": round(realized_of(realized_field), 4),
        }

    def _validated(self, symbols: tuple[str, ...]) -> tuple[str | None, float | None]:
        """The first of `symbols` that is known, with its price. No symbol: none has ever had a price."""
        for symbol in symbols:
            price = self._prices(symbol)
            if price is not None:
                self._active.add(symbol)
            if symbol in self._active:
                return symbol, price
        return None, None

    def _refusal(self, line: ScreenLine, symbol: str | None) -> tuple[str, str, str] | None:
        """Stage, decision type and reason of a line that is no position; None for one that is."""
        if line.strategy is None:
            words = ", ".join(STRATEGY_WORDS)
            return "strategy", "STRATEGY_VALIDATION_FAILURE", f"the line does not begin with one of {words}"
        if not line.symbols:
            return "symbol", "SYMBOL_VALIDATION_FAILURE", "no symbol of 1 to 6 characters after the strategy word"
        if symbol is None:
            return "price", "JIT_VALIDATION_FAILURE", f"SYMBOL_NO_PRICE_DATA: no price of {line.symbols[0]}"
        problem = column_problem(line.fields)
        return ("numbers", "INSUFFICIENT_NUMERIC_TOKENS", problem) if problem else None

    def _refuse(self, line: ScreenLine, refusal: tuple[str, str, str], confidence: float, frame: ConditionedFrame) -> None:
        stage, decision_type, reason = refusal
        frame.counters["validation_failures"] += 1
        context = {
            "raw_line": line.raw,
            "tokens": list(line.tokens),
            "symbol": line.symbols[0] if line.symbols else None,
            "confidence": confidence,
            "validation_stage": stage,
            "fuzzy_match_threshold": self._config.get("ocr_fuzzy_match_threshold"),
        }
        frame.decisions.append(Decision("OCRValidationDecision", decision_type, reason, context))

    def _note_strategy(self, symbol: str, strategy: str) -> None:
        """Opening and closing end what was known about the cost."""
        before = self._strategies.get(symbol, "Closed")
        if (before == "Closed") != (strategy == "Closed"):
            self._flicker.forget(symbol)
        self._strategies[symbol] = strategy

    def _cost(self, symbol: str, field: str, price: float | None, frame: ConditionedFrame) -> float:
        get = self._config.get
        correction = corrected_cost(cost_of(field), price)
        frame.counters["decimal_corrections_applied"] += correction.applied
        frame.decisions.append(
            Decision(
                _DECIMAL,
                "DECIMAL_CORRECTION_APPLIED" if correction.applied else "DECIMAL_CORRECTION_SKIPPED",
                f"{field} read as {correction.value:.2f}" if correction.applied else correction.skip_reason,
                {
                    "symbol": symbol,
                    "field": "cost_basis",
                    "raw_value": number_text(field),
                    "corrected_value": correction.value,
                    "reference_price": price,
                    "ratio": correction.ratio,
                    "exponent": correction.exponent,
                    "skip_reason": correction.skip_reason or None,
                },
            )
        )
        judged = self._flicker.judge(
            symbol,
            correction.value,
            price if get("price_check_mode") != "none" else None,
            enabled=get("enable_flicker_filter"),
            tolerance=get("accept_tolerance_cents") / 100,
            confirmations=get("stable_cost_confirmation_frames"),
            add_shares=get("known_add_shares"),
        )
        frame.counters["flickers_rejected"] += judged.decision_type == "FLICKER_REJECTED"
        context = {
            "symbol": symbol,
            "ocr_value": correction.value,
            "stable_value": judged.stable,
            "seen": judged.seen,
            "price": price,
        }
        frame.decisions.append(Decision("OCRFlickerDecision", judged.decision_type, judged.reason, context))
        return round(judged.value, 4)
