"""What may be in a plan file, and what happens to everything else: a problem in words, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers.plan_files import SOUND, load, load_text, problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_intellisense.codec.problems import PlanFileError


def test_comments_and_trailing_commas_are_allowed_in_jsonc(tmp_path: Path) -> None:
    """They are blanked out, so the problem behind them keeps its place."""
    text = '// a plan\n{ "plan_name": /* the name */ "x",\n  "url": "http://no//comment", "steps": [1,],}'
    problems = problems_of(tmp_path, text, "it.plan.jsonc")
    assert [(problem.line, problem.column) for problem in problems] == [(3, 3), (3, 42)]


def test_an_open_comment_is_named(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "{\n  /* open", "it.plan.jsonc")
    assert (problem.line, problem.column, problem.message) == (2, 3, "this comment is not closed")


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Editors on Windows write it; columns do not count it."""
    assert load_text(tmp_path, b"\xef\xbb\xbf" + SOUND.encode())
    (problem,) = problems_of(tmp_path, b"\xef\xbb\xbf{]")
    assert (problem.line, problem.column) == (1, 2)


def test_windows_line_ends_keep_lines_and_columns(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, SOUND.replace('"repeat": 2', '"repeat": 0').replace("\n", "\r\n"))
    assert (problem.line, problem.column, problem.source_line) == (25, 17, '      "repeat": 0')


@pytest.mark.parametrize(
    ("content", "says", "at"),
    [
        (b"", "the file is empty", (1, 1)),
        (b" \n\t", "the file is empty", (1, 1)),
        (b"7", "a plan is an object", (1, 1)),
        (b'"plan"', "a plan is an object", (1, 1)),
        (b"null", "a plan is an object", (1, 1)),
        (b"[", "the file ends before the [ of line 1 is closed", (1, 1)),
        (b'{"plan_name": "x', "this text is not closed on its line", (1, 15)),
        (b'{"a"', "a colon is missing", (1, 4)),
        (b'{"a":', "the file ends before the { of line 1", (1, 5)),
        (b'{"a": 1,', "the file ends before the { of line 1", (1, 8)),
        (b'{"plan_name":\n "\xe9"}', "byte 0xe9 is not UTF-8", (2, 3)),
        (SOUND.encode("utf-16"), "the file is UTF-16", (1, 1)),
        (b"[" * 100_000, "nested deeper than 64 levels", (1, 65)),
        (b'{"a":' * 100_000, "nested deeper than 64 levels", (1, 321)),
        (b'{"plan_name": "x", "steps": []}', '"steps" should be a list that is not empty', (1, 29)),
        (b"[]", '"steps" should be a list that is not empty', (1, 1)),
    ],
)
def test_what_is_no_plan_is_named(tmp_path: Path, content: bytes, says: str, at: tuple[int, int]) -> None:
    (problem,) = problems_of(tmp_path, content)
    assert says in problem.message
    assert (problem.line, problem.column) == at


def test_a_plan_that_checks_nothing_is_refused(tmp_path: Path) -> None:
    """Steps without validation points are set-up steps; a plan of nothing else could only pass."""
    plan = {"plan_name": "x", "steps": [{"step_id": "a", "stimulus": {"type": "trading_state_change", "enabled": True}}]}
    (problem,) = problems_of(tmp_path, json.dumps(plan))
    assert "no step has validation points" in problem.message


def test_fifty_megabytes_of_plan_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.plan.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(PlanFileError, match=r"50\.0 MB of plan: at most 5 MB are read"):
        load(path)


def test_folders_and_pipes_are_no_plans(tmp_path: Path) -> None:
    """A pipe nobody writes to is refused at once instead of being waited for."""
    (tmp_path / "folder.plan.json").mkdir()
    os.mkfifo(tmp_path / "pipe.plan.json")
    for name, says in (("folder", "is a directory"), ("pipe", "is a pipe"), ("none", "No such file")):
        with pytest.raises(PlanFileError, match=says):
            load(tmp_path / f"{name}.plan.json")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(SOUND) - 1), cut=st.integers(0, 40), insert=st.text(max_size=8))
def test_no_edit_ends_in_a_traceback(tmp_path: Path, at: int, cut: int, insert: str) -> None:
    """Whatever is cut out of a plan and put in: it loads, or it is a PlanFileError with places inside the text."""
    text = (SOUND[:at] + insert + SOUND[at + cut :]).encode("utf-8", "surrogatepass")
    try:
        load_text(tmp_path, text)
    except PlanFileError as error:
        lines = text.decode("utf-8", "replace").split("\n")
        assert all(1 <= problem.line <= len(lines) for problem in error.problems)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def values_of(plan: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members = plan.items() if isinstance(plan, dict) else enumerate(plan) if isinstance(plan, list) else ()
    return [path, *(inner for key, member in members for inner in values_of(member, (*path, key)))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(values_of(json.loads(SOUND))[1:]), value=JSON_VALUES)
def test_no_value_ends_in_a_traceback(tmp_path: Path, where: tuple[str | int, ...], value: object) -> None:
    """Any JSON value in any place of a plan is fine or a problem; a row that was found fine can be made into a case."""
    plan = json.loads(SOUND)
    target = plan
    for part in where[:-1]:
        target = target[part]
    target[where[-1]] = value
    try:
        load_text(tmp_path, json.dumps(plan))
    except PlanFileError as error:
        assert error.problems
