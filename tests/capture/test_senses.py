"""Which streams are recorded: all that the contract of TESTRADE names, each under a sense that users select by."""

from __future__ import annotations

import pytest

from pytest_intellisense.capture.live_statistics import SENSE_NAMES
from pytest_intellisense.capture.senses import EVERY_STREAM, streams_of

CONFIGURED = (
    *("raw-ocr-events", "cleaned-ocr-snapshots", "image-grabs", "signal-decisions", "maf-decisions", "order-requests"),
    *("validated-orders", "risk-actions", "order-fills", "order-status", "order-rejections", "position-updates"),
    *("enriched-position-updates", "trade-lifecycle-events", "trading-state-changes", "config-changes", "health:core"),
    *("health:babysitter", "health:redis_instance", "alerts:ipc", "filtered:market-trades", "filtered:market-quotes"),
    *("market-data:trades", "market-data:quotes", "broker-raw-messages", "broker-errors", "broker-submission-errors"),
    *("broker-communication", "execution-decisions", "commands:from_gui", "responses:to_gui", "unified-timeline"),
)
"""What the configuration of the application names."""
ROUTED = (
    *("risk-actions", "position-updates", "order-events", "signal-decisions", "service-health", "account-updates"),
    *("validation-decisions", "system-errors", "telemetry"),
)
"""Where its telemetry service puts what nobody gave a stream."""
LITERAL = (
    *(
        "maf-duty-cycle",
        "order-decisions",
        "position-transitions",
        "position-validation",
        "position-errors",
        "position-retries",
    ),
    *("position-summary", "account-summary", "open-orders", "trade-history", "core-status-events", "system-alerts"),
    *("system-health", "health-status", "telemetry:performance", "telemetry:correlation-events", "metrics:performance"),
    *("instrumentation:orchestration", "instrumentation:ocr-capture", "instrumentation:risk-assessment", "roi-updates"),
    *("ocr-parameters-updates", "bulk-data", "bulk-data:metadata", "gui-commands", "gui-command-responses"),
    *("processed-roi-image-frames", "ocr-interpreted-positions"),
)
"""Names that stand in its code."""


@pytest.mark.parametrize("name", [*CONFIGURED, *ROUTED, *LITERAL])
def test_every_stream_of_the_contract_is_recorded(name: str) -> None:
    """Also those that most applications leave silent: an event there would be lost without a word."""
    assert f"testrade:{name}" in EVERY_STREAM


def test_no_stream_twice() -> None:
    assert len(set(EVERY_STREAM)) == len(EVERY_STREAM)


def test_each_stream_has_a_sense() -> None:
    """All senses together are all streams: selecting them one by one leaves nothing out."""
    assert set(streams_of(SENSE_NAMES)) == set(EVERY_STREAM)


@pytest.mark.parametrize(
    ("sense", "names"),
    [
        ("broker", ("order_events", "order_batch_updates", "testrade:broker-raw-messages", "testrade:execution-decisions")),
        ("image", ("testrade:bulk-data", "testrade:bulk-data:metadata")),
        ("ocr", ("ocr:cold-path", "ocr:events")),
        ("price", ("testrade:filtered:market-trades", "testrade:filtered:market-quotes")),
        ("system", ("testrade:commands:from_gui", "testrade:alerts:ipc", "testrade:telemetry:correlation-events")),
    ],
)
def test_a_sense_has_the_streams_that_its_events_are_on(sense: str, names: tuple[str, ...]) -> None:
    """Also where an application does not use the declared ones; of the others there is none."""
    assert set(names) <= set(streams_of([sense]))
    others = streams_of([other for other in SENSE_NAMES if other != sense])
    assert not set(names) & set(others)
