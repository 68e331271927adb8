"""Injected OCR data as the screen would have shown it: one line a position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testrade_hooks.reference.arguments import Arguments, ParameterProblem
from testrade_hooks.reference.screen_reader import OcrText

_HINTS = ("Long", "Short", "Closed")
_AMOUNTS = ("cost_basis", "pnl_per_share", "realized_pnl")


def ocr_text(arguments: Arguments) -> OcrText:
    """The text of an injected OCR event; snapshots become the lines they would have been read from. Raises ParameterProblem."""
    raw = Arguments(arguments.mapping("raw_data"))
    text, snapshots = raw.get("full_raw_text"), raw.get("snapshots", raw.get("snapshots_raw_data")) or {}
    if not isinstance(snapshots, Mapping):
        raise ParameterProblem(f"snapshots must be an object of symbols, not {snapshots!r}")
    if text is None:
        text = "\n".join(_line(symbol, _snapshot(symbol, snapshot)) for symbol, snapshot in snapshots.items())
    if not isinstance(text, str):
        raise ParameterProblem(f"full_raw_text must be a string, not {text!r}")
    confidence = raw.optional_number_within("overall_confidence", 0.0, 100.0)
    return OcrText(
        text,
        95.0 if confidence is None else confidence,
        dict(snapshots),
        arguments.optional_integer("frame_number_override"),
        arguments.optional_number("frame_timestamp_override"),
    )


def ocr_mocks(profiles: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Frozen screen lines by symbol. Raises ParameterProblem."""
    return {symbol: _snapshot(symbol, profile) for symbol, profile in profiles.items()}


def _snapshot(symbol: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ParameterProblem(f"the snapshot of {symbol} must be an object, not {given!r}")
    values = Arguments(given)
    hint = values.choice("strategy_hint", (*_HINTS, *(hint.lower() for hint in _HINTS)), "Long").capitalize()
    amounts = {name: values.optional_number(name) or 0.0 for name in _AMOUNTS}
    return {"symbol": symbol, "strategy_hint": hint, **amounts}


def _line(symbol: str, snapshot: Mapping[str, Any]) -> str:
    cost, per_share, realized = (snapshot[name] for name in _AMOUNTS)
    return f"{snapshot['strategy_hint']} {symbol} {_amount(cost)} {_amount(per_share, '+')} {_amount(realized)}"


def _amount(value: float, sign: str = "") -> str:
    digits = 2 if round(value, 2) == value else 4
    return f"{value:{sign},.{digits}f}"
