"""The regression gate as people read it: a line a stage over all plans, a line a plan that regressed, and one verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.regression_limit import WHOLE_PIPELINE
from pytest_intellisense.reporting.behaviour_lines import behaviour_lines
from pytest_intellisense.reporting.lines import Line, Piece, Style, clipped, line, printable
from pytest_intellisense.reporting.rows import ComparisonRow, GateRow

NAME_WIDTH = 36
PLANS_SHOWN = 10

_STYLES: dict[str, Style] = {"regression": "red", "inconclusive": "yellow", "improvement": "green"}
_WORDS = {"regression": "REGRESSED"}
_SETTLED = ("ok", "improvement")


def gate_lines(gate: GateRow) -> list[Line]:
    """Empty for a run that was not compared and has nothing to say about it."""
    if gate["baseline"] is None:
        told = [gate["reason"]] if gate["reason"] else []
        return [line(Piece(f"gate {gate['verdict']}", "yellow"), f": {printable(why)}") for why in told] + _notes(gate)
    over_all = [one for one in gate["comparisons"] if not one["case"]]
    lines = [line(Piece(f"compared with {_baseline(gate)}", "bold")), *_notes(gate)]
    if gate["reason"]:
        lines.append(line(Piece(f"{gate['verdict']}: {printable(gate['reason'])}", "yellow")))
    if over_all:
        width = min(max(len(comparison_name(one)) for one in over_all), NAME_WIDTH)
        heading = f"{'stage':<{width}}  {'base':>8} -> {'now':>8}  {'change':>8}  {'95 %':>17}  verdict"
        lines += [line(Piece(heading, "bold")), *(_comparison(one, width) for one in over_all)]
    behaviour = behaviour_lines(gate["behaviour"]) if "behaviour" in gate else ()
    return [*lines, *_plans(gate["comparisons"]), *behaviour, _verdict(gate)]


BaseTimes = Mapping[tuple[str, str], int]
"""(event before, event) of a stage, (pipeline, "") of a whole pipeline -> nanoseconds."""


def base_p95(gate: GateRow | None) -> BaseTimes:
    """The 95th percentiles of the baseline that a run was compared with; empty for a run that was not."""
    base = gate["baseline"] if gate else None
    return {(one["before"], one["event"]): one["p95_ns"] for one in base["stages"]} if base else {}


def _baseline(gate: GateRow) -> str:
    base = gate["baseline"] or {}
    runs = f", {base['runs']} runs" if base["runs"] > 1 else ""
    return printable(f"{base['label']}{runs}, {base['launches']} {'launch' if base['launches'] == 1 else 'launches'}")


def _notes(gate: GateRow) -> list[Line]:
    return [line(Piece(f"  {printable(note)}", "light")) for note in gate["notes"]]


def _comparison(one: ComparisonRow, width: int) -> Line:
    word = _WORDS.get(one["verdict"], one["verdict"])
    style = _STYLES.get(one["verdict"], "")
    name = f"{clipped(printable(comparison_name(one)), width):<{width}}"
    if one["base_ns"] is None or one["now_ns"] is None:
        return line(f"{name}  {'':>8}    {'':>8}  {'':>8}  {'':>17}  ", Piece(word, style), f"  {printable(one['reason'])}")
    times = f"{format_ns(one['base_ns']):>8} -> {format_ns(one['now_ns']):>8}"
    return line(
        f"{name}  {times}  {one['change_shown']:>8}  {one['range_shown']:>17}  ",
        Piece(word, style),
        f"  {comparison_reason(one)}",
    )


def comparison_name(one: ComparisonRow) -> str:
    """The stage, with the statistic where that is not the median."""
    name = f"{one['stage']} of {one['before']}" if one["stage"] == WHOLE_PIPELINE else one["stage"]
    return name if one["statistic"] == "median" else f"{name}.{one['statistic']}"


def comparison_reason(one: ComparisonRow) -> str:
    """Why the verdict is what it is, in how many cases, from how many samples."""
    cases = f", {one['cases_slower']} of {one['cases']} cases slower" if one["cases"] > 1 and one["verdict"] != "ok" else ""
    return printable(f"{one['reason']}{cases}{_needed(one)} (n {one['base_count']} and {one['now_count']}{_launches(one)})")


def _launches(one: ComparisonRow) -> str:
    if max(one["base_launches"], one["now_launches"]) < 2:
        return ""
    return f", launches {one['base_launches']} and {one['now_launches']}"


def _needed(one: ComparisonRow) -> str:
    if one["needed_launches"]:
        return f"; {one['needed_launches']} launches a side would decide"
    return f"; {one['needed_samples']} samples a side would decide" if one["needed_samples"] else ""


def _plans(comparisons: Sequence[ComparisonRow]) -> Iterable[Line]:
    """The plans that a regression belongs to, with what is wrong in each."""
    regressed = [one for one in comparisons if one["case"] and one["verdict"] == "regression"]
    for one in regressed[:PLANS_SHOWN]:
        what = f"{one['step']} {one['stage']}.{one['statistic']} {one['change_shown']}"
        yield line(Piece("  slower  ", "red"), printable(f"{one['case']}  {what}"), f"  {comparison_reason(one)}")
    if len(regressed) > PLANS_SHOWN:
        yield line(Piece(f"  … and {len(regressed) - PLANS_SHOWN} more", "light"))


def _verdict(gate: GateRow) -> Line:
    found: dict[str, int] = {}
    for one in gate["comparisons"]:
        found[one["verdict"]] = found.get(one["verdict"], 0) + 1
    if changed := sum(one["regressed"] for one in gate.get("behaviour", [])):
        found = {"changes of behaviour" if changed > 1 else "change of behaviour": changed, **found}
    told = ", ".join(f"{count} {verdict}" for verdict, count in found.items()) or "nothing to compare"
    style: Style = "red" if gate["verdict"] == "regression" else "green" if gate["verdict"] in _SETTLED else "yellow"
    return line("gate ", Piece(_WORDS.get(gate["verdict"], gate["verdict"]), style), f": {told}")
