"""Raw samples of many sessions in columns: 16 bytes a sample, whatever the number of sessions."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_intellisense.analytics.timed_report import TimedPipeline, TimedReport

FAILED = -1
"""In place of a time: the stage never arrived, the pipeline did not complete, the plan did not pass."""

NOT_RUN = frozenset({"skipped", "checked", "interrupted"})
"""Verdicts of plans that were not run, or not to their end."""

Ints: TypeAlias = npt.NDArray[np.int64]


class Level(StrEnum):
    STAGE = "stage"
    PIPELINE = "pipeline"
    PLAN = "plan"


class Subject(NamedTuple):
    """What was timed; `pipeline` and `stage` are empty where the level has none, `plan` where plans are put together."""

    plan: str = ""
    pipeline: str = ""
    stage: str = ""

    def at(self, level: Level) -> Subject:
        """The group this subject belongs to in a table by `level`."""
        if level is Level.PLAN:
            return Subject(plan=self.plan)
        return Subject(pipeline=self.pipeline, stage=self.stage)

    def __str__(self) -> str:
        what = self.stage or self.pipeline
        if not what:
            return self.plan
        where = f"plan {self.plan}" if self.plan else f"pipeline {self.pipeline}" if self.stage else ""
        return f"{what} of {where}" if where else what


class Session(NamedTuple):
    started_epoch_s: float
    session_id: str


@dataclass(slots=True)
class Columns:
    """The samples of one level: for each its session, its subject (both by number) and nanoseconds, or FAILED."""

    subjects: dict[Subject, int] = field(default_factory=dict)
    session: array[int] = field(default_factory=lambda: array("i"))
    subject: array[int] = field(default_factory=lambda: array("i"))
    value_ns: array[int] = field(default_factory=lambda: array("q"))

    def append(self, session: int, subject: Subject, value_ns: int) -> None:
        self.session.append(session)
        self.subject.append(self.subjects.setdefault(subject, len(self.subjects)))
        self.value_ns.append(value_ns)

    def arrays(self) -> tuple[npt.NDArray[np.intc], npt.NDArray[np.intc], Ints]:
        """(session, subject, value_ns), without copying."""
        return (
            np.frombuffer(self.session, dtype=np.intc),
            np.frombuffer(self.subject, dtype=np.intc),
            np.frombuffer(self.value_ns, dtype=np.int64),
        )


class Samples:
    """Collects reports one by one. A session that is met again (a copy of its report) is not counted again."""

    def __init__(self) -> None:
        self.sessions: dict[Session, int] = {}
        self.columns = {level: Columns() for level in Level}

    def add(self, report: TimedReport) -> bool:
        """Take the samples of one report; false if it has no session or the session is known."""
        if report.session is None:
            return False
        session = Session(report.session.started_epoch_s, report.session.session_id)
        number = len(self.sessions)
        if self.sessions.setdefault(session, number) != number:
            return False
        for plan in report.plans:
            if plan.verdict in NOT_RUN:
                continue
            passed = plan.verdict == "passed"
            self.columns[Level.PLAN].append(number, Subject(plan.nodeid), plan.duration_ns if passed else FAILED)
            for step in plan.steps:
                if step.pipeline is not None:
                    self._add_pipeline(number, plan.nodeid, step.pipeline)
        return True

    def _add_pipeline(self, session: int, plan: str, pipeline: TimedPipeline) -> None:
        columns = self.columns[Level.STAGE]
        latest = 0
        for stage in pipeline.stages:
            at_ns = stage.at_ns
            if not stage.arrived:
                if not (stage.optional or stage.absent):
                    columns.append(session, Subject(plan, pipeline.name, stage.name), FAILED)
            elif at_ns is not None:
                if at_ns >= latest and not stage.absent:
                    columns.append(session, Subject(plan, pipeline.name, stage.name), at_ns - latest)
                latest = max(latest, at_ns)
        ended = latest if pipeline.completed else FAILED
        self.columns[Level.PIPELINE].append(session, Subject(plan, pipeline.name), ended)

    def in_time(self) -> list[Session]:
        """The sessions by when they started."""
        return sorted(self.sessions)

    def groups(self, level: Level, *, apart: bool = False) -> Iterator[tuple[Subject, Ints, Ints]]:
        """(subject, place of the session in time, value_ns) of every group of `level`, stages as in their pipeline.

        `apart` keeps the plans of a stage or pipeline apart. The samples of a group stand in the order of their sessions.
        """
        columns = self.columns[level]
        place = np.empty(len(self.sessions), dtype=np.int64)
        place[[self.sessions[session] for session in self.in_time()]] = np.arange(len(self.sessions))
        kept = {subject: subject if apart else subject.at(level) for subject in columns.subjects}
        names = sorted(dict.fromkeys(kept.values()), key=lambda name: (name.plan, name.pipeline))
        rank = {name: number for number, name in enumerate(names)}
        group_of = np.array([rank[kept[subject]] for subject in columns.subjects], dtype=np.int64)
        session, subject, value_ns = columns.arrays()
        if not len(value_ns):
            return
        at, group = place[session], group_of[subject]
        order = np.argsort(group * len(place) + at, kind="stable")
        at, value_ns = at[order], value_ns[order]
        ends = np.cumsum(np.bincount(group, minlength=len(names)))
        for number, end in enumerate(ends):
            start = ends[number - 1] if number else 0
            yield names[number], at[start:end], value_ns[start:end]
