"""References to what only the run brings: `$stimulus_<field>`, `$pipeline_event_payload_<stage>.<path>`, captured paths.

Their values are not known beforehand, but whether there is such a field or stage is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.plan import JsonPath

_STIMULUS = re.compile(r"\$stimulus_(\w+)")
_STAGE = re.compile(r"\$pipeline_event_payload_([\w.*\[\]\"-]+)")


def of_point(
    point: Mapping[str, Any], at: JsonPath, stimulus: str | None, pipeline: str | None, vocabulary: Vocabulary
) -> Iterator[Finding]:
    """References in a validation point: to the step's own stimulus and to the stages of its own pipeline."""
    for path, text in _texts(point, at):
        if stimulus is not None:
            for match in _STIMULUS.finditer(text):
                yield from _field(match[1], path, stimulus)
        if pipeline is not None:
            for match in _STAGE.finditer(text):
                yield from _stage(match[1], path, pipeline, vocabulary)


def of_step(step: Mapping[str, Any], at: JsonPath, pipeline: str | None, vocabulary: Vocabulary) -> Iterator[Finding]:
    """What a step captures: `stage.path` of its own pipeline, or a reference; and its stimulus, referring to itself."""
    captures, stimulus = step.get("capture"), stimulus_type(step)
    for name, source in captures.items() if isinstance(captures, dict) else ():
        path = (*at, "capture", name)
        if isinstance(source, str) and source.startswith("$"):
            yield from of_point({name: source}, (*at, "capture"), stimulus, pipeline, vocabulary)
        elif isinstance(source, str) and pipeline is not None:
            yield from _stage(source, path, pipeline, vocabulary)
    if stimulus is not None:
        for path, text in _texts(step["stimulus"], (*at, "stimulus")):
            for match in _STIMULUS.finditer(text):
                yield from _field(match[1], path, stimulus)


def stimulus_type(step: Mapping[str, Any]) -> str | None:
    """The type of a step's stimulus, if there is such a type."""
    stimulus = step.get("stimulus")
    kind = stimulus.get("type") if isinstance(stimulus, dict) else None
    return kind if isinstance(kind, str) and kind in _fields() else None


def _texts(value: Mapping[str, Any] | list[Any], path: JsonPath) -> Iterator[tuple[JsonPath, str]]:
    for part, member in enumerate(value) if isinstance(value, list) else value.items():
        if isinstance(member, str):
            if "$" in member:
                yield (*path, part), member
        elif isinstance(member, dict | list):
            yield from _texts(member, (*path, part))


def _field(name: str, path: JsonPath, stimulus: str) -> Iterator[Finding]:
    known = _fields()[stimulus]
    if name not in known:
        meant = nearest(name, known)
        yield Finding(path, f'"{name}" is no field of {stimulus}', known, f"$stimulus_{meant}" if meant else "")


def _stage(source: str, path: JsonPath, pipeline: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    keys: Collection[str] = vocabulary.stage_keys(pipeline)
    if not any(source.startswith(key) and source[len(key) : len(key) + 1] in ("", ".", "[") for key in keys):
        given = re.split(r"[.\[]", source, maxsplit=1)[0]
        meant = nearest(given, keys)
        yield Finding(
            path, f'"{given}" is no stage of {pipeline}', tuple(keys), f"{meant}{source[len(given) :]}" if meant else ""
        )


@functools.cache
def _fields() -> dict[str, tuple[str, ...]]:
    """Stimulus type -> what `$stimulus_…` can refer to."""
    from pytest_intellisense.model.stimulus import Stimulus

    union, *_ = get_args(Stimulus)
    known: dict[str, tuple[str, ...]] = {}
    for kind in get_args(union):
        (name,) = get_args(kind.model_fields["type"].annotation)
        ids = ("step_correlation_id", "derived_order_request_id") if name == "trade_command" else ("step_correlation_id",)
        known[name] = (*kind.model_fields, *ids)
    return known
