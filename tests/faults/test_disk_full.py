"""A disk that is full, read-only, or changed behind our back: the capture stops, and what it acknowledged is in its log."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from helpers.log_workload import image
from helpers.redis_server import RedisServer
from helpers.remains import Remains, acknowledged_on
from helpers.small_disks import small_disk

from pytest_intellisense.capture import disk
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

pytestmark = pytest.mark.timeout(60)

STREAM = wire.PROCESSED_IMAGES
GROUP = "intellisense:one"


def session_on(server: RedisServer, root: Path) -> CaptureSession:
    return CaptureSession(root, "one", StreamConsumer(endpoint_of(server.url), "one"))


def publish(
    server: RedisServer, count: int, *, text: str = "", picture: Callable[[int], bytes | None] = lambda _: None
) -> None:
    with server.client() as client:
        for number in range(count):
            event = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"number": number, "text": text}, image_bytes=picture(number))
            client.xadd(event.stream, wire.encode(event))


def stopped_by_the_disk(session: CaptureSession) -> str:
    """What the capture says when it stops; it must. The end of its session may find the same disk and say so."""
    with pytest.raises(CaptureFailed) as said:
        session.loss()
    with suppress(CaptureFailed):
        session.close()
    return str(said.value)


def remains(server: RedisServer, session: CaptureSession) -> Remains:
    with server.client() as client:
        return Remains.of(session.directory, acknowledged_on(client, STREAM, GROUP))


def test_no_space_for_a_line(server: RedisServer, tmp_path: Path) -> None:
    """A disk of 64 KiB: the log is named, what fitted is acknowledged and readable, the rest is neither."""
    with small_disk(tmp_path / "disk", size="64k") as root:
        session = session_on(server, root)
        session.start()
        publish(server, 5)
        session.loss()
        publish(server, 400, text="x" * 500)
        assert "image.jsonl cannot be written: No space left on device (ENOSPC)" in stopped_by_the_disk(session)
        left = remains(server, session)
    assert 5 <= left.acknowledged < 405
    assert left.sound, left
    assert left.torn == 0


def test_no_space_for_an_image(server: RedisServer, tmp_path: Path) -> None:
    """The image is named, its line was not written, and no piece of it lies around."""
    with small_disk(tmp_path / "disk", size="64k") as root:
        session = session_on(server, root)
        session.start()
        publish(server, 3, picture=lambda number: image(number) if number < 2 else image(number) + bytes(70_000))
        said = stopped_by_the_disk(session)
        assert f"{session.directory}/images/" in said
        assert "No space left on device (ENOSPC)" in said
        assert remains(server, session).sound
        assert all(len(path.read_bytes()) < 1000 for path in (session.directory / "images").iterdir())


def test_no_inodes_for_images(server: RedisServer, tmp_path: Path) -> None:
    """A disk with room for bytes and not for files: as without space."""
    with small_disk(tmp_path / "disk", size="10m", inodes=24) as root:
        session = session_on(server, root)
        session.start()
        publish(server, 3, picture=image)
        session.loss()
        publish(server, 40, picture=image)
        assert "No space left on device (ENOSPC)" in stopped_by_the_disk(session)
        left = remains(server, session)
    assert 3 <= left.acknowledged < 40
    assert left.sound, left


def test_enough_room_is_no_fault(server: RedisServer, tmp_path: Path) -> None:
    """The control of all three: on a disk with room the same entries are all recorded and acknowledged."""
    with small_disk(tmp_path / "disk", size="10m") as root:
        session = session_on(server, root)
        session.start()
        publish(server, 43, picture=lambda number: image(number) + bytes(70_000))
        publish(server, 400, text="x" * 500)
        session.loss()
        assert remains(server, session) == Remains(acknowledged=443)
        session.close()


def test_a_read_only_disk(server: RedisServer, tmp_path: Path) -> None:
    """Refused before anything is read: Redis is not even asked for a group."""
    with small_disk(tmp_path / "disk", size="64k") as root:
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        with pytest.raises(CaptureFailed, match=rf"{root}.* cannot be written: Read-only file system \(EROFS\)"):
            session_on(server, root).start()
    with server.client() as client:
        assert client.keys() == []


def test_two_runs_on_one_directory(server: RedisServer, tmp_path: Path) -> None:
    """The second is refused and names the process of the first, which goes on."""
    with session_on(server, tmp_path) as first:
        with pytest.raises(CaptureFailed, match=rf"{first.directory} exists already, recorded by process {os.getpid()}\b"):
            session_on(server, tmp_path).start()
        publish(server, 1)
        first.loss()
        assert remains(server, first) == Remains(acknowledged=1)


def renamed(log: Path) -> None:
    log.rename(log.with_suffix(".1"))


def renamed_and_made_again(log: Path) -> None:
    renamed(log)
    log.touch()


def emptied(log: Path) -> None:
    log.write_bytes(b"")


def deleted(log: Path) -> None:
    log.unlink()


def with_its_folder(log: Path) -> None:
    shutil.rmtree(log.parent)


def moved_with_its_folder(log: Path) -> None:
    log.parent.rename(log.parent.with_name("moved"))


MEDDLING = [renamed, renamed_and_made_again, emptied, deleted, with_its_folder, moved_with_its_folder]


def meddled_with(server: RedisServer, root: Path, meddle: Callable[[Path], None]) -> CaptureSession:
    """A capture of three entries whose log was meddled with, and three more entries."""
    session = session_on(server, root)
    session.start()
    publish(server, 3)
    session.loss()
    meddle(session.directory / "image.jsonl")
    publish(server, 3)
    return session


@pytest.mark.parametrize("meddle", MEDDLING, ids=lambda one: one.__name__)
def test_a_log_changed_behind_our_back(server: RedisServer, tmp_path: Path, meddle: Callable[[Path], None]) -> None:
    """Rotated, emptied, deleted, moved: nothing is acknowledged that no reader would find, and the log is named."""
    session = meddled_with(server, tmp_path, meddle)
    assert "image.jsonl cannot be written" in stopped_by_the_disk(session)
    with server.client() as client:
        assert len(acknowledged_on(client, STREAM, GROUP)) == 3


def test_a_change_nobody_looks_for_is_lost(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the look at the file the capture goes on and acknowledges lines that are nowhere."""
    monkeypatch.setattr(disk, "check_unharmed", lambda *_: None)
    session = meddled_with(server, tmp_path, deleted)
    session.loss()
    assert remains(server, session).lost > 0
    session.close()
