"""The pipelines that come along, with their stages."""

from __future__ import annotations

from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES
from pytest_intellisense.model.pipeline import Diversion, PipelineSignature, Stage
from reference_pages import markdown
from reference_pages.markdown import cell, code, table, value

_INTRODUCTION = """
A stage is reached by the first event of the step's chain that meets its criteria. After a diversion the rest cannot come.
"""


def page() -> str:
    return markdown.page("Pipelines", _INTRODUCTION, *(_part(pipeline) for pipeline in BUILT_IN_PIPELINES.values()))


def _part(pipeline: PipelineSignature) -> str:
    rows = [_row(stage, _kinds(stage)) for stage in pipeline.stages]
    rows += [_row(diversion, "diversion") for diversion in pipeline.diversions]
    head = f"## {pipeline.name}\n\n{cell(pipeline.description)}\n"
    return f"{head}\n{table(['stage', 'criteria', 'kind'], rows)}"


def _kinds(stage: Stage) -> str:
    return ", ".join(name for name in ("optional", "unordered", "absent", "whole_order") if getattr(stage, name))


def _row(stage: Stage | Diversion, kind: str) -> list[str]:
    criteria = "<br>".join(f"{code(path)} {value(wanted)}" for path, wanted in stage.match.items())
    return [code(stage.key), criteria, kind]
