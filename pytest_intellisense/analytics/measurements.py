"""What a run measured, as it is kept: raw samples by launch, and what they were measured on. Plain JSON types inside."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pytest_intellisense.analytics.behaviour import CaseBehaviour
from pytest_intellisense.model.regression_limit import WHOLE_PIPELINE

FORMAT = 1


class StageSamples(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of a step in one launch: `took_ns` since the stage before (`before` is its event), `at_ns` since the injection.

    `clock`: "app" if every time is by the publishers' stamps, else "received".
    """

    stage: str
    event: str
    before: str
    clock: str
    took_ns: list[int]
    at_ns: list[int]


class StepSamples(msgspec.Struct, frozen=True, kw_only=True):
    """The good runs of a step of a case (a node id) in one launch. `total_ns`: injection to the last stage."""

    case: str
    step: str
    pipeline: str
    stages: list[StageSamples]
    total_ns: list[int]
    latencies_ns: dict[str, list[int]]

    def series(self) -> Iterable[tuple[StageSamples, list[int]]]:
        """Every stage with its times, and the whole pipeline as a stage of its own."""
        yield from ((stage, stage.took_ns) for stage in self.stages)
        if self.stages and self.total_ns:
            clock = "app" if all(stage.clock == "app" for stage in self.stages) else "received"
            yield self._whole(clock), self.total_ns

    def _whole(self, clock: str) -> StageSamples:
        return StageSamples(
            stage=WHOLE_PIPELINE,
            event=self.stages[-1].event,
            before=self.pipeline,
            clock=clock,
            took_ns=self.total_ns,
            at_ns=self.total_ns,
        )


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """How quiet the machine was while a case ran.

    `calibration_ns`: a fixed piece of work, timed before every run. `waited`: time our threads stood in line for a processor,
    by time they had one. `steal` and `pressure`: shares of the time in which the hypervisor took the processor away, and in
    which some process of the machine waited for one. None: the system does not tell.
    """

    calibration_ns: list[int]
    waited: float | None
    steal: float | None
    pressure: float | None
    load: float | None


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One process: its samples, and the noise by case."""

    steps: list[StepSamples]
    noise: dict[str, Noise]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    cpu: str
    processors: int
    architecture: str
    system: str
    memory_gb: int


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, on what, by what. `config` is what else decides how fast it is; `config_hash` is over it."""

    machine: Machine
    clock: str
    versions: dict[str, str]
    config: dict[str, str]
    config_hash: str
    commit: str
    modified: bool


class MeasuredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a baseline. `behaviour` is empty in files of versions that did not keep it."""

    format: int = FORMAT
    saved_epoch_s: float
    origin: Origin
    launches: list[Launch]
    behaviour: list[CaseBehaviour] = []


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A saved name, as it is compared with: the launches of its newest runs that are of one origin."""

    name: str
    saved_epoch_s: float
    origin: Origin
    launches: list[Launch]
    runs: int = 1
    behaviour: list[CaseBehaviour] = []

    @property
    def label(self) -> str:
        commit = f"@{self.origin.commit[:7]}" if self.origin.commit else ""
        return f"{self.name}{commit}{' (modified)' if self.origin.modified else ''}"


def unlike(base: Origin, now: Origin) -> list[str]:
    """What makes times of the two not comparable, in words; empty if nothing does."""
    reasons = [
        f"{what} was {before}, is {after}"
        for what, before, after in (
            ("processor", base.machine.cpu, now.machine.cpu),
            ("number of processors", base.machine.processors, now.machine.processors),
            ("architecture", base.machine.architecture, now.machine.architecture),
            ("system", base.machine.system, now.machine.system),
            ("memory", f"{base.machine.memory_gb} GB", f"{now.machine.memory_gb} GB"),
            ("clock", base.clock, now.clock),
        )
        if before != after
    ]
    if base.config_hash != now.config_hash:
        keys = sorted({*base.config, *now.config})
        reasons += [
            f"{key} was {base.config.get(key, 'none')}, is {now.config.get(key, 'none')}"
            for key in keys
            if base.config.get(key) != now.config.get(key)
        ]
    return reasons


def other_versions(base: Origin, now: Origin) -> list[str]:
    """Which versions changed: said, but no obstacle, as a new version may be what is to be judged."""
    names = sorted({*base.versions, *now.versions})
    return [
        f"{name} {base.versions.get(name, 'none')} → {now.versions.get(name, 'none')}"
        for name in names
        if base.versions.get(name) != now.versions.get(name)
    ]
