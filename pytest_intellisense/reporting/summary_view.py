"""What the templates show of a whole run: numbers, causes of failure, where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.failure_text import one_line
from pytest_intellisense.reporting.gate_view import gate_card, gate_view
from pytest_intellisense.reporting.rows import GateRow, PlanRow, SessionRow
from pytest_intellisense.reporting.stage_times import Spread, pipeline_spreads, stage_spreads

View = dict[str, Any]

SLOWEST_SHOWN = 6
FAILURES_SHOWN = 10


def summary_view(plans: Sequence[PlanRow], session: SessionRow | None, gate: GateRow | None) -> View:
    stages = stage_spreads(plans)
    whole = pipeline_spreads(plans)
    failures = _failures(plans)
    compared = gate_card(gate)
    return {
        "cards": [*_cards(plans, stages, whole), *([compared] if compared else [])],
        "gate": gate_view(gate),
        "slowest": _spread_views(sorted(stages, key=lambda spread: -spread.p95_ns)[:SLOWEST_SHOWN]),
        "whole": _spread_views(whole[:SLOWEST_SHOWN]),
        "failures": failures[:FAILURES_SHOWN],
        "more_failures": max(len(failures) - FAILURES_SHOWN, 0),
        "session": session,
    }


def all_stages_view(plans: Sequence[PlanRow]) -> View:
    return {"stages": _spread_views(stage_spreads(plans)), "pipelines": _spread_views(pipeline_spreads(plans))}


def _failures(plans: Sequence[PlanRow]) -> list[View]:
    """What failed, each cause once, the one that broke most plans first."""
    causes: dict[tuple[str, str], list[str]] = {}
    for row in plans:
        if row["verdict"] not in ("passed", "skipped"):
            fault = row["fault"] or "FAILED"
            causes.setdefault((fault, one_line(row).removeprefix(f"{fault} ")), []).append(row["nodeid"])
    found = [{"fault": fault, "sentence": sentence, "nodeids": nodeids} for (fault, sentence), nodeids in causes.items()]
    return sorted(found, key=lambda cause: -len(cause["nodeids"]))


def _cards(plans: Sequence[PlanRow], stages: Sequence[Spread], whole: Sequence[Spread]) -> list[View]:
    ran = [row for row in plans if row["verdict"] != "skipped"]
    outcomes = [outcome for row in plans for step in row["steps"] for outcome in step["validation_outcomes"]]
    passed = sum(row["verdict"] == "passed" for row in ran)
    held = sum(outcome["passed"] for outcome in outcomes)
    lost = sum(row["lost_events"] for row in plans)
    traced = sum(len(step["events"]) for row in plans for step in row["steps"])
    cards = [
        _card("plans passed", f"{passed:,} / {len(ran):,}", f"{len(ran) - passed:,} failed", passed == len(ran)),
        _card("validations held", f"{held:,} / {len(outcomes):,}", "", held == len(outcomes)),
        _card("events traced", f"{traced:,}", f"{lost:,} lost", not lost),
    ]
    if whole:
        median = f"p95 {duration(whole[0].p95_ns)}, n {whole[0].count:,}"
        cards.append(_card(whole[0].name, duration(whole[0].p50_ns), f"median end to end, {median}"))
    if stages:
        most = max(stages, key=lambda spread: spread.p95_ns)
        cards.append(_card(most.name, duration(most.p95_ns), "slowest stage, p95"))
    return cards


def _card(label: str, value: str, note: str = "", good: bool | None = None) -> View:
    return {"label": label, "value": value, "note": note, "state": {True: "passed", False: "failed", None: ""}[good]}


def _spread_views(spreads: Sequence[Spread]) -> list[View]:
    widest_ns = max((spread.p95_ns for spread in spreads), default=1) or 1
    return [_spread_view(spread, widest_ns) for spread in spreads]


def _spread_view(spread: Spread, widest_ns: int) -> View:
    name, _, after = spread.name.partition(" after ")
    return {
        "name": name,
        "after": after,
        "count": spread.count,
        "p50": duration(spread.p50_ns),
        "p95": duration(spread.p95_ns),
        "max": duration(spread.max_ns),
        "median_width": round(spread.p50_ns / widest_ns * 100),
        "width": round(spread.p95_ns / widest_ns * 100),
    }
