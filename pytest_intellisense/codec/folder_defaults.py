"""Defaults of a folder: `plan_defaults.json` holds what the plans in it, and below it, have unless they say otherwise.

Objects are merged key by key, everything else is taken whole from whoever is nearest to the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.origins import Document, Elsewhere, Origins
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.problems import Finding, PlanFileError
from pytest_intellisense.model.plan import InjectionPlan, JsonPath, PlanDefaults, StepDefaults

DEFAULTS_NAMES = ("plan_defaults.json", "plan_defaults.jsonc")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FolderDefaults:
    """The defaults that count for a folder, the nearest first."""

    layers: tuple[tuple[Document, Json], ...] = ()

    @property
    def have_references(self) -> bool:
        return any("${" in document.text for document, _ in self.layers)

    def under(self, plan: Json) -> tuple[Json, dict[JsonPath, Elsewhere]]:
        """The plan with what it leaves out, and where each value that it took from here stands."""
        inherited: dict[JsonPath, Elsewhere] = {}
        for document, values in self.layers:
            merge = _Merge(document, inherited)
            of_plan = {key: value for key, value in values.items() if key not in ("$schema", "step")}
            plan = merge.completed(plan, of_plan, (), ())
            steps, step_defaults = plan.get("steps"), values.get("step", {})
            if isinstance(steps, list):
                completed = [
                    merge.completed(step, step_defaults, ("steps", at), ("step",)) if isinstance(step, dict) else step
                    for at, step in enumerate(steps)
                ]
                plan = {**plan, "steps": completed}
        return plan, inherited


@dataclass(frozen=True, slots=True)
class _Merge:
    document: Document
    inherited: dict[JsonPath, Elsewhere]

    def completed(self, value: Json, defaults: Mapping[str, Any], at: JsonPath, there: JsonPath) -> Json:
        whole = dict(value)
        for key, default in defaults.items():
            own = whole.get(key)
            if key not in whole:
                whole[key] = default
                self.inherited[(*at, key)] = self.document, (*there, key)
            elif isinstance(own, dict) and isinstance(default, dict):
                whole[key] = self.completed(own, default, (*at, key), (*there, key))
        return whole


def folder_defaults(folder: Path, root: Path) -> FolderDefaults:
    """What counts in `folder`: its own defaults and those of the folders above it up to `root`.

    Raises PlanFileError, with the path of the defaults, for a file of defaults that cannot be used.
    """
    return FolderDefaults(tuple(_read(path) for path in _files(folder, root)))


def _files(folder: Path, root: Path) -> Iterator[Path]:
    while True:
        present = [path for name in DEFAULTS_NAMES if (path := folder / name).exists()]
        if len(present) > 1:
            message = f"stands beside {present[0].name}: a folder has one file of defaults"
            raise _refused(Document(present[1], ""), [Finding((), message)])
        yield from present
        if folder in (root, folder.parent):
            return
        folder = folder.parent


def _read(path: Path) -> tuple[Document, Json]:
    from pydantic import ValidationError

    from pytest_intellisense.codec import shape
    from pytest_intellisense.codec.schema import DEFAULTS_SCHEMA_FILE

    document = Document(path, read_plan_text(path))
    values = decode(path, document.text)
    if not isinstance(values, dict):
        raise _refused(document, [Finding((), "defaults are an object { … }")])
    try:
        PlanDefaults.model_validate(values)
    except ValidationError as problem:
        found = shape.findings(problem, values, schema=DEFAULTS_SCHEMA_FILE)
        raise _refused(document, [_told_where(finding) for finding in found]) from None
    return document, values


def _told_where(finding: Finding) -> Finding:
    """A key of a plan or of a step in the wrong place is known, and belongs elsewhere."""
    if not finding.on_key or len(finding.path) != 1:
        return finding
    key = str(finding.path[0])
    if key in StepDefaults.model_fields:
        return replace(finding, message=f'"{key}" belongs to steps: write it inside "step": {{…}}', suggestion="")
    if key in InjectionPlan.model_fields:
        return replace(finding, message=f'"{key}" belongs to a plan: it has no defaults', suggestion="")
    return finding


def _refused(document: Document, found: list[Finding]) -> PlanFileError:
    origins = Origins(document)
    return PlanFileError(document.path, [origins.problem(finding) for finding in found])
