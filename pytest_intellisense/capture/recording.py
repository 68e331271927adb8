"""Recording: one batch from the streams becomes files, lines and timeline events."""

from __future__ import annotations

from pytest_intellisense.capture.paths import LOG_OF_SENSE, UNPARSED
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.codec.log_lines import event_text, unparsed_text
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.codec.timeline import gap_event, to_timeline
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import clock


class Recording:
    """Turns batches into events; an entry that cannot be read is kept raw with the reason."""

    def __init__(self, writer: LogWriter, dialects: DialectCount) -> None:
        self._writer = writer
        self._dialects = dialects

    def record(self, batch: Batch, sequence: int) -> list[TimelineEvent]:
        """The events of `batch`, numbered from `sequence`, when they are on disk. Raises CaptureFailed."""
        events: list[TimelineEvent] = []
        pictures: list[Picture] = []
        texts: dict[str, list[bytes]] = {}
        for gap in batch.gaps:
            noted = gap_event(gap, batch.received, sequence + len(events))
            events.append(noted)
            texts.setdefault(LOG_OF_SENSE[noted.sense], []).append(event_text(noted))
        for entry in batch.entries:
            event, text = self._read(entry, batch.received, sequence + len(events), pictures)
            texts.setdefault(LOG_OF_SENSE[event.sense] if event else UNPARSED, []).append(text)
            if event is not None:
                events.append(event)
                self._dialects.add(event.stream, event.wire_type)
        self._writer.write(pictures, texts)
        return events

    def _read(
        self, entry: Entry, received: clock.Reading, sequence: int, pictures: list[Picture]
    ) -> tuple[TimelineEvent | None, bytes]:
        try:
            observed = to_timeline(entry.stream, entry.entry_id, entry.fields, received, sequence)
            text = event_text(observed.event, entry.generation)
        except (ValueError, RecursionError) as problem:
            return None, unparsed_text(entry, received, str(problem))
        pictures.extend(observed.pictures)
        return observed.event, text
