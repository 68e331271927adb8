"""The fixtures for Python tests: what their docstrings say, with their scope and what they give."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_intellisense import fixtures
from reference_pages import markdown

_INTRODUCTION = """
What plans have, for tests in Python. The first one that is asked for starts the system under test and the recording.
"""


@dataclass(frozen=True)
class Fixture:
    name: str
    scope: str
    gives: str
    text: str


def page() -> str:
    parts = [f"## {one.name}\n\nScope: {one.scope}. Gives: `{one.gives}`.\n\n{one.text}\n" for one in public_fixtures()]
    return markdown.page("Fixtures", _INTRODUCTION, *parts)


def public_fixtures() -> Iterator[Fixture]:
    for one in ast.parse(inspect.getsource(fixtures)).body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and (scope := _scope(one)):
            gives = ast.unparse(one.returns) if one.returns else ""
            yield Fixture(one.name, scope, gives, ast.get_docstring(one) or "")


def _scope(function: ast.FunctionDef) -> str:
    """The scope of a fixture, "" of another function."""
    for decorator in function.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(call) == "pytest.fixture":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            return next((str(ast.literal_eval(one.value)) for one in keywords if one.arg == "scope"), "function")
    return ""
