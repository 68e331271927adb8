"""Which generation of TESTRADE's contract a Redis speaks, judged by the events seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.limits import read_within_limits
from testrade_hooks import wire

_OURS = (wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES)
_CHILD_TYPES = frozenset({"ocr_trading_signal", "TESTRADE_RAW_OCR_EVENT"})


class DialectCount:
    """Counts events of the declared contract (G1: a type on its stream), the correlation logger (G2), the OCR process (G3)."""

    def __init__(self) -> None:
        self.declared = 0
        self.logger = 0
        self.child = 0

    def add(self, stream: str, wire_type: str, count: int = 1) -> None:
        if stream in _OURS or wire_type == wire.CORRELATION_LOG_TYPE:
            return
        spec = wire.EVENTS.get(wire_type)
        if spec is not None and spec.stream == stream:
            self.declared += count
        elif stream in wire.CHILD_STREAMS or wire_type in _CHILD_TYPES:
            self.child += count
        else:
            self.logger += count

    def add_all(self, types: Mapping[tuple[str, str], int]) -> None:
        """Count so many events of each stream and published type."""
        for (stream, wire_type), count in types.items():
            self.add(stream, wire_type, count)

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Count entries that were on the streams before us; what cannot be read says nothing."""
        for entry in entries:
            with suppress(wire.UnreadableEntry):
                self.add(entry.stream, wire.decode(entry.stream, entry.fields, read_within_limits).event_type)

    @property
    def generation(self) -> str:
        """In words: G1, G2, G3, mixed or silent."""
        counts = (
            (self.declared, "the declared contract (G1)"),
            (self.logger, "others (G2)"),
            (self.child, "the OCR process (G3)"),
        )
        spoken = [f"{count} events of {whose}" for count, whose in counts if count]
        if len(spoken) > 1:
            return f"mixed: {', '.join(spoken)}"
        if self.declared:
            return "G1: the declared contract, one stream per kind of event"
        if self.logger:
            return "G2: events outside the declared contract, as the correlation logger writes them"
        return "G3: only what the OCR process writes by itself" if self.child else "silent: no event of TESTRADE seen yet"
