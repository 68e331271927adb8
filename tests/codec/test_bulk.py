"""Images that an event only refers to are found where they are, or the event says why not."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from helpers.dialects import logged, observe
from helpers.pictures import screen
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.codec.bulk import UNRESOLVED, BulkData
from pytest_intellisense.codec.late_images import LateImages, all_joined
from pytest_intellisense.codec.pictures import Images
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import wire

IMAGE = screen()
TEXT = base64.b64encode(IMAGE).decode()
NAME = "bulk_6f0c_frame_base64_0"
REFERENCE = f"{{bulk_ref:{NAME}}}"
REFERRING = (wire.IMAGE_GRABS, logged("TESTRADE_RAW_IMAGE_GRAB", {"frame_base64": REFERENCE, "roi_used": [0, 0, 40, 20]}))
BULK = (
    wire.BULK_DATA,
    logged(
        "TESTRADE_BULK_DATA",
        {"reference": NAME, "field": "frame_base64", "path": "frame_base64", "data": TEXT},
        correlation_id=None,
    ),
)


def unresolved(event: TimelineEvent) -> list[str]:
    return [mark.removeprefix(f"{UNRESOLVED}: ") for mark in event.marks if mark.startswith(UNRESOLVED)]


def test_what_passed_on_the_bulk_stream_is_the_image() -> None:
    """The two are joined by the reference: their correlation ids have nothing to do with each other."""
    bulk = BulkData()
    stored = observe(*BULK, bulk)
    event = observe(*REFERRING, bulk).event
    assert [picture.data for picture in stored.pictures] == [IMAGE]
    assert event.image == stored.event.image
    assert event.payload["frame_base64"] == stored.pictures[0].ref.path
    assert unresolved(event) == []


def test_an_image_that_comes_later_is_joined_by_the_reader() -> None:
    """Until then the reference stays in the event, which says so; an event without references is the same object."""
    bulk = BulkData()
    event = observe(*REFERRING, bulk).event
    assert event.payload["frame_base64"] == REFERENCE
    assert unresolved(event) == ["it has not been seen on the bulk stream"]
    stored = observe(*BULK, bulk).event
    images = LateImages(lambda: [event, stored])
    for joined in (images.of(event), *all_joined([event], bulk)):
        assert (joined.image, joined.payload["frame_base64"], unresolved(joined)) == (stored.image, stored.image.path, [])
    assert images.of(stored) is stored


def test_a_key_of_the_server_is_asked_for() -> None:
    """By whoever has a client; the blobs of an image sent in parts lie under the correlation id beside the envelope."""
    keys = {"binary_blob:6f0c:part_0": IMAGE, "binary_blob:6f0c:part_1": b"\xff\xd8\xff second"}
    event = observe(
        wire.IMAGE_GRABS,
        logged("TESTRADE_RAW_IMAGE_GRAB", {"roi_used": [0, 0, 1, 1]}, correlation_id="6f0c") | {},
        BulkData(keys.get),
    ).event
    assert unresolved(event) == ["the image lies under a key that it shares with others (binary_blob:unknown)"]
    fields = {b"json_payload": logged("TESTRADE_RAW_IMAGE_GRAB", {})[b"json_payload"][:-1] + b', "correlation_id": "6f0c"}'}
    observed = observe(wire.IMAGE_GRABS, fields, BulkData(keys.get))
    assert [picture.data for picture in observed.pictures] == list(keys.values())
    assert observed.event.image == observed.pictures[0].ref


def silent(key: str) -> bytes | None:
    raise OSError("the server went away")


@pytest.mark.parametrize(
    ("bulk", "reason"),
    [
        (BulkData(), "the server was not asked for its key"),
        (BulkData(lambda key: None), "the server has no such key (any more)"),
        (BulkData(silent), "the server did not give its key: the server went away"),
    ],
)
def test_a_key_that_cannot_be_had_is_a_mark(bulk: BulkData, reason: str) -> None:
    """The event is recorded with its reference and the reason."""
    fields = logged("TESTRADE_RAW_OCR_DATA", {"processed_frame_base64": "binary_blob:6f0c:part_0"})
    event = observe(wire.RAW_OCR, fields, bulk).event
    assert (unresolved(event), event.image) == ([reason], None)
    assert event.payload["processed_frame_base64"] == "binary_blob:6f0c:part_0"


@pytest.mark.parametrize(
    "content", [TEXT, {"reference": NAME, "data": TEXT}, {"frame_base64": f"data:image/png;base64,{TEXT}"}]
)
def test_a_bulk_file_is_read(tmp_path: Path, content: object) -> None:
    """Where the application keeps bulk data in a folder."""
    (tmp_path / f"{NAME}.json").write_text(json.dumps(content))
    assert [picture.data for picture in observe(*REFERRING, BulkData(folder=tmp_path)).pictures] == [IMAGE]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: None, "No such file or directory"),
        (lambda file: file.symlink_to("/etc/hostname"), "Too many levels of symbolic links"),
        (lambda file: file.mkdir(), "Is a directory|no file"),
        (lambda file: file.write_text("{"), "Expecting"),
        (lambda file: file.write_text("[]"), "no image"),
        (lambda file: file.write_text('{"data": 7}'), "no image"),
    ],
    ids=["missing", "a link", "a folder", "cut off", "a list", "no text"],
)
def test_a_bulk_file_that_is_none_is_a_mark(tmp_path: Path, make: object, reason: str) -> None:
    """Nothing is followed out of the folder, and nothing that is no image gets in."""
    make(tmp_path / f"{NAME}.json")  # type: ignore[operator]
    (found,) = unresolved(observe(*REFERRING, BulkData(folder=tmp_path)).event)
    assert any(part in found for part in reason.split("|")), found


@given(st.text(max_size=30) | st.sampled_from(["../x", "..", "/etc/passwd", "a/../../b"]))
def test_no_reference_leads_out_of_the_folder(name: str) -> None:
    """A name with a slash is no reference at all."""
    found = BulkData(folder=Path("/nonexistent-folder")).resolve(f"{{bulk_ref:{name}}}", Images())
    assert found is None or "/" not in name
