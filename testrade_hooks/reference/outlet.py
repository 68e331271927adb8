"""Where every stage puts its events: one call builds the event, links it to its cause and hands it to the publisher."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from testrade_hooks import wire


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a causal chain: the chain's master id and the event that the next one follows from."""

    correlation_id: str
    event_id: str | None
    validation_id: str

    @classmethod
    def root(cls, correlation_id: str | None = None, event_id: str | None = None) -> Link:
        """Start a chain; without ids it is one of our own that nobody injected."""
        return cls(correlation_id or str(uuid.uuid4()), event_id, f"val_{uuid.uuid4().hex[:8]}")


class Outlet:
    def __init__(self, publish: Callable[[wire.WireEvent], object]) -> None:
        self._publish = publish

    def publish(
        self,
        event_type: str,
        payload: Mapping[str, Any],
        link: Link,
        *,
        source: str | None = None,
        event_id: str | None = None,
        image: bytes | None = None,
    ) -> Link:
        """Publish an event of a declared type caused by `link`; returns the link for what follows from it.

        A processed image is declared to have no cause and the time of its grab; what follows, follows from the grab.
        """
        event = wire.event(
            event_type,
            payload,
            correlation_id=link.correlation_id,
            causation_id=link.event_id,
            source_component=source,
            image_bytes=image,
        )
        if event_id:
            event = replace(event, event_id=event_id)
        if event_type == wire.PROCESSED_ROI_IMAGE_TYPE:
            self._publish(replace(event, timestamp_ns=payload["original_grab_perf_ns"], causation_id=None))
            return link
        self._publish(event)
        return replace(link, event_id=event.event_id)

    def log(self, name: str, source: str, payload: Mapping[str, Any], link: Link) -> Link:
        """Publish an event that has no stream of its own; it is told apart by `correlation_event_name`."""
        body = {
            "correlation_event_name": name,
            "correlation_id": link.correlation_id,
            "validation_id": link.validation_id,
            "timestamp": time.time(),
            **payload,
        }
        return self.publish(wire.CORRELATION_LOG_TYPE, body, link, source=source)
