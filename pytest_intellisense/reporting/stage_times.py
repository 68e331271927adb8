"""Where the time went: the share of each stage in one run of a pipeline, and its distribution over all runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_intellisense.reporting.rows import PipelineRow, PlanRow, StageRow


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles by nearest rank, nanoseconds; `at_receipt`: some were measured when we received, not when it happened.

    `key` is (event before, event) of a stage, (name, "") of a pipeline: what a baseline knows it by.
    """

    name: str
    key: tuple[str, str]
    count: int
    p50_ns: int
    p95_ns: int
    max_ns: int
    at_receipt: bool


@dataclass(frozen=True, slots=True)
class Lap:
    """One stage in time: from the arrival of the stage before it (`start_ns`) to its own (`end_ns`), both from injection."""

    stage: StageRow
    start_ns: int
    end_ns: int | None

    @property
    def took_ns(self) -> int | None:
        return None if self.end_ns is None or self.end_ns < self.start_ns else self.end_ns - self.start_ns


def laps(pipeline: PipelineRow) -> list[Lap]:
    result = []
    latest = 0
    for stage in pipeline["stages"]:
        at = stage["at_ns"] if stage["arrived"] else None
        result.append(Lap(stage, latest, at))
        latest = max(latest, at or 0)
    return result


def event_laps(pipeline: PipelineRow) -> Iterator[tuple[str, Lap]]:
    """Every lap with the event that it counts from: that of the last stage that arrived before, or the injection."""
    before = "injection"
    for lap in laps(pipeline):
        yield before, lap
        before = lap.stage["event_type"] if lap.end_ns is not None else before


def end_to_end_ns(pipeline: PipelineRow) -> int | None:
    """Injection to the last stage that arrived; None if none did."""
    arrived = [stage["at_ns"] for stage in pipeline["stages"] if stage["arrived"] and stage["at_ns"] is not None]
    return max(arrived, default=None)


def slowest(pipeline: PipelineRow) -> Lap | None:
    timed = [lap for lap in laps(pipeline) if lap.took_ns is not None]
    return max(timed, key=lambda lap: lap.took_ns or 0, default=None)


def pipelines(plans: Iterable[PlanRow]) -> Iterator[PipelineRow]:
    return (step["pipeline"] for plan in plans for step in plan["steps"] if step["pipeline"])


def stage_spreads(plans: Iterable[PlanRow]) -> list[Spread]:
    """The time each stage took, in pipeline order, longest pipelines first.

    Pipelines name their stages as they like: what goes from the same event to the same event is one stage here,
    under the name most of them use.
    """
    samples: dict[tuple[str, str], list[Lap]] = {}
    for pipeline in sorted(pipelines(plans), key=lambda pipeline: -len(pipeline["stages"])):
        for before, lap in event_laps(pipeline):
            if lap.took_ns is not None:
                samples.setdefault((before, lap.stage["event_type"]), []).append(lap)
    names = {key: Counter(lap.stage["name"] for lap in found).most_common(1)[0][0] for key, found in samples.items()}
    shared = Counter(names.values())
    return [
        _spread(
            names[key] if shared[names[key]] == 1 else f"{names[key]} after {key[0]}",
            key,
            [lap.took_ns or 0 for lap in found],
            at_receipt=any(lap.stage["time_source"] == "received" for lap in found),
        )
        for key, found in samples.items()
    ]


def pipeline_spreads(plans: Iterable[PlanRow]) -> list[Spread]:
    """End to end times of the completed runs of each pipeline, most frequent first."""
    completed: dict[str, list[PipelineRow]] = {}
    for pipeline in pipelines(plans):
        if pipeline["completed"] and end_to_end_ns(pipeline) is not None:
            completed.setdefault(pipeline["name"], []).append(pipeline)
    spreads = [
        _spread(
            name,
            (name, ""),
            [end_to_end_ns(pipeline) or 0 for pipeline in found],
            at_receipt=any(stage["time_source"] == "received" for pipeline in found for stage in pipeline["stages"]),
        )
        for name, found in completed.items()
    ]
    return sorted(spreads, key=lambda spread: (-spread.count, spread.name))


def _spread(name: str, key: tuple[str, str], values: list[int], *, at_receipt: bool) -> Spread:
    ranked = sorted(values)
    return Spread(name, key, len(ranked), _rank(ranked, 0.50), _rank(ranked, 0.95), ranked[-1], at_receipt)


def _rank(ranked: list[int], share: float) -> int:
    return ranked[max(math.ceil(share * len(ranked)) - 1, 0)]
