"""A baseline as people read it: where it is from, how quiet the machine was, and each stage with its distribution."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from pytest_intellisense.analytics.aggregate import Aggregate, aggregate
from pytest_intellisense.analytics.measurements import Baseline
from pytest_intellisense.analytics.noise import in_words
from pytest_intellisense.analytics.samples import Subject
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.reporting.lines import printable

_BINS = 16
_BARS = " ▁▂▃▄▅▆▇█"


def baseline_lines(baseline: Baseline) -> Iterator[str]:
    origin, machine = baseline.origin, baseline.origin.machine
    saved = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(baseline.saved_epoch_s))
    yield printable(f"{baseline.label}, saved {saved}: {baseline.runs} runs, {len(baseline.launches)} launches")
    yield printable(
        f"machine   {machine.processors} x {machine.cpu}, {machine.architecture}, {machine.memory_gb} GB, {machine.system}"
    )
    yield printable(f"clock     {origin.clock}   config {origin.config_hash}: {_pairs(origin.config)}")
    yield printable(f"versions  {_pairs(origin.versions)}")
    noise = [each for launch in baseline.launches for each in launch.noise.values()]
    if noise:
        yield f"noise     {in_words(noise)}"
    stages = _stages(baseline)
    width = max((len(name) for name in stages), default=5)
    yield f"{'stage':<{width}}  {'n':>5}  {'median':>8}  {'p90':>8}  {'p95':>8}  {'p99':>8}  {'max':>8}  from min to p95"
    for name, values in stages.items():
        taken = np.asarray(values, dtype=np.int64)
        yield _line(printable(name), width, aggregate(Subject(stage=name), taken), values)


def _pairs(named: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items())


def _stages(baseline: Baseline) -> dict[str, list[int]]:
    """By stage, over all plans; `total` by pipeline."""
    found: dict[str, list[int]] = {}
    for launch in baseline.launches:
        for step in launch.steps:
            for stage, values in step.series():
                name = f"total of {step.pipeline}" if stage.before == step.pipeline else stage.stage
                found.setdefault(name, []).extend(values)
    return found


def _line(name: str, width: int, row: Aggregate, values: Sequence[int]) -> str:
    times = (row.median_ns, row.p90_ns, row.p95_ns, row.p99_ns, row.max_ns)
    shown = "  ".join(f"{'few' if value is None else format_ns(value):>8}" for value in times)
    return f"{name:<{width}}  {row.count:>5}  {shown}  {histogram(values)}"


def histogram(values: Sequence[int]) -> str:
    """Bars from the smallest value to the 95th percentile; what lies beyond is in the last bar."""
    ranked = np.sort(np.asarray(values, dtype=np.float64))
    top = ranked[max(int(np.ceil(0.95 * len(ranked))) - 1, 0)]
    if top <= ranked[0]:
        return _BARS[-1]
    counts, _ = np.histogram(np.minimum(ranked, top), bins=_BINS, range=(ranked[0], top))
    return "".join(_BARS[round(count / counts.max() * (len(_BARS) - 1))] for count in counts)
