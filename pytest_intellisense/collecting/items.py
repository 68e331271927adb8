"""The pytest items of plans: one that runs a row of a plan, one that reports a file that cannot be used."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_intellisense.collecting.failure import PlanFailed, failure_text
from pytest_intellisense.collecting.rerun import rerun_command

if TYPE_CHECKING:
    from pytest_intellisense.codec.plans import PlanRowSource
    from pytest_intellisense.codec.problems import PlanFileError
    from pytest_intellisense.collecting.measuring import Measuring
    from pytest_intellisense.model.plan import PlanCase
    from pytest_intellisense.model.results import PlanResult
    from pytest_intellisense.reporting.rows import PlanRow

LONGEST_TITLE = 120


class Runtime(Protocol):
    """What an item needs of the run it is part of."""

    @property
    def session_dir(self) -> Path: ...

    @property
    def measuring(self) -> Measuring: ...

    def run(self, item: PlanItem) -> PlanResult:
        """Bring everything up that the item's case needs, and run it. Raises IntelliSenseError."""


def run_plan(request: pytest.FixtureRequest) -> None:
    """Run the plan of the requesting item. Raises PlanFailed if it did not pass, IntelliSenseError if it could not be run."""
    item = request.node
    assert isinstance(item, PlanItem)
    runtime: Runtime = request.getfixturevalue("intellisense_runtime")
    item.judge(runtime)


class _RunPlan:
    """`run_plan` with its signature at hand: pytest asks for it with every item, and working it out takes long."""

    __signature__ = inspect.signature(run_plan)

    def __call__(self, request: pytest.FixtureRequest) -> None:
        run_plan(request)


RUN_PLAN = _RunPlan()


class PlanItem(pytest.Function):
    """One row of a plan, `row`. `case` is what it runs, `plan_row` what came out (None before the run)."""

    def __init__(self, *, row: PlanRowSource, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.row = row
        self.plan_row: PlanRow | None = None

    @functools.cached_property
    def id(self) -> Any:
        """As pytest reads `nodeid` back from its cache: there, what stands in brackets is apart from the name."""
        return type(super().id).parse(self.nodeid)

    @functools.cached_property
    def case(self) -> PlanCase:
        return self.row.case()

    def judge(self, runtime: Runtime) -> None:
        """Run the plan as often as wanted. Raises PlanFailed if it did not pass or is slower than its baseline allows."""
        from pytest_intellisense.model.results import Verdict

        measuring = runtime.measuring
        self.plan_row = measuring.row(lambda: self._run_once(runtime))
        self.plan_row["rerun"] = rerun_command(self.config, self.path, self.nodeid)
        measuring.judge(self.plan_row, cases_in_run=self.session.testscollected)
        if self.plan_row["verdict"] not in (Verdict.PASSED, Verdict.CHECKED):
            raise PlanFailed(self.plan_row)

    def _run_once(self, runtime: Runtime) -> PlanRow:
        from pytest_intellisense.reporting.to_row import plan_row

        result, session_dir = runtime.run(self), runtime.session_dir
        return plan_row(self.case, result, nodeid=self.nodeid, rootdir=self.config.rootpath, session_dir=session_dir)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        row = f"[{self.row.case_id}]" if self.row.case_id else ""
        try:
            line = (self.row.source.at("plan_name") or (1, 1))[0]
            name = str(self.row.head["plan_name"])
        except Exception:  # noqa: BLE001 - an exception here would end the whole session
            line, name = 1, self.name
        return self.path, line - 1, title(name + row)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        return failure_text(self, excinfo.value) or super().repr_failure(excinfo, *args)


class BrokenPlanItem(pytest.Item):
    """Fails with every mistake of its plan file, so that the other plans run."""

    def __init__(self, *, error: PlanFileError, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error = error

    def runtest(self) -> None:
        raise self.error

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.error.path, self.error.problems[0].line - 1, title(self.name)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        return failure_text(self, excinfo.value) or super().repr_failure(excinfo, *args)


def title(name: str) -> str:
    """`plan NAME` on one line, without characters that move a cursor."""
    from pytest_intellisense.reporting.lines import clipped, printable

    return clipped(f"plan {printable(name)}", LONGEST_TITLE)
