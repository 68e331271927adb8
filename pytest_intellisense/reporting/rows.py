"""Rows: the only thing reports know. Plain JSON types, so that they cross process borders; one PlanRow per pytest item.

The keys of PlanRow, StepRow, PipelineRow, StageRow and OutcomeRow are the published format of `report.json`.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

SCHEMA_VERSION = 1


class StageRow(TypedDict):
    """`at_ns` counts from the injection. `value` is the stage's essence in a few words, for the waterfall."""

    name: str
    event_type: str
    arrived: bool
    at_ns: int | None
    time_source: str
    optional: bool
    absent: bool
    in_order: bool
    count: int
    value: str
    note: str


class FormRow(TypedDict):
    """What one stage says of the failing value. `state`: right, wrong, other (a value that is neither), silent."""

    stage: str
    state: str
    value: Any
    path: str
    confidence: float | None


class ReaderRow(TypedDict):
    """A consumer group on the stream of the last event, and how it stands to that event; counts are entries."""

    stream: str
    group: str
    pending: int
    lag: int | None
    delivered: bool
    holder: str
    idle_ms: int
    times_delivered: int


class AttributionRow(TypedDict):
    """Which stage went wrong first. `certainty`: named (one candidate), among (one of them), not determined (none).

    `first_wrong_stage` is empty unless named. `change` is what became of the value in few words (`read 8 as B`).
    """

    domain: str
    first_wrong_stage: str
    candidates: list[str]
    certainty: str
    field: str
    change: str
    reason: str
    reading: str
    values: list[FormRow]
    readers: list[ReaderRow]
    caused_by: list[str]


class NearMissRow(TypedDict):
    """`field` is the one field that differs, empty if there are more."""

    stream: str
    entry_id: str
    at_ns: int | None
    summary: str
    differs: str
    field: NotRequired[str]


class PipelineRow(TypedDict):
    name: str
    completed: bool
    timed_out: bool
    stop_reason: str
    diverted_by: str
    waited_ns: int
    timeout_ns: int
    stages: list[StageRow]
    latencies_ns: dict[str, int]
    near_misses: list[NearMissRow]


class OutcomeRow(TypedDict):
    """`expected` and `actual` are JSON values. `line` and `column` point into the plan file."""

    tolerance: NotRequired[Any]
    attribution: NotRequired[AttributionRow]
    validation_id: str
    passed: bool
    type: str
    operator: str
    expected: Any
    actual: Any
    details: str
    fault: str | None
    subject: str
    stage: str
    inconclusive: bool
    line: int | None
    column: int | None


class ImageRow(TypedDict):
    """`kind`: screen or processed. `path` is relative to the session directory.

    `data` is base64 PNG, pixel by pixel for failed steps and small for passed ones; it is left out of `report.json`.
    """

    kind: str
    path: str
    width_px: int | None
    height_px: int | None
    data: NotRequired[str]


class EventRow(TypedDict):
    """`payload` is JSON text in a failed step, the essence in a few words in a passed one."""

    at_ns: int | None
    event_type: str
    stream: str
    entry_id: str
    joined_by: str
    payload: str


class StepRow(TypedDict):
    step_id: str
    description: str
    correlation_id: str
    stimulus_type: str
    stimulus: str
    repeat_index: int
    passed: bool
    fault: str | None
    error: str
    hint: str
    line: int | None
    column: int | None
    pipeline: PipelineRow | None
    validation_outcomes: list[OutcomeRow]
    images: list[ImageRow]
    ocr_text: str
    ocr_confidence: float | None
    events: list[EventRow]


class PlanRow(TypedDict):
    """`fault` and `sentence` are the first line of the failure text; `plan_path` is relative to the rootdir.

    `attribution` is that of the failure the sentence speaks of.
    `outcome` is pytest's word (passed, failed, skipped, xfailed, xpassed, error, rerun); `verdict` is the plan's own.
    """

    outcome: NotRequired[str]
    attribution: NotRequired[AttributionRow]
    plan_name: str
    nodeid: str
    verdict: str
    description: str
    tags: list[str]
    matrix: dict[str, Any]
    plan_path: str
    line: int
    fault: str | None
    sentence: str
    hint: str
    duration_ns: int
    session_dir: str
    lost_events: int
    loss_measurable: bool
    loss_notes: list[str]
    steps: list[StepRow]


class SessionRow(TypedDict):
    """Facts about the run, for the head of every report."""

    session_id: str
    started_epoch_s: float
    duration_ns: int
    redis: str
    target: str
    contract_generation: str
    durability: str
    versions: dict[str, str]
    clock_domain: str
    dry_run: NotRequired[bool]


class ReportDocument(TypedDict):
    """`session` is None if no plan came as far as a session."""

    schema_version: int
    session: SessionRow | None
    plans: list[PlanRow]
