"""InjectionPlan: the steps a developer wrote, checked; PlanCase: one row of it, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pytest_intellisense.model.pipeline import PipelineSignature, Stage
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

JsonPath = tuple[str | int, ...]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class PositionState(_Model):
    """A position to be set before a step."""

    open: bool = True
    strategy: str = "long"
    total_shares: float = 0.0
    total_avg_price: float = 0.0
    overall_realized_pnl: float = 0.0
    symbol: str | None = None
    unrealized_pnl: float | None = None
    market_value: float | None = None


class Bootstrap(_Model):
    """What must be true before the first injection. Switch `reset` off to run on the state as it is."""

    symbols: tuple[str, ...] = Field((), strict=False)
    price_feed_timeout_s: float = Field(5.0, gt=0)
    verify_ocr: bool = Field(False, description="Send one OCR line through the app and see it come back cleaned.")
    verify_trade: bool = Field(False, description="Send a bootstrap trade and see it filled on the streams.")
    reset: bool = True


class InjectionStep(_Model):
    """One injection and what must follow. Without validation points it is a set-up step."""

    step_id: Identifier
    description: str = Field("", alias="step_description")
    stimulus: Stimulus
    pipeline: str | None = Field(None, description="Name of the pipeline to trace; default: by stimulus.")
    timeout_s: float = Field(5.0, gt=0, le=3600)
    repeat: int = Field(1, ge=1, le=10_000)
    wait_after_injection_s: float = Field(0.0, ge=0, le=3600, description="Keep observing at least this long.")
    position_manager_states_to_set: dict[str, PositionState] = {}
    ocr_mocks_to_activate: dict[str, dict[str, Any]] = {}
    capture: dict[str, str] = Field({}, description="Name -> path into a stage (order_fill.order_id) or $stimulus_<field>; used later as ${name}.")
    validation_points: tuple[ValidationPoint, ...] = Field((), strict=False)


class ExpectedFailure(_Model):
    reason: str
    strict: bool = False


class CustomPipeline(_Model):
    """A pipeline of this plan; its name is the key it stands under."""

    description: str = ""
    stages: tuple[Stage, ...] = Field(min_length=1, strict=False)
    diversions: tuple[Stage, ...] = Field((), strict=False)


class InjectionPlan(_Model):
    """A whole plan file."""

    schema_uri: str | None = Field(None, alias="$schema")
    plan_name: Identifier
    description: str = ""
    tags: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ...] = Field((), strict=False)
    matrix: dict[str, tuple[Any, ...]] = Field({}, strict=False, description="Name -> values; one case per combination, used as ${name}.")
    bootstrap: Bootstrap = Bootstrap()
    pipelines: dict[str, CustomPipeline] = {}
    pipeline_files: tuple[str, ...] = Field((), strict=False)
    allow_loss: bool = Field(False, description="Judge the plan even if events were lost upstream.")
    skip: str | bool = False
    xfail: str | ExpectedFailure | None = None
    steps: tuple[InjectionStep, ...] = Field(min_length=1, strict=False)


@dataclass(frozen=True, slots=True)
class PlanSource:
    """Where a plan came from. `positions` maps a JSON path to (line, column), both from 1."""

    path: Path
    positions: Mapping[JsonPath, tuple[int, int]] = field(repr=False)

    def at(self, *path: str | int) -> tuple[int, int] | None:
        """The position of the value at `path`, or of its nearest parent that stands in the file."""
        while path not in self.positions and path:
            path = path[:-1]
        return self.positions.get(path)


@dataclass(frozen=True, slots=True)
class PlanCase:
    """One row of a plan: what one pytest item runs. `row` holds the matrix values, `case_id` their short text."""

    plan: InjectionPlan
    source: PlanSource
    case_id: str
    row: Mapping[str, Any]
    pipelines: Mapping[str, PipelineSignature]

    @property
    def folder(self) -> Path:
        return self.source.path.parent
