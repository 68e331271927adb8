"""Plan files to PlanCases: read, check everything, report every mistake at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_intellisense.codec import matrix, older_form
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.problems import Finding, PlanFileError, PlanTextLocator
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.codec.row_shortcut import all_rows_are_good
from pytest_intellisense.codec.source_positions import LazyPositions
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.plan import JsonPath, PlanCase, PlanSource
from pytest_intellisense.model.validation import VALIDATION_TYPES, ValidationType

_BAD_ROWS_SHOWN = 20
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

    Files that the plan names must stay inside `root`. `default_pipelines` maps a stimulus type to the pipeline of a step that
    names none. Raises PlanFileError with every mistake in the file.
    """
    vocabulary = Vocabulary(operators, validation_types, pipelines, default_pipelines or {})
    return [row.case() for row in read_plan_file(path, vocabulary, root)]


def read_plan_file(path: Path, vocabulary: Vocabulary, root: Path) -> list[PlanRowSource]:
    """The rows of a plan file, all checked; each makes its PlanCase when asked. Raises PlanFileError."""
    text = read_plan_text(path)
    plan = decode(path, text)
    original: dict[JsonPath, JsonPath] = {}
    if older_form.is_older(plan):
        plan, original = older_form.modernised(plan, plan_name(path), vocabulary.validation_types)
    locator = _Locator(path, text, original)
    if not isinstance(plan, dict):
        raise locator.error([Finding((), "a plan is an object { … } or, in the older form, a list of steps")])
    body = {key: value for key, value in plan.items() if key != "matrix"}
    values = plan.get("matrix", {})
    check = RowCheck(body, path, root, vocabulary)
    if found := list(matrix.findings(values)):
        raise locator.error([*found, *check.shape_findings(body, vocabulary)], tags=_tags(plan))
    check.has_references = matrix.refers_elsewhere(text, values)
    rows = list(matrix.rows(values))
    check.slots = matrix.slots(body, values) if values else []
    if not _all_good(check, values, rows, check.slots):
        raise locator.error(_findings(check, rows), tags=_tags(plan))
    source = PlanSource(path, LazyPositions(text, original))
    head = {key: body[key] for key in _HEAD if key in body}
    varies = any(slot.path[0] in _HEAD for slot in check.slots)
    return [PlanRowSource(check, source, case_id, row, matrix.replaced(head, row) if varies else head) for case_id, row in rows]


class PlanRowSource:
    """A checked row of a plan. `head` has `plan_name`, `tags`, `skip` and `xfail`; its PlanCase is made when asked."""

    __slots__ = ("_check", "case_id", "head", "row", "source")

    def __init__(self, check: RowCheck, source: PlanSource, case_id: str, row: matrix.Row, head: dict[str, Any]) -> None:
        self._check = check
        self.source = source
        self.case_id = case_id
        self.row = row
        self.head = head

    def case(self) -> PlanCase:
        plan, pipelines = self._check.model(self.row)
        return PlanCase(plan, self.source, self.case_id, self.row, pipelines)


def plan_name(path: Path) -> str:
    """The name of a plan that has none: its file's, without `.plan.json`."""
    return path.name.partition(".plan.")[0] or path.name


Rows = list[tuple[str, matrix.Row]]


def _all_good(check: RowCheck, values: Mapping[str, Any], rows: Rows, slots: list[matrix.Slot]) -> bool:
    if any("$" in repr(each) for each in values.values()):
        check.has_references = True
        return not any(check.findings(row) for _, row in rows)
    return all_rows_are_good(check, values, slots)


def _findings(check: RowCheck, rows: Rows) -> Iterator[Finding]:
    """What is wrong in any row; a problem that not every row has names the first row that has it."""
    found: dict[tuple[JsonPath, str], Finding] = {}
    rows_with: dict[tuple[JsonPath, str], list[str]] = {}
    bad_rows = 0
    for case_id, row in rows:
        moved = matrix.renamed_keys(check.body, row)
        findings = check.findings(row)
        for finding in findings:
            path = moved.get(finding.path, finding.path)
            found.setdefault((path, finding.message), replace(finding, path=path))
            rows_with.setdefault((path, finding.message), []).append(case_id)
        bad_rows += bool(findings)
        if bad_rows == _BAD_ROWS_SHOWN:
            break
    for key, finding in found.items():
        which = f" (matrix row {rows_with[key][0]})" if len(rows_with[key]) < min(len(rows), _BAD_ROWS_SHOWN) else ""
        yield replace(finding, message=finding.message + which)


class _Locator:
    """Makes errors of findings."""

    def __init__(self, path: Path, text: str, original: dict[JsonPath, JsonPath]) -> None:
        self._path = path
        self._text = text
        self._original = original

    def error(self, findings: Iterator[Finding] | list[Finding], *, tags: tuple[str, ...] = ()) -> PlanFileError:
        from pytest_intellisense.codec.positions import scan

        locator = PlanTextLocator(self._text, scan(self._text), self._original)
        return PlanFileError(self._path, [locator.problem(finding) for finding in findings], tags=tags)


def _tags(plan: dict[str, Any]) -> tuple[str, ...]:
    tags = plan.get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str) and tag.isidentifier()) if isinstance(tags, list) else ()
