"""Which streams carry which sense: the names that users select by are those of the log files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_intellisense.capture.live_statistics import SENSE_NAMES
from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.codec.event_names import timeline_name
from pytest_intellisense.errors import SettingsError
from testrade_hooks import wire

_SENSE_OF_UNDECLARED: Mapping[str, str] = {
    "order_events": "broker",
    "order_batch_updates": "broker",
    "testrade:order-decisions": "broker",
    "testrade:maf-duty-cycle": "broker",
    "testrade:position-transitions": "broker",
    "testrade:position-validation": "broker",
    "testrade:position-errors": "broker",
    "testrade:position-retries": "broker",
    "testrade:enriched-position-updates": "broker",
    "testrade:system-health": "system",
    "testrade:health:babysitter": "system",
    "testrade:health:redis_instance": "system",
    "testrade:health-status": "system",
    "testrade:metrics:performance": "system",
    wire.BULK_DATA: "image",
    "testrade:bulk-data:metadata": "image",
    "testrade:roi-updates": "ocr",
    "testrade:ocr-parameters-updates": "ocr",
    "testrade:ocr-interpreted-positions": "ocr",
    "testrade:instrumentation:ocr-capture": "ocr",
    "testrade:filtered:market-trades": "price",
    "testrade:filtered:market-quotes": "price",
    "testrade:order-events": "broker",
    "testrade:open-orders": "broker",
    "testrade:validation-decisions": "broker",
    "testrade:execution-decisions": "broker",
    "testrade:instrumentation:risk-assessment": "broker",
    "testrade:broker-raw-messages": "broker",
    "testrade:broker-errors": "broker",
    "testrade:broker-submission-errors": "broker",
    "testrade:broker-communication": "broker",
    "testrade:position-summary": "broker",
    "testrade:trade-history": "broker",
    "testrade:account-updates": "system",
    "testrade:core-status-events": "system",
    "testrade:service-health": "system",
    "testrade:system-errors": "system",
    "testrade:alerts:ipc": "system",
    "testrade:telemetry": "system",
    "testrade:unified-timeline": "system",
    "testrade:commands:from_gui": "system",
    "testrade:responses:to_gui": "system",
    "testrade:gui-commands": "system",
    "testrade:gui-command-responses": "system",
    **dict.fromkeys(wire.CHILD_STREAMS, "ocr"),
}
"""What the application names besides: in its correlation logger, its configuration, the fall-back routing of its telemetry,
its GUI and its OCR process."""
UNDECLARED_STREAMS: tuple[str, ...] = tuple(_SENSE_OF_UNDECLARED)
"""Streams of the contract that no event is declared for."""
EVERY_STREAM: tuple[str, ...] = (*wire.STREAMS, *UNDECLARED_STREAMS)


def streams_of(senses: Sequence[str]) -> tuple[str, ...]:
    """The streams of the contract on which events of these senses are published. Raises SettingsError for an unknown sense."""
    unknown = [sense for sense in senses if sense not in SENSE_NAMES]
    if unknown:
        raise SettingsError(f"there is no sense {unknown[0]!r}", hint=f"senses: {', '.join(SENSE_NAMES)}")
    wanted = {f"{sense}.jsonl" for sense in senses}
    declared = (spec for spec in wire.EVENTS.values() if LOG_OF_SENSE[timeline_name(spec.event_type, {})[1]] in wanted)
    undeclared = (stream for sense in senses for stream, carried in _SENSE_OF_UNDECLARED.items() if carried == sense)
    return tuple(dict.fromkeys((*(spec.stream for spec in declared), *undeclared)))
