"""What the hooks of conftest.py files add: each is asked by itself, so that what is wrong is told with its hook and file."""

from __future__ import annotations

import json
import linecache
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_intellisense.codec.problems import PlanFileError
    from pytest_intellisense.model.pipeline import PipelineSignature

_OPERATORS_ARE = "name -> compare(actual, expected, tolerance)"
_PIPELINES_ARE = "name -> PipelineSignature or the object that a plan has in its pipelines"
_STREAMS_ARE = "a list or tuple of names"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one conftest.py returned."""

    hook: str
    function: Callable[[], Any]
    value: Any

    def refused(self, message: str, *allowed: str, suggestion: str = "") -> PlanFileError:
        from pytest_intellisense.codec.problems import PlanFileError, Problem

        code: Any = getattr(self.function, "__code__", None)
        path, line = (Path(code.co_filename), code.co_firstlineno) if code else (Path(repr(self.function)), 1)
        source = linecache.getline(str(path), line).rstrip()
        words = f"the hook {self.hook} {message}"
        return PlanFileError(path, [Problem(line, 1, words, allowed, suggestion, source, length=len(source))])

    def named(self, what: str) -> Iterator[tuple[str, Any]]:
        """The members of the answer, which should be `what`. Raises PlanFileError."""
        from pytest_intellisense.engine.equality import describe

        if not isinstance(self.value, Mapping):
            raise self.refused(f"returned {describe(self.value)}", what)
        for name, value in self.value.items():
            if not isinstance(name, str) or not name:
                raise self.refused(f"returned {describe(name)} as a name", what)
            yield name, value


def added_operators(hooks: Any, built_in: Collection[str]) -> dict[str, Callable[[Any, Any, Any], str | None]]:
    """By name. Raises PlanFileError for what is no operator, and for a name that is taken."""
    from pytest_intellisense.engine.equality import describe

    added: dict[str, Any] = {}
    for answer in _answers(hooks, "pytest_intellisense_operators"):
        for name, compare in answer.named(_OPERATORS_ARE):
            if not callable(compare):
                raise answer.refused(f'returned {describe(compare)} as the operator "{name}"', _OPERATORS_ARE)
            if name in built_in:
                raise answer.refused(f'returned the operator "{name}", which there is already')
            if added.setdefault(name, compare) is not compare:
                raise answer.refused(f'returned the operator "{name}", which another conftest.py defines otherwise')
    return added


def added_pipelines(hooks: Any, operators: Collection[str]) -> dict[str, PipelineSignature]:
    """By name; their criteria may name `operators`. Raises PlanFileError for what is no pipeline."""
    from pytest_intellisense.engine.equality import describe
    from pytest_intellisense.model.pipeline import PipelineSignature

    added: dict[str, PipelineSignature] = {}
    for answer in _answers(hooks, "pytest_intellisense_pipelines"):
        for name, pipeline in answer.named(_PIPELINES_ARE):
            if isinstance(pipeline, PipelineSignature):
                added[name] = pipeline
            elif isinstance(pipeline, Mapping):
                added[name] = _as_in_a_plan(answer, name, pipeline, operators)
            else:
                raise answer.refused(f'returned {describe(pipeline)} as the pipeline "{name}"', _PIPELINES_ARE)
    return added


def added_streams(hooks: Any) -> tuple[str, ...]:
    """Raises PlanFileError for what is no name of a stream."""
    from pytest_intellisense.engine.equality import describe

    added: list[str] = []
    for answer in _answers(hooks, "pytest_intellisense_streams"):
        if not isinstance(answer.value, list | tuple | set | frozenset):
            raise answer.refused(f"returned {describe(answer.value)}", _STREAMS_ARE)
        for name in answer.value:
            if not isinstance(name, str) or not name:
                raise answer.refused(f"returned {describe(name)} as the name of a stream", _STREAMS_ARE)
            added.append(name)
    return tuple(added)


def _answers(hooks: Any, name: str) -> Iterator[_Answer]:
    from pytest_intellisense.engine.user_code import told_as_mistake
    from pytest_intellisense.errors import PlanError

    for implementation in reversed(getattr(hooks, name).get_hookimpls()):
        if implementation.wrapper or implementation.hookwrapper:
            continue
        function = implementation.function
        try:
            with told_as_mistake(f"the hook {name}", function):
                value = function()
        except PlanError as problem:
            raise _Answer(name, function, None).refused(str(problem).removeprefix(f"the hook {name} ")) from None
        if value is not None:
            yield _Answer(name, function, value)


def _as_in_a_plan(answer: _Answer, name: str, pipeline: Mapping[str, Any], operators: Collection[str]) -> PipelineSignature:
    from pytest_intellisense.codec.own_pipelines import own_pipelines
    from pytest_intellisense.codec.problems import Finding, dotted
    from pytest_intellisense.codec.vocabulary import Vocabulary

    try:
        written = json.loads(json.dumps(pipeline, default=dict))
    except (TypeError, ValueError) as problem:
        raise answer.refused(f'returned the pipeline "{name}", which no plan can hold: {problem}', _PIPELINES_ARE) from None
    found: list[Finding] = []
    known = Vocabulary(operators, validation_types={}, pipelines={}, default_pipelines={})
    usable = own_pipelines({"pipelines": {name: written}}, Path(), Path(), known, found).get(name)
    if found or usable is None:
        first = found[0]
        where = f"{dotted(first.path[2:])}: " if first.path[2:] else ""
        raise answer.refused(
            f'returned the pipeline "{name}" with a mistake: {where}{first.message}',
            *first.allowed,
            suggestion=first.suggestion,
        )
    return usable
