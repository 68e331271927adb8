"""Copying that is proved: what was written is read back from the disk and compared before anybody relies on it."""

from __future__ import annotations

import hashlib
import os
import stat

from pytest_intellisense.capture.paths import SESSION_FILE
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.housekeeping.descriptors import (
    chunks_of,
    directory,
    file_to_read,
    file_to_write,
    names_in,
    put_on_disk,
    write_all,
)

Inventory = dict[str, tuple[int, int]]


def inventory(folder: int) -> Inventory:
    """Path -> (size in bytes, time of change) of every file below an open directory.

    Raises EnvironmentProblem for what is neither file nor directory, OSError.
    """
    found: Inventory = {}
    for path, directories, files, fd in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        for name in (*directories, *files):
            shown = f"{path}/{name}".removeprefix("./")
            state = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(state.st_mode):
                found[shown] = (state.st_size, state.st_mtime_ns)
            elif not stat.S_ISDIR(state.st_mode):
                raise EnvironmentProblem(
                    f"{shown} in the session is neither a file nor a directory; no recording makes such things",
                    hint="move it out of the session",
                )
    return found


def copy_tree(source: int, target: int) -> None:
    """Copy everything below one open directory into an empty other one, and sync it; session.json first.

    Raises OSError, and EnvironmentProblem if something does not read back as it was written.
    """
    for name in sorted(names_in(source), key=lambda name: name != SESSION_FILE):
        if not stat.S_ISDIR(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode):
            _copy_file(name, source, target)
            continue
        os.mkdir(name, dir_fd=target)
        with directory(name, source) as below, directory(name, target) as copied:
            copy_tree(below, copied)
    os.fsync(target)


def same_content(one: int, other: int) -> bool:
    """Whether two open directories hold the same files with the same bytes. Raises as `inventory`."""
    files, others = inventory(one), inventory(other)
    if {path: size for path, (size, _) in files.items()} != {path: size for path, (size, _) in others.items()}:
        return False
    return all(_hash_of(path, one) == _hash_of(path, other) for path in files)


def _copy_file(name: str, source: int, target: int) -> None:
    written = hashlib.sha256()
    with file_to_read(name, source) as original, file_to_write(name, target) as copy:
        for chunk in chunks_of(original):
            written.update(chunk)
            write_all(copy, chunk)
        put_on_disk(copy)
        if _digest(copy) != written.digest():
            raise EnvironmentProblem(f"{name} does not read back as it was written", hint="that disk is not to be trusted")
        times = os.fstat(original)
        os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))


def _hash_of(path: str, folder: int) -> bytes:
    with file_to_read(path, folder) as file:
        return _digest(file)


def _digest(file: int) -> bytes:
    digest = hashlib.sha256()
    for chunk in chunks_of(file):
        digest.update(chunk)
    return digest.digest()
