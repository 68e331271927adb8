"""A time that is too long: the stage that ate it, by comparison where there is one, else by what its share can prove."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_intellisense.model.attribution import Attribution, FormState, StageForm
from pytest_intellisense.model.durations import format_ns

_DECISIVE = 0.7


@dataclass(frozen=True, slots=True)
class Lap:
    """One stage in time, from when the stage before it was reached; nanoseconds."""

    stage: str
    took_ns: int


@dataclass(frozen=True, slots=True)
class Usual:
    """What each stage usually takes, in nanoseconds; `whose` says by what it is known."""

    took_ns: Mapping[str, int]
    whose: str


def laps_of(timed: Sequence[tuple[str, int]], *, after_ns: int = 0, until_ns: int | None = None) -> list[Lap]:
    """Stages and when each was reached -> what each took, within a window after the injection."""
    found, before = [], after_ns
    for stage, at_ns in timed:
        if at_ns <= after_ns or (until_ns is not None and at_ns > until_ns):
            continue
        found.append(Lap(stage, at_ns - before))
        before = at_ns
    if until_ns is not None and found and until_ns > before:
        found[-1] = Lap(found[-1].stage, found[-1].took_ns + until_ns - before)
    return found


def usual_of(runs: Sequence[Sequence[Lap]], whose: str) -> Usual | None:
    """The median of each stage over runs that were fast enough; None without any."""
    samples: dict[str, list[int]] = {}
    for run in runs:
        for lap in run:
            samples.setdefault(lap.stage, []).append(lap.took_ns)
    if not samples:
        return None
    return Usual({stage: round(statistics.median(values)) for stage, values in samples.items()}, whose)


def slow_stage(laps: Sequence[Lap], over_ns: int, usual: Usual | None) -> Attribution:
    """`over_ns`: by how much the limit was missed, in nanoseconds.

    With a comparison: the stage that took the most more than usual, if that is most of what is too much in all.

    Without one: a stage that took less than the time by which the limit was missed cannot have missed it alone, so a
    single stage above that is named; of several, one of them it was.
    """
    forms = tuple(StageForm(stage=lap.stage, state=FormState.OTHER, value=format_ns(lap.took_ns)) for lap in laps)
    candidates, reason = _against(laps, usual) if usual is not None else ((), "")
    if not candidates:
        candidates, reason = _by_share(laps, over_ns)
    return Attribution(candidates=candidates, reason=reason, forms=forms, field="latency")


def _against(laps: Sequence[Lap], usual: Usual) -> tuple[tuple[str, ...], str]:
    known = [lap for lap in laps if lap.stage in usual.took_ns]
    extra = sorted(((lap.took_ns - usual.took_ns[lap.stage], lap) for lap in known), key=lambda one: one[0], reverse=True)
    total = sum(more for more, _ in extra if more > 0)
    if len(known) < len(laps) or total <= 0:
        return (), ""
    more, lap = extra[0]
    took, used = format_ns(lap.took_ns), format_ns(usual.took_ns[lap.stage])
    if more >= _DECISIVE * total:
        return (lap.stage,), f"{lap.stage} took {took}, {used} in {usual.whose}"
    grown = tuple(one.stage for gain, one in extra if gain >= (1 - _DECISIVE) / 2 * total)
    return grown, f"{' and '.join(grown)} took longer than in {usual.whose}"


def _by_share(laps: Sequence[Lap], over_ns: int) -> tuple[tuple[str, ...], str]:
    if over_ns <= 0:
        return (), "the stages together stayed within the limit"
    able = sorted((lap for lap in laps if lap.took_ns >= over_ns), key=lambda lap: -lap.took_ns)
    if not able:
        return (), f"no stage alone took the {format_ns(over_ns)} that are too much"
    names = tuple(lap.stage for lap in able)
    took = ", ".join(f"{lap.stage} took {format_ns(lap.took_ns)}" for lap in able[:3])
    if len(able) == 1:
        return names, f"{took}; no other stage took the {format_ns(over_ns)} that are too much"
    return names, f"{took}: each of them alone is more than the {format_ns(over_ns)} that are too much"
