"""Which streams carry which sense: the names that users select by are those of the log files."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.capture.live_statistics import SENSE_NAMES
from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.codec.event_names import timeline_name
from pytest_intellisense.errors import SettingsError
from testrade_hooks import wire

EVERY_STREAM: tuple[str, ...] = (*wire.STREAMS, *wire.LOGGER_STREAMS, *wire.CHILD_STREAMS)


def streams_of(senses: Sequence[str]) -> tuple[str, ...]:
    """The declared streams on which events of these senses are published. Raises SettingsError for an unknown sense."""
    unknown = [sense for sense in senses if sense not in SENSE_NAMES]
    if unknown:
        raise SettingsError(f"there is no sense {unknown[0]!r}", hint=f"senses: {', '.join(SENSE_NAMES)}")
    wanted = {f"{sense}.jsonl" for sense in senses}
    declared = (spec for spec in wire.EVENTS.values() if LOG_OF_SENSE[timeline_name(spec.event_type, {})[1]] in wanted)
    return tuple(dict.fromkeys(spec.stream for spec in declared))
