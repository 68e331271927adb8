"""Closed logs are compressed, and every reader reads on as if nothing had happened."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from helpers.recorded_sessions import RecordedSession, files_below, numbers_in, recorded
from helpers.small_disks import small_disk

from pytest_intellisense.cli.main import main
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.housekeeping.compression import Compressed, compress_session
from pytest_intellisense.housekeeping.segment_compressor import SegmentCompressor


def logs_of(directory: Path) -> list[str]:
    return [path for path in files_below(directory) if ".jsonl" in path]


def test_an_ended_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All logs of all segments become smaller, and give the same events."""
    directory = recorded(tmp_path, "one", segments=(200, 100, 100))
    assert main(["compress", str(directory)]) == 0
    assert logs_of(directory) == ["image.jsonl.zst", "segment-000002/image.jsonl.zst", "segment-000003/image.jsonl.zst"]
    assert numbers_in(directory) == list(range(400))
    assert "3 logs compressed" in capsys.readouterr().out


def test_the_segment_that_is_being_written_stays(tmp_path: Path) -> None:
    """Of a session that is being recorded, all but the newest segment are compressed, and recording goes on."""
    with RecordedSession(tmp_path, "one") as session:
        for _segment in range(2):
            session.record(50)
            session.rotate()
        session.record(50)
        assert compress_session(session.directory).files == 2
        session.record(50)
        assert logs_of(session.directory) == ["image.jsonl.zst", "segment-000002/image.jsonl.zst", "segment-000003/image.jsonl"]
    assert numbers_in(session.directory) == list(range(200))


def test_the_only_segment_of_a_live_session_stays(tmp_path: Path) -> None:
    """There is nothing closed in a session without rotation until it ends."""
    with RecordedSession(tmp_path, "one") as session:
        session.record(50)
        assert compress_session(session.directory) == Compressed()
    assert compress_session(session.directory).files == 1


def test_a_running_dashcam_is_left_alone(tmp_path: Path) -> None:
    """It removes segments that nobody wants; when it has ended it is a session like any other."""
    with RecordedSession(tmp_path, "one", dashcam={"hits": 0}) as session:
        session.record(50)
        session.rotate()
        assert compress_session(session.directory) == Compressed()
    assert compress_session(session.directory).files == 1


def test_again_and_again(tmp_path: Path) -> None:
    """What is compressed is left alone; so is an empty session."""
    directory = recorded(tmp_path, "one", segments=(50,))
    compress_session(directory)
    before = files_below(directory)
    assert compress_session(directory) == Compressed()
    assert files_below(directory) == before
    assert compress_session(recorded(tmp_path, "empty", segments=(0,))) == Compressed()


def test_a_torn_tail_is_kept_as_it_is(tmp_path: Path) -> None:
    """Compression hides no damage: what a reader would have said of the log it says of the compressed one."""
    directory = recorded(tmp_path, "one", segments=(50,))
    with (directory / "image.jsonl").open("ab") as log:
        log.write(b'{"seq":50,"cr')
    compress_session(directory)
    with pytest.raises(AssertionError, match="torn"):
        numbers_in(directory)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A log that is a link to somewhere else is refused, and what it leads to stays as it is."""
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_text("not ours")
    directory = recorded(tmp_path, "one", segments=(0,))
    (directory / "ocr.jsonl").symlink_to(elsewhere)
    with pytest.raises(CaptureFailed, match=r"ocr\.jsonl"):
        compress_session(directory)
    assert elsewhere.read_text() == "not ours"
    assert not (tmp_path / "elsewhere.jsonl.zst").exists()


@pytest.mark.parametrize("full_of", ["bytes", "inodes"])
def test_no_room_to_compress(tmp_path: Path, full_of: str) -> None:
    """The disk is full: the message names the file and the error, and the log is still there as it was."""
    with small_disk(tmp_path / "disk", size="1m", inodes=40) as disk:
        directory = recorded(disk, "one", segments=(15,))
        before = files_below(directory)
        disk.fill(full_of)
        with pytest.raises(CaptureFailed, match=r"image\.jsonl cannot be written: No space left on device \(ENOSPC\)"):
            compress_session(directory)
        assert files_below(directory) == before
        assert numbers_in(directory) == list(range(15))


def test_removing_first_would_lose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: on a full disk this test sees the loss of a compressor that removes the log before its copy is on disk."""
    fsync = os.fsync

    def remove_then_sync(file: int) -> None:
        (directory / "image.jsonl").unlink(missing_ok=True)
        raise OSError(28, "No space left on device")

    directory = recorded(tmp_path, "one", segments=(15,))
    monkeypatch.setattr(os, "fsync", remove_then_sync)
    with pytest.raises(CaptureFailed):
        compress_session(directory)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(AssertionError, match="15 lines are missing"):
        numbers_in(directory)


def test_what_does_not_read_back_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that changes what was written: the original stays, the copy goes."""
    pwrite, fsync = os.pwrite, os.fsync

    def spoil_then_sync(file: int) -> None:
        if Path(f"/proc/self/fd/{file}").readlink().name.endswith(".zst.tmp"):
            pwrite(file, b"\0\0\0\0", 20)
        fsync(file)

    directory = recorded(tmp_path, "one", segments=(50,))
    before = files_below(directory)
    monkeypatch.setattr(os, "fsync", spoil_then_sync)
    with pytest.raises(CaptureFailed, match="does not read back"):
        compress_session(directory)
    assert files_below(directory) == before


def test_a_compressor_that_cannot_go_on_says_so_once(tmp_path: Path) -> None:
    """Recording goes on without it."""
    told: list[str] = []
    done = threading.Event()
    compressor = SegmentCompressor(tmp_path / "one", lambda text: (told.append(text), done.set()))
    with RecordedSession(tmp_path, "one") as session:
        (session.directory / "ocr.jsonl").symlink_to("/etc/passwd")
        session.rotate()
        compressor.look(2)
        assert done.wait(30)
        compressor.look(3)
        compressor.close()
    assert len(told) == 1
    assert told[0].startswith("closed segments are not compressed any more: ")
    assert "ocr.jsonl" in told[0]
