"""When the disk says no: the capture stops with path and error, and nothing that is not on disk is acknowledged."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: the write that would fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def publish(endpoint: Endpoint, count: int, image: bytes | None = None) -> None:
    with endpoint.open() as client:
        for number in range(count):
            event = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"number": number}, image_bytes=image)
            client.xadd(event.stream, wire.encode(event))


def pending(endpoint: Endpoint) -> int:
    with endpoint.open() as client:
        (group,) = client.xinfo_groups(wire.PROCESSED_IMAGES)
        return int(group["pending"])


def unacknowledged(endpoint: Endpoint) -> int:
    """Entries that were handed to us and not acknowledged, and those that were never handed out."""
    with endpoint.open() as client:
        (group,) = client.xinfo_groups(wire.PROCESSED_IMAGES)
        after = b"(" + group["last-delivered-id"]
        return int(group["pending"]) + len(client.xrange(wire.PROCESSED_IMAGES, after, b"+"))


def test_a_full_disk_stops_the_capture(endpoint: Endpoint, tmp_path: Path) -> None:
    """What was written before is readable and acknowledged, nothing of the rest is acknowledged, and the message says why."""
    session = CaptureSession(tmp_path, "full", StreamConsumer(endpoint, "full"))
    session.start()
    publish(endpoint, 3)
    session.loss()
    with files_of_at_most(4000):
        publish(endpoint, 20)
        with pytest.raises(CaptureFailed, match=r"image\.jsonl cannot be written: File too large \(EFBIG\)"):
            session.loss()
        session.close()
    readable = [event.payload["number"] for event in read_session(session.directory)]
    assert readable[:3] == [0, 1, 2]
    assert unacknowledged(endpoint) == 20


def test_enough_room_is_no_fault(endpoint: Endpoint, tmp_path: Path) -> None:
    """The control of the full disk: with room for all of it nothing stops and nothing stays pending."""
    with files_of_at_most(400_000), CaptureSession(tmp_path, "room", StreamConsumer(endpoint, "room")) as session:
        publish(endpoint, 23)
        session.loss()
        assert pending(endpoint) == 0


def test_no_line_without_its_image(endpoint: Endpoint, tmp_path: Path) -> None:
    """An image that does not fit stops the capture before its line is written, and leaves no half file."""
    session = CaptureSession(tmp_path, "image", StreamConsumer(endpoint, "image"))
    session.start()
    with files_of_at_most(50_000):
        publish(endpoint, 1, image=bytes(60_000))
        with pytest.raises(CaptureFailed, match=r"images/.* cannot be written"):
            session.loss()
        session.close()
    assert list(read_session(session.directory)) == []
    assert list((session.directory / "images").iterdir()) == []
    assert pending(endpoint) == 1


def test_a_session_deleted_under_us_is_noticed(endpoint: Endpoint, tmp_path: Path) -> None:
    """Writing on into a file that has no name any more would be a silent loss."""
    session = CaptureSession(tmp_path, "gone", StreamConsumer(endpoint, "gone"))
    session.start()
    publish(endpoint, 1)
    session.loss()
    shutil.rmtree(session.directory)
    publish(endpoint, 1)
    with pytest.raises(CaptureFailed, match="ENOENT"):
        session.loss()
    with pytest.raises(CaptureFailed):
        session.close()


@pytest.mark.parametrize("kind", ["a file", "missing parent is fine"])
def test_a_root_that_cannot_be_used(endpoint: Endpoint, tmp_path: Path, kind: str) -> None:
    """A file in the place of the folder is refused before anything is read; a missing folder is made."""
    root = tmp_path / "captures"
    if kind == "a file":
        root.write_text("")
        with pytest.raises(CaptureFailed, match="captures"):
            CaptureSession(root, "one", StreamConsumer(endpoint, "one")).start()
    else:
        with CaptureSession(root / "deep", "one", StreamConsumer(endpoint, "one")):
            assert (root / "deep" / "one" / "session.json").exists()
