"""The published schema of report.json: what it is made of, and what it refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema
import pytest
from helpers import rows

from pytest_intellisense.reporting.report_schema import SCHEMA_FILE, schema_text
from pytest_intellisense.reporting.rows import SCHEMA_VERSION

SCHEMA = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
FAILURES = [
    rows.value_failure(),
    rows.latency_failure(),
    rows.missing_failure(),
    rows.extra_failure(),
    rows.environment_failure(),
]
REPORT = {"schema_version": SCHEMA_VERSION, "session": rows.session(), "plans": FAILURES}

WRONG: dict[str, tuple[tuple[Any, ...], Any]] = {
    "another version": (("schema_version",), SCHEMA_VERSION + 1),
    "an unknown verdict": (("plans", 0, "verdict"), "green"),
    "an unknown outcome": (("plans", 0, "outcome"), "ok"),
    "an unknown fault": (("plans", 0, "fault"), "NETWORK"),
    "a time in words": (("plans", 0, "duration_ns"), "371 ms"),
    "a part of a nanosecond": (("plans", 0, "steps", 0, "pipeline", "stages", 0, "at_ns"), 0.5),
    "an unknown clock": (("plans", 0, "steps", 0, "pipeline", "stages", 0, "time_source"), "wall"),
    "a verdict in words": (("plans", 0, "steps", 0, "validation_outcomes", 0, "passed"), "yes"),
    "steps that are no list": (("plans", 0, "steps"), {}),
    "a session that is text": (("session",), "20261101-101500-ab12"),
}
NEEDED = [
    ("plans",),
    ("session",),
    ("plans", 0, "nodeid"),
    ("plans", 0, "steps", 0, "correlation_id"),
    ("session", "clock_domain"),
]


def changed(path: tuple[Any, ...], value: Any = None, *, removed: bool = False) -> dict[str, Any]:
    report = copy.deepcopy(REPORT)
    inner: Any = report
    for key in path[:-1]:
        inner = inner[key]
    if removed:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return report


def deepest(errors: Iterable[jsonschema.ValidationError]) -> Iterator[jsonschema.ValidationError]:
    """The errors themselves where a schema allows one of several forms."""
    for error in errors:
        inner = [
            each
            for each in error.context or ()
            if each.validator != "type" or len(each.absolute_path) > len(error.absolute_path)
        ]
        yield from deepest(inner) if inner else (error,)


def test_the_published_file_is_made_of_the_row_types() -> None:
    """`python -m pytest_intellisense.reporting.report_schema` writes it again."""
    assert SCHEMA_FILE.read_text() == schema_text(), "run python -m pytest_intellisense.reporting.report_schema"


def test_the_schema_is_one_and_takes_every_kind_of_failure() -> None:
    """A schema of its draft; rows of every fault follow it."""
    SCHEMA.check_schema(SCHEMA.schema)
    SCHEMA.validate(REPORT)


@pytest.mark.parametrize(("path", "value"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """And the schema says where it is."""
    assert {tuple(error.absolute_path) for error in deepest(SCHEMA.iter_errors(changed(path, value)))} == {path}


@pytest.mark.parametrize("path", NEEDED, ids=lambda path: str(path[-1]))
def test_what_is_needed_must_be_there(path: tuple[Any, ...]) -> None:
    """A report without it is refused."""
    assert not SCHEMA.is_valid(changed(path, removed=True))


def test_a_later_release_may_add_keys() -> None:
    """That is no new version: readers skip what they do not know."""
    SCHEMA.validate(changed(("plans", 0, "added_later"), 1))
