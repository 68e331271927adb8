"""Plan files to PlanCases: read, check everything, report every mistake at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_intellisense.codec import matrix, older_form
from pytest_intellisense.codec.folder_defaults import FolderDefaults, folder_defaults
from pytest_intellisense.codec.origins import Document, Origins, PlanPositions
from pytest_intellisense.codec.plan_check import PlanCheck
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.problems import Finding, PlanFileError
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import JsonPath, PlanCase, PlanSource
from pytest_intellisense.model.validation import VALIDATION_TYPES, ValidationType

_HEAD = ("plan_name", "tags", "skip", "xfail")


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

    Files that the plan names must stay inside `root`; defaults count from there down. `default_pipelines` maps a stimulus
    type to the pipeline of a step that names none. Raises PlanFileError with every mistake in the file.
    """
    vocabulary = Vocabulary(operators, validation_types, pipelines, default_pipelines or {})
    return [row.case() for row in read_plan_file(path, vocabulary, root, folder_defaults(path.parent, root))]


def read_plan_file(path: Path, vocabulary: Vocabulary, root: Path, defaults: FolderDefaults) -> list[PlanRowSource]:
    """The rows of a plan file, all checked; each makes its PlanCase when asked. Raises PlanFileError."""
    document = Document(path, read_plan_text(path))
    plan, origins = _as_written(document, vocabulary, defaults)

    def check_of(plan: dict[str, Any]) -> PlanCheck:
        return PlanCheck(
            plan,
            lambda body: RowCheck(body, path, root, vocabulary),
            lambda values: defaults.have_references or matrix.refers_elsewhere(document.text, values),
        )

    check = check_of(plan)
    if not check.is_good():
        raise _error(origins, check.findings(), tags=_tags(plan, vocabulary))
    plan_rows = PlanRows(lambda: check_of(_as_written(document, vocabulary, defaults)[0]).rows_check, origins, vocabulary)
    head = {key: plan[key] for key in _HEAD if key in plan}
    varies = any(slot.path[0] in _HEAD for slot in check.rows_check.slots or ())
    return [
        PlanRowSource(plan_rows, case_id, row, matrix.replaced(head, row) if varies else head) for case_id, row in check.rows
    ]


def _as_written(document: Document, vocabulary: Vocabulary, defaults: FolderDefaults) -> tuple[dict[str, Any], Origins]:
    """The plan of a document in today's form, with the defaults of its folder, and where its values stand."""
    plan = decode(document.path, document.text)
    original: dict[JsonPath, JsonPath] = {}
    if older_form.is_older(plan):
        plan, original = older_form.modernised(plan, plan_name(document.path), vocabulary.validation_types)
    if not isinstance(plan, dict):
        raise _error(Origins(document), [Finding((), "a plan is an object { … } or, in the older form, a list of steps")])
    plan, inherited = defaults.under(plan) if defaults.layers else (plan, {})
    return plan, Origins(document, original, inherited)


class PlanRows:
    """What the rows of one plan file have in common. The plan itself is made of its text again when a row is to be run:
    thousands of collected plans are not kept in memory twice.
    """

    def __init__(self, check: Callable[[], RowCheck], origins: Origins, vocabulary: Vocabulary) -> None:
        self.origins = origins
        self.vocabulary = vocabulary
        self.source = PlanSource(origins.plan.path, PlanPositions(origins))
        self._check = check

    @functools.cached_property
    def check(self) -> RowCheck:
        return self._check()


class PlanRowSource(msgspec.Struct, eq=False, gc=False):
    """A checked row of a plan. `head` has `plan_name`, `tags`, `skip` and `xfail`; its PlanCase is made when asked."""

    _plan: PlanRows
    case_id: str
    row: matrix.Row
    head: dict[str, Any]

    @property
    def source(self) -> PlanSource:
        return self._plan.source

    @property
    def origins(self) -> Origins:
        return self._plan.origins

    @property
    def body(self) -> dict[str, Any]:
        """The whole plan as it is written, without its matrix, in today's form; defaults are merged into it."""
        return self._plan.check.body

    def written(self) -> dict[str, Any]:
        """`body` with the values of this row."""
        return self._plan.check.filled(self.row)

    def default_pipeline(self, stimulus_type: str) -> str:
        return self._plan.vocabulary.default_pipelines[stimulus_type]

    def case(self) -> PlanCase:
        plan, pipelines = self._plan.check.model(self.row)
        return PlanCase(plan, self.source, self.case_id, self.row, pipelines)


def plan_name(path: Path) -> str:
    """The name of a plan that has none: its file's, without `.plan.json`."""
    return path.name.partition(".plan.")[0] or path.name


def _error(origins: Origins, findings: list[Finding], *, tags: tuple[str, ...] = ()) -> PlanFileError:
    return PlanFileError(origins.plan.path, [origins.problem(finding) for finding in findings], tags=tags)


def _tags(plan: dict[str, Any], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Those that can be used, of a plan that cannot."""
    tags = plan.get("tags")
    texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return tuple(tag for tag in texts if tag.isidentifier() and not tag.startswith("_") and tag not in vocabulary.marks)
