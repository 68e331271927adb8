"""InjectionPlan: the steps a developer wrote, checked; PlanCase: one row of it, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pytest_intellisense.model.pipeline import Diversion, PipelineSignature, Stage
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

JsonPath = tuple[str | int, ...]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)


class PositionState(_Model):
    """A position to be set before a step."""

    open: bool = Field(True, description="Whether the position is open.", examples=[True])
    strategy: str = Field("long", description="Strategy that holds the position.", examples=["long"])
    total_shares: float = Field(0.0, description="Shares held; negative for short.", examples=[100])
    total_avg_price: float = Field(0.0, description="Average price paid per share.", examples=[150.25])
    overall_realized_pnl: float = Field(0.0, description="Profit and loss realised so far.", examples=[0])
    symbol: str | None = Field(None, description="Symbol; default: the key it stands under.", examples=["AAPL"])
    unrealized_pnl: float | None = Field(None, description="Profit and loss not yet realised.", examples=[12.5])
    market_value: float | None = Field(None, description="Value at the current price.", examples=[15025])


class Bootstrap(_Model):
    """What must be true before the first injection. Switch `reset` off to run on the state as it is."""

    symbols: tuple[str, ...] = Field(
        (), strict=False, description="Symbols whose price feed must be fresh.", examples=[["AAPL", "MSFT"]]
    )
    price_feed_timeout_s: float = Field(5.0, gt=0, description="How long to wait for fresh prices.", examples=[5])
    verify_ocr: bool = Field(
        False, description="Send one OCR line through the app and see it come back cleaned.", examples=[True]
    )
    verify_trade: bool = Field(False, description="Send a bootstrap trade and see it filled on the streams.", examples=[True])
    reset: bool = Field(True, description="Set orders, positions and filters back to their start.", examples=[False])


class StepDefaults(_Model):
    """What a folder may set for every step of its plans."""

    timeout_s: float = Field(5.0, gt=0, le=3600, description="How long the pipeline may take.", examples=[5])
    repeat: int = Field(1, ge=1, le=10_000, description="How often the step is carried out.", examples=[5])
    wait_after_injection_s: float = Field(0.0, ge=0, le=3600, description="Keep observing at least this long.", examples=[0.5])
    position_manager_states_to_set: dict[str, PositionState] = Field(
        {}, description="Positions to set before the injection, by symbol.", examples=[{"AAPL": {"total_shares": 100}}]
    )
    ocr_mocks_to_activate: dict[str, dict[str, Any]] = Field(
        {},
        description="Frozen OCR snapshots during the step, by symbol.",
        examples=[{"AAPL": {"strategy_hint": "Long", "cost_basis": 150.25}}],
    )


class InjectionStep(StepDefaults):
    """One injection and what must follow. Without validation points it is a set-up step."""

    step_id: Identifier = Field(description="Name of the step, unique in the plan.", examples=["open"])
    description: str = Field(
        "", description="What the step shows, for readers and reports.", examples=["A new Long line opens."]
    )
    stimulus: Stimulus = Field(
        description="What is done to TESTRADE.",
        examples=[{"type": "raw_image_injection", "image": "screens/long_aapl.png"}],
    )
    pipeline: str | None = Field(
        None,
        description="Name of the pipeline to trace, in any letter case; default: by stimulus.",
        examples=["RAW_IMAGE_TO_ORDER_FILL", "TRADE_CMD_TO_BROKER_FILL"],
    )
    regression_limits: dict[str, str] = Field(
        {},
        description="STAGE.STAT -> how much slower than its baseline it may become, for this step.",
        examples=[{"order_fill.p95": "5 ms"}],
    )
    capture: dict[str, str] = Field(
        {},
        description="Name -> path into a stage (order_fill.order_id) or $stimulus_<field>; later steps use it as ${name}.",
        examples=[{"order_id": "order_fill.local_order_id"}],
    )
    validation_points: tuple[ValidationPoint, ...] = Field(
        (),
        strict=False,
        description="What must hold afterwards.",
        examples=[[{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}]],
    )


class ExpectedFailure(_Model):
    """A failure that is known."""

    reason: str = Field(description="Why the plan fails, usually a bug number.", examples=["BUG-12"])
    strict: bool = Field(False, description="Fail when the plan passes after all.", examples=[True])


class CustomPipeline(_Model):
    """A pipeline of this plan; its name is the key it stands under."""

    description: str = Field("", description="What runs through it.", examples=["A price reaches the risk checks."])
    stages: tuple[Stage, ...] = Field(
        min_length=1,
        strict=False,
        description="Stages in order.",
        examples=[[{"key": "order_request", "match": {"event_type": "ORDER_REQUEST"}}]],
    )
    diversions: tuple[Diversion, ...] = Field(
        (),
        strict=False,
        description="Events after which the missing stages will not come.",
        examples=[[{"key": "risk_rejected", "match": {"event_type": "RISK_REJECTION"}}]],
    )


class _SharedByPlans(_Model):
    """What a plan has itself, or from the defaults of a folder above it."""

    schema_uri: str | None = Field(
        None, alias="$schema", description="Where editors find this schema.", examples=["../plan.schema.json"]
    )
    tags: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], ...] = Field(
        (), strict=False, description="Words to select plans by: pytest -m smoke.", examples=[["smoke", "ocr"]]
    )
    bootstrap: Bootstrap = Field(
        default_factory=Bootstrap, description="What must be true before the first injection.", examples=[{"symbols": ["AAPL"]}]
    )
    pipelines: dict[str, CustomPipeline] = Field(
        {},
        description="Pipelines of this plan, by name.",
        examples=[{"TO_REQUEST": {"stages": [{"key": "order_request", "match": {"event_type": "ORDER_REQUEST"}}]}}],
    )
    allow_loss: bool = Field(False, description="Judge the plan even if events were lost upstream.", examples=[True])
    skip: str | bool = Field(False, description="Do not run the plan; a text says why.", examples=["needs market hours"])
    xfail: str | ExpectedFailure | None = Field(None, description="The plan is known to fail.", examples=["BUG-12"])


class PlanDefaults(_SharedByPlans):
    """A plan_defaults.json: what the plans in its folder and below have unless they say otherwise."""

    step: StepDefaults = Field(
        default_factory=StepDefaults, description="What every step has unless it says otherwise.", examples=[{"timeout_s": 10}]
    )


class InjectionPlan(_SharedByPlans):
    """A whole plan file."""

    plan_name: Identifier = Field(description="Name of the plan and of its test.", examples=["ocr_opens_long"])
    description: str = Field("", description="What the plan shows.", examples=["A new Long line opens a position."])
    matrix: dict[str, Annotated[tuple[Any, ...], Field(strict=False, min_length=1)]] = Field(
        {},
        description="Name -> values; one case per combination, used as ${name}.",
        examples=[{"symbol": ["AAPL", "MSFT"]}],
    )
    pipeline_files: tuple[str, ...] = Field(
        (), strict=False, description="JSON files with pipelines by name, relative to the plan.", examples=[["pipelines.json"]]
    )
    regression_limits: dict[str, str] = Field(
        {},
        description="STAGE.STAT -> how much slower than its baseline it may become; STAGE may be * or total.",
        examples=[{"*.median": "15 %", "total.p95": "20 ms"}],
    )
    steps: tuple[InjectionStep, ...] = Field(
        min_length=1,
        strict=False,
        description="Injections in order.",
        examples=[[{"step_id": "open", "stimulus": {"type": "trading_state_change", "enabled": True}}]],
    )


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
