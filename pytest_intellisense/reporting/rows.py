"""Rows: the only thing reports know. Plain JSON types, so that they cross process borders; one PlanRow per pytest item.

These types are the published format of `report.json`: `report.schema.json` is made of them (see `report_schema`).
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

SCHEMA_VERSION = 1
REGRESSION = "regression"
"""The `type` of an outcome that the gate adds: the step became slower than its baseline allows."""
BEHAVIOUR = "behaviour"
"""The `type` of an outcome that the gate adds: the step did otherwise than its baseline."""


def _one_of(*words: str) -> Meta:
    return Meta(pattern=f"^({'|'.join(words)})$", extra_json_schema={"enum": list(words)})


VerdictWord = Annotated[str, _one_of("passed", "failed", "inconclusive", "error", "skipped", "checked", "interrupted")]
OutcomeWord = Annotated[str, _one_of("passed", "failed", "skipped", "xfailed", "xpassed", "error", "rerun", "interrupted")]
FaultWord = Annotated[str, _one_of("VALUE", "LATENCY", "MISSING", "EXTRA", "PLAN", "ENV", "LOSS", "TOOL")]
TimeSource = Annotated[str, _one_of("app", "received")]
StateWord = Annotated[str, _one_of("finished", "interrupted")]


class StageRow(TypedDict):
    """`at_ns` counts from the injection, and so does `baseline_ns`, the median of the baseline that the run is compared with.

    `value` is the stage's essence in a few words, for the waterfall. `unordered` is there, and true, for a stage that may
    come before those listed before it.
    """

    baseline_ns: NotRequired[int]

    name: str
    event_type: str
    arrived: bool
    at_ns: int | None
    time_source: TimeSource
    optional: bool
    absent: bool
    in_order: bool
    count: int
    value: str
    note: str
    unordered: NotRequired[bool]


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
    """`baseline` has the medians of the baseline for `latencies_ns`."""

    baseline: NotRequired[dict[str, int]]
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
    fault: FaultWord | None
    subject: str
    stage: str
    inconclusive: bool
    line: int | None
    column: int | None


class ImageRow(TypedDict):
    """`kind`: screen or processed. `path` is relative to the session directory.

    `data` is a base64 WebP, pixel by pixel for failed steps if that is small, and scaled down for passed ones; it is left
    out of `report.json`.
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
    """`repeat_index` counts on through all runs of the plan, `plan_run` the runs (`--intellisense-repeat`).

    `injected_ns` is when the stimulus was to be sent, on the monotonic clock of the session's `clock_domain`.
    `orders`: what was ordered, an order a line, without ids.
    """

    plan_run: NotRequired[int]
    injected_ns: NotRequired[int | None]
    orders: NotRequired[list[str]]
    step_id: str
    description: str
    correlation_id: str
    stimulus_type: str
    stimulus: str
    repeat_index: int
    passed: bool
    fault: FaultWord | None
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


class ComparisonRow(TypedDict):
    """One limit of the regression gate, judged. `case` is a node id, "" for a stage over all plans.

    `change`, `low` and `high` are shares for a relative limit (0.1: 10 % slower), ns for an absolute one; `low` and `high`
    its one-sided bounds at 95 %; None without samples of both sides. `machine` is the slow-down that noise explains, a share.
    """

    case: str
    step: str
    stage: str
    before: str
    event: str
    statistic: str
    limit: str
    verdict: str
    reason: str
    needed_launches: int | None
    needed_samples: int | None
    base_ns: float | None
    now_ns: float | None
    allowed_ns: float | None
    change: float | None
    change_shown: str
    range_shown: str
    low: float | None
    high: float | None
    p: float | None
    cases: int
    cases_slower: int
    base_count: int
    now_count: int
    base_launches: int
    now_launches: int
    machine: float


class BehaviourRow(TypedDict):
    """What a plan (`case`, a node id) did otherwise than the baseline. `regressed`: the build is to be stopped for it.

    `kind`: new failure, fixed, still failing, known issue, not judged, validation, shape, orders, added, removed.
    """

    case: str
    step: str
    kind: str
    sentence: str
    regressed: bool


class ClusterRow(TypedDict):
    """Repetitions of a step that ended alike: `failed` are the validations that did not hold."""

    count: int
    failed: list[str]
    words: str


class FlakyRow(TypedDict):
    """Why the repetitions of a step do not all end alike."""

    step: str
    sentence: str
    clusters: list[ClusterRow]


class GateRow(TypedDict):
    """What was measured and, if it was compared, what came of it; see docs/gate.md.

    `verdict`: ok, regression, improvement, inconclusive, not comparable, no baseline, not compared. `notes` are for people.
    """

    verdict: str
    reason: str
    notes: list[str]
    baseline: dict[str, Any] | None
    origin: dict[str, Any]
    launches: list[dict[str, Any]]
    comparisons: list[ComparisonRow]
    behaviour: NotRequired[list[BehaviourRow]]


class PlanRow(TypedDict):
    """`fault` and `sentence` are the first line of the failure text; `plan_path` is relative to the rootdir.

    `attribution` is that of the failure the sentence speaks of.
    `regression_limits`: step id ("" for the whole plan) -> STAGE.STAT -> limit. `noise` and `gate` are there where measured.
    `outcome` is pytest's word, `verdict` the plan's own. `attempts` counts the runs of a plan that was repeated.
    `origin` is the report that a plan of a merged report came from. `known_issue` is there where a failure is excused:
    reason, date and place of the entry. `rerun` is the command that runs the plan again, for a POSIX shell.
    """

    outcome: NotRequired[OutcomeWord]
    rerun: NotRequired[str]
    known_issue: NotRequired[str]
    attempts: NotRequired[int]
    started_epoch_s: NotRequired[float]
    origin: NotRequired[str]
    attribution: NotRequired[AttributionRow]
    regression_limits: NotRequired[dict[str, dict[str, str]]]
    noise: NotRequired[dict[str, Any]]
    gate: NotRequired[list[ComparisonRow]]
    flaky: NotRequired[list[FlakyRow]]
    plan_name: str
    nodeid: str
    verdict: VerdictWord
    description: str
    tags: list[str]
    matrix: dict[str, Any]
    plan_path: str
    line: int
    fault: FaultWord | None
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
    host: NotRequired[str]
    started_epoch_s: float
    duration_ns: int
    redis: str
    target: str
    contract_generation: str
    durability: str
    versions: dict[str, str]
    clock_domain: str
    dry_run: NotRequired[bool]


class ShardRow(TypedDict):
    """One of the reports that were merged. `origin` is where it was read from."""

    origin: str
    state: StateWord
    plans: int
    session: SessionRow | None
    gate: NotRequired[GateRow]


class ReportDocument(TypedDict):
    """`session` is None if no plan came as far as a session; in a merged report it is the one that began first.

    `state` is interrupted if the run was ended before its last plan. `notes` say what a reader must know.
    """

    schema_version: Annotated[int, Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)]
    session: SessionRow | None
    plans: list[PlanRow]
    gate: NotRequired[GateRow]
    state: NotRequired[StateWord]
    shards: NotRequired[list[ShardRow]]
    notes: NotRequired[list[str]]
