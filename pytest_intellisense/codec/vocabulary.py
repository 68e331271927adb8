"""The names that plans may use: operators, validation types, pipelines and what follows from a pipeline."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.validation import ValidationType


@dataclass(slots=True)
class Vocabulary:
    """Pipeline names are found in any case. `default_pipelines`: stimulus type -> pipeline of a step that names none.

    `marks` are those that change how a test runs: no tag may be called so. `unusable` are pipelines that are defined with
    mistakes: to name one is none more.
    """

    operators: Collection[str]
    validation_types: Mapping[str, ValidationType]
    pipelines: Mapping[str, PipelineSignature]
    default_pipelines: Mapping[str, str]
    marks: Collection[str] = ()
    unusable: Collection[str] = ()
    _folded: dict[str, str] = field(init=False, repr=False)
    _latency_keys: dict[str, dict[str, None]] = field(init=False, repr=False, default_factory=dict)
    _stage_keys: dict[str, tuple[str, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._folded = {name.casefold(): name for name in self.pipelines}

    def with_pipelines(self, pipelines: Mapping[str, PipelineSignature | None]) -> Vocabulary:
        """None: one that is unusable."""
        usable = {name: pipeline for name, pipeline in pipelines.items() if pipeline is not None}
        unusable = {name.casefold() for name in pipelines.keys() - usable.keys()}
        return replace(self, pipelines={**self.pipelines, **usable}, unusable=unusable)

    def spelling(self, pipeline: str) -> str | None:
        """The pipeline's name as it was defined; None if there is no such pipeline."""
        return pipeline if pipeline in self.pipelines else self._folded.get(pipeline.casefold())

    def has_latency(self, pipeline: str, key: str) -> bool:
        """Whether a run of the pipeline can have this latency: an optional stage may be left out between two others."""
        return key in self.latency_keys(pipeline) or key in _pairs_over_optional(self.pipelines[pipeline])

    def latency_keys(self, pipeline: str) -> Collection[str]:
        """Every latency that the stages of a pipeline have."""
        if pipeline not in self._latency_keys:
            self._latency_keys[pipeline] = dict.fromkeys(_latency_keys(self.pipelines[pipeline]))
        return self._latency_keys[pipeline]

    def stage_keys(self, pipeline: str) -> Collection[str]:
        if pipeline not in self._stage_keys:
            self._stage_keys[pipeline] = self.pipelines[pipeline].all_keys
        return self._stage_keys[pipeline]


def _latency_keys(pipeline: PipelineSignature) -> list[str]:
    stages = [stage.key for stage in pipeline.stages if not stage.absent]
    keys = ["total_observed_pipeline_ns"]
    keys += [f"{stage}_from_inject_ns" for stage in stages]
    keys += [f"{before}_to_{stage}_ns" for before, stage in itertools.pairwise(stages)]
    keys += [f"{stage}_component_internal_ns" for stage in stages]
    return keys


def _pairs_over_optional(pipeline: PipelineSignature) -> Iterator[str]:
    """Latencies between stages with nothing but optional ones between them."""
    stages = [stage for stage in pipeline.stages if not stage.absent]
    for at, stage in enumerate(stages):
        for before in reversed(stages[:at]):
            yield f"{before.key}_to_{stage.key}_ns"
            if not before.optional:
                break
