"""JoiningSession: a capture whose events have their images as soon as these have come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.codec.late_images import all_joined
from pytest_intellisense.model.timeline import TimelineEvent


class JoiningSession(CaptureSession):
    """The log keeps each event as it was when it came: a line never names an image that is not on disk."""

    def __init__(self, root: Path, session_id: str, consumer: BatchSource, *, bulk: BulkData, **options: Any) -> None:
        super().__init__(root, session_id, consumer, bulk=bulk, **options)
        self._images = bulk

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        """As they are now: ask again for an event that refers to what had not come. Raises as CaptureSession."""
        return all_joined(super().events_since(sequence), self._images)
