"""Checks of what TESTRADE saw: the processed image and the text read from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding, judge
from pytest_intellisense.engine.equality import decimal_of, difference, is_number, parse_tolerance, show
from pytest_intellisense.engine.paths import MISSING, lead_nowhere, resolve
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.results import Fault
from pytest_intellisense.model.timeline import TimelineEvent

_PROCESSED, _RAW, _CLEANED = "PROCESSED_ROI_IMAGE", "OCR_FRAME_RAW", "OCR_SNAPSHOT_CLEANED"


def _event_of(view: StepView, event_type: str) -> TimelineEvent | None:
    """The event of the frame the pipeline follows."""
    return next((joined.event for joined in view.observation.chain.joined if joined.event.event_type == event_type), None)


def _stage_of(view: StepView, event: TimelineEvent | None) -> str:
    if event is None:
        return ""
    return next((stage.key for stage in view.pipeline.stages if any(one.event is event for one in stage.events)), "")


def _never(what: str, subject: str) -> Finding:
    return Finding(reason=f"{what} never arrived", fault=Fault.MISSING, subject=subject, rests_on_absence=True)


def processed_image_property(view: StepView, asked: Asked) -> Finding:
    """width and height in pixels, size_bytes, or a field of the processed image's event."""
    field = str(asked.field)
    subject = f"processed image {field}"
    event = _event_of(view, _PROCESSED)
    if event is None:
        return _never("the processed image", subject)
    known: dict[str, Any] = dict(event.payload)
    roi = event.payload.get("roi_coordinates")
    if isinstance(roi, Mapping):
        known.update({name: roi[name] for name in ("width", "height") if name in roi})
    if event.image is not None:
        pixels = {"width": event.image.width_px, "height": event.image.height_px}
        known.update({name: value for name, value in pixels.items() if value is not None})
        known["size_bytes"] = event.image.size_bytes
    value = resolve(known, field)
    nowhere = lead_nowhere(known, field, within="the processed image") if value is MISSING else ""
    return judge(view, asked, value, subject=subject, stage_key=_stage_of(view, event), nowhere=nowhere)


def ocr_text_accuracy(view: StepView, asked: Asked) -> Finding:
    """A text is compared with the raw text by its character error rate, at most the tolerance (0.02 or "2 %", default 0).

    An object (`{"AAPL.cost_basis": 150.25}`) is compared with the cleaned snapshots field by field, and so is any value
    for a `field_to_check` other than cer; there the operator and the tolerance apply to the values.
    """
    if isinstance(asked.expected, Mapping) or asked.field not in (None, "", "cer", "exact", "text"):
        return _exact_fields(view, asked)
    return _text(view, asked)


def _text(view: StepView, asked: Asked) -> Finding:
    wanted = "\n".join(map(str, asked.expected)) if isinstance(asked.expected, list) else asked.expected
    if not isinstance(wanted, str) or not wanted.strip():
        raise PlanError(f"ocr_text_accuracy needs the text as it stands on the screen, not {show(asked.expected)}")
    limit = parse_tolerance(asked.tolerance)
    allowed = limit.amount if limit and asked.field not in ("exact", "text") else decimal_of(0)
    subject = "character error rate of the text read"
    event = _event_of(view, _RAW)
    if event is None:
        return _never("the text read by OCR", subject)
    read = _normal(str(event.payload.get("full_raw_text", "")))
    rate = character_error_rate(read, _normal(wanted))
    reason = None
    if decimal_of(rate) > allowed:
        reason = f"character error rate {rate:.4f} is above {allowed}: read {show(read)}, on the screen {show(_normal(wanted))}"
    return Finding(reason=reason, actual=read, subject=subject, stage_key=_stage_of(view, event), expected=wanted)


def _exact_fields(view: StepView, asked: Asked) -> Finding:
    event = _event_of(view, _CLEANED)
    subject = "fields of the text read"
    if event is None:
        return _never("the cleaned snapshot", subject)
    snapshots = event.payload.get("snapshots")
    snapshots = snapshots if isinstance(snapshots, Mapping) else {}
    stage_key = _stage_of(view, event)
    if asked.field and not isinstance(asked.expected, Mapping):
        path = asked.field.removeprefix("snapshots.")
        value = resolve(snapshots, path)
        nowhere = lead_nowhere(snapshots, path, within="snapshots") if value is MISSING else ""
        return judge(view, asked, value, subject=f"text read {path}", stage_key=stage_key, nowhere=nowhere)
    wanted = dict(_leaves(asked.expected))
    if not wanted:
        raise PlanError("ocr_text_accuracy needs at least one field to compare")
    tolerance = parse_tolerance(asked.tolerance)
    actual = {path: resolve(snapshots, path) for path in wanted}
    wrong = []
    for path, expected in wanted.items():
        if actual[path] is MISSING:
            wrong.append(lead_nowhere(snapshots, path, within="snapshots"))
        elif reason := difference(actual[path], expected, tolerance if is_number(expected) else None):
            wrong.append(f"{path}: {reason}")
    shown = {path: None if value is MISSING else value for path, value in actual.items()}
    return Finding(reason="; ".join(wrong) or None, actual=shown, subject=subject, stage_key=stage_key, expected=wanted)


def _leaves(expected: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in expected.items():
        path = f"{prefix}{key}".removeprefix("snapshots.")
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _normal(text: str) -> str:
    """Spaces and empty lines are no characters of a screen."""
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def character_error_rate(read: str, screen: str) -> float:
    """Edits that turn one into the other, per character of the screen."""
    return _edits(read, screen) / max(len(screen), 1)


def _edits(left: Sequence[Any], right: Sequence[Any]) -> int:
    row = list(range(len(right) + 1))
    for index, one in enumerate(left, 1):
        diagonal, row[0] = row[0], index
        for place, other in enumerate(right, 1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (one != other))
    return row[-1]
