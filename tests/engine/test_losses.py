"""What was lost while a plan ran: nothing that rests on it is certain."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_runs import COMPLETE, filling_app, run
from helpers.memory_streams import BUY, TO_FILL, MemoryTestrade, fills_orders, step

from pytest_intellisense.errors import DiskProblem
from pytest_intellisense.model.results import Fault, LossReport, Verdict


@pytest.fixture
def app() -> MemoryTestrade:
    return filling_app()


def test_a_recorder_that_stopped_is_a_loss_and_no_verdict(app: MemoryTestrade) -> None:
    """Nothing is judged on events nobody recorded."""

    def die(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        app.reader_died = True

    app.reactions["trade_command"] = die
    result = run(app, step(BUY, COMPLETE))
    assert (result.verdict, result.fault, result.sentence) == (Verdict.ERROR, Fault.LOSS, "the reader stopped")


LOSES = {"type": "event_absence", "event_criteria": {"event_type": "REJECT"}}


def lossy(app: MemoryTestrade) -> None:
    whole = fills_orders()

    def lose(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        whole(app, command, receipt)
        app.lost = LossReport(lost=3)

    app.reactions["trade_command"] = lose


def test_after_a_loss_absence_is_not_certain(app: MemoryTestrade) -> None:
    """A check that holds because something is missing cannot be told; one that saw its event stands."""
    lossy(app)
    result = run(app, step(BUY, COMPLETE, LOSES, pipeline=TO_FILL))
    assert (result.verdict, result.fault, result.loss.lost) == (Verdict.INCONCLUSIVE, Fault.LOSS, 3)
    assert [(one.passed, one.inconclusive) for one in result.steps[0].outcomes] == [(True, False), (False, True)]


def test_a_disk_that_fails_is_no_loss(app: MemoryTestrade) -> None:
    """Whoever cannot record has a problem of the environment, and says which; what was seen stands."""
    lossy(app)

    class WithoutDisk(MemoryTestrade):
        def loss(self) -> LossReport:
            if self.lost.lost:
                raise DiskProblem("capture stopped: broker.jsonl cannot be written")
            return self.lost

    app.__class__ = WithoutDisk
    result = run(app, step(BUY, COMPLETE, LOSES, pipeline=TO_FILL))
    assert (result.verdict, result.fault) == (Verdict.INCONCLUSIVE, Fault.ENV)
    seen, absent = result.steps[0].outcomes
    assert seen.passed and absent.inconclusive
    assert absent.details == "capture stopped: broker.jsonl cannot be written, so this cannot be told"


def test_a_plan_may_live_with_losses(app: MemoryTestrade) -> None:
    """Then it is judged on what was seen."""
    lossy(app)
    assert run(app, step(BUY, COMPLETE, LOSES, pipeline=TO_FILL), allow_loss=True).verdict is Verdict.PASSED


def test_what_was_lost_before_the_plan_does_not_touch_it(app: MemoryTestrade) -> None:
    """Only losses while it ran count."""
    app.lost = LossReport(lost=3, notes=("trimmed",))
    assert run(app, step(BUY, COMPLETE, LOSES, pipeline=TO_FILL)).verdict is Verdict.PASSED
