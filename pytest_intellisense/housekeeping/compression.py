"""Compression of logs that nobody writes any more; at every moment either the log or its proved copy is there."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import zstandard

from pytest_intellisense.capture.disk import failed_on
from pytest_intellisense.capture.paths import LOGS, UNPARSED
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.housekeeping.capture_root import root_of
from pytest_intellisense.housekeeping.descriptors import (
    chunks_of,
    directory,
    file_to_read,
    file_to_write,
    names_in,
    put_on_disk,
    write_all,
)
from pytest_intellisense.housekeeping.session_folder import SessionFolder, SessionInUse

_LEVEL = 6
_SEGMENT = re.compile(r"segment-\d{6,}")
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Compressed:
    """How many logs were compressed, and what they took before and take now."""

    files: int = 0
    before_bytes: int = 0
    after_bytes: int = 0

    def __add__(self, other: Compressed) -> Compressed:
        return Compressed(
            self.files + other.files, self.before_bytes + other.before_bytes, self.after_bytes + other.after_bytes
        )


def compress_session(path: Path) -> Compressed:
    """Compress every log of a session; of one that is being recorded, every segment but the newest.

    Of a running dash-cam nothing: it removes segments itself. May run beside the recorder. Raises CaptureFailed with path and
    errno, and has removed nothing that is not proved then; raises NotASession, and SessionInUse if another command works on
    an ended session.
    """
    with root_of(path) as (root, name), root.session(name) as session:
        return sum((_compress_segment(segment, session) for segment in _closed_segments(session)), Compressed())


class _NotTheSame(Exception):
    """The compressed form does not give the log."""


def _closed_segments(session: SessionFolder) -> list[str]:
    """The directories with logs that nobody writes any more; the first segment lies in the session's own directory."""
    live = False
    try:
        session.claim()
    except SessionInUse:
        if session.facts.get("state") != "recording":
            raise
        if "dashcam" in session.facts:
            return []
        live = True
    later = sorted((name for name in names_in(session.fd) if _SEGMENT.fullmatch(name)), key=lambda name: int(name[8:]))
    return [".", *later][: -1 if live else None]


def _compress_segment(segment: str, session: SessionFolder) -> Compressed:
    done = Compressed()
    with directory(segment, session.fd) as folder:
        for log in (*LOGS, UNPARSED):
            path = session.shown / segment / log
            try:
                done += _compress_log(log, folder)
            except OSError as error:
                raise failed_on(path, error) from error
            except _NotTheSame:
                raise CaptureFailed(
                    f"{path} does not read back from its compressed form as it was; it was left alone",
                    hint="the disk is not to be trusted, or somebody writes to a log that was closed",
                ) from None
    return done


def _compress_log(name: str, folder: int) -> Compressed:
    """Write beside it, sync, read back, rename, and only then remove the original. Raises OSError, _NotTheSame."""
    if name not in names_in(folder):
        return Compressed()
    temporary = f".{name}.zst.tmp"
    with file_to_read(name, folder) as original:
        if not _held_alone(original, name, folder):
            return Compressed()
        try:
            size, after = _write_proved(original, temporary, folder)
            os.rename(temporary, f"{name}.zst", src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):  # the first problem is the one to tell
                os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)
        os.unlink(name, dir_fd=folder)
        os.fsync(folder)
    return Compressed(1, size, after)


def _held_alone(original: int, name: str, folder: int) -> bool:
    """Lock the log against a second compressor; False if that one has it, or has finished with it in this moment."""
    try:
        fcntl.flock(original, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(original), os.stat(name, dir_fd=folder, follow_symlinks=False))
    except (BlockingIOError, FileNotFoundError):
        return False


def _write_proved(original: int, temporary: str, folder: int) -> tuple[int, int]:
    """The sizes in bytes of the log and of the compressed file, which is on disk then and gives the log back."""
    size = os.fstat(original).st_size
    digest = hashlib.sha256()
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj(size=size)
    with file_to_write(temporary, folder) as compressed:
        try:
            for chunk in chunks_of(original):
                digest.update(chunk)
                write_all(compressed, packer.compress(chunk))
            write_all(compressed, packer.flush())
            put_on_disk(compressed)
            if _unpacked_digest(compressed) != digest.digest() or os.fstat(original).st_size != size:
                raise _NotTheSame
        except zstandard.ZstdError:
            raise _NotTheSame from None
        return size, os.fstat(compressed).st_size


def _unpacked_digest(compressed: int) -> bytes:
    digest = hashlib.sha256()
    with open(compressed, "rb", closefd=False) as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        while piece := unpacked.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.digest()
