"""The pipelines that come along, with their stages."""

from __future__ import annotations

from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES
from pytest_intellisense.model.pipeline import PipelineSignature, Stage
from reference_pages import markdown
from reference_pages.markdown import cell, code, table, value

_INTRODUCTION = """
A stage is reached by the first event of the step's chain that meets its criteria. After a diversion the rest cannot come.
"""


def page() -> str:
    return markdown.page("Pipelines", _INTRODUCTION, *(_part(pipeline) for pipeline in BUILT_IN_PIPELINES.values()))


def _part(pipeline: PipelineSignature) -> str:
    rows = [_row(stage, "") for stage in pipeline.stages] + [_row(stage, "diversion") for stage in pipeline.diversions]
    head = f"## {pipeline.name}\n\n{cell(pipeline.description)}\n"
    return f"{head}\n{table(['stage', 'criteria', 'kind'], rows)}"


def _row(stage: Stage, kind: str) -> list[str]:
    kinds = [kind, *(name for name in ("optional", "unordered", "absent", "whole_order") if getattr(stage, name))]
    criteria = "<br>".join(f"{code(path)} {value(wanted)}" for path, wanted in stage.match.items())
    return [code(stage.key), criteria, ", ".join(filter(None, kinds))]
