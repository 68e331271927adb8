"""Why a validation failed, as far as what was captured decides it: the first wrong stage and what every stage said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FormState(StrEnum):
    """What a stage says of the failing value.

    `other`: it has such a field, with a value that is neither; `silent`: it has none.
    """

    RIGHT = "right"
    WRONG = "wrong"
    OTHER = "other"
    SILENT = "silent"


class Certainty(StrEnum):
    """`named`: one stage is left; `among`: one of the candidates; `not determined`: what was captured does not decide."""

    NAMED = "named"
    AMONG = "among"
    NOT_DETERMINED = "not determined"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageForm:
    """`value` as the stage writes it, at `path` in its event; `confidence` is what the stage says of its own reading."""

    stage: str
    state: FormState
    value: Any = None
    path: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderState:
    """A consumer group on a stream and how it stands to one entry of it, as the server tells.

    `pending` and `lag` count entries; `lag` is None where the server cannot tell. `delivered`: the group was given the entry.
    `holder`: the consumer that has not acknowledged the entry, with how long it has been idle and how often it was given it.
    """

    stream: str
    group: str
    pending: int
    lag: int | None
    delivered: bool
    holder: str = ""
    idle_ms: int = 0
    times_delivered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """`candidates` are the stages that can have been the first to go wrong: one of them, or nobody can tell (none).

    `reason` says by what evidence; `reading` what it means for whoever looks for the fault. `caused_by` is the chain of
    causes of an event that came although it should not, latest first.
    """

    candidates: tuple[str, ...]
    reason: str
    reading: str = ""
    field: str = ""
    forms: tuple[StageForm, ...] = ()
    readers: tuple[ReaderState, ...] = ()
    caused_by: tuple[str, ...] = ()

    @property
    def first_wrong_stage(self) -> str:
        return self.candidates[0] if len(self.candidates) == 1 else ""

    @property
    def certainty(self) -> Certainty:
        if not self.candidates:
            return Certainty.NOT_DETERMINED
        return Certainty.NAMED if len(self.candidates) == 1 else Certainty.AMONG
