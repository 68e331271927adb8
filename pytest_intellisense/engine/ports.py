"""What the engine needs from outside, as protocols: an event source, an injector, a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_intellisense.model.attribution import ReaderState
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionCommand:
    """One command for the injection stream. `image` is the file's bytes for raw_image_injection."""

    command_type: str
    parameters: Mapping[str, Any]
    correlation_id: str
    image: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionReceipt:
    """`intended_ns` and `sent_ns` are our monotonic clock; `event_id` is the causation id of what follows."""

    command_id: str
    event_id: str
    intended_ns: int
    sent_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionResponse:
    """`status`: success, error or refused."""

    command_id: str
    status: str
    message: str
    data: Mapping[str, Any]


class EventSource(Protocol):
    """The capture, as the engine sees it. Sequence numbers are `global_sequence_id`."""

    def start(self) -> None:
        """Start reading; returns when capture is confirmed on every stream. Raises EnvironmentProblem."""

    def position(self) -> int:
        """The sequence number that the next event will get."""

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        """All events from `sequence` on. Raises CaptureFailed if the reader died."""

    def let_go(self, before: int) -> None:
        """Events numbered below `before` will not be asked for again."""

    def wait(self, sequence: int, deadline_ns: int) -> bool:
        """Block until an event with a number >= `sequence` is there (True) or the monotonic deadline passed (False)."""

    def loss(self) -> LossReport:
        """What is known to be lost since start."""

    def contract_generation(self) -> str:
        """Which dialect this Redis speaks, in words: G1, G2, mixed, silent."""


class Injector(Protocol):
    def send(self, command: InjectionCommand, *, intended_ns: int | None = None) -> InjectionReceipt:
        """Put one command on the injection stream. Raises InjectionRefused or EnvironmentProblem."""

    def request(self, command: InjectionCommand, *, timeout_s: float) -> InjectionResponse:
        """Send and wait for the answer. Raises EnvironmentProblem if the app stays silent."""


class StreamReaders(Protocol):
    """Who else reads the streams, as the server knows it."""

    def of(self, stream: str, entry_id: str) -> Sequence[ReaderState]:
        """How every consumer group of the stream stands to one entry; empty if there is none or the server cannot tell."""


Clock = Callable[[], int]
