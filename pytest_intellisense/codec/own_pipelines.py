"""Pipelines that a plan brings along: written in it, or in JSON files beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.codec import criteria_written, misspelt_events, shape
from pytest_intellisense.codec.plan_paths import PathRefused, inside
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.problems import Finding, PlanFileError, dotted
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import JsonPath


def own_pipelines(
    plan: Mapping[str, Any], folder: Path, root: Path, vocabulary: Vocabulary, found: list[Finding]
) -> dict[str, PipelineSignature | None]:
    """The pipelines of the plan and of its `pipeline_files`; problems are added to `found`. None: cannot be used."""
    taken = {name.casefold(): name for name in vocabulary.pipelines}
    pipelines: dict[str, PipelineSignature | None] = {}
    for name, body, path, is_here in (*_in_plan(plan), *_in_files(plan, folder, root, found)):
        if name.casefold() in taken:
            found.append(Finding(path, f'the pipeline name "{name}" is taken: {taken[name.casefold()]} exists', on_key=is_here))
            continue
        taken[name.casefold()] = name
        mistakes = list(_in_criteria(body, ("pipelines", name), vocabulary.operators))
        pipelines[name] = _signature(name, body, mistakes)
        found += mistakes if is_here else [_at_its_file(mistake, path) for mistake in mistakes]
    return pipelines


_Entry = tuple[str, Any, JsonPath, bool]


def _in_plan(plan: Mapping[str, Any]) -> Iterator[_Entry]:
    written = plan.get("pipelines")
    if isinstance(written, dict):
        for name, body in written.items():
            yield name, body, ("pipelines", name), True


def _in_files(plan: Mapping[str, Any], folder: Path, root: Path, found: list[Finding]) -> Iterator[_Entry]:
    files = plan.get("pipeline_files")
    for index, name in enumerate(files if isinstance(files, list) else []):
        path: JsonPath = ("pipeline_files", index)
        if not isinstance(name, str):
            continue
        try:
            file = inside(folder, root, name)
            bodies = decode(file, read_plan_text(file))
        except PathRefused as refused:
            found.append(Finding(path, str(refused), suggestion=next(iter(refused.near), "")))
            continue
        except PlanFileError as problem:
            found.append(Finding(path, str(problem)))
            continue
        if not isinstance(bodies, dict):
            found.append(Finding(path, f"{name} should hold an object: pipeline name -> its stages"))
            continue
        for pipeline, body in bodies.items():
            yield pipeline, body, path, False


def _in_criteria(body: Any, path: JsonPath, operators: Collection[str]) -> Iterator[Finding]:
    for part in ("stages", "diversions"):
        stages = body.get(part) if isinstance(body, dict) else None
        for index, stage in enumerate(stages if isinstance(stages, list) else ()):
            for key in ("match", "until") if isinstance(stage, dict) else ():
                there = (*path, part, index, key)
                yield from misspelt_events.findings(stage.get(key), there)
                yield from criteria_written.findings(stage.get(key), there, operators)


def _signature(name: str, body: Any, found: list[Finding]) -> PipelineSignature | None:
    from pydantic import ValidationError

    from pytest_intellisense.model.plan import CustomPipeline

    try:
        pipeline = CustomPipeline.model_validate(body)
        return PipelineSignature(
            name=name, description=pipeline.description, stages=pipeline.stages, diversions=pipeline.diversions
        )
    except ValidationError as problem:
        found += shape.findings(problem, {"pipelines": {name: body}}, ("pipelines", name))
    return None


def _at_its_file(mistake: Finding, path: JsonPath) -> Finding:
    """A mistake in a file is told where the plan names the file."""
    _, name, *inside_it = mistake.path
    where = f", {dotted(tuple(inside_it))}" if inside_it else ""
    return Finding(path, f"pipeline {name}{where}: {mistake.message}", mistake.allowed, mistake.suggestion)
