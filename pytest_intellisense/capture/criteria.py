"""Criteria: which events of a session are looked for."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_intellisense.codec.symbols import symbols_of
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(frozen=True, slots=True)
class Criteria:
    """All that is given must hold. `event_type` is ours or the one on the wire; times are those of receipt, since 1970.

    `since_epoch_ns` counts in, `until_epoch_ns` does not. `symbol` is in capitals.
    """

    correlation_id: str | None = None
    symbol: str | None = None
    event_type: str | None = None
    since_epoch_ns: int | None = None
    until_epoch_ns: int | None = None

    def hold_for(self, event: TimelineEvent) -> bool:
        return (
            (self.correlation_id is None or event.correlation_id == self.correlation_id)
            and (self.event_type is None or self.event_type in (event.event_type, event.wire_type))
            and (self.since_epoch_ns is None or event.received_epoch_ns >= self.since_epoch_ns)
            and (self.until_epoch_ns is None or event.received_epoch_ns < self.until_epoch_ns)
            and (self.symbol is None or self.symbol in symbols_of(event.payload))
        )
