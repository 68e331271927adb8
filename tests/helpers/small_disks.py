"""A small file system of its own, which can be filled to the last byte or inode; needs the right to mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk(type(Path())):  # type: ignore[misc]
    """The path where it is mounted."""

    def fill(self, full_of: str) -> None:
        """Leave not one free `bytes` or not one free `inodes`."""
        if full_of == "inodes":
            with suppress(OSError):
                for number in range(1_000_000):
                    (self / f"filler-{number}").touch()
            return
        with suppress(OSError), (self / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))


@contextmanager
def small_disk(path: Path, *, size: str, inodes: int = 0) -> Iterator[SmallDisk]:
    """A tmpfs at `path`; `inodes` 0: as many as fit. Skips where mounting is not allowed."""
    path.mkdir()
    options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, text=True)
    if mounted.returncode != 0:
        if os.geteuid() == 0 and "denied" not in mounted.stderr:
            pytest.fail(f"cannot mount a tmpfs as root: {mounted.stderr}")
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
