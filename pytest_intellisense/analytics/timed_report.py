"""The part of a `report.json` that times and success rates are taken from; everything else is skipped undecoded."""

from __future__ import annotations

import msgspec


class TimedStage(msgspec.Struct, gc=False):
    """`at_ns` counts from the injection."""

    name: str
    arrived: bool
    at_ns: int | None
    optional: bool
    absent: bool


class TimedPipeline(msgspec.Struct, gc=False):
    name: str
    completed: bool
    stages: list[TimedStage]


class TimedStep(msgspec.Struct, gc=False):
    pipeline: TimedPipeline | None


class TimedPlan(msgspec.Struct, gc=False):
    nodeid: str
    verdict: str
    duration_ns: int
    steps: list[TimedStep]


class TimedSession(msgspec.Struct, gc=False):
    session_id: str
    started_epoch_s: float


class TimedReport(msgspec.Struct, gc=False):
    """`session` is None if no plan came as far as a session."""

    schema_version: int
    session: TimedSession | None
    plans: list[TimedPlan]
