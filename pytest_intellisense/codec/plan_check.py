"""Everything that is wrong with a plan: of all its rows, and without what only follows from a misspelt key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_intellisense.codec import matrix, references
from pytest_intellisense.codec.problems import Finding
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.codec.row_shortcut import all_rows_are_good
from pytest_intellisense.model.plan import JsonPath

_BAD_ROWS_SHOWN = 20
_MOST_REPAIRS = 5

Json = dict[str, Any]
Rows = list[tuple[str, matrix.Row]]
Moves = Mapping[JsonPath, JsonPath]


class PlanCheck:
    """A plan split into its body and the rows of its matrix. `matrix_findings` keep it from having rows.

    `member_findings` are references to what an object in the matrix has not: found once, and not in every row.
    """

    def __init__(self, plan: Json, row_check: Callable[[Json], RowCheck], refers_elsewhere: Callable[[Any], bool]) -> None:
        self.plan = plan
        self.values: Any = plan.get("matrix", {})
        self.matrix_findings = list(matrix.findings(self.values))
        self.rows_check = row_check({key: value for key, value in plan.items() if key != "matrix"})
        self.rows: Rows = []
        self.member_findings: list[Finding] = []
        self._row_check = row_check
        self._refers_elsewhere = refers_elsewhere
        if not self.matrix_findings:
            body = self.rows_check.body
            self.rows_check.has_references = refers_elsewhere(self.values)
            self.rows = list(matrix.rows(self.values))
            self.rows_check.slots = slots = matrix.slots(body, self.values) if self.values else []
            self.member_findings = list(references.member_findings(slots, self.values))

    def is_good(self) -> bool:
        """Whether no row has findings; quick."""
        check, values = self.rows_check, self.values
        if self.matrix_findings or self.member_findings:
            return False
        if any("$" in repr(each) for each in values.values()):
            check.has_references = True
            return not any(check.findings(row) for _, row in self.rows)
        return all_rows_are_good(check, values, check.slots or [])

    def findings(self) -> list[Finding]:
        """All of them. A misspelt key is read as what it was meant to be, so that its consequences are not told as well."""
        told: list[Finding] = []
        moves: list[Moves] = []
        check = self
        for _ in range(_MOST_REPAIRS):
            found = list(check._findings_as_written())
            misspelt = _misspelt_keys(found, check.plan)
            if not misspelt:
                return told + [_moved_back(finding, moves) for finding in found]
            told += [_moved_back(finding, moves) for finding in misspelt.values()]
            moves.append({(*path[:-1], finding.suggestion): path for path, finding in misspelt.items()})
            repaired = _renamed(check.plan, (), {path: finding.suggestion for path, finding in misspelt.items()})
            check = PlanCheck(repaired, self._row_check, self._refers_elsewhere)
        return told

    def _findings_as_written(self) -> Iterator[Finding]:
        """A problem that not every row has names the first row that has it."""
        if self.matrix_findings:
            yield from self.matrix_findings
            yield from self.rows_check.shape_findings(self.rows_check.body)
            return
        yield from self.member_findings
        found: dict[tuple[JsonPath, str], Finding] = {}
        rows_with: dict[tuple[JsonPath, str], list[str]] = {}
        bad_rows = 0
        for case_id, row in self.rows:
            moved = matrix.renamed_keys(self.rows_check.body, row)
            findings = self.rows_check.findings(row)
            for finding in findings:
                path = moved.get(finding.path, finding.path)
                found.setdefault((path, finding.message), replace(finding, path=path))
                rows_with.setdefault((path, finding.message), []).append(case_id)
            bad_rows += bool(findings)
            if bad_rows == _BAD_ROWS_SHOWN:
                break
        for key, finding in found.items():
            which = f" (matrix row {rows_with[key][0]})" if len(rows_with[key]) < min(len(self.rows), _BAD_ROWS_SHOWN) else ""
            yield replace(finding, message=finding.message + which)


def _misspelt_keys(found: list[Finding], plan: Json) -> dict[JsonPath, Finding]:
    """Those that can be read as what they were meant to be: nothing else in their object is called that."""
    misspelt: dict[JsonPath, Finding] = {}
    taken: set[JsonPath] = set()
    for finding in found:
        meant = (*finding.path[:-1], finding.suggestion)
        if (
            finding.on_key
            and finding.suggestion
            and meant not in taken
            and _stands(plan, finding.path)
            and not _stands(plan, meant)
        ):
            taken.add(meant)
            misspelt[finding.path] = finding
    return misspelt


def _stands(value: Any, path: JsonPath) -> bool:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return False
    return True


def _renamed(value: Any, path: JsonPath, names: Mapping[JsonPath, str]) -> Any:
    if isinstance(value, dict):
        members = ((key, (*path, key), member) for key, member in value.items())
        return {names.get(inner, key): _renamed(member, inner, names) for key, inner, member in members}
    if isinstance(value, list):
        return [_renamed(member, (*path, at), names) for at, member in enumerate(value)]
    return value


def _moved_back(finding: Finding, moves: list[Moves]) -> Finding:
    first = None if finding.first_path is None else _path_back(finding.first_path, moves)
    return replace(finding, path=_path_back(finding.path, moves), first_path=first)


def _path_back(path: JsonPath, moves: list[Moves]) -> JsonPath:
    for moved in reversed(moves):
        for length in range(len(path), 0, -1):
            if (written := moved.get(path[:length])) is not None:
                # Parents that were renamed in the same round have their new names in `path` still.
                path = (*path[: length - 1], written[-1], *path[length:])
    return path
