"""Events belong to an injection by its correlation id, and by other ids where that one breaks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from helpers.memory_streams import timeline_event
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.engine.tracing import LOCAL_ORDER, REQUEST, Chain, Joined, order_seeds
from pytest_intellisense.model.timeline import TimelineEvent


def joined(chain: Chain, *events: TimelineEvent) -> dict[str, str]:
    """Event type -> the id that joined it."""
    for event in events:
        chain.add(event)
    return {one.event.event_type: one.by for one in chain.joined}


def test_where_the_correlation_id_breaks_other_ids_join() -> None:
    """The broker side of a real chain has made-up ids, or none: request, order and cause lead on."""
    chain = Chain("master")
    assert joined(
        chain,
        timeline_event("VALIDATED_ORDER", {"request_id": "r1"}, correlation_id="master"),
        timeline_event("RiskAssessmentCompleted", {"request_id": "r1", "local_id": 17}, correlation_id="corr_1a2b3c4d"),
        timeline_event("ACK", {"local_order_id": "17", "broker_order_id": "9001"}, correlation_id="REPAIRED_1"),
        timeline_event("FILL", {"order_id": "9001"}, event_id="fill"),
        timeline_event("POSITION_UPDATE", {"symbol": "AAPL"}, causation_id="fill"),
    ) == {
        "VALIDATED_ORDER": "correlation_id",
        "RiskAssessmentCompleted": "request_id",
        "ACK": "local_order_id",
        "FILL": "broker_order_id",
        "POSITION_UPDATE": "causation_id",
    }


def test_the_master_id_inside_the_payload_counts() -> None:
    """Some senders keep it only there."""
    chain = Chain("master")
    event = timeline_event("POSITION_UPDATE", {"causing_correlation_id": "master"}, correlation_id="REPAIRED_9")
    assert joined(chain, event) == {"POSITION_UPDATE": "correlation_id"}


def test_a_later_event_explains_an_earlier_one() -> None:
    """A fill that overtook the status which names its order is joined as soon as that comes."""
    chain = Chain("master")
    assert chain.add(timeline_event("FILL", {"order_id": "9001"})) == []
    status = timeline_event("ACK", {"local_order_id": "1", "broker_order_id": "9001"}, correlation_id="master")
    assert [(one.event.event_type, one.by) for one in chain.add(status)] == [
        ("ACK", "correlation_id"),
        ("FILL", "broker_order_id"),
    ]


def test_a_cause_without_an_id_is_joined_by_what_followed_from_it() -> None:
    """The parent of one of our events is ours, if it does not say otherwise."""
    chain = Chain("master")
    chain.add(timeline_event("ACK", {}, event_id="parent"))
    chain.add(timeline_event("ORDER_REQUEST", {}, event_id="stranger", correlation_id="other"))
    own = timeline_event("FILL", {}, correlation_id="master", causation_id="parent")
    also = timeline_event("STATUS_UPDATE", {}, correlation_id="master", causation_id="stranger")
    assert joined(chain, own, also) == {
        "FILL": "correlation_id",
        "ACK": "causation_id",
        "STATUS_UPDATE": "correlation_id",
    }


def test_another_injection_is_never_joined_by_an_order_id() -> None:
    """Order ids start again after a reset: a late fill of an earlier step has the same number."""
    chain = Chain("second", foreign={"first", "second"}, seeds=[(LOCAL_ORDER, "1")])
    late = timeline_event("FILL", {"local_order_id": 1}, correlation_id="first")
    stray = timeline_event("ACK", {"local_order_id": 1}, correlation_id="REPAIRED_5")
    assert joined(chain, late, stray) == {"ACK": "local_order_id"}


def broker_answer_at(time_ns: int) -> tuple[Chain, TimelineEvent]:
    """The chain of an answer about order 7, and the command that gives it."""
    chain = Chain("answer", foreign={"order-chain"}, seeds=order_seeds(7), adopts_foreign=True)
    return chain, timeline_event("INJECTION_COMMAND", {}, correlation_id="answer", time_ns=time_ns)


@pytest.mark.parametrize("overtaken", [False, True])
def test_an_answer_of_the_broker_continues_an_earlier_chain(overtaken: bool) -> None:
    """Its fill has the correlation id of the order it is about, and may be captured before the command itself."""
    chain, command = broker_answer_at(10)
    fill = timeline_event("FILL", {"local_order_id": "7"}, correlation_id="order-chain", event_id="fill", time_ns=20)
    position = timeline_event("POSITION_UPDATE", {}, correlation_id="order-chain", causation_id="fill", time_ns=30)
    order = (fill, position, command) if overtaken else (command, fill, position)
    assert joined(chain, *order) == {
        "INJECTION_COMMAND": "correlation_id",
        "FILL": "local_order_id",
        "POSITION_UPDATE": "causation_id",
    }


@pytest.mark.parametrize("overtaken", [False, True])
def test_what_the_broker_said_before_the_answer_is_not_its_doing(overtaken: bool) -> None:
    """The acknowledgement of the order, captured late, is older than the command."""
    chain, command = broker_answer_at(10)
    ack = timeline_event("ACK", {"local_order_id": "7"}, correlation_id="order-chain", time_ns=9)
    assert joined(chain, *((ack, command) if overtaken else (command, ack))) == {"INJECTION_COMMAND": "correlation_id"}


def test_ids_that_name_nothing_join_nothing() -> None:
    """Placeholders for a missing id are shared by strangers."""
    chain = Chain("master")
    own = timeline_event("ACK", {"local_order_id": "-999", "broker_order_id": ""}, correlation_id="master")
    stranger = timeline_event("FILL", {"local_order_id": -999, "order_id": ""}, correlation_id=None)
    assert joined(chain, own, stranger) == {"ACK": "correlation_id"}


def test_an_ocr_event_is_the_cause_of_what_names_it() -> None:
    """The id of a frame in the payload of a cleaned snapshot, and in a request, leads on as a cause does."""
    chain = Chain("master")
    assert joined(
        chain,
        timeline_event("OCR_FRAME_RAW", {"event_id": "frame"}, correlation_id="master"),
        timeline_event(
            "OCR_SNAPSHOT_CLEANED", {"original_ocr_event_id": "frame"}, correlation_id="fresh-uuid", event_id="clean"
        ),
        timeline_event("ORDER_REQUEST", {"related_ocr_event_id": "frame", "request_id": "r"}, correlation_id="corr_00000000"),
        timeline_event("VALIDATED_ORDER", {"request_id": "r"}, correlation_id="corr_00000000"),
    ) == {
        "OCR_FRAME_RAW": "correlation_id",
        "OCR_SNAPSHOT_CLEANED": "causation_id",
        "ORDER_REQUEST": "causation_id",
        "VALIDATED_ORDER": "request_id",
    }


def test_what_is_known_of_an_order_may_stand_inside() -> None:
    """In the request, in the context of a decision, in what was sent to the broker; numbers and texts are one id."""
    chain = Chain("master")
    request = {"request_id": "r1", "correlation_id": "corr_00000001", "meta": {"origin_correlation_id": "master"}}
    assert joined(
        chain,
        timeline_event("SIGNAL_DECISION", {"order_request_data": request}, correlation_id="REPAIRED_1"),
        timeline_event("OrderCreatedSuccessfully", {"request_id": "r1", "context": {"local_id": 17.0}}),
        timeline_event("BrokerOrderSubmitted", {"broker_payload": {"local_copy_id": 17, "ls_order_id": 9001}}),
        timeline_event("FILL", {"broker_id": "9001"}, correlation_id="REPAIRED_2"),
    ) == {
        "SIGNAL_DECISION": "correlation_id",
        "OrderCreatedSuccessfully": "request_id",
        "BrokerOrderSubmitted": "local_order_id",
        "FILL": "broker_order_id",
    }


def test_a_position_remembers_the_chain_that_changed_it() -> None:
    """That counts where it has no id of its own; a later change under another id is not ours."""
    chain = Chain("master")
    own = timeline_event("POSITION_UPDATE", {"last_order_correlation_id": "master"}, correlation_id=None)
    later = timeline_event("POSITION_SYNC", {"last_order_correlation_id": "master"}, correlation_id="other")
    assert joined(chain, own, later) == {"POSITION_UPDATE": "correlation_id"}


@pytest.mark.parametrize(
    "value", [True, False, 0, -1, -999, "", "None", "null", None, "MISSING_CORRELATION_ID", 1.5, [], {}, float("nan")]
)
def test_what_is_no_id_joins_nothing(value: object) -> None:
    """Whatever a sender puts where an id should be, strangers are not joined by it."""
    chain = Chain("master")
    own = timeline_event("ACK", {"local_order_id": value}, correlation_id="master")
    stranger = timeline_event("FILL", {"local_order_id": value}, correlation_id="REPAIRED_7")
    assert joined(chain, own, stranger) == {"ACK": "correlation_id"}


def test_a_cycle_of_causes_ends() -> None:
    """Events that name each other as cause, and one that names itself, are joined once."""
    chain = Chain("master")
    circle = [timeline_event(f"E{n}", {}, event_id=f"e{n}", causation_id=f"e{(n + 1) % 3}") for n in range(3)]
    own = timeline_event("OWN", {"event_id": "self"}, event_id="self", causation_id="self", correlation_id="master")
    touching = timeline_event("TOUCHING", {}, causation_id="e0", correlation_id="master", event_id="t")
    assert set(joined(chain, *circle, own, touching)) == {"E0", "E1", "E2", "OWN", "TOUCHING"}
    assert len(chain.joined) == 5


@pytest.mark.parametrize("explained_last", [True, False], ids=["waiting for their cause", "following their cause"])
def test_ten_thousand_followers_cost_one_step_each(explained_last: bool) -> None:
    """Every event is looked at a bounded number of times, whether its cause comes before or after it."""
    looked_at = Counter()

    class Counted(Chain):
        def _join(self, event: TimelineEvent, reason: str) -> None:
            looked_at["join"] += 1
            super()._join(event, reason)

    chain = Counted("master")
    cause = timeline_event("ACK", {"local_order_id": 1}, correlation_id="master", event_id="cause")
    followers = [
        timeline_event("FILL", {"local_order_id": 1, "order_id": n}, causation_id="cause", event_id=f"f{n}")
        for n in range(10_000)
    ]
    for event in [*followers, cause] if explained_last else [cause, *followers]:
        chain.add(event)
    assert len(chain.joined) == 10_001
    assert looked_at["join"] == (1 if explained_last else 10_001)


def test_a_chain_of_ten_thousand_links_is_followed() -> None:
    """The last event explains all before it, without a stack as deep as the chain is long."""
    chain = Chain("master")
    links = [timeline_event("E", {}, event_id=f"e{n}", causation_id=f"e{n + 1}") for n in range(10_000)]
    for event in links:
        chain.add(event)
    chain.add(timeline_event("E", {}, event_id="e10000", correlation_id="master"))
    assert len(chain.joined) == 10_001


IDS: dict[str, Any] = {
    "correlation_id": st.sampled_from([None, "master", "other", "REPAIRED_1", "corr_12345678"]),
    "causation_id": st.sampled_from([None, "e1", "e2", "e3"]),
    "event_id": st.sampled_from(["", "e1", "e2", "e3"]),
}
PAYLOADS = st.dictionaries(
    st.sampled_from(
        [
            "request_id",
            "local_order_id",
            "order_id",
            "original_ocr_event_id",
            "master_correlation_id",
            "last_order_correlation_id",
        ]
    ),
    st.sampled_from(["1", "2", "e1", "master"]),
    max_size=3,
)
BODIES = st.builds(
    lambda payload, inner, name: {**payload, **({name: inner} if name else {})},
    PAYLOADS,
    PAYLOADS,
    st.sampled_from(["", "", "context", "order_request_data", "meta"]),
)
EVENTS = st.lists(st.builds(lambda payload, **ids: timeline_event("X", payload, **ids), BODIES, **IDS), max_size=8)


def test_a_chain_that_waits_for_nobody_depends_on_the_order() -> None:
    """The control: asked only once about each event, the one that overtook its cause is lost."""

    class Hasty(Chain):
        def add(self, event: TimelineEvent) -> list[Joined]:
            self._parked.clear()
            return super().add(event)

    fill, ack = timeline_event("FILL", {"order_id": "9"}), timeline_event("ACK", {"order_id": "9"}, correlation_id="master")
    assert set(joined(Chain("master"), fill, ack)) == set(joined(Chain("master"), ack, fill)) == {"ACK", "FILL"}
    assert set(joined(Hasty("master"), ack, fill)) == {"ACK", "FILL"}
    assert set(joined(Hasty("master"), fill, ack)) == {"ACK"}


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(events: list[TimelineEvent], random: Any) -> None:
    """Streams overtake each other; the chain comes out the same."""

    def members(arriving: list[TimelineEvent]) -> set[int]:
        chain = Chain("master", foreign={"other"}, seeds=[(REQUEST, "2")])
        for event in arriving:
            chain.add(event)
        return {one.event.global_sequence_id for one in chain.joined}

    shuffled = list(events)
    random.shuffle(shuffled)
    assert members(shuffled) == members(events)
