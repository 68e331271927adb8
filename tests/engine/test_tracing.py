"""Events belong to an injection by its correlation id, and by other ids where that one breaks."""

from __future__ import annotations

from typing import Any

from helpers.memory_streams import timeline_event
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.engine.tracing import LOCAL_ORDER, REQUEST, Chain, order_seeds
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


def test_an_answer_of_the_broker_continues_an_earlier_chain() -> None:
    """Its fill has the correlation id of the order it is about."""
    chain = Chain("answer", foreign={"order-chain"}, seeds=order_seeds(7), adopts_foreign=True)
    fill = timeline_event("FILL", {"local_order_id": "7"}, correlation_id="order-chain", event_id="fill")
    position = timeline_event("POSITION_UPDATE", {}, correlation_id="order-chain", causation_id="fill")
    assert joined(chain, fill, position) == {"FILL": "local_order_id", "POSITION_UPDATE": "causation_id"}


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


IDS: dict[str, Any] = {
    "correlation_id": st.sampled_from([None, "master", "other", "REPAIRED_1", "corr_12345678"]),
    "causation_id": st.sampled_from([None, "e1", "e2", "e3"]),
    "event_id": st.sampled_from(["", "e1", "e2", "e3"]),
}
PAYLOADS = st.dictionaries(
    st.sampled_from(["request_id", "local_order_id", "order_id", "original_ocr_event_id", "master_correlation_id"]),
    st.sampled_from(["1", "2", "e1", "master"]),
    max_size=3,
)
EVENTS = st.lists(st.builds(lambda payload, **ids: timeline_event("X", payload, **ids), PAYLOADS, **IDS), max_size=8)


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
