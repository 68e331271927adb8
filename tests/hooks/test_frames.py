"""Frames: the processed one as an event, the raw ones on disk with their manifest."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import redis

from testrade_hooks import clock, wire
from testrade_hooks.frames import MANIFEST_NAME, RawFrameRecorder, processed_roi_frame
from testrade_hooks.publisher import EventPublisher

IMAGE = b"\x89PNG\r\n\x1a\n\0\xff"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / MANIFEST_NAME).read_text().splitlines() if line]


def test_a_processed_frame_goes_out_with_its_times(any_redis: redis.Redis) -> None:
    """Grab time, processing latency and region; the image as base64 in the payload and as bytes beside it."""
    grabbed = clock.Reading(1_000_000, 1_758_720_301_500_000_000, "clock-1")
    finished = clock.Reading(5_000_000, 1_758_720_301_504_000_000, "clock-1")
    frame = processed_roi_frame(
        IMAGE, grabbed=grabbed, finished=finished, roi=(64, 159, 681, 296), correlation_id="master", causation_id="cause"
    )
    with EventPublisher(any_redis) as publisher:
        publisher.publish(frame)
    entries: Any = any_redis.xrange(wire.PROCESSED_IMAGES)
    read = wire.decode(wire.PROCESSED_IMAGES, entries[0][1])
    assert read.payload == {
        "image_bytes": base64.b64encode(IMAGE).decode(),
        "image_format": "PNG",
        "roi_coordinates": {"x": 64, "y": 159, "width": 617, "height": 137},
        "original_grab_epoch_s": 1758720301.5,
        "preprocessing_finish_perf_ns": 5_000_000,
        "preprocessing_latency_ns": 4_000_000,
    }
    assert set(read.payload) == set(wire.EVENTS[read.event_type].fields)
    assert (read.image_bytes, read.correlation_id, read.causation_id) == (IMAGE, "master", "cause")
    assert (read.timestamp_ns, read.clock_domain, wire.occurred_ns(read)) == (1_000_000, "clock-1", 5_000_000)


def test_raw_frames_are_kept_with_a_manifest(tmp_path: Path) -> None:
    """One line a frame, in order, each naming its file."""
    with RawFrameRecorder(tmp_path / "frames") as recorder:
        assert recorder.record(b"one", correlation_id="a", grabbed=clock.Reading(7, 1_500_000_000, "clock-1"))
        assert recorder.record(b"two", correlation_id="b", image_format="JPEG")
    first, second = lines(tmp_path / "frames")
    assert first == {
        "correlation_id": "a",
        "image_filename": "000001_a.png",
        "perf_counter_ns_capture": 7,
        "epoch_s_capture": 1.5,
    }
    assert second["image_filename"] == "000002_b.jpeg"
    assert (tmp_path / "frames" / "000001_a.png").read_bytes() == b"one"
    assert (tmp_path / "frames" / "000002_b.jpeg").read_bytes() == b"two"
    assert (recorder.written, recorder.lost) == (2, 0)


@pytest.mark.parametrize("correlation_id", ["../../etc/passwd", "a/b", "", ".", "x" * 5000, "C:\\frames", "ä\n\0"])
def test_a_correlation_id_is_no_path(tmp_path: Path, correlation_id: str) -> None:
    """Whatever the id holds, the image stays in the folder and the manifest keeps the id."""
    folder = tmp_path / "frames"
    with RawFrameRecorder(folder) as recorder:
        recorder.record(IMAGE, correlation_id=correlation_id, image_format="../png")
    (line,) = lines(folder)
    assert line["correlation_id"] == correlation_id
    assert (folder / line["image_filename"]).read_bytes() == IMAGE
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {folder}


def test_a_recorder_goes_on_where_another_ended(tmp_path: Path) -> None:
    """Frames of an earlier run are neither overwritten nor dropped from the manifest."""
    for number in range(2):
        with RawFrameRecorder(tmp_path) as recorder:
            recorder.record(f"frame {number}".encode(), correlation_id="a")
    assert [line["image_filename"] for line in lines(tmp_path)] == ["000001_a.png", "000002_a.png"]
    assert (tmp_path / "000001_a.png").read_bytes() == b"frame 0"


def test_a_torn_line_spoils_only_itself(tmp_path: Path) -> None:
    """After a crash in the middle of a line the next frame still gets a line of its own."""
    (tmp_path / MANIFEST_NAME).write_text('{"correlation_id": "a", "image_fi')
    with RawFrameRecorder(tmp_path) as recorder:
        recorder.record(IMAGE, correlation_id="b")
    text = (tmp_path / MANIFEST_NAME).read_text().splitlines()
    assert len(text) == 2
    assert json.loads(text[1])["correlation_id"] == "b"


def test_a_disk_that_fails_does_not_harm_the_application(tmp_path: Path) -> None:
    """The frame is counted as lost, and the next one is tried."""
    (tmp_path / "000001_a.png").mkdir()
    with RawFrameRecorder(tmp_path) as recorder:
        assert recorder.record(b"one", correlation_id="a")
        assert recorder.record(b"two", correlation_id="b")
    assert (recorder.written, recorder.lost) == (1, 1)
    assert [line["correlation_id"] for line in lines(tmp_path)] == ["b"]


def test_after_close_frames_are_lost_and_counted(tmp_path: Path) -> None:
    """Still without an exception."""
    recorder = RawFrameRecorder(tmp_path)
    recorder.close()
    recorder.close()
    assert not recorder.record(IMAGE, correlation_id="a")
    assert recorder.lost == 1


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """It is noticed when the recorder is made."""
    (tmp_path / "frames").write_text("a file")
    with pytest.raises(OSError):
        RawFrameRecorder(tmp_path / "frames")
