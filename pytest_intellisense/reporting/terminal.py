"""What the terminal shows around the tests: a line in the head, numbers in the verdict words, tables at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.gate_lines import BaseTimes, base_p95, gate_lines
from pytest_intellisense.reporting.lines import Line, Piece, clipped, in_ascii, line, printable
from pytest_intellisense.reporting.rows import GateRow, PlanRow, SessionRow
from pytest_intellisense.reporting.stage_times import Spread, pipeline_spreads, stage_spreads

PIPELINES_SHOWN = 8
STAGES_SHOWN = 16
NAME_WIDTH = 36


def header_line(session: SessionRow) -> str:
    """The line for pytest_report_header: what is under test, through what."""
    version = session["versions"].get("pytest-intellisense", "")
    if session.get("dry_run"):
        return f"intellisense {version}: dry run, nothing is connected and nothing is sent"
    return printable(f"intellisense {version}: {session['redis']} | app {session['target']} | capture {session['durability']}")


def checked_word(row: PlanRow) -> str:
    """`CHECKED (2 steps)`: a plan of a dry run."""
    count = len(row["steps"])
    return f"CHECKED ({count} step{'s' if count != 1 else ''}, nothing sent)"


def dry_run_lines(plans: Sequence[PlanRow], reports: Sequence[tuple[str, Path]], *, unicode: bool = True) -> list[Line]:
    """`summary_lines` of a dry run."""
    checked = sum(plan["verdict"] == "checked" for plan in plans)
    lines = [line(f"dry run: {checked} of {len(plans)} plans are sound; nothing was connected, nothing was sent")]
    lines += [line(f"{name:<7} {path}") for name, path in reports]
    return lines if unicode else in_ascii(lines)


def verdict_word(word: str, row: PlanRow) -> str:
    """`PASSED (5/5, 312 ms)`: validations held of all, and the time the plan took."""
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    if not outcomes:
        return word
    return f"{word} ({sum(outcome['passed'] for outcome in outcomes)}/{len(outcomes)}, {duration(row['duration_ns'])})"


def summary_lines(
    plans: Sequence[PlanRow], reports: Sequence[tuple[str, Path]], gate: GateRow | None = None, *, unicode: bool = True
) -> list[Line]:
    """The section at the end of a run, without its heading; empty if no plan ran. `reports` are (name, path)."""
    if not plans:
        return []
    lines = [*_latency_table(plans, base_p95(gate)), *(gate_lines(gate) if gate else []), _counts(plans)]
    lines += [line(f"{name:<7} {path}") for name, path in reports]
    return lines if unicode else in_ascii(lines)


def _latency_table(plans: Sequence[PlanRow], base_ns: BaseTimes) -> list[Line]:
    stages, whole = stage_spreads(plans), pipeline_spreads(plans)[:PIPELINES_SHOWN]
    shown = _most_measured(stages)
    if not shown:
        return []
    width = min(max(len(spread.name) for spread in (*shown, *whole)), NAME_WIDTH)
    compared = f"  {'base p95':>8}  {'change':>7}" if base_ns else ""
    lines = [line(Piece(f"{'stage':<{width}}  {'n':>5}  {'p50':>8}  {'p95':>8}  {'max':>8}{compared}", "bold"))]
    lines += [_spread(spread, width, base_ns) for spread in shown]
    if len(shown) < len(stages):
        lines.append(line(Piece(f"… and {len(stages) - len(shown)} more, measured less often", "light")))
    if whole:
        lines += [line(Piece("injection to last stage", "bold")), *(_spread(spread, width, base_ns) for spread in whole)]
    if any(spread.at_receipt for spread in (*shown, *whole)):
        lines.append(line(Piece("* when it reached us: the publisher's clock is not comparable with ours", "light")))
    return lines


def _most_measured(stages: list[Spread]) -> list[Spread]:
    """Those with the most measurements, still in pipeline order."""
    kept = sorted(stages, key=lambda spread: -spread.count)[:STAGES_SHOWN]
    return [spread for spread in stages if spread in kept]


def _spread(spread: Spread, width: int, base_ns: BaseTimes) -> Line:
    times = "  ".join(f"{duration(value):>8}" for value in (spread.p50_ns, spread.p95_ns, spread.max_ns))
    name = clipped(printable(spread.name), width)
    base = base_ns.get(spread.key)
    compared = f"  {duration(base):>8}  {spread.p95_ns / base - 1:>+6.0%}".replace("%", " %") if base else ""
    return line(f"{name:<{width}}  {spread.count:>5}  {times}{compared}{' *' if spread.at_receipt else ''}")


def _counts(plans: Sequence[PlanRow]) -> Line:
    outcomes = [outcome for plan in plans for step in plan["steps"] for outcome in step["validation_outcomes"]]
    passed = sum(outcome["passed"] for outcome in outcomes)
    traced = sum(len(step["events"]) for plan in plans for step in plan["steps"])
    lost = sum(plan["lost_events"] for plan in plans)
    unmeasured = sum(not plan["loss_measurable"] for plan in plans)
    return line(
        "validations ",
        Piece(f"{passed}/{len(outcomes)}", "green" if passed == len(outcomes) else "red"),
        f" | events {traced} traced, ",
        Piece(f"{lost} lost", "red" if lost else ""),
        f" | loss not measurable in {unmeasured} {'plan' if unmeasured == 1 else 'plans'}" if unmeasured else "",
    )
