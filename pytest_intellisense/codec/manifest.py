"""The manifest beside captured frames: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.errors import PlanError

_KEYS = "correlation_id, image_filename, perf_counter_ns_capture, epoch_s_capture"


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """One frame as it was grabbed; `captured_ns` is on the monotonic clock of the process that grabbed it."""

    correlation_id: str
    image_filename: str
    captured_ns: int
    captured_epoch_s: float


def read_manifest(path: Path) -> list[CapturedFrame]:
    """The frames in the order of their capture. Raises PlanError naming the first line that cannot be used."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise PlanError(f"the manifest {path.name} cannot be read: {problem.strerror}") from None
    frames = [_frame(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not frames:
        raise PlanError(f"the manifest {path.name} names no frame")
    return sorted(frames, key=lambda frame: frame.captured_ns)


def _frame(line: bytes, where: str) -> CapturedFrame:
    try:
        record = json.loads(line)
        frame = CapturedFrame(
            record["correlation_id"],
            record["image_filename"],
            record["perf_counter_ns_capture"],
            record["epoch_s_capture"],
        )
    except (ValueError, RecursionError, KeyError, TypeError):
        raise PlanError(f"{where}: not a frame", hint=f"a line is a JSON object with {_KEYS}") from None
    texts = (frame.correlation_id, frame.image_filename)
    if not all(isinstance(text, str) and text for text in texts) or type(frame.captured_ns) is not int:
        raise PlanError(
            f"{where}: a value of the wrong type", hint="ids and file names are text, perf_counter_ns_capture a whole number"
        )
    return frame
