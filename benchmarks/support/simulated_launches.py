"""Launches of a pretended build: log-normal noise, one sample in twenty is three times as long, launches drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_intellisense.analytics.measurements import Launch, Noise, StageSamples, StepSamples

SPIKES = 0.05
SPIKE = 3.0


@dataclass(frozen=True, slots=True)
class World:
    """`variation` of the samples of a case and `drift` between launches are shares; every stage drifts by itself."""

    variation: float
    drift: float
    cases: int
    launches: int
    stages: int = 8

    def pair(self, rng: np.random.Generator, *, factor: float = 1.0) -> tuple[list[Launch], list[Launch]]:
        """Two sides of one gate; in the second, stage 0 takes `factor` times as long."""
        usual_ns = np.exp(rng.normal(np.log(10e6), 1.0, (self.cases, self.stages)))
        before = [self._launch(rng, usual_ns) for _ in range(self.launches)]
        usual_ns[:, 0] *= factor
        return before, [self._launch(rng, usual_ns) for _ in range(self.launches)]

    def _launch(self, rng: np.random.Generator, usual_ns: np.ndarray) -> Launch:
        shape = usual_ns.shape
        noise = np.exp(rng.normal(0.0, np.sqrt(np.log1p(self.variation**2)), shape))
        noise *= np.where(rng.random(shape) < SPIKES, SPIKE, 1.0)
        noise *= np.exp(rng.normal(0.0, self.drift, self.stages)) if self.drift else 1.0
        took = np.round(usual_ns * noise).astype(int).tolist()
        return Launch(steps=[_step(case, row) for case, row in enumerate(took)], noise={})


def _step(case: int, took_ns: list[int]) -> StepSamples:
    stages = [
        StageSamples(stage=f"s{at}", event=f"e{at}", before=f"e{at - 1}", clock="app", took_ns=[value], at_ns=[value])
        for at, value in enumerate(took_ns)
    ]
    return StepSamples(case=f"case{case}", step="step", pipeline="P", stages=stages, total_ns=[], latencies_ns={})


def as_one_launch(launches: list[Launch]) -> list[Launch]:
    """The same samples, as if one process had measured them all."""
    return [Launch(steps=[step for launch in launches for step in launch.steps], noise=dict[str, Noise]())]
