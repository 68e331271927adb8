"""Is the application well: a regular sign of life, and an alert when a number is out of bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.outlet import Link, Outlet


class Health:
    """`vitals` gives the numbers that go with every sign of life."""

    def __init__(self, config: Config, outlet: Outlet, vitals: Callable[[], Mapping[str, int]]) -> None:
        self._config = config
        self._outlet = outlet
        self._vitals = vitals
        self._started = time.monotonic()
        self._quiet_until: dict[str, float] = {}

    def reset(self) -> None:
        """Alerts may be raised again at once."""
        self._quiet_until = {}

    def report(self) -> None:
        body = {
            "status": "healthy",
            "timestamp": time.time(),
            "uptime_s": round(time.monotonic() - self._started, 3),
            **self._vitals(),
        }
        self._outlet.publish("TESTRADE_CORE_HEALTH_STATUS", body, Link.root())

    def check_frame(
        self, *, confidence: float, total_ms: float, ocr_ms: float | None, preprocessing_ms: float | None, link: Link
    ) -> None:
        """Raise alerts for one screen that was read badly or slowly."""
        limit = self._config.get("alert_min_ocr_confidence")
        if confidence < limit:
            self._alert("ocr_confidence", confidence, limit, "below", link)
        measured = {"alert_max_total_ms": total_ms, "alert_max_ocr_ms": ocr_ms, "alert_max_preprocessing_ms": preprocessing_ms}
        for name, value in measured.items():
            self._check_maximum(name, value, link)

    def check_queue(self, size: int, link: Link) -> None:
        self._check_maximum("alert_max_queue_size", size, link)

    def _check_maximum(self, limit_name: str, value: float | None, link: Link) -> None:
        limit = self._config.get(limit_name)
        if value is not None and value > limit:
            self._alert(limit_name.removeprefix("alert_max_"), value, limit, "above", link)

    def _alert(self, metric: str, value: float, limit: float, direction: str, link: Link) -> None:
        now = time.monotonic()
        if now < self._quiet_until.get(metric, now):
            return
        self._quiet_until[metric] = now + self._config.get("alert_cooldown_seconds")
        alert_id = f"alert_{time.time_ns() // 1_000_000}_{metric}"
        body = {
            "alert_id": alert_id,
            "severity": "WARNING",
            "message": f"{metric} is {value:.1f}, {direction} {limit:g}",
            "component": "SystemHealthService",
            "details": {
                "alert_type": "THRESHOLD",
                "metric": metric,
                "current_value": value,
                "threshold": limit,
                "seen_at": link.correlation_id,
            },
            "timestamp": time.time(),
        }
        self._outlet.publish("TESTRADE_SYSTEM_ALERT", body, Link.root(alert_id))
