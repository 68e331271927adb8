"""Why the repetitions of a step do not all end alike: they are put together by shape, and the shapes told apart in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_intellisense.analytics.behaviour import RunPlan, RunStep
from pytest_intellisense.analytics.shapes import Shape, departures, shape_of, usual


@dataclass(frozen=True, slots=True)
class Cluster:
    """Repetitions with the same shape, the same orders and the same failed validations; `words` tell them from the largest."""

    count: int
    failed: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class FlakyStep:
    """`clusters`: the largest first; at least one has failed validations and one has not."""

    case: str
    step: str
    clusters: list[Cluster]

    def __str__(self) -> str:
        """`18 of 20: all 8 stages in order; 2 of 20: validated_order overtook cleaned_ocr, side did not hold`."""
        total = sum(cluster.count for cluster in self.clusters)
        return " | ".join(f"{cluster.count} of {total}: {cluster.words}" for cluster in self.clusters)


_Key = tuple[Shape, tuple[str, ...], tuple[str, ...]]


def flaky_steps(plans: Iterable[RunPlan]) -> Iterator[FlakyStep]:
    """The steps of which some repetitions failed and others did not."""
    for plan in plans:
        steps: dict[str, list[RunStep]] = {}
        for step in plan.steps:
            if step.pipeline is not None:
                steps.setdefault(step.step_id, []).append(step)
        for step_id, runs in steps.items():
            clusters = _clusters(runs)
            if len({bool(cluster.failed) for cluster in clusters}) == 2:
                yield FlakyStep(plan.nodeid, step_id, clusters)


def _clusters(runs: list[RunStep]) -> list[Cluster]:
    repeated = _judged_in_several(runs)
    found: dict[_Key, int] = {}
    for run in runs:
        assert run.pipeline is not None
        failed = [one.validation_id for one in run.validation_outcomes if not one.passed and one.validation_id in repeated]
        key = (
            shape_of(run.pipeline.stages, run.pipeline.diverted_by),
            tuple(sorted(run.orders or ())),
            tuple(failed),
        )
        found[key] = found.get(key, 0) + 1
    ordered = sorted(found, key=lambda key: -found[key])
    return [Cluster(found[key], key[2], _words(ordered[0], key)) for key in ordered]


def _judged_in_several(runs: list[RunStep]) -> set[str]:
    """Validations over all repetitions are judged once, after the last: they tell no repetition from another."""
    judged = [outcome.validation_id for run in runs for outcome in run.validation_outcomes]
    return {name for name in judged if judged.count(name) > 1}


def _words(largest: _Key, key: _Key) -> str:
    told = [usual(key[0])] if key is largest else departures(largest[0], key[0])
    if key[1] != largest[1]:
        told.append(f"ordered {'; '.join(key[1]) or 'nothing'} instead of {'; '.join(largest[1]) or 'nothing'}")
    if key[2]:
        told.append(f"{', '.join(key[2])} did not hold")
    elif largest[2]:
        told.append("every validation held")
    return ", ".join(told) or "the same stages in the same order"
