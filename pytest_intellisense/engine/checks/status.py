"""Did the pipeline complete, did it run into its deadline, was the stimulus what it should be."""

from __future__ import annotations

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding, judge
from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.paths import MISSING, lead_nowhere, resolve
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.results import Fault


def pipeline_completion_status(view: StepView, asked: Asked) -> Finding:
    """Expected is true unless the plan says false."""
    expected = asked.expected if asked.has_expectation else True
    completed = view.pipeline.completed
    reason = view.operators.compare(asked.operator, completed, expected, asked.tolerance)
    subject = f"{view.pipeline.name} completed"
    short = shortfall(view.pipeline) if reason is not None else None
    if short is None:
        if reason is not None:
            reason = f"every stage arrived within {format_ns(view.completed_at_ns or 0)}, which was not expected"
        return Finding(reason=reason, actual=completed, fault=Fault.EXTRA, subject=subject, expected=expected)
    return Finding(
        reason=short.sentence,
        actual=completed,
        fault=short.fault,
        subject=subject,
        stage_key=short.stage_key,
        expected=expected,
        rests_on_absence=True,
    )


def pipeline_timeout_status(view: StepView, asked: Asked) -> Finding:
    """Expected is false unless the plan says true."""
    expected = asked.expected if asked.has_expectation else False
    timed_out = view.pipeline.timed_out
    reason = view.operators.compare(asked.operator, timed_out, expected, asked.tolerance)
    short = shortfall(view.pipeline)
    if reason is not None:
        reason = short.sentence if timed_out and short else f"the observation ended as {view.pipeline.stop_reason}"
    return Finding(
        reason=reason,
        actual=timed_out,
        fault=Fault.MISSING if timed_out else Fault.EXTRA,
        subject=f"{view.pipeline.name} timed out",
        stage_key=short.stage_key if short and timed_out else "",
        expected=expected,
        rests_on_absence=timed_out,
    )


def stimulus_field_validation(view: StepView, asked: Asked) -> Finding:
    """`target_identifier` is a reference `$stimulus_<field>`; the bare name of a field is taken as well."""
    written = str(asked.point.target_identifier)
    if "$" in written:
        return judge(view, asked, asked.target, subject=written)
    value = resolve(view.scope.stimulus, written)
    nowhere = lead_nowhere(view.scope.stimulus, written, within="the stimulus") if value is MISSING else ""
    return judge(view, asked, value, subject=f"stimulus {show(written)}", nowhere=nowhere)
