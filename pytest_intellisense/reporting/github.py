"""What GitHub Actions shows of a run: annotations on lines of plan files, and the summary of the step.

GitHub shows ten annotations of a type and drops the others; it refuses a summary of more than 1 MiB as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from pytest_intellisense.reporting.causes import Cause, causes_of
from pytest_intellisense.reporting.difference import difference
from pytest_intellisense.reporting.failures import primary_failure, rerun_of
from pytest_intellisense.reporting.lines import printable
from pytest_intellisense.reporting.markdown import markdown
from pytest_intellisense.reporting.outcomes import flaky
from pytest_intellisense.reporting.rows import PlanRow, ReportDocument

ANNOTATIONS_OF_A_TYPE = 10
SUMMARY_BYTES = 1024 * 1024
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


def runs_here(environment: Mapping[str, str]) -> bool:
    return environment.get("GITHUB_ACTIONS") == "true"


def annotation_lines(plans: Sequence[PlanRow], rootdir: Path, environment: Mapping[str, str]) -> list[str]:
    """Workflow commands, a line each: an error for each cause of failures, a warning for each flaky plan."""
    causes = causes_of(plans)
    repeated = [row for row in plans if flaky(row)]
    folder = _below_workspace(rootdir, environment)
    return [
        *(
            _error(cause, folder, len(causes) - number - 1 if number == ANNOTATIONS_OF_A_TYPE - 1 else 0)
            for number, cause in enumerate(causes[:ANNOTATIONS_OF_A_TYPE])
        ),
        *(
            _warning(row, folder, len(repeated) - number - 1 if number == ANNOTATIONS_OF_A_TYPE - 1 else 0)
            for number, row in enumerate(repeated[:ANNOTATIONS_OF_A_TYPE])
        ),
    ]


def append_summary(document: ReportDocument, path: Path) -> None:
    """Add the run to the summary of the step, as much of it as there is room for. Raises OSError."""
    used = path.stat().st_size if path.exists() else 0
    text = markdown(document, most_bytes=SUMMARY_BYTES - used - 2) + "\n"
    if used + len(text.encode()) <= SUMMARY_BYTES:
        with path.open("a", encoding="utf-8") as summary:
            summary.write(text)


def _error(cause: Cause, folder: PurePosixPath, left_out: int) -> str:
    row = cause.plans[0]
    primary = primary_failure(row)
    line, column = (primary[1]["line"], primary[1]["column"]) if primary else (None, None)
    told = [row["sentence"]]
    if primary:
        found = difference(primary[1])
        told += [f"expected {found.expected}", f"actual {found.actual}"]
    if len(cause.plans) > 1:
        told.append(f"the same cause in {len(cause.plans) - 1} more plans")
    told.append(f"rerun: {rerun_of(row)}")
    if left_out:
        told.append(f"and {left_out} more causes, see the report")
    title = f"{row['fault'] or 'FAILED'} {row['plan_name']}"
    return _command("error", folder / row["plan_path"], (line or row["line"], column), title, told)


def _warning(row: PlanRow, folder: PurePosixPath, left_out: int) -> str:
    told = [f"passed at attempt {row.get('attempts', 1)}", *([f"and {left_out} more flaky plans"] if left_out else [])]
    return _command("warning", folder / row["plan_path"], (row["line"], None), f"flaky {row['plan_name']}", told)


def _command(kind: str, file: PurePosixPath, place: tuple[int, int | None], title: str, told: Sequence[str]) -> str:
    line, column = place
    properties = {"file": str(file), "line": str(line), **({"col": str(column)} if column else {}), "title": title}
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = _data("\n".join(map(printable, told)))
    return f"::{kind} {written}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _below_workspace(rootdir: Path, environment: Mapping[str, str]) -> PurePosixPath:
    """GitHub wants paths of the repository, a row has those of the rootdir."""
    workspace = environment.get("GITHUB_WORKSPACE")
    if workspace and rootdir.resolve().is_relative_to(Path(workspace).resolve()):
        return PurePosixPath(rootdir.resolve().relative_to(Path(workspace).resolve()).as_posix())
    return PurePosixPath()
