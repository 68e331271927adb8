"""Everything that can be said against one row of a plan, and the model of a row against which nothing can be said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pytest_intellisense.codec import matrix, meaning, references, shape
from pytest_intellisense.codec.files_named import NamedFiles
from pytest_intellisense.codec.own_pipelines import own_pipelines
from pytest_intellisense.codec.problems import Finding
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import InjectionPlan

Json = dict[str, Any]


class RowCheck:
    """Checks rows of one plan. `body` is the plan without its matrix, in today's form."""

    has_references = True
    slots: list[matrix.Slot] | None = None

    def __init__(self, body: Json, path: Path, root: Path, vocabulary: Vocabulary) -> None:
        self.body = body
        self.files = NamedFiles(path.parent, root)
        self._folder = path.parent
        self._root = root
        self._vocabulary = vocabulary

    def findings(self, row: matrix.Row) -> list[Finding]:
        """Paths are those of the row, with its values in the place of `${name}`."""
        raw = self.filled(row)
        found: list[Finding] = []
        vocabulary = self.vocabulary(raw, found)
        found += self.shape_findings(raw, vocabulary)
        found += meaning.findings(raw, vocabulary)
        if self.has_references:
            found += references.findings(raw, tuple(row))
        for index, step in meaning.objects(raw.get("steps")):
            if isinstance(stimulus := step.get("stimulus"), dict):
                found += self.files.findings(stimulus, ("steps", index, "stimulus"))
        return found

    def filled(self, row: matrix.Row) -> Json:
        """The plan with the values of a row in the place of `${name}`."""
        if self.slots is None or any(slot.in_key for slot in self.slots):
            replaced: Json = matrix.replaced(self.body, row)
            return replaced
        filled: Json = matrix.with_slots_filled(self.body, [slot.path for slot in self.slots], matrix.names_in(row))
        return filled

    def shape_findings(self, raw: Json, vocabulary: Vocabulary | None = None) -> list[Finding]:
        try:
            InjectionPlan.model_validate(_with_spelling(raw, vocabulary or self._vocabulary))
        except ValidationError as problem:
            return shape.findings(problem, raw)
        return []

    def vocabulary(self, raw: Json, found: list[Finding]) -> Vocabulary:
        """The vocabulary with the pipelines that the plan itself brings; problems of these are added to `found`."""
        if "pipelines" not in raw and "pipeline_files" not in raw:
            return self._vocabulary
        own = own_pipelines(raw, self._folder, self._root, self._vocabulary, found)
        return self._vocabulary.with_pipelines(own)

    def model(self, row: matrix.Row) -> tuple[InjectionPlan, Mapping[str, PipelineSignature]]:
        """The plan of a row that has no findings."""
        raw = self.filled(row)
        vocabulary = self.vocabulary(raw, [])
        return InjectionPlan.model_validate(_with_spelling(raw, vocabulary)), vocabulary.pipelines


def _with_spelling(raw: Json, vocabulary: Vocabulary) -> Json:
    """The plan with pipeline names as they were defined: in plans any case will do."""
    steps = raw.get("steps")
    if not isinstance(steps, list):
        return raw
    spelt = list(steps)
    for index, step in meaning.objects(steps):
        named = step.get("pipeline")
        if isinstance(named, str) and named not in vocabulary.pipelines and (spelling := vocabulary.spelling(named)):
            spelt[index] = {**step, "pipeline": spelling}
    return {**raw, "steps": spelt}
