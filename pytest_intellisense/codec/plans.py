"""Plan files to PlanCases: read, check everything, report every mistake at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pytest_intellisense.codec import matrix, meaning, older_form, references, shape
from pytest_intellisense.codec.files_named import NamedFiles
from pytest_intellisense.codec.own_pipelines import own_pipelines
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.positions import scan
from pytest_intellisense.codec.problems import Finding, PlanFileError, PlanTextLocator
from pytest_intellisense.codec.source_positions import LazyPositions
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import InjectionPlan, JsonPath, PlanCase, PlanSource
from pytest_intellisense.model.validation import VALIDATION_TYPES, ValidationType

Json = dict[str, Any]
_BAD_ROWS_SHOWN = 20


def load_plan_file(
    path: Path,
    *,
    operators: Collection[str],
    validation_types: Mapping[str, ValidationType] = VALIDATION_TYPES,
    pipelines: Mapping[str, PipelineSignature],
    default_pipelines: Mapping[str, str] | None = None,
    root: Path,
) -> list[PlanCase]:
    """The cases of a plan file, one per row of its matrix, in the order of the matrix.

    Files that the plan names must stay inside `root`. `default_pipelines` maps a stimulus type to the pipeline of a step that
    names none. Raises PlanFileError with every mistake in the file.
    """
    vocabulary = Vocabulary(operators, validation_types, pipelines, default_pipelines or {})
    return load_with(path, vocabulary, root)


def load_with(path: Path, vocabulary: Vocabulary, root: Path) -> list[PlanCase]:
    """`load_plan_file` with a vocabulary that serves many files."""
    text = read_plan_text(path)
    written = decode(path, text)
    original: dict[JsonPath, JsonPath] = {}
    if older_form.is_older(written):
        plan, original = older_form.modernised(written, plan_name(path), vocabulary.validation_types)
    else:
        plan = written
    return _Loading(path, text, plan, original, vocabulary, root).cases()


def plan_name(path: Path) -> str:
    """The name of a plan that has none: its file's, without `.plan.json`."""
    return path.name.partition(".plan.")[0] or path.name


class _Loading:
    """One file on its way from JSON to cases."""

    def __init__(
        self, path: Path, text: str, plan: Any, original: dict[JsonPath, JsonPath], vocabulary: Vocabulary, root: Path
    ) -> None:
        self.path = path
        self.text = text
        self.plan = plan
        self.original = original
        self.vocabulary = vocabulary
        self.root = root
        self.files = NamedFiles(path.parent, root)
        self.found: dict[tuple[JsonPath, str], Finding] = {}
        self.rows_of: dict[tuple[JsonPath, str], list[str]] = {}

    def cases(self) -> list[PlanCase]:
        if not isinstance(self.plan, dict):
            self._keep(Finding((), "a plan is an object { … } or, in the older form, a list of steps"), "")
            raise self._error(rows_seen=0)
        row_findings = list(matrix.findings(self.plan.get("matrix", {})))
        if row_findings:
            for finding in (*row_findings, *self._shape_only()):
                self._keep(finding, "")
            raise self._error(rows_seen=0)
        return self._rows()

    def _rows(self) -> list[PlanCase]:
        source = PlanSource(self.path, LazyPositions(self.text, self.original))
        cases: list[PlanCase] = []
        rows_seen = bad_rows = 0
        body = {key: value for key, value in self.plan.items() if key != "matrix"}
        for case_id, row in matrix.rows(self.plan.get("matrix", {})):
            case = self._case(body, case_id, row, source)
            rows_seen += 1
            if case is not None:
                cases.append(case)
            elif (bad_rows := bad_rows + 1) == _BAD_ROWS_SHOWN:
                break
        if self.found:
            raise self._error(rows_seen=rows_seen)
        return cases

    def _case(self, body: Json, case_id: str, row: matrix.Row, source: PlanSource) -> PlanCase | None:
        raw = matrix.replaced(body, row)
        problems: list[Finding] = []
        vocabulary = self.vocabulary
        if "pipelines" in raw or "pipeline_files" in raw:
            own = own_pipelines(raw, self.path.parent, self.root, vocabulary.pipelines, problems)
            vocabulary = vocabulary.with_pipelines(own)
        model = self._model(raw, vocabulary, problems)
        problems += meaning.findings(raw, vocabulary)
        if "${" in self.text:
            problems += references.findings(raw, tuple(row))
        for index, step in meaning.objects(raw.get("steps")):
            if isinstance(stimulus := step.get("stimulus"), dict):
                problems += self.files.findings(stimulus, ("steps", index, "stimulus"))
        if problems or model is None:
            renamed = matrix.renamed_keys(body, row)
            for finding in problems:
                self._keep(finding, case_id, renamed)
            return None
        return PlanCase(model, source, case_id, row, vocabulary.pipelines)

    def _model(self, raw: Json, vocabulary: Vocabulary, problems: list[Finding]) -> InjectionPlan | None:
        try:
            return InjectionPlan.model_validate(_with_spelling(raw, vocabulary))
        except ValidationError as problem:
            problems += shape.findings(problem, raw)
        except RecursionError:
            problems.append(Finding((), "nested too deeply"))
        return None

    def _shape_only(self) -> list[Finding]:
        problems: list[Finding] = []
        self._model({key: value for key, value in self.plan.items() if key != "matrix"}, self.vocabulary, problems)
        return problems

    def _keep(self, finding: Finding, case_id: str, renamed: Mapping[JsonPath, JsonPath] | None = None) -> None:
        path = (renamed or {}).get(finding.path, finding.path)
        key = (path, finding.message)
        self.found.setdefault(key, _moved(finding, path))
        self.rows_of.setdefault(key, []).append(case_id)

    def _error(self, *, rows_seen: int) -> PlanFileError:
        locator = PlanTextLocator(self.text, scan(self.text), self.original)
        problems = []
        for key, finding in self.found.items():
            some = self.rows_of[key]
            row = f" (matrix row {some[0]})" if len(some) < rows_seen else ""
            problems.append(locator.problem(_said(finding, finding.message + row)))
        return PlanFileError(self.path, problems, tags=_tags(self.plan))


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


def _moved(finding: Finding, path: JsonPath) -> Finding:
    return Finding(path, finding.message, finding.allowed, finding.suggestion, finding.on_key, finding.first_path)


def _said(finding: Finding, message: str) -> Finding:
    return Finding(finding.path, message, finding.allowed, finding.suggestion, finding.on_key, finding.first_path)


def _tags(plan: Any) -> tuple[str, ...]:
    tags = plan.get("tags") if isinstance(plan, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str) and tag.isidentifier()) if isinstance(tags, list) else ()
