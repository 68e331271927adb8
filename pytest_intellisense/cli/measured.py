"""A measured run as commands are given it: the report.json of a run, or the name of a saved baseline."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.errors import EnvironmentProblem, SettingsError

if TYPE_CHECKING:
    from pytest_intellisense.analytics.baselines import BaselineStore
    from pytest_intellisense.analytics.measurements import Baseline
    from pytest_intellisense.model.regression_limit import RegressionLimit
    from pytest_intellisense.reporting.rows import GateRow

LARGEST_REPORT_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """`limits` are what the plans of a report set themselves, by node id."""

    baseline: Baseline
    limits: Mapping[str, Mapping[str, Mapping[str, str]]]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare-fail",
        action="append",
        default=[],
        metavar="STAGE.STAT:LIMIT",
        help="how much slower is a regression: 10%% or 5ms; repeatable; default: *.median:10%%",
    )
    parser.add_argument("--compare-unlike", action="store_true", help="compare although machine or configuration differ")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print Markdown, for a comment or a step summary")
    add_folder(parser)


def add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline-dir", type=Path, default=Path(".intellisense/baselines"), metavar="DIR", help="folder of the baselines"
    )


def store_of(arguments: argparse.Namespace) -> BaselineStore:
    from pytest_intellisense.analytics.baselines import BaselineStore

    return BaselineStore(arguments.baseline_dir)


def measured(which: str, store: BaselineStore) -> Measured:
    """Raises NoBaseline for a name that is not saved, EnvironmentProblem, SettingsError."""
    path = Path(which)
    if path.suffix == ".json" or path.is_file():
        return _of_report(path)
    return Measured(store.load(which), {})


def _of_report(path: Path) -> Measured:
    import msgspec

    from pytest_intellisense.analytics.measurements import Baseline, Launch, Origin
    from pytest_intellisense.reporting.behaviour_rows import behaviour
    from pytest_intellisense.reporting.samples import launch_of

    try:
        if path.stat().st_size > LARGEST_REPORT_BYTES:
            raise EnvironmentProblem(f"{path} is larger than {LARGEST_REPORT_BYTES:,} bytes")
        document: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        gate, plans = document["gate"], document["plans"]
        baseline = Baseline(
            name=str(path),
            saved_epoch_s=float((document.get("session") or {}).get("started_epoch_s", 0.0)),
            origin=msgspec.convert(gate["origin"], Origin),
            launches=msgspec.convert(gate["launches"], list[Launch]) or [launch_of(plans)],
            behaviour=behaviour(plans),
        )
        return Measured(baseline, {plan["nodeid"]: plan.get("regression_limits", {}) for plan in plans})
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise EnvironmentProblem(
            f"{path} is no report of a run: {problem or type(problem).__name__}",
            hint="give reports/report.json of a run that had plans",
        ) from None


def limits_of(arguments: argparse.Namespace) -> tuple[RegressionLimit, ...]:
    """Raises SettingsError."""
    from pytest_intellisense.model.regression_limit import DEFAULT_LIMITS, parse_expression

    try:
        return tuple(map(parse_expression, arguments.compare_fail)) or DEFAULT_LIMITS
    except ValueError as problem:
        raise SettingsError(f"--compare-fail: {problem}") from None


def compared(base: Measured, now: Measured, limits: tuple[RegressionLimit, ...], *, unlike_allowed: bool) -> GateRow:
    """Every plan and every stage of `now` against `base`; with verdict "not comparable" where that would mean nothing."""
    from pytest_intellisense.analytics.measurements import other_versions, unlike
    from pytest_intellisense.reporting.gating import NOT_COMPARABLE, compared_everywhere, compared_plan, gate_row, idle_limits

    baseline, launches, origin = base.baseline, now.baseline.launches, now.baseline.origin
    reasons = unlike(baseline.origin, origin)
    if reasons and not unlike_allowed:
        reason = f"with {baseline.label}: {'; '.join(reasons)} (--compare-unlike compares all the same)"
        return gate_row(origin, [], refusal=NOT_COMPARABLE, reason=reason)
    everywhere = compared_everywhere(baseline, launches, limits)
    idle = idle_limits(limits, [*baseline.launches, *launches])
    if len(idle) == len(limits):
        raise SettingsError("; ".join(idle), hint="see --compare-fail")
    cases = sorted({step.case for launch in launches for step in launch.steps})
    plans = [
        row
        for case in cases
        for row in compared_plan(
            case, now.limits.get(case, {}), baseline, launches, limits, cases_in_run=len(cases), everywhere=everywhere
        )
    ]
    notes = [*idle, *(f"unlike, and allowed: {reason}" for reason in reasons), *other_versions(baseline.origin, origin)]
    done = now.baseline.behaviour
    return gate_row(origin, launches, baseline=baseline, everywhere=everywhere, plans=plans, behaviour=done, notes=notes)


def show(gate: GateRow, *, as_json: bool = False, as_markdown: bool = False) -> None:
    import json

    from pytest_intellisense.reporting.gate_lines import gate_lines
    from pytest_intellisense.reporting.gate_markdown import gate_markdown
    from pytest_intellisense.reporting.lines import text_of

    if as_json:
        print(json.dumps(gate, indent=1))
    else:
        print(gate_markdown(gate) if as_markdown else text_of(gate_lines(gate)))
