"""What the templates show of the regression gate: stages over all plans, plans that became slower, what behaves otherwise."""

from __future__ import annotations

from typing import Any

from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.reporting.behaviour_lines import counted, told_first
from pytest_intellisense.reporting.gate_lines import comparison_name, comparison_reason
from pytest_intellisense.reporting.rows import ComparisonRow, GateRow

View = dict[str, Any]

PLANS_SHOWN = CHANGES_SHOWN = 20
_GOOD = {"ok": True, "improvement": True, "regression": False}


def gate_view(gate: GateRow | None) -> View | None:
    """None for a run that was not compared and has nothing to say about it."""
    if gate is None or not (gate["baseline"] or gate["reason"] or gate["notes"]):
        return None
    slower = [one for one in gate["comparisons"] if one["case"] and one["verdict"] == "regression"]
    changes = told_first(gate.get("behaviour", []))
    return {
        "verdict": gate["verdict"],
        "label": gate["baseline"]["label"] if gate["baseline"] else "",
        "launches": gate["baseline"]["launches"] if gate["baseline"] else 0,
        "told": [text for text in (gate["reason"], *gate["notes"]) if text],
        "stages": [_comparison(one) for one in gate["comparisons"] if not one["case"]],
        "slower": [{**_comparison(one), "case": one["case"], "step": one["step"]} for one in slower[:PLANS_SHOWN]],
        "more_slower": max(len(slower) - PLANS_SHOWN, 0),
        "counted": counted(gate["behaviour"]) if "behaviour" in gate else "",
        "changes": changes[:CHANGES_SHOWN],
        "more_changes": max(len(changes) - CHANGES_SHOWN, 0),
    }


def gate_card(gate: GateRow | None) -> View | None:
    """The number card of a run that was to be compared."""
    if gate is None or not (gate["baseline"] or gate["reason"]):
        return None
    state = {True: "passed", False: "failed", None: ""}[_GOOD.get(gate["verdict"])]
    label = f"against {gate['baseline']['label']}" if gate["baseline"] else "regression gate"
    count = sum(one["change"] is not None for one in gate["comparisons"])
    return {"label": label, "value": gate["verdict"], "note": f"{count:,} comparisons", "state": state}


def _comparison(one: ComparisonRow) -> View:
    return {
        "name": comparison_name(one),
        "base": "" if one["base_ns"] is None else format_ns(one["base_ns"]),
        "now": "" if one["now_ns"] is None else format_ns(one["now_ns"]),
        "change": one["change_shown"],
        "range": one["range_shown"],
        "verdict": one["verdict"],
        "why": comparison_reason(one) if one["change"] is not None else one["reason"],
    }
