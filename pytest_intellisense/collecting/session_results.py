"""The results of one session, beside the events that they were judged by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.collecting.lookup import PLAN_SUFFIXES

if TYPE_CHECKING:
    from pytest_intellisense.reporting.rows import PlanRow, SessionRow


class SessionResults:
    """Writes `results.jsonl` into the folder of a capture; what comes before there is such a folder waits for it."""

    def __init__(self, folder: Path, session: Callable[[], SessionRow]) -> None:
        from pytest_intellisense.reporting.results_log import RESULTS_NAME, ResultsLog

        self._log = ResultsLog(folder / RESULTS_NAME)
        self._session = session
        self._waiting: list[PlanRow] = []

    def plan_begins(self, item: pytest.Item) -> None:
        """The capture runs, and the plan of `item` is the next."""
        if not self._log.begun:
            self._log.begin(self._session(), plans_of(item.session))
            for row in self._waiting:
                self._log.plan_ended(row)
        self._log.plan_begins(item.nodeid)

    def plan_ended(self, row: PlanRow) -> None:
        if self._log.begun:
            self._log.plan_ended(row)
        else:
            self._waiting.append(row)

    def end(self, exit_status: int) -> None:
        if self._log.begun:
            self._log.end(self._session(), exit_status)


def plans_of(session: pytest.Session) -> list[str]:
    """The node ids of the plans that were selected, in order."""
    return [item.nodeid for item in session.items if is_plan(item.nodeid)]


def is_plan(nodeid: str) -> bool:
    return nodeid.partition("::")[0].endswith(PLAN_SUFFIXES)
