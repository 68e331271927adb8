"""References in the values of a plan: `$stimulus_<field>`, `$pipeline_event_payload_<stage>.<path>`, `${captured}`.

A value that is nothing but a reference takes the type of what it refers to; inside a longer text it is written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pytest_intellisense.engine.criteria import field_of
from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.paths import MISSING, lead_nowhere, resolve
from pytest_intellisense.errors import PlanError, StageNeverArrived
from pytest_intellisense.model.results import Fault, PipelineResult

_STIMULUS, _PAYLOAD = "$stimulus_", "$pipeline_event_payload_"
_TAIL = r'(?:\.?[\w*-]+|\[(?:-?\d+|\*|"[^"]+")\])+'
_REFERENCE = re.compile(rf"\$\{{([^{{}}]+)\}}|\$stimulus_({_TAIL})|\$pipeline_event_payload_({_TAIL})")


@dataclass(frozen=True, slots=True)
class Scope:
    """What references can refer to: the stimulus as injected, the traced pipeline, captured values and the matrix row."""

    stimulus: Mapping[str, Any] = field(default_factory=dict)
    pipeline: PipelineResult | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def resolved(self, value: Any) -> Any:
        """`value` with every reference in it replaced.

        Raises PlanError naming what could have been meant, StageNeverArrived where only the value is missing.
        """
        if isinstance(value, str):
            return self._in_text(value) if "$" in value else value
        if isinstance(value, dict):
            return {key: self.resolved(member) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(member) for member in value]
        return value

    def at(self, pipeline: PipelineResult | None) -> Scope:
        """The same, with the stages of another pipeline in view."""
        return Scope(self.stimulus, pipeline, self.values)

    def captured(self, source: str) -> Any:
        """The value a step captures: a path into a stage (`order_fill.order_id`) or a reference. Raises as `resolved`."""
        if source.startswith("$"):
            return self.resolved(source)
        return self._of_stage(source)

    def _in_text(self, text: str) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self._value(whole)
        return _REFERENCE.sub(lambda reference: _written(self._value(reference)), text)

    def _value(self, reference: re.Match[str]) -> Any:
        name, stimulus_field, stage_path = reference.groups()
        if name is not None:
            return self._named(name.strip())
        if stimulus_field is not None:
            return self._of_stimulus(stimulus_field)
        return self._of_stage(stage_path)

    def _named(self, name: str) -> Any:
        for known in (name, name.removeprefix("matrix.")):
            if known in self.values:
                return self.values[known]
        raise _unknown(f"${{{name}}}", name, list(self.values), "captured values")

    def _of_stimulus(self, path: str) -> Any:
        value = resolve(self.stimulus, path)
        if value is MISSING:
            raise _unknown(f"{_STIMULUS}{path}", path, list(self.stimulus), "fields of the stimulus")
        return value

    def _of_stage(self, path: str) -> Any:
        stages = {stage.key: stage for stage in self.pipeline.stages} if self.pipeline else {}
        names = [*stages, *(self.pipeline.diversions if self.pipeline else ())]
        key = max((known for known in names if _begins(path, known)), key=len, default=None)
        if key is None:
            raise _unknown(f'stage reference "{path}"', path.partition(".")[0], list(stages), "stages")
        event = stages[key].event if key in stages else None
        if event is None:
            raise _never_arrived(key, path, self.pipeline)
        inner = path[len(key) :].removeprefix(".")
        if not inner:
            return dict(event.payload)
        value = field_of(event, inner)
        if value is MISSING:
            raise PlanError(lead_nowhere(event.payload, inner, within=key))
        return value


def has_references(value: Any) -> bool:
    if isinstance(value, str):
        return "$" in value and _REFERENCE.search(value) is not None
    if isinstance(value, dict):
        return any(map(has_references, value.values()))
    return isinstance(value, list | tuple) and any(map(has_references, value))


def _begins(path: str, key: str) -> bool:
    return path.startswith(key) and path[len(key) : len(key) + 1] in ("", ".", "[")


def _written(value: Any) -> str:
    return value if isinstance(value, str) else show(value)


def _never_arrived(key: str, path: str, pipeline: PipelineResult | None) -> StageNeverArrived:
    short = shortfall(pipeline) if pipeline else None
    hint = f'"{path}" has no value without it'
    if short is not None and short.fault is Fault.MISSING:
        return StageNeverArrived(short.sentence, stage_key=short.stage_key, hint=hint)
    return StageNeverArrived(f"{key} never arrived", stage_key=key, hint=hint)


def _unknown(reference: str, name: str, known: list[str], what: str) -> PlanError:
    close = get_close_matches(name, known, n=1)
    meant = f'did you mean "{close[0]}"? ' if close else ""
    return PlanError(f"{reference} refers to nothing", hint=f"{meant}{what}: {', '.join(known) or 'none'}")
