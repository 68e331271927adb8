"""The regression gate of one pytest process: what is compared with what, and what is saved."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.collecting.launches import launch
from pytest_intellisense.collecting.measuring import Measuring
from pytest_intellisense.errors import EnvironmentProblem

if TYPE_CHECKING:
    import pytest

    from pytest_intellisense.analytics.behaviour import CaseBehaviour
    from pytest_intellisense.analytics.measurements import Baseline, Launch, Origin
    from pytest_intellisense.model.regression_limit import RegressionLimit
    from pytest_intellisense.reporting.rows import GateRow, PlanRow
    from pytest_intellisense.settings import Settings


class GateRun:
    """`launches_file` is where the process that owns the terminal left what it launched, for xdist's workers."""

    def __init__(self, settings: Settings, origin_of: Callable[[], Origin], launches_file: Path | None = None) -> None:
        # a dry run measures nothing
        self._settings = replace(settings, repeat=1, save="", compare="", launches=0) if settings.dry_run else settings
        self._origin_of = origin_of
        self._launches = _read(launches_file) if launches_file else []
        self._refusal, self._reason, self._notes = "not compared", "", list[str]()
        self.problems: list[str] = []
        """What fails the run besides its plans: a baseline that could not be saved, limits that watch over nothing."""

    @functools.cached_property
    def origin(self) -> Origin:
        return self._origin_of()

    @functools.cached_property
    def limits(self) -> tuple[RegressionLimit, ...]:
        """Raises ValueError for a limit that cannot be meant."""
        from pytest_intellisense.model.regression_limit import DEFAULT_LIMITS, parse_expression

        return tuple(map(parse_expression, self._settings.compare_fail)) or DEFAULT_LIMITS

    @functools.cached_property
    def baseline(self) -> Baseline | None:
        """What this run is compared with; None if with nothing, and `finish` says why. Raises IntelliSenseError."""
        if not self._settings.compare:
            return None
        from pytest_intellisense.analytics.baselines import BaselineStore, NoBaseline
        from pytest_intellisense.analytics.measurements import other_versions, unlike

        try:
            baseline = BaselineStore(self._settings.baseline_dir).load(self._settings.compare)
        except NoBaseline as problem:
            self._refusal, self._reason = "no baseline", f"{problem}; {problem.hint}"
            return None
        reasons = unlike(baseline.origin, self.origin)
        if reasons and not self._settings.compare_unlike:
            allow = "--intellisense-compare-unlike yes compares all the same"
            self._refusal, self._reason = "not comparable", f"with {baseline.label}: {'; '.join(reasons)} ({allow})"
            return None
        self._refusal = ""
        self._notes = [*(f"unlike, and allowed: {reason}" for reason in reasons), *other_versions(baseline.origin, self.origin)]
        return baseline

    @functools.cached_property
    def measuring(self) -> Measuring:
        """Once the launches are made. Raises IntelliSenseError."""
        from pytest_intellisense.reporting.gating import compared_everywhere

        baseline = self.baseline
        everywhere = compared_everywhere(baseline, self._launches, self.limits) if baseline and self._launches else []
        return Measuring(self._settings.repeat, baseline, self._launches, self.limits, everywhere)

    def launch(self, config: pytest.Config, tell: Callable[[str], None]) -> Path | None:
        """Make the launches that are wanted; the file that workers read them from. Raises IntelliSenseError."""
        import msgspec

        count = self._settings.launches
        if not count or config.option.collectonly:
            return None
        folder = Path(tempfile.mkdtemp(prefix="intellisense-launches-"))
        for number in range(count):
            tell(f"intellisense: launch {number + 1} of {count} is measured")
            self._launches.append(launch(config, folder / str(number)))
            shutil.rmtree(folder / str(number), ignore_errors=True)
        file = folder / "launches.json"
        file.write_bytes(msgspec.json.encode(self._launches))
        return file

    def finish(self, rows: Sequence[PlanRow]) -> GateRow:
        """At the end of the session: save if wanted, and say what came of it; `problems` has what went wrong."""
        from pytest_intellisense.reporting.behaviour_rows import behaviour
        from pytest_intellisense.reporting.gating import compared_everywhere, gate_row, idle_limits, plan_comparisons
        from pytest_intellisense.reporting.samples import launch_of

        baseline = self.baseline
        launches = self._launches or [launch_of(rows)]
        done = behaviour(rows) if self._settings.save or baseline else []
        if self._settings.save:
            self._save(launches, done)
        everywhere = compared_everywhere(baseline, launches, self.limits) if baseline else []
        if baseline:
            idle = idle_limits(self.limits, [*baseline.launches, *launches])
            # with one that watches, the others may be meant for plans that did not run this time
            (self.problems if len(idle) == len(self.limits) else self._notes).extend(idle)
        return gate_row(
            self.origin,
            launches,
            keep_samples=bool(self._launches),
            baseline=baseline,
            everywhere=everywhere,
            plans=plan_comparisons(rows),
            behaviour=done,
            refusal=self._refusal,
            reason=self._reason,
            notes=self._notes,
        )

    def _save(self, launches: list[Launch], done: list[CaseBehaviour]) -> None:
        from pytest_intellisense.analytics.baselines import BaselineStore
        from pytest_intellisense.analytics.measurements import MeasuredRun

        name = self._settings.save
        run = MeasuredRun(saved_epoch_s=time.time(), origin=self.origin, launches=launches, behaviour=done)
        try:
            path = BaselineStore(self._settings.baseline_dir).save(name, run)
        except EnvironmentProblem as problem:
            self.problems.append(f"{problem}; {problem.hint}")
        else:
            self._notes.append(f"saved as {name}: {path}")

    def close(self, file: Path | None) -> None:
        if file is not None:
            shutil.rmtree(file.parent, ignore_errors=True)


def _read(file: Path) -> list[Launch]:
    import msgspec

    from pytest_intellisense.analytics.measurements import Launch

    return msgspec.json.decode(file.read_bytes(), type=list[Launch])


def checked(run: GateRun, settings: Settings) -> None:
    """Find the user's mistakes before anything runs. Raises IntelliSenseError, ValueError."""
    from pytest_intellisense.settings import LAST_SAVED

    _ = run.limits
    compared = settings.compare if settings.compare != LAST_SAVED else ""
    names = [name for name in (settings.save, compared) if name]
    if names:
        from pytest_intellisense.analytics.baselines import checked_name

        for name in names:
            checked_name(name)
    if settings.compare:
        from pytest_intellisense.analytics.baselines import BaselineStore, NoBaseline

        with contextlib.suppress(NoBaseline):  # which is told at the end
            BaselineStore(settings.baseline_dir).load(settings.compare)
