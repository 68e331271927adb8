"""Every configuration parameter of the reference application: name, default, type, range, component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.listed import LISTED_PRICES, WATCHED_PRICES

Number = int | float


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `minimum` and `maximum` are inclusive; the type of a value is the type of `default`."""

    name: str
    default: Any
    component: str
    minimum: Number | None = None
    maximum: Number | None = None
    choices: tuple[str, ...] = ()
    odd: bool = False

    def problem_with(self, value: Any) -> str | None:
        """Say what values are allowed if `value` is not one of them, else None."""
        return None if self._allows(value) else f"must be {self.allowed}"

    def taken(self, value: Any) -> Any:
        """An allowed value in the form in which it is kept."""
        return tuple(value) if isinstance(value, list) else value

    @property
    def allowed(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, int | float):
            kind = "a number" if isinstance(self.default, float) else "an odd integer" if self.odd else "an integer"
            return f"{kind} from {self.minimum} to {self.maximum}"
        return "a string"

    def _allows(self, value: Any) -> bool:
        default = self.default
        if isinstance(default, bool):
            return isinstance(value, bool)
        if isinstance(default, int | float):
            return self._allows_number(value)
        if isinstance(default, str):
            return isinstance(value, str) and (not self.choices or value in self.choices)
        return False

    def _allows_number(self, value: int | float) -> bool:
        wanted = int | float if isinstance(self.default, float) else int
        if isinstance(value, bool) or not isinstance(value, wanted):
            return False
        if self.minimum is None or self.maximum is None or not self.minimum <= value <= self.maximum:
            return False
        return not (self.odd and value % 2 == 0)


class Switch(Parameter):
    """Also 1 and 0, as `control.json` has them."""

    @property
    def allowed(self) -> str:
        return "true or false (or 1 or 0)"

    def taken(self, value: Any) -> Any:
        return bool(value)

    def _allows(self, value: Any) -> bool:
        return isinstance(value, bool | int) and value in (0, 1)


class ScreenRegion(Parameter):
    """`[x1, y1, x2, y2]` in pixels with x1 < x2 and y1 < y2."""

    @property
    def allowed(self) -> str:
        return "a list [x1, y1, x2, y2] of integers with 0 <= x1 < x2 and 0 <= y1 < y2"

    def _allows(self, value: Any) -> bool:
        if not isinstance(value, list | tuple) or len(value) != 4 or not all(type(edge) is int for edge in value):
            return False
        x1, y1, x2, y2 = value
        return bool(0 <= x1 < x2 and 0 <= y1 < y2)


class Symbols(Parameter):
    @property
    def allowed(self) -> str:
        return "a list of symbols (strings)"

    def _allows(self, value: Any) -> bool:
        return isinstance(value, list | tuple) and all(isinstance(symbol, str) and symbol for symbol in value)


class FillSizes(Parameter):
    @property
    def allowed(self) -> str:
        return "a number of fills from 1 to 1000, or a list of up to 1000 share counts above 0"

    def _allows(self, value: Any) -> bool:
        if type(value) is int:
            return 1 <= value <= 1000
        return (
            isinstance(value, list | tuple) and 0 < len(value) <= 1000 and all(type(size) is int and size > 0 for size in value)
        )


_PREPROCESSOR = "OCRService.Preprocessor"
_CONDITIONER = "OCRDataConditioningService"
_ORCHESTRATOR = "OCRScalpingSignalOrchestratorService"
_INTERPRETER = "SnapshotInterpreterService"
_MAF = "MasterActionFilterService"
_RISK = "RiskManagementService"
_BROKER = "LightspeedBroker"
_PRICES = "PriceFetchingService"
_HEALTH = "SystemHealthService"
_MUCH = 1_000_000_000

_OCR = (
    ScreenRegion("roi_coordinates", (64, 159, 681, 296), "OCRService"),
    Parameter("ocr_engine", "pytesseract", "OCRService", choices=("pytesseract", "tesserocr")),
    Parameter("ocr_upscale_factor", 3.0, _PREPROCESSOR, 1.0, 3.0),
    Parameter("ocr_force_black_text_on_white", True, _PREPROCESSOR),
    Parameter("ocr_unsharp_strength", 2.0, _PREPROCESSOR, 1.0, 3.0),
    Parameter("ocr_threshold_block_size", 25, _PREPROCESSOR, 3, 99, odd=True),
    Parameter("ocr_threshold_c", -2, _PREPROCESSOR, -10, 10),
    Parameter("ocr_red_boost", 1.0, _PREPROCESSOR, 0.5, 2.0),
    Parameter("ocr_green_boost", 1.0, _PREPROCESSOR, 0.5, 2.0),
    Switch("ocr_apply_text_mask_cleaning", True, _PREPROCESSOR),
    Parameter("ocr_text_mask_min_contour_area", 10, _PREPROCESSOR, 1, 20),
    Parameter("ocr_text_mask_min_width", 2, _PREPROCESSOR, 1, 10),
    Parameter("ocr_text_mask_min_height", 2, _PREPROCESSOR, 1, 10),
    Switch("ocr_enhance_small_symbols", True, _PREPROCESSOR),
    Parameter("ocr_symbol_max_height", 20, _PREPROCESSOR, 5, 20),
    Parameter("ocr_period_comma_ratio_min", 0.5, _PREPROCESSOR, 0.1, 1.0),
    Parameter("ocr_period_comma_ratio_max", 1.8, _PREPROCESSOR, 1.0, 2.0),
    Parameter("ocr_period_comma_radius", 3, _PREPROCESSOR, 1, 10),
    Parameter("ocr_hyphen_min_ratio", 1.8, _PREPROCESSOR, 1.0, 5.0),
    Parameter("ocr_hyphen_min_height", 2, _PREPROCESSOR, 1, 10),
    Parameter("ocr_fuzzy_match_threshold", 0.7, _CONDITIONER, 0.0, 1.0),
    Parameter("enable_flicker_filter", True, _CONDITIONER),
    Parameter("known_add_shares", 10_000, _CONDITIONER, 1, _MUCH),
    Parameter("accept_tolerance_cents", 5.0, _CONDITIONER, 0.0, 10_000.0),
    Parameter("price_check_mode", "synced_alpaca_price", _CONDITIONER, choices=("synced_alpaca_price", "none")),
    Parameter("stable_cost_confirmation_frames", 3, _CONDITIONER, 1, 100),
)

# A share count of 5000 or 500 cannot pass the limits of 1000 shares and $25,000 an order at these prices;
# 50 shares of every default symbol do, so an untouched configuration trades.
_SIGNALS = (
    Parameter("snapshot_interpreter_enabled", True, _INTERPRETER),
    Parameter("master_action_filter_enabled", True, _MAF),
    Parameter("initial_share_size", 50, _ORCHESTRATOR, 1, _MUCH),
    Parameter("add_type", "Equal", _ORCHESTRATOR, choices=("Equal", "CostBasis")),
    Parameter("manual_shares", 50, _ORCHESTRATOR, 1, _MUCH),
    Parameter("reduce_percentage", 50.0, _ORCHESTRATOR, 0.01, 100.0),
    Parameter("market_session", "open", _ORCHESTRATOR, choices=("auto", "open", "extended")),
    Parameter("FINGERPRINT_STALE_ORDER_EXPIRY_SEC", 30.0, _ORCHESTRATOR, 0.0, 86_400.0),
    Parameter("suppressed_open_retry_window_seconds", 10.0, _ORCHESTRATOR, 0.0, 3600.0),
    Parameter("suppressed_open_price_tolerance_cents", 0.05, _ORCHESTRATOR, 0.0, 1000.0),
    Parameter("cost_basis_initial_add_abs_delta_threshold", 0.02, _INTERPRETER, 0.0, 10_000.0),
    Parameter("rPnL_initial_reduce_increase_threshold", 50.0, _INTERPRETER, 0.0, _MUCH),
    Parameter("sync_grace_period_seconds", 3.0, _INTERPRETER, 0.0, 3600.0),
    Parameter("cost_basis_settling_duration_seconds", 5.0, _MAF, 0.0, 3600.0),
    Parameter("cost_basis_settling_override_abs_delta_threshold", 1.0, _MAF, 0.0, 10_000.0),
    Parameter("rPnL_settling_duration_seconds", 45.0, _MAF, 0.0, 3600.0),
    Parameter("rPnL_settling_override_increase_threshold", 100.0, _MAF, 0.0, _MUCH),
    Parameter("rPnL_settling_price_override_threshold_percent", 5.0, _MAF, 0.0, 100.0),
    Parameter("rPnL_settling_price_override_threshold_abs", 0.5, _MAF, 0.0, 10_000.0),
)

_RISK_LIMITS = (
    Parameter("RISK_MAX_ORDER_QTY", 1000, _RISK, 1, _MUCH),
    Parameter("risk_max_shares_per_trade", 1000, _RISK, 1, _MUCH),
    Parameter("risk_max_notional_per_trade", 25_000.0, _RISK, 0.01, _MUCH),
    Parameter("risk_max_position_size", 2000, _RISK, 1, _MUCH),
    Parameter("risk_max_spread_pct_threshold", 0.01, _RISK, 0.0, 1.0),
    Parameter("risk_max_daily_loss", 5000.0, _RISK, 0.01, _MUCH),
    Symbols("halted_symbols", (), "TradeExecutor"),
)

_EXECUTION = (
    Parameter("broker_delay_ms", 0.0, _BROKER, 0.0, 60_000.0),
    Parameter("broker_fill_delay_ms", 0.0, _BROKER, 0.0, 60_000.0),
    FillSizes("broker_partial_fills", 1, _BROKER),
    Parameter("broker_reject_reason", "", _BROKER),
    Parameter("broker_silent", False, _BROKER),
    Parameter("broker_ack_only", False, _BROKER),
    Symbols("broker_tradable_symbols", (*WATCHED_PRICES, *LISTED_PRICES), _BROKER),
    Parameter("stale_order_timeout_seconds", 11.0, "StaleOrderService", 0.01, 86_400.0),
    Parameter("stale_order_check_interval_seconds", 5.0, "StaleOrderService", 0.01, 3600.0),
    Parameter("account_start_value", 100_000.0, "PositionManager", 0.0, _MUCH),
)

_MARKET_DATA = (
    Parameter("price_feed_enabled", True, _PRICES),
    Parameter("price_feed_interval_seconds", 1.0, _PRICES, 0.01, 3600.0),
    Parameter("price_cache_staleness_seconds_for_fallback", 5.0, _PRICES, 0.01, 3600.0),
)

_HEALTH_AND_ALERTS = (
    Parameter("health_interval_seconds", 5.0, _HEALTH, 0.01, 3600.0),
    Parameter("alert_min_ocr_confidence", 70.0, _HEALTH, 0.0, 100.0),
    Parameter("alert_max_total_ms", 500.0, _HEALTH, 0.0, 600_000.0),
    Parameter("alert_max_ocr_ms", 300.0, _HEALTH, 0.0, 600_000.0),
    Parameter("alert_max_preprocessing_ms", 100.0, _HEALTH, 0.0, 600_000.0),
    Parameter("alert_max_queue_size", 50, _HEALTH, 0, _MUCH),
    Parameter("alert_cooldown_seconds", 30.0, _HEALTH, 0.0, 86_400.0),
)

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (*_OCR, *_SIGNALS, *_RISK_LIMITS, *_EXECUTION, *_MARKET_DATA, *_HEALTH_AND_ALERTS)
}
