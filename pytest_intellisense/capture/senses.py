"""Which streams carry which sense: the names that users select by are those of the log files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_intellisense.capture.live_statistics import SENSE_NAMES
from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.codec.event_names import timeline_name
from pytest_intellisense.errors import SettingsError
from testrade_hooks import wire

UNDECLARED_STREAMS: tuple[str, ...] = (*wire.LOGGER_STREAMS, *wire.FURTHER_STREAMS, *wire.CHILD_STREAMS)
"""Streams of the contract that no event is declared for."""
EVERY_STREAM: tuple[str, ...] = (*wire.STREAMS, *UNDECLARED_STREAMS)

_UNDECLARED: Mapping[str, tuple[str, ...]] = {
    "ocr": (
        *wire.CHILD_STREAMS,
        "testrade:roi-updates",
        "testrade:ocr-parameters-updates",
        "testrade:ocr-interpreted-positions",
        "testrade:instrumentation:ocr-capture",
    ),
    "price": ("testrade:filtered:market-trades", "testrade:filtered:market-quotes"),
    "broker": (
        "order_events",
        "order_batch_updates",
        "testrade:order-decisions",
        "testrade:order-events",
        "testrade:open-orders",
        "testrade:maf-duty-cycle",
        "testrade:validation-decisions",
        "testrade:execution-decisions",
        "testrade:instrumentation:risk-assessment",
        "testrade:broker-raw-messages",
        "testrade:broker-errors",
        "testrade:broker-submission-errors",
        "testrade:broker-communication",
        "testrade:position-transitions",
        "testrade:position-validation",
        "testrade:position-errors",
        "testrade:position-retries",
        "testrade:position-summary",
        "testrade:enriched-position-updates",
        "testrade:trade-history",
    ),
    "image": (wire.BULK_DATA, "testrade:bulk-data:metadata"),
}
"""By sense. What is in none of them is of the system."""


def streams_of(senses: Sequence[str]) -> tuple[str, ...]:
    """The streams of the contract on which events of these senses are published. Raises SettingsError for an unknown sense."""
    unknown = [sense for sense in senses if sense not in SENSE_NAMES]
    if unknown:
        raise SettingsError(f"there is no sense {unknown[0]!r}", hint=f"senses: {', '.join(SENSE_NAMES)}")
    wanted = {f"{sense}.jsonl" for sense in senses}
    declared = (spec for spec in wire.EVENTS.values() if LOG_OF_SENSE[timeline_name(spec.event_type, {})[1]] in wanted)
    found = [spec.stream for spec in declared] + [stream for sense in senses for stream in _undeclared_of(sense)]
    return tuple(dict.fromkeys(found))


def _undeclared_of(sense: str) -> tuple[str, ...]:
    if sense != "system":
        return _UNDECLARED.get(sense, ())
    others = {stream for streams in _UNDECLARED.values() for stream in streams}
    return tuple(stream for stream in UNDECLARED_STREAMS if stream not in others)
