"""Which generation of TESTRADE's contract a Redis speaks, judged by the events seen."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from pytest_intellisense.codec.entries import Entry
from testrade_hooks import wire

_OURS = (wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES)


class DialectCount:
    """Counts events of the declared contract (G1: a type on its own stream) and of the correlation logger (G2)."""

    def __init__(self) -> None:
        self.declared = 0
        self.logger = 0

    def add(self, stream: str, wire_type: str) -> None:
        if stream in _OURS or wire_type == wire.CORRELATION_LOG_TYPE:
            return
        spec = wire.EVENTS.get(wire_type)
        if spec is not None and spec.stream == stream:
            self.declared += 1
        else:
            self.logger += 1

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Count entries that were on the streams before us; what cannot be read says nothing."""
        for entry in entries:
            with suppress(wire.UnreadableEntry):
                self.add(entry.stream, wire.decode(entry.stream, entry.fields).event_type)

    @property
    def generation(self) -> str:
        """In words: G1, G2, mixed or silent."""
        if self.declared and self.logger:
            return f"mixed: {self.declared} events of the declared contract (G1), {self.logger} of others (G2)"
        if self.declared:
            return "G1: the declared contract, one stream per kind of event"
        if self.logger:
            return "G2: events outside the declared contract, as the correlation logger writes them"
        return "silent: no event of TESTRADE seen yet"
