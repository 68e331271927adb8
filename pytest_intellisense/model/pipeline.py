"""PipelineSignature: the stages an injection is expected to pass, and how each stage is recognised."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Criteria = Annotated[
    dict[str, Any],
    Field(description="Path into the event record or its payload -> required value; a list means any of."),
]


class Diversion(BaseModel):
    """An event that meets `match` and after which the missing stages will not come (a risk rejection)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    key: str = Field(min_length=1, description="Name of the diversion in this pipeline.", examples=["risk_rejected"])
    match: Criteria = Field(
        description="What an event must carry to be this diversion.", examples=[{"event_type": "RISK_REJECTION"}]
    )


class Stage(BaseModel):
    """One stage. It is reached by the first event of the step's correlated chain that meets `match`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    key: str = Field(min_length=1, description="Name of the stage in this pipeline.", examples=["order_request"])
    match: Criteria = Field(
        description="What an event must carry to be this stage.", examples=[{"event_type": "ORDER_REQUEST"}]
    )
    optional: bool = Field(False, description="The pipeline completes without it.", examples=[True])
    unordered: bool = Field(False, description="May come before earlier stages.", examples=[True])
    absent: bool = Field(False, description="The stage must not arrive.", examples=[True])
    min_count: int = Field(1, ge=1, description="How many events this stage takes before it is complete.", examples=[2])
    until: Criteria | None = Field(
        None,
        description="The stage repeats until an event also meets this (partial fills).",
        examples=[{"payload.status": "FILLED"}],
    )
    whole_order: bool = Field(
        False, description="The stage repeats until its fills add up to the quantity ordered.", examples=[True]
    )
    deadline_ms: float | None = Field(None, gt=0, description="Latest arrival after injection, in ms.", examples=[250])

    @model_validator(mode="after")
    def _absent_stands_alone(self) -> Stage:
        if self.absent and (self.optional or self.until or self.whole_order or self.min_count > 1):
            raise ValueError("an absent stage takes no optional, until, whole_order or min_count")
        if self.absent and self.deadline_ms is not None:
            raise ValueError(
                'an absent stage takes no deadline_ms: for a window of its own use the check event_absence with "within"'
            )
        return self


class PipelineSignature(BaseModel):
    """Stages in order, and what may come in the place of those that are missing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    name: str = Field(min_length=1)
    description: str = ""
    stages: tuple[Stage, ...] = Field(min_length=1, strict=False)
    diversions: tuple[Diversion, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _keys_are_unique(self) -> PipelineSignature:
        keys = self.all_keys
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"stage key used twice: {', '.join(twice)}")
        return self

    @property
    def stage_keys(self) -> tuple[str, ...]:
        return tuple(stage.key for stage in self.stages)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Those of the stages, then those of the diversions."""
        return (*self.stage_keys, *(diversion.key for diversion in self.diversions))
