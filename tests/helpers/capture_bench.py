"""A producer that remembers what it published, a capture of it, and the account of what became of each entry."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import SessionLog, read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.codec.timeline import GAP
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

STREAM = wire.ORDER_FILLS
_PATIENCE_S = 20.0


def payload(number: int) -> dict[str, Any]:
    """All there is to know about entry `number`, so that any change of it shows."""
    proof = hashlib.sha256(b"%d" % number).hexdigest()
    return {"number": number, "proof": proof, "padding": proof * (number % 7)}


@dataclass(frozen=True, slots=True)
class Account:
    """What became of what was published.

    `missing`: numbers that readers of the log do not get; `twice`: those they get more than once; `damaged`: those that
    came back changed. `lost` and `measurable` are what the capture says of itself, `notes` the gaps on the timeline.
    """

    missing: list[int]
    twice: list[int]
    damaged: list[int]
    lost: int
    measurable: bool
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Everything is there, once, as it was published, and the capture says so."""
        return not (self.missing or self.twice or self.damaged or self.lost) and self.measurable

    @property
    def honest(self) -> bool:
        """Nothing is missing in silence: the capture counted it exactly, or says that it cannot be counted."""
        told = self.lost == len(self.missing) if self.measurable else any("cannot be measured" in note for note in self.notes)
        return told and not (self.twice or self.damaged)


class CaptureBench:
    """`capturing()` records what `publish` adds; `account()` compares the log with what was published."""

    def __init__(self, server: RedisServer, url: str, root: Path) -> None:
        self.server = server
        self.url = url
        self.root = root
        self.published: list[int] = []
        self.session: CaptureSession
        self._numbers = itertools.count(1)
        self._names = itertools.count(1)

    @contextmanager
    def capturing(self, source: BatchSource | None = None, **options: float) -> Iterator[CaptureSession]:
        """A session from the product's consumer, or from a `source` that is to be compared with it."""
        name = f"session-{next(self._names)}"
        consumer = source or StreamConsumer(endpoint_of(self.url), name, **options)
        self.published.clear()
        self.session = CaptureSession(self.root, name, consumer)
        with self.session:
            yield self.session

    def publish(self, count: int = 1, *, ids: Sequence[str] = ()) -> list[bytes]:
        """Add `count` entries, or those with these `ids`, in one transaction and past the proxy; returns their ids.

        What the server confirmed counts as published.
        """
        entries = [(self._next(), entry_id) for entry_id in ids or ["*"] * count]
        with self.server.client() as client, client.pipeline(transaction=True) as transaction:
            for (_, fields), entry_id in entries:
                transaction.xadd(STREAM, fields, id=entry_id)
            added: list[bytes] = transaction.execute()
        self.published += [number for (number, _), _ in entries]
        return added

    def strike(self, *command: str) -> None:
        """Have the server do this and add an entry at once: nobody can look at the stream in between."""
        number, fields = self._next()
        with self.server.client() as client, client.pipeline(transaction=True) as transaction:
            transaction.execute_command(*command)
            transaction.xadd(STREAM, fields)
            transaction.execute()
        self.published.append(number)

    def group(self) -> str:
        """The one group on the stream."""
        with self.server.client() as client:
            (group,) = client.xinfo_groups(STREAM)
        return str(group["name"], "ascii")

    def settle(self, within_s: float = _PATIENCE_S) -> None:
        """Liveness: return when an entry that was published now is captured. Fails when none comes through."""
        deadline = time.monotonic() + within_s
        while True:
            before = self.session.position()
            self.publish()
            if self._arrives(self.published[-1], before, within_s=0.5):
                return
            assert time.monotonic() < deadline, "nothing is captured any more"

    def idle(self) -> None:
        """Return when a reader blocks on the server: all that was published is on its way through."""
        deadline = time.monotonic() + _PATIENCE_S
        with self.server.client() as client:
            while not client.info("clients")["blocked_clients"]:
                assert time.monotonic() < deadline, "nobody reads"
                time.sleep(0.001)

    def arrived(self, number: int) -> None:
        """Return when entry `number` is captured. Fails when it does not come."""
        assert self._arrives(number, 0, within_s=_PATIENCE_S), f"entry {number} was never captured"

    def noted(self, text: str) -> None:
        """Return when a gap with `text` in its note is on the timeline. Fails when none comes."""
        seen, deadline = 0, time.perf_counter_ns() + round(_PATIENCE_S * 1e9)
        while self.session.wait(seen, deadline):
            if any(text in note for note in _notes(self.session.events_since(seen))):
                return
            seen = self.session.position()
        raise AssertionError(f"no gap says: {text}")

    def pending(self) -> int:
        """Entries that were delivered to any group and not acknowledged."""
        with self.server.client() as client:
            return sum(group["pending"] for group in client.xinfo_groups(STREAM))

    def acknowledged(self, *, with_what_follows: bool = False, within_s: float = _PATIENCE_S) -> bool:
        """Whether everything that was delivered becomes acknowledged; a lost XACK is repeated with the entries that follow."""
        deadline = time.monotonic() + within_s
        while self.pending() and time.monotonic() < deadline:
            if with_what_follows:
                self.settle()
            self.session.flush()
            time.sleep(0.01)
        return self.pending() == 0

    def account(self) -> Account:
        """After the session: what a reader of its log finds of what was published."""
        log = read_session(self.session.directory)
        found = Counter[int]()
        damaged, notes = [], []
        for event in log:
            if event.wire_type == GAP:
                notes.append(event.payload["note"])
            elif _is_entry(event):
                number = event.payload["number"]
                found[number] += 1
                if dict(event.payload) != payload(number):
                    damaged.append(number)
        losses = _losses(log)
        return Account(
            missing=[number for number in self.published if number not in found],
            twice=[number for number, times in found.items() if times > 1],
            damaged=damaged,
            lost=losses["lost"],
            measurable=losses["measurable"],
            notes=notes + list(losses["notes"]),
        )

    def captured_twice(self) -> list[int]:
        """Numbers that are on the live timeline more than once."""
        found = Counter(event.payload["number"] for event in self.session.events_since(0) if _is_entry(event))
        return [number for number, times in found.items() if times > 1]

    def _next(self) -> tuple[int, Any]:
        number = next(self._numbers)
        return number, wire.encode(wire.event("TESTRADE_ORDER_FILL", payload(number), correlation_id=f"c{number}"))

    def _arrives(self, number: int, seen: int, *, within_s: float) -> bool:
        deadline = time.perf_counter_ns() + round(within_s * 1e9)
        while self.session.wait(seen, deadline):
            for event in self.session.events_since(seen):
                if _is_entry(event) and event.payload["number"] == number:
                    return True
            seen = self.session.position()
        return False


def _is_entry(event: TimelineEvent) -> bool:
    return event.stream == STREAM and event.wire_type != GAP


def _notes(events: Any) -> list[str]:
    return [event.payload["note"] for event in events if event.wire_type == GAP]


def _losses(log: SessionLog) -> Mapping[str, Any]:
    losses: Mapping[str, Any] = log.facts()["losses"]
    return losses
