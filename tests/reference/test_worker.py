"""The application's one thread: order, timers, answers, and an orderly end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from testrade_hooks.reference.worker import Stopped, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    yield worker
    worker.close()


def test_work_is_done_in_order_and_an_answer_comes_after_what_was_asked_before(worker: Worker) -> None:
    """A question sees the effect of everything submitted earlier."""
    done: list[int] = []
    for number in range(100):
        worker.submit(lambda number=number: done.append(number))
    assert worker.call(lambda: list(done)) == list(range(100))


def test_what_is_due_later_holds_nothing_up(worker: Worker) -> None:
    """An hour's delay is no obstacle for work that is due now."""
    worker.after(3600, lambda: pytest.fail("not due"))
    assert worker.call(lambda: "now") == "now"


def test_due_work_comes_by_its_time(worker: Worker) -> None:
    """Earlier due, earlier done, whatever the order of asking."""
    done: list[str] = []
    both = threading.Event()
    worker.after(0.02, lambda: (done.append("second"), both.set()))
    worker.after(0.01, lambda: done.append("first"))
    assert both.wait(30)
    assert done == ["first", "second"]


def test_a_failing_piece_of_work_ends_only_itself(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next one is done."""
    worker.submit(lambda: 1 / 0)
    assert worker.call(lambda: "alive") == "alive"
    assert "work failed" in caplog.text


def test_the_asker_gets_what_the_work_raises(worker: Worker) -> None:
    """Also when it is a timeout of the work's own."""
    with pytest.raises(ZeroDivisionError):
        worker.call(lambda: 1 / 0)

    def impatient() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        worker.call(impatient)


def test_closing_finishes_what_was_submitted_and_takes_no_more() -> None:
    """Nothing accepted is lost; nothing new is accepted."""
    worker, done = Worker(), []
    worker.submit(lambda: done.append("kept"))
    worker.start()
    worker.close()
    assert done == ["kept"]
    with pytest.raises(Stopped):
        worker.submit(lambda: None)
