"""An application that did not go on may have said why, in an event that the pipeline does not name."""

from __future__ import annotations

import functools

from pytest_intellisense.engine.attribution.leaves import words_of
from pytest_intellisense.engine.attribution.passage import causes
from pytest_intellisense.engine.criteria import Matcher
from pytest_intellisense.engine.pipelines import TESTRADE_DIVERSIONS
from pytest_intellisense.model.results import PipelineResult
from pytest_intellisense.model.timeline import TimelineEvent

_SAYS_NO = ("reject", "refus", "fail", "error", "suppress", "cancel", "skip", "denied", "invalid", "abort", "drop")


@functools.cache
def _of_testrade() -> tuple[Matcher, ...]:
    return tuple(Matcher(stage.match) for stage in TESTRADE_DIVERSIONS)


def refusal_after(last: TimelineEvent, pipeline: PipelineResult) -> TimelineEvent | None:
    """The first event that follows from `last` and says that nothing more will."""
    stages = {traced.event.global_sequence_id for stage in pipeline.stages for traced in stage.events}
    events = [traced.event for traced in pipeline.events]
    return next(
        (
            event
            for event in events
            if event.global_sequence_id not in stages and _says_no(event) and last in causes(event, events)[:-1]
        ),
        None,
    )


def _says_no(event: TimelineEvent) -> bool:
    if any(matches(event) for matches in _of_testrade()):
        return True
    return any(word.startswith(_SAYS_NO) for word in words_of(event.event_type))
