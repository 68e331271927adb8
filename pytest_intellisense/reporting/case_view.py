"""What the template of one plan shows, worked out beforehand: a template only places it."""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from pytest_intellisense.reporting.difference import Span, difference, duration, shown
from pytest_intellisense.reporting.failures import rerun_of
from pytest_intellisense.reporting.packed_cases import Pictures
from pytest_intellisense.reporting.rows import ImageRow, OutcomeRow, PlanRow, StepRow
from pytest_intellisense.reporting.stage_times import end_to_end_ns
from pytest_intellisense.reporting.waterfall_view import waterfall_view

Segments = list[tuple[str, bool]]
View = dict[str, Any]

CASE_PICTURES_LIMIT_BYTES = 32_000
EVENTS_OF_A_PASSED_STEP = 10
FORM_MARKS = {"right": "✓", "wrong": "✗", "other": "·", "silent": "–"}


def case_view(row: PlanRow, text: str, markdown: str, pictures: Pictures) -> View:
    """One plan; `text` is what the terminal says of its failure, `markdown` the same to paste elsewhere."""
    repeats = {step["step_id"]: sum(other["step_id"] == step["step_id"] for other in row["steps"]) for step in row["steps"]}
    names = _picture_names(row, pictures)
    return {
        "row": row,
        "rerun": rerun_of(row),
        "text": text,
        "markdown": markdown,
        "steps": [_step_view(row, step, repeats[step["step_id"]], names) for step in row["steps"]],
    }


def _step_view(row: PlanRow, step: StepRow, repeats: int, names: dict[int, str]) -> View:
    pipeline = step["pipeline"]
    outcomes = [_outcome_view(outcome) for outcome in step["validation_outcomes"]]
    return {
        "row": step,
        "repeats": repeats,
        "open": not step["passed"] or (repeats == 1 and row["verdict"] == "passed"),
        "held": f"{sum(one['row']['passed'] for one in outcomes)}/{len(outcomes)}" if outcomes else "",
        "took": duration(end_to_end_ns(pipeline)) if pipeline else "",
        "waterfall": waterfall_view(step, pipeline) if pipeline else None,
        "broken": [one for one in outcomes if one["state"] != "passed"],
        "kept": [one for one in outcomes if one["state"] == "passed"],
        "images": [_image_view(image, names.get(id(image), ""), row["session_dir"]) for image in step["images"]],
        **_event_views(step),
    }


def _event_views(step: StepRow) -> View:
    """All events of a failed step; of a passed one the first, without their place in Redis: they cost most of its room."""
    shown = step["events"][:EVENTS_OF_A_PASSED_STEP] if step["passed"] else step["events"]
    return {
        "events": [
            {**event, "at": duration(event["at_ns"]), "entry_id": "" if step["passed"] else event["entry_id"]}
            for event in shown
        ],
        "events_left_out": len(step["events"]) - len(shown),
    }


def _picture_names(row: PlanRow, pictures: Pictures) -> dict[int, str]:
    """The name of each picture that found room, by the identity of its row; failed steps choose first."""
    names: dict[int, str] = {}
    taken = 0
    for step in sorted(row["steps"], key=lambda step: step["passed"]):
        for image in step["images"]:
            data = image.get("data") or ""
            needed = not step["passed"] and taken + len(data) <= CASE_PICTURES_LIMIT_BYTES
            taken += len(data) if needed else 0
            if data:
                names[id(image)] = pictures.add(data, needed=needed)
    return names


def _image_view(image: ImageRow, name: str, session_dir: str) -> View:
    width, height = image["width_px"], image["height_px"]
    return {
        "kind": image["kind"],
        "size": f"{width} × {height} px" if width else "",
        "picture": name,
        "scaled": bool(name and width and _width_px(image.get("data") or "") not in (width, None)),
        "file": "/".join(part for part in (session_dir, image["path"]) if part),
    }


def _width_px(data: str) -> int | None:
    """The width of a base64 PNG or lossless WebP, read from its first bytes; None for anything else."""
    head = b64decode(data[:40])
    if head.startswith(b"\x89PNG"):
        return int(struct.unpack(">I", head[16:20])[0])
    if head[12:16] == b"VP8L":
        return 1 + int(struct.unpack("<H", head[21:23])[0] & 0x3FFF)
    return None


def _outcome_view(outcome: OutcomeRow) -> View:
    found = difference(outcome)
    return {
        "row": outcome,
        "mark": "?" if outcome["inconclusive"] else "✓" if outcome["passed"] else "✗",
        "state": "unsure" if outcome["inconclusive"] else "passed" if outcome["passed"] else "failed",
        "line": outcome["line"],
        "place": f"{outcome['line']}:{outcome['column']}" if outcome["line"] else "",
        "expected": segments(found.expected, found.expected_spans),
        "actual": segments(found.actual, found.actual_spans),
        "note": found.note if not outcome["passed"] else "",
        "forms": _form_views(outcome),
    }


def _form_views(outcome: OutcomeRow) -> list[View]:
    """What each stage says of the failing value; where none says anything there is nothing to show."""
    forms = outcome["attribution"]["values"] if "attribution" in outcome else []
    if all(form["value"] is None for form in forms):
        return []
    return [
        {**form, "mark": FORM_MARKS.get(form["state"], ""), "value": "" if form["value"] is None else _said(form["value"])}
        for form in forms
    ]


def _said(value: object) -> str:
    return value if isinstance(value, str) else shown(value)


def segments(text: str, differing: Sequence[Span]) -> Segments:
    """`text` cut into pieces that are the same and pieces that differ."""
    pieces: Segments = []
    at = 0
    for start, end in differing:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in (*pieces, (text[at:], False)) if piece[0]]
