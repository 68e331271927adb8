"""The rules know nothing of trading: a kitchen with its own events, fields and pipeline, and hardly any causation ids.

What the evidence does not decide is left open; that is what most of these tests are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from helpers.memory_streams import MemoryTestrade, case, step

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.attribution import Attribution, ReaderState
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.results import Fault, LossReport, ValidationOutcome

ORDER = {"type": "ocr_event", "raw_data": {"full_raw_text": "Table 14 Margherita 12.50 Funghi 13.90"}}
KITCHEN = PipelineSignature.model_validate(
    {
        "name": "KITCHEN",
        "stages": [{"key": key.lower(), "match": {"event_type": key}} for key in ("HEARD", "TICKET", "OVEN", "BILL")],
    }
)
HEARD = {"full_raw_text": "Table 14 Margherita 12.50 Funghi 13.90"}
TICKET = {"table": 14, "dishes": [{"dish": "Margherita", "unit_price": 12.5}, {"dish": "Funghi", "unit_price": 13.9}]}
OVEN = {"dishes": [{"dish": "Margherita", "unitPrice": 12.5, "degrees": 420}, {"dish": "Funghi", "unitPrice": 13.9}]}
BILL = {"table": 14, "lines": [{"dish": "Margherita", "unit_price": 12.5}, {"dish": "Funghi", "unit_price": 13.9}]}
SOUND = {"HEARD": HEARD, "TICKET": TICKET, "OVEN": OVEN, "BILL": BILL}
PRICE = {
    "type": "specific_log_event_field",
    "target_identifier": "bill",
    "field_to_check": "lines[0].unit_price",
    "operator": "==",
    "expected_value": 12.5,
}
COMPLETE = {"type": "pipeline_completion_status", "expected_value": True}


def cook(
    point: dict[str, Any],
    *,
    after_ms: dict[str, float] | None = None,
    loss: bool = False,
    twice: str = "",
    chained: bool = False,
    **said: dict[str, Any] | None,
) -> ValidationOutcome:
    """One order through the kitchen; an event that is None does not come. `chained`: each names the one before as its cause."""
    app = MemoryTestrade()
    at_ms = {"HEARD": 1, "TICKET": 2, "OVEN": 3, "BILL": 4, **(after_ms or {})}

    def react(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        app.respond(receipt, "success")
        cause = receipt.event_id
        for name, payload in {**SOUND, **said}.items():
            for _ in range((payload is not None) + (name == twice)):
                ids = {"event_id": name, "causation_id": cause} if chained else {}
                app.emit(name, payload, after_ms=at_ms[name], correlation_id=command.correlation_id, stream="kitchen", **ids)
                cause = name
        app.lost = LossReport(lost=int(loss))

    app.reactions["ocr_event"] = react
    moc = MillisecondOptimizationCapture(app, app, images=lambda *_: b"", now_ns=app.clock, readers=Waiters())
    plan = replace(case(step(ORDER, point, pipeline="KITCHEN", timeout_s=0.5)), pipelines={"KITCHEN": KITCHEN})
    return moc.run(plan).steps[0].outcomes[0]


class Waiters:
    """One consumer group, whose waiter has taken the ticket and does nothing."""

    def of(self, stream: str, entry_id: str) -> Sequence[ReaderState]:
        facts = {"stream": stream, "group": "waiters", "pending": 1, "lag": 0, "delivered": True}
        return [ReaderState(**facts, holder="Mario", idle_ms=400, times_delivered=1)]


def found(outcome: ValidationOutcome) -> Attribution:
    assert not outcome.passed
    assert outcome.attribution is not None, outcome.details
    return outcome.attribution


def dear(path: str, payload: dict[str, Any], price: float = 15.2) -> dict[str, Any]:
    """`payload` with another price for the first dish."""
    first, *others = payload[path]
    name = "unitPrice" if "unitPrice" in first else "unit_price"
    return {**payload, path: [{**first, name: price}, *others]}


def test_a_value_is_followed_through_any_names_and_shapes():
    """unit_price, unitPrice, another list, and words in a text are one thing; the first to change it is named."""
    spoilt = {"TICKET": dear("dishes", TICKET), "OVEN": dear("dishes", OVEN), "BILL": dear("lines", BILL)}
    assert found(cook(PRICE, BILL=spoilt["BILL"])).first_wrong_stage == "bill"
    assert found(cook(PRICE, BILL=spoilt["BILL"], OVEN=spoilt["OVEN"])).first_wrong_stage == "oven"
    named = found(cook(PRICE, **spoilt))
    assert named.first_wrong_stage == "ticket"
    assert [str(form.state) for form in named.forms] == ["right", "right", "wrong", "wrong", "wrong"]
    heard = {"full_raw_text": "Table 14 Margherita 15.20 Funghi 13.90"}
    assert found(cook(PRICE, HEARD=heard, **spoilt)).first_wrong_stage == "heard"


def test_another_dish_of_the_wrong_price_is_no_evidence():
    """Of two prices the one of the dish in question counts, though the other has the wrong value by chance."""
    by_name = {**PRICE, "field_to_check": "lines[1].unit_price", "expected_value": 13.9}
    wrong = {**BILL, "lines": [BILL["lines"][0], {"dish": "Funghi", "unit_price": 12.5}]}
    assert "ticket" not in found(cook(by_name, BILL=wrong)).candidates


def test_a_value_that_was_injected_accuses_nobody():
    """The stimulus itself says what the plan does not want: no stage departed."""
    attribution = found(cook({**PRICE, "expected_value": 11.0}))
    assert attribution.candidates == ()
    assert "the stimulus itself says" in attribution.reason


def test_a_stage_that_made_something_new_on_the_way_stays_in_question():
    """A total that no stage shows before: who only passed things on is out, who added something is not."""
    total = {**PRICE, "field_to_check": "total", "expected_value": 26.4}
    attribution = found(cook(total, BILL={**BILL, "total": 31.0}))
    assert attribution.candidates == ("oven", "bill")
    assert "cannot be compared" in attribution.reading


def test_words_on_progress_say_nothing_of_the_next_stage():
    """A status "cold" is right for the ticket and wrong for the bill."""
    status = {**PRICE, "field_to_check": "status", "expected_value": "served"}
    attribution = found(cook(status, TICKET={**TICKET, "status": "cold"}, BILL={**BILL, "status": "cold"}))
    assert "ticket" not in attribution.candidates


def test_zero_and_empty_are_no_evidence_either():
    """Everything begins with nothing: a tip of 0 on the ticket is not where the tip got lost."""
    tip = {**PRICE, "field_to_check": "tip", "expected_value": 2.0}
    assert found(cook(tip, TICKET={**TICKET, "tip": 0}, BILL={**BILL, "tip": 0})).first_wrong_stage != "ticket"


def test_of_a_missing_stage_it_is_said_who_holds_the_work():
    """The last that came, the group that should have acted, the consumer that has it."""
    attribution = found(cook(COMPLETE, BILL=None))
    assert attribution.first_wrong_stage == "bill"
    assert attribution.reason == "oven was the last to arrive"
    assert "look at Mario, not at the transport" in attribution.reading


def test_a_stage_that_only_did_not_say_so_is_told_from_one_that_did_not_act():
    """The bill came without the oven's event."""
    attribution = found(cook(COMPLETE, OVEN=None))
    assert (attribution.first_wrong_stage, attribution.reason) == ("oven", "bill came without it")


def test_whoever_said_no_may_have_been_right_to():
    """The oven refuses, in an event the pipeline does not name: it, or the ticket it was given."""
    refusal = {"OVEN": None, "BILL": None, "OVEN_REFUSED": {"why": "no such dish"}}
    attribution = found(cook(COMPLETE, after_ms={"OVEN_REFUSED": 3}, chained=True, **refusal))
    assert attribution.reason == "Memory answered with OVEN_REFUSED instead of oven"
    assert attribution.first_wrong_stage == "oven"
    other = {**TICKET, "dishes": [{"dish": "Calzone", "unit_price": 12.5}]}
    assert found(cook(COMPLETE, after_ms={"OVEN_REFUSED": 3}, chained=True, TICKET=other, **refusal)).candidates == (
        "ticket",
        "oven",
    )


def test_a_stage_that_says_both_is_not_exonerated_by_the_right_one():
    """The ticket has the price twice, once right: it is there or at the bill."""
    torn = {**TICKET, "lines": [{"dish": "Margherita", "unit_price": 12.5}], "copy": {"dish": "Margherita", "unit_price": 15.2}}
    attribution = found(cook(PRICE, TICKET=torn, OVEN={"degrees": 420}, BILL=dear("lines", BILL)))
    assert {"ticket", "bill"} <= set(attribution.candidates)


def test_two_events_that_nearly_are_the_wanted_one_accuse_nobody():
    """Of two bills one has another table, the other another tip: which of them was meant is not known."""
    wanted = {"event_type": "BILL", "table": 14, "tip": 2}
    count = {"type": "correlation_log_event_count", "event_criteria": wanted, "operator": "==", "expected_value": 1}
    assert found(cook(count, BILL={**BILL, "tip": 3}, twice="BILL")).candidates == ()


def fast(limit_ms: float) -> dict[str, Any]:
    key = {"type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns"}
    return {**key, "operator": "<=", "expected_value": limit_ms}


@pytest.mark.parametrize(
    ("limit_ms", "candidates"),
    [(90, ("oven",)), (20, ()), (120, ("oven", "bill"))],
    ids=["one stage alone", "none alone", "either of two"],
)
def test_only_a_stage_that_can_have_missed_the_limit_alone_is_named(limit_ms, candidates):
    """190 ms in all, 100 of them the oven's and 88 the bill's: too much by 100, by 170, by 70."""
    attribution = found(cook(fast(limit_ms), after_ms={"OVEN": 102, "BILL": 190}))
    assert attribution.candidates == candidates
    assert {form.stage: form.value for form in attribution.forms}["oven"] == "100 ms"


def test_without_causation_ids_nobody_is_said_to_have_caused_a_double():
    """Two bills, and nothing that says from what they follow."""
    once = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "BILL"}, "expected_value": 1}
    attribution = found(cook({**once, "operator": "=="}, twice="BILL"))
    assert attribution.candidates == ()
    assert "a causation id in every event would say" in attribution.reading


def test_where_events_were_lost_nobody_is_accused():
    """What is missing may be ours: the domain is LOSS and there is no attribution."""
    outcome = cook(COMPLETE, BILL=None, loss=True)
    assert outcome.fault is Fault.LOSS
    assert outcome.attribution is None
