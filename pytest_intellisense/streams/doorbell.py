"""Waking a reader of the embedded Redis.

fakeredis cannot wait well: XREADGROUP BLOCK returns at once or loses entries, and XREAD BLOCK over all our streams costs
a third of a millisecond each time. Everything happens in this process, so writers ring instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import fakeredis


class Bell:
    """One reader's ear: which of its streams were added to since it last listened.

    Rings for `quiet` streams are kept for the next wake-up and cause none; those for streams of others are not heard.
    """

    def __init__(self, streams: frozenset[str], quiet: frozenset[str]) -> None:
        self._heard = streams
        self._quiet = quiet
        self._changed = threading.Condition()
        self._rung: set[str] = set()

    def ring(self, streams: Iterable[str]) -> None:
        heard = self._heard.intersection(streams)
        if not heard:
            return
        with self._changed:
            self._rung |= heard
            if not heard <= self._quiet:
                self._changed.notify()

    def wait(self, timeout_s: float) -> set[str]:
        """The streams that were rung for; may be empty after the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: not self._rung <= self._quiet, timeout_s)
            rung, self._rung = self._rung, set()
            return rung


class Doorbell:
    """Rings every bell when a client of `connection_class` has added entries."""

    def __init__(self) -> None:
        self._bells: list[Bell] = []
        self.connection_class = _ringing_connection(self)

    def subscribe(self, streams: frozenset[str], quiet: frozenset[str]) -> Bell:
        bell = Bell(streams, quiet)
        self._bells.append(bell)
        return bell

    def unsubscribe(self, bell: Bell) -> None:
        self._bells.remove(bell)

    def ring(self, streams: Iterable[str]) -> None:
        for bell in tuple(self._bells):
            bell.ring(streams)


def _ringing_connection(doorbell: Doorbell) -> type[fakeredis.FakeRedisConnection]:
    class RingingConnection(fakeredis.FakeRedisConnection):
        """Notes the stream of every XADD it is given, and rings when it was sent: fakeredis has carried it out by then."""

        _added: tuple[str, ...] = ()

        def send_command(self, *args: Any, **options: Any) -> None:
            self._note(args)
            super().send_command(*args, **options)  # type: ignore[no-untyped-call]

        def pack_commands(self, commands: Any) -> Any:
            for args in commands:
                self._note(args)
            return super().pack_commands(commands)  # type: ignore[no-untyped-call]

        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            added, self._added = self._added, ()
            super().send_packed_command(command, check_health=check_health)  # type: ignore[no-untyped-call]
            if added:
                doorbell.ring(added)

        def _note(self, args: Any) -> None:
            if args[0] == "XADD":
                self._added += (args[1] if isinstance(args[1], str) else args[1].decode(),)

    return RingingConnection
