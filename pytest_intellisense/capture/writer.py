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
from pytest_intellisense.capture.paths import IMAGES, SESSION_FILE
from pytest_intellisense.codec.log_lines import line_of
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.errors import CaptureFailed

Durability = Literal["strict", "relaxed"]
RELAXED_SYNC_S = 1.0


class LogWriter:
    """Owns one session directory, which must not exist yet. Not safe for threads. Every method raises CaptureFailed.

    `strict`: `write` returns when everything is on the disk. `relaxed`: lines reach the disk within a second.
    """

    def __init__(self, directory: Path, durability: Durability) -> None:
        self.directory = directory
        self.counts: dict[str, int] = {}
        self._durability = durability
        self._files: dict[str, AppendFile] = {}
        self._images: set[str] = set()
        self._unsynced: set[str] = set()
        self._synced_at = time.monotonic()
        self._lock = _claimed(directory)

    def write(self, pictures: Iterable[Picture], texts: Mapping[str, list[bytes]]) -> None:
        """Put images and records (log name -> texts) on disk."""
        self._write_images(pictures)
        for name, records in texts.items():
            file = self._files.get(name) or self._opened(name)
            seq = self.counts[name]
            file.append(b"".join(line_of(text, seq + index) for index, text in enumerate(records)))
            self.counts[name] = seq + len(records)
            self._unsynced.add(name)
        if self._durability == "strict" or time.monotonic() - self._synced_at >= RELAXED_SYNC_S:
            self.sync()

    def sync(self) -> None:
        for name in self._unsynced:
            self._files[name].sync()
        self._unsynced.clear()
        self._synced_at = time.monotonic()

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
        if new:
            sync_directory(self.directory / IMAGES)
            self._images.update(new)

    def _opened(self, name: str) -> AppendFile:
        file = self._files[name] = AppendFile(self.directory / name)
        self.counts[name] = 0
        sync_directory(self.directory)
        return file


def _claimed(directory: Path) -> int:
    """Make the directory and hold a lock on it, so that others can see that its session is alive."""
    try:
        directory.mkdir(parents=True)
        (directory / IMAGES).mkdir()
        lock = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileExistsError:
        raise CaptureFailed(
            f"the session directory {directory} exists already", hint="every session needs an id of its own"
        ) from None
    except OSError as error:
        raise failed_on(directory, error) from error
    sync_directory(directory)
    sync_directory(directory.parent)
    return lock
