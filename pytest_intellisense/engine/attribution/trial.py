"""One repetition of a step as it was carried out and judged: the evidence that attribution has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.operators import OperatorRegistry
from pytest_intellisense.engine.placeholders import Scope
from pytest_intellisense.model.attribution import ReaderState
from pytest_intellisense.model.plan import InjectionStep
from pytest_intellisense.model.results import PipelineResult, ValidationOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`readers`: how others stood to the entry that nobody acted on, read when the stage was found missing."""

    step: InjectionStep
    scope: Scope
    pipeline: PipelineResult
    outcomes: Sequence[ValidationOutcome]
    operators: OperatorRegistry
    readers: Sequence[ReaderState] = ()

    @property
    def stimulus(self) -> Mapping[str, Any]:
        return self.scope.stimulus

    def outcome(self, validation_id: str) -> ValidationOutcome | None:
        return next((one for one in self.outcomes if one.validation_id == validation_id), None)
