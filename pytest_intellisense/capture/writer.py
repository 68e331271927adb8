"""LogWriter: puts events on disk in the order image, line, sync."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pytest_intellisense.capture.disk import AppendFile, failed_on, sync_directory, write_whole
from pytest_intellisense.capture.paths import IMAGES, SESSION_FILE, segment_directory
from pytest_intellisense.codec.log_lines import lines_of
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.errors import DiskProblem

Durability = Literal["strict", "relaxed"]
RELAXED_SYNC_S = 1.0
_LOCK_WITHIN_S = 1.0


class LogWriter:
    """Owns one session directory, which must not exist yet. Not safe for threads. Every method raises CaptureFailed.

    `again`: goes on in a directory that nobody writes to any more, in a new segment. `counts` are the lines that were written
    to each log, in all segments; `bytes_written` counts lines and images.

    `strict`: `settle` returns when everything is on the disk. `relaxed`: lines reach the disk within a second.
    """

    def __init__(self, directory: Path, durability: Durability, *, again: bool = False) -> None:
        self.directory = directory
        self.segment = 1
        self.counts: dict[str, int] = {}
        self.bytes_written = 0
        self._durability = durability
        self._files: dict[str, AppendFile] = {}
        self._lines: dict[str, int] = {}
        self._images: set[str] = set()
        self._unsynced: set[str] = set()
        self._synced_at = time.monotonic()
        self._lock = _claimed(directory, again=again)
        if again:
            self.segment = newest_segment(directory)
            self.rotate()

    def write(self, pictures: Iterable[Picture], texts: Mapping[str, list[bytes]]) -> None:
        """Put images, and then records (log name -> texts), into their files; `settle` makes them last."""
        self._write_images(pictures)
        for name, records in texts.items():
            file = self._files.get(name) or self._opened(name)
            seq = self._lines[name]
            lines = lines_of(records, seq)
            file.append(lines)
            self.bytes_written += len(lines)
            self._lines[name] = seq + len(records)
            self.counts[name] += len(records)
            self._unsynced.add(name)

    def settle(self) -> None:
        """What was written is now as durable as it was ordered."""
        if self._durability == "strict" or time.monotonic() - self._synced_at >= RELAXED_SYNC_S:
            self.sync()

    def sync_due_in_s(self) -> float | None:
        """When lines that were written must be on the disk; None: they are."""
        return max(0.0, self._synced_at + RELAXED_SYNC_S - time.monotonic()) if self._unsynced else None

    def sync(self) -> None:
        while self._unsynced:
            name = self._unsynced.pop()  # before the sync: one that failed is not repeated, its data may be gone already
            self._files[name].sync()
        self._synced_at = time.monotonic()

    def rotate(self) -> None:
        """Close the logs of this segment, complete and on the disk, and go on in the next one."""
        self.sync()
        for file in self._files.values():
            file.close()
        self._files, self._lines = {}, {}
        self._images.clear()  # bounds the memory; an image that is seen again is put in place again, the same bytes
        self.segment += 1
        folder = segment_directory(self.directory, self.segment)
        try:
            folder.mkdir()
        except OSError as error:
            raise failed_on(folder, error) from error
        sync_directory(self.directory)

    def write_session(self, facts: Mapping[str, Any]) -> None:
        """Replace session.json as a whole."""
        write_whole(self.directory / SESSION_FILE, json.dumps(facts, indent=2).encode() + b"\n")

    def close(self) -> None:
        """Sync and close the files and give the directory free. Does nothing the second time."""
        lock, self._lock = self._lock, -1
        if lock < 0:
            return
        try:
            self.sync()
        finally:
            for file in self._files.values():
                file.close()
            os.close(lock)

    def _write_images(self, pictures: Iterable[Picture]) -> None:
        new = {picture.ref.path: picture.data for picture in pictures if picture.ref.path not in self._images}
        for path, data in new.items():
            write_whole(self.directory / path, data)
            self.bytes_written += len(data)
        if new:
            sync_directory(self.directory / IMAGES)
            self._images.update(new)

    def _opened(self, name: str) -> AppendFile:
        folder = segment_directory(self.directory, self.segment)
        file = self._files[name] = AppendFile(folder / name)
        self._lines[name] = 0
        self.counts.setdefault(name, 0)
        sync_directory(folder)
        return file


def newest_segment(directory: Path) -> int:
    """The number of the last segment of a session."""
    numbers = (folder.name.removeprefix("segment-") for folder in directory.glob("segment-*"))
    return max((int(number) for number in numbers if number.isdigit()), default=1)


def _claimed(directory: Path, *, again: bool) -> int:
    """Hold a lock on the directory, so that others can see that its session is alive; make it, unless it is used again."""
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    try:
        if not again:
            directory.mkdir(parents=True)
        (directory / IMAGES).mkdir(exist_ok=again)
        lock = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except FileExistsError:
        raise DiskProblem(
            f"the session directory {directory} exists already{_recorded_by(directory)}",
            hint="every session needs an id of its own",
        ) from None
    except OSError as error:
        raise failed_on(directory, error) from error
    _lock_soon(lock, directory)
    sync_directory(directory)
    for folder in made:
        sync_directory(folder.parent)
    return lock


def _recorded_by(directory: Path) -> str:
    """Who has put a session there, as far as its session.json tells."""
    try:
        pid = json.loads((directory / SESSION_FILE).read_bytes())["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f", recorded by process {pid}"


def _lock_soon(lock: int, directory: Path) -> None:
    """Whoever looks whether the session is alive holds the lock for an instant; a session that is alive keeps it."""
    deadline = time.monotonic() + _LOCK_WITHIN_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise DiskProblem(
                    f"the session in {directory} is being recorded still{_recorded_by(directory)}",
                    hint="stop it, or use another session id",
                ) from None
            time.sleep(0.01)
        except OSError as error:
            os.close(lock)
            raise failed_on(directory, error) from error
        else:
            return
