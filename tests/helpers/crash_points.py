"""Housekeeping that ends at every possible point: `python -m helpers.crash_points WAY FOLDER FAULT`.

FOLDER/at-N gets a root `captures` with the session `one`, and an empty `archive`; a process of its own carries out WAY there
and meets FAULT in its N-th call that changes a disk: `kill` (SIGKILL; a write is half done then) or the name of an errno. N
grows until the process meets no fault any more. The last three ways hold known mistakes, to prove that a check finds them.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.recorded_sessions import recorded

from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.housekeeping.archive import archive_session
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.compression import compress_session
from pytest_intellisense.housekeeping.removal import remove_unless_kept

SEGMENTS = (4, 3)
_CHANGING = ("write", "fsync", "rename", "unlink", "rmdir", "mkdir")


def compress(place: Path) -> None:
    compress_session(place / "captures" / "one")


def remove(place: Path) -> None:
    with CaptureRoot(place / "captures") as root:
        remove_unless_kept(root, "one")


def archive(place: Path) -> None:
    with CaptureRoot(place / "captures") as root:
        archive_session(root, "one", place / "archive")


def compress_unlinking_first(place: Path) -> None:
    """The log goes before its compressed form has its name."""
    rename = os.rename

    def unlink_then_rename(source: str, target: str, **places: int) -> None:
        os.unlink(target.removesuffix(".zst"), dir_fd=places["dst_dir_fd"])
        rename(source, target, **places)

    os.rename = unlink_then_rename
    compress(place)


def remove_in_place(place: Path) -> None:
    """File after file goes while the session is still to be seen."""
    shutil.rmtree(place / "captures" / "one")


def archive_in_place(place: Path) -> None:
    """The copy has its name from the beginning, and the original goes file by file."""
    shutil.copytree(place / "captures" / "one", place / "archive" / "one", copy_function=_copy)
    shutil.rmtree(place / "captures" / "one")


def _copy(source: str, target: str) -> None:
    file = os.open(target, os.O_WRONLY | os.O_CREAT)
    os.write(file, Path(source).read_bytes())
    os.close(file)


WAYS: dict[str, Callable[[Path], None]] = {
    "compress": compress,
    "remove": remove,
    "archive": archive,
    "compress, unlink first": compress_unlinking_first,
    "remove in place": remove_in_place,
    "archive in place": archive_in_place,
}


class Fault:
    """Meets the N-th changing call of this process."""

    def __init__(self, kind: str, number: int) -> None:
        self._kind = kind
        self._left = number
        for name in _CHANGING:
            setattr(os, name, self._watched(name, getattr(os, name)))

    @property
    def met(self) -> bool:
        return self._left <= 0

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self._meet(name, call, arguments)
            return call(*arguments, **options)

        return watched

    def _meet(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if self._kind != "kill":
            raise OSError(getattr(errno, self._kind), os.strerror(getattr(errno, self._kind)))
        if name == "write":
            call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


def one_run(way: Callable[[Path], None], place: Path, fault: str, number: int) -> bool:
    """Whether the fault was met; the last word of the process is in `place`/said."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != 0
    (place / "said").touch()
    waiting = Fault(fault, number)
    try:
        way(place)
    except (IntelliSenseError, OSError) as problem:
        (place / "said").write_text(str(problem))
    os._exit(waiting.met)


def main(way: str, folder: str, fault: str) -> None:
    template = Path(folder) / "template"
    (template / "archive").mkdir(parents=True)
    recorded(template / "captures", "one", segments=SEGMENTS)
    for number in itertools.count(1):
        place = Path(folder) / f"at-{number}"
        shutil.copytree(template, place)
        if not one_run(WAYS[way], place, fault, number):
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
