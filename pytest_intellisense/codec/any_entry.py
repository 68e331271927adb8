"""The general way from a stream entry to an event: every dialect, references, images, limits and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_intellisense.codec.bulk import UNRESOLVED, BulkData, resolved
from pytest_intellisense.codec.declared_fields import with_declared_fields
from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.hints import Hints
from pytest_intellisense.codec.limits import TRUNCATED, read_within_limits, within_limits
from pytest_intellisense.codec.logger_events import is_declared, meant_type, name_of
from pytest_intellisense.codec.milestones import last_milestone
from pytest_intellisense.codec.pictures import IMAGE_FIELDS, Images, Picture, take_out
from pytest_intellisense.codec.redaction import MARK, clean_field, redacted, scrubbed, scrubbed_bytes
from pytest_intellisense.model.timeline import ImageRef, TimelineEvent
from testrade_hooks import clock, wire

BESIDE = "beside_payload"
"""The key under which the payload keeps what stood beside it: `metadata`, `envelope` and `fields` that nobody else reads."""

_BULK_TYPE = "TESTRADE_BULK_DATA"
_BULK_FIELDS = IMAGE_FIELDS | {"data"}
_IMAGE_TYPES = frozenset({"TESTRADE_RAW_IMAGE_GRAB", wire.PROCESSED_ROI_IMAGE_TYPE})
_READ_METADATA = frozenset(
    {"eventId", "msgId", "event_id", "eventType", "event_type", "sourceComponent", "source_component"}
    | {"correlationId", "correlation_id", "causationId", "causation_id"}
)


@dataclass(frozen=True, slots=True)
class Observed:
    """An event and the images that came inside it."""

    event: TimelineEvent
    pictures: tuple[Picture, ...] = ()


def read_any(entry: Entry, received: clock.Reading, sequence: int, bulk: BulkData | None = None) -> Observed:
    """The event of an entry of any known writer; `bulk` knows where images are. Raises wire.UnreadableEntry."""
    try:
        return _read(entry, received, sequence, bulk or BulkData())
    except RecursionError:
        raise wire.UnreadableEntry("nested too deeply") from None


def _read(entry: Entry, received: clock.Reading, sequence: int, bulk: BulkData) -> Observed:
    said = wire.decode(entry.stream, entry.fields, read_within_limits)
    hints = Hints(entry, unpacked=bool(said.marks))
    if hints.secrets:
        said = _without_secrets(said)
    meant = meant_type(said)
    event_type, sense = name_of(said, meant)
    payload, image, images, marks = _body(said, meant, bulk, hints)
    event = TimelineEvent(
        global_sequence_id=sequence,
        stream=entry.stream,
        entry_id=entry.entry_id,
        sense=sense,
        event_type=event_type,
        wire_type=said.event_type,
        source_component=said.source_component,
        event_id=said.event_id,
        correlation_id=said.correlation_id,
        causation_id=said.causation_id,
        **_times(said),
        received_ns=received.monotonic_ns,
        received_epoch_ns=received.epoch_ns,
        body=payload,
        image=image,
        marks=marks,
    )
    return Observed(event, tuple(images.pictures))


def _body(
    said: wire.WireEvent, meant: str, bulk: BulkData, hints: Hints
) -> tuple[Mapping[str, Any], ImageRef | None, Images, tuple[str, ...]]:
    """The payload as it is recorded, its first image, all images that came inside, and the marks."""
    payload, images = said.payload, Images()
    if hints.images or said.event_type == _BULK_TYPE:
        payload, images = take_out(payload, said.image_bytes, _BULK_FIELDS if said.event_type == _BULK_TYPE else IMAGE_FIELDS)
    remarks: tuple[str, ...] = ()
    if not is_declared(said):
        payload, remarks = with_declared_fields(meant, payload)
    refs: list[ImageRef] = []
    reasons: list[str] = []
    if hints.references:
        payload, refs, reasons = resolved(payload, bulk, images)
    if meant in _IMAGE_TYPES and not (is_declared(said) or images.pictures or refs or reasons):
        refs, reasons = _blobs(said, bulk, images)
    payload = _with_beside(payload, said)
    within, had_secrets, truncated = _kept(payload, hints)
    image = images.pictures[0].ref if images.pictures else next(iter(refs), None)
    if said.event_type == _BULK_TYPE:
        bulk.remember(within, image)
    marks = [*said.marks, *remarks, *(f"{UNRESOLVED}: {reason}" for reason in dict.fromkeys(reasons))]
    marks += [MARK] if had_secrets and MARK not in said.marks else []
    marks += [TRUNCATED] if truncated or _has_cut_id(said) else []
    return within, image, images, (*marks, *images.marks)


def _kept(payload: Mapping[str, Any], hints: Hints) -> tuple[Mapping[str, Any], bool, bool]:
    """What is recorded of the payload, whether it had secrets, and whether it was cut; what was cut may show more of them."""
    clean = redacted(payload) if hints.secrets else payload
    cut, truncated = within_limits(clean) if hints.size else (clean, False)
    within = redacted(cut) if truncated and hints.secrets else cut
    return within, clean is not payload or within is not cut, truncated


def _without_secrets(said: wire.WireEvent) -> wire.WireEvent:
    """The event without those in its ids and names, and in fields that are no text; the payload is gone through at its end."""
    clean = replace(
        said,
        event_type=scrubbed(said.event_type),
        source_component=scrubbed(said.source_component),
        event_id=scrubbed(said.event_id),
        correlation_id=scrubbed(said.correlation_id) if said.correlation_id else said.correlation_id,
        causation_id=scrubbed(said.causation_id) if said.causation_id else said.causation_id,
    )
    if said.envelope is not None and said.envelope.rest:
        rest = {scrubbed_bytes(name): clean_field(name, value) for name, value in said.envelope.rest.items()}
        clean = replace(clean, envelope=replace(said.envelope, rest=rest))
    same = clean == said and (said.envelope is None or clean.envelope == said.envelope)
    return said if same else replace(clean, marks=(*said.marks, MARK))


def _has_cut_id(said: wire.WireEvent) -> bool:
    return any(f"[{TRUNCATED}: " in (id_ or "") for id_ in (said.correlation_id, said.causation_id, said.event_id))


def _times(said: wire.WireEvent) -> dict[str, Any]:
    """The stages' own times where the writer names no clock; else what the envelope says."""
    if said.clock_domain is None and not is_declared(said):
        moment = last_milestone(said.payload)
        if moment is not None and moment.clock is not None:
            return {"app_time_ns": moment.time_ns, "app_clock": moment.clock}
    return {"app_time_ns": wire.occurred_ns(said), "app_clock": said.clock_domain}


def _blobs(said: wire.WireEvent, bulk: BulkData, images: Images) -> tuple[list[ImageRef], list[str]]:
    """An image event without an image was sent in parts, which lie under its correlation id."""
    owner = said.envelope.beside.get("correlation_id") if said.envelope else None
    if not isinstance(owner, str) or not owner:
        return [], ["the image lies under a key that it shares with others (binary_blob:unknown)"]
    found = bulk.parts_of(owner, images)
    return [ref for ref in found if isinstance(ref, ImageRef)], [reason for reason in found if isinstance(reason, str)]


def _with_beside(payload: Mapping[str, Any], said: wire.WireEvent) -> Mapping[str, Any]:
    """Nothing of an entry is lost: what nobody reads is kept under a name of its own."""
    envelope = said.envelope
    if envelope is None:
        return payload
    parts: dict[str, Any] = {}
    if envelope.content.get("metadata") is envelope.metadata:
        metadata = {
            name: value for name, value in envelope.metadata.items() if name not in _READ_METADATA and value is not None
        }
        if metadata.get("timestamp_ns") == said.timestamp_ns:
            metadata.pop("timestamp_ns", None)
        if metadata:
            parts["metadata"] = metadata
    if envelope.beside:
        parts["envelope"] = dict(envelope.beside)
    if envelope.rest:
        parts["fields"] = [{"name": _lossless(name), "value": _lossless(value)} for name, value in envelope.rest.items()]
    return {**payload, BESIDE: parts} if parts else payload


def _lossless(data: bytes) -> str | dict[str, str]:
    """As text where it is text, else in hexadecimal."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"hex": data.hex()}
