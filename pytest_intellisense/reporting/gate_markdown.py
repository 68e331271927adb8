"""The regression gate as Markdown: for a comment on a change, within its limits whatever the run was like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.reporting.markdown_text import code, escaped
from pytest_intellisense.reporting.rows import BehaviourRow, ComparisonRow, GateRow

ROWS_SHOWN = 40
_MARKS = {"regression": "❌", "inconclusive": "❔", "improvement": "✅", "ok": "✅"}


def gate_markdown(gate: GateRow) -> str:
    """A heading with the verdict, then what is slower, what behaves otherwise, and the table of stages."""
    return "\n".join(_lines(gate))


def _lines(gate: GateRow) -> Iterator[str]:
    yield f"### {_MARKS.get(gate['verdict'], '❔')} IntelliSense gate: {gate['verdict']}"
    yield ""
    if gate["baseline"] is not None:
        launches = gate["baseline"]["launches"]
        yield f"Compared with {code(gate['baseline']['label'])}, {launches} {'launch' if launches == 1 else 'launches'}."
    yield from (escaped(text) for text in (gate["reason"], *gate["notes"]) if text)
    slower = [one for one in gate["comparisons"] if one["case"] and one["verdict"] == "regression"]
    yield from _table("Slower", ("plan", "stage", "change", "times"), [_slower(one) for one in slower])
    changes = [one for one in gate.get("behaviour", []) if one["kind"] not in ("added", "removed")]
    changes.sort(key=lambda one: not one["regressed"])
    yield from _table("Behaviour", ("", "what", "plan", "how"), [_change(one) for one in changes])
    stages = [one for one in gate["comparisons"] if not one["case"]]
    yield from _table("Stages over all plans", ("stage", "base", "now", "change", "verdict"), [_stage(one) for one in stages])


def _table(title: str, heads: Sequence[str], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"**{title}**", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|")
    yield from (f"| {' | '.join(row)} |" for row in rows[:ROWS_SHOWN])
    if len(rows) > ROWS_SHOWN:
        yield from ("", f"… and {len(rows) - ROWS_SHOWN} more")


def _slower(one: ComparisonRow) -> tuple[str, ...]:
    return code(one["case"]), code(f"{one['stage']}.{one['statistic']}"), escaped(one["change_shown"]), _times(one)


def _change(one: BehaviourRow) -> tuple[str, ...]:
    return "❌" if one["regressed"] else "", one["kind"], code(one["case"]), escaped(one["sentence"], 300)


def _stage(one: ComparisonRow) -> tuple[str, ...]:
    name = one["stage"] if one["statistic"] == "median" else f"{one['stage']}.{one['statistic']}"
    base, now = ("" if value is None else format_ns(value) for value in (one["base_ns"], one["now_ns"]))
    return code(name), base, now, escaped(one["change_shown"]), f"{_MARKS.get(one['verdict'], '')} {one['verdict']}"


def _times(one: ComparisonRow) -> str:
    return f"{format_ns(one['base_ns'] or 0)} → {format_ns(one['now_ns'] or 0)}"
