"""A disk that forgets what was not synced: what would be left if the power failed between two system calls of a recorded run.

The rules are those of POSIX, harsher than any file system in use: the content of a file survives by fsync of the file, its name
by fsync of the folder, and so does every folder's name. A sync that failed has dropped the data. What was not synced is gone
(`chance` None), or each piece of it has survived or not (`chance`): any beginning of the writes, zeros where a write was lost
behind a larger size, any beginning of the changes to a folder.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.syscall_trace import Call

_CHANGES_NOTHING = {"open", "openat", "close"}
"""A file that is opened to be made is not there after a power loss until its folder is synced: no moment of its own."""


@dataclass
class File:
    now: bytearray = field(default_factory=bytearray)
    synced: bytes = b""

    def sync(self) -> None:
        self.synced = bytes(self.now)

    def after(self, chance: random.Random | None) -> bytes:
        if chance is None or self.synced == self.now:
            return self.synced
        kept = chance.randint(min(len(self.synced), len(self.now)), len(self.now))
        beginning = bytes(self.now[:kept])
        return beginning + bytes(chance.choice((0, 1)) * (len(self.now) - kept))


@dataclass
class Folder:
    now: dict[str, File | Folder] = field(default_factory=dict)
    synced: dict[str, File | Folder] = field(default_factory=dict)
    changes: list[tuple[str, File | Folder | None]] = field(default_factory=list)

    def put(self, name: str, node: File | Folder | None) -> None:
        self.changes.append((name, node))
        _put(self.now, name, node)

    def sync(self) -> None:
        self.synced, self.changes = dict(self.now), []

    def after(self, chance: random.Random | None) -> dict[str, File | Folder]:
        names = dict(self.synced)
        if chance is not None:
            for name, node in self.changes[: chance.randint(0, len(self.changes))]:
                _put(names, name, node)
        return names


def _put(names: dict[str, File | Folder], name: str, node: File | Folder | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


class ForgetfulDisk:
    """Everything below `root`, which is there and empty at the beginning; `apply` each call, then look `after` a power loss."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = Folder()
        self._open: dict[int, File | Folder] = {}

    def apply(self, call: Call) -> None:
        """Do what the call did. Fails on one that touches something below `root` and is not known here."""
        if call.name in ("open", "openat"):
            self._opened(call)
        elif call.name == "close":
            self._open.pop(call.descriptor, None)
        elif call.name in ("mkdir", "rename", "unlink", "rmdir"):
            if call.result == 0:
                self._names_changed(call)
        elif call.arguments[:1].isdigit():
            if call.descriptor in self._open:
                self._content_changed(call, self._open[call.descriptor])
        else:
            inside = any(str(self._root) in text.decode(errors="replace") for text in call.texts)
            assert not inside, f"this disk does not know {call.name}"

    def after(self, folder: Path, chance: random.Random | None = None) -> None:
        """Put what survives a power loss now into `folder`."""
        _materialised(self._top, folder, chance)

    def _opened(self, call: Call) -> None:
        self._open.pop(call.result, None)
        if call.result < 0 or not call.path.is_relative_to(self._root):
            return
        node = self._find(call.path)
        if node is None:
            assert "O_CREAT" in call.arguments, call
            node = File()
            self._folder_of(call.path).put(call.path.name, node)
        elif "O_TRUNC" in call.arguments and isinstance(node, File):
            node.now.clear()
        self._open[call.result] = node

    def _names_changed(self, call: Call) -> None:
        paths = [Path(text.decode()) for text in call.texts]
        if not all(path.is_relative_to(self._root) for path in paths):
            return
        source = self._folder_of(paths[0])
        if call.name == "mkdir":
            source.put(paths[0].name, Folder())
            return
        if call.name == "rename":
            self._folder_of(paths[1]).put(paths[1].name, source.now[paths[0].name])
        source.put(paths[0].name, None)

    def _content_changed(self, call: Call, node: File | Folder) -> None:
        if call.name in ("fsync", "fdatasync"):
            if call.result == 0:
                node.sync()
            elif isinstance(node, File):
                node.now = bytearray(node.synced)
            return
        assert isinstance(node, File) and call.name in ("write", "writev", "ftruncate"), f"this disk does not know {call.name}"
        if call.name == "ftruncate":
            size = int(call.arguments.split(",")[1])
            node.now = node.now[:size].ljust(size, b"\0")
        else:
            node.now += b"".join(call.texts)[: call.result]

    def _find(self, path: Path) -> File | Folder | None:
        node: File | Folder | None = self._top
        for name in path.relative_to(self._root).parts:
            node = node.now.get(name) if isinstance(node, Folder) else None
        return node

    def _folder_of(self, path: Path) -> Folder:
        found = self._find(path.parent)
        assert isinstance(found, Folder), path
        return found


def _materialised(folder: Folder, path: Path, chance: random.Random | None) -> None:
    path.mkdir()
    for name, node in folder.after(chance).items():
        if isinstance(node, Folder):
            _materialised(node, path / name, chance)
        else:
            (path / name).write_bytes(node.after(chance))


@dataclass(frozen=True)
class Moment:
    """Just before a call at `at_s`; `acknowledged`: entry ids and when they were."""

    at_s: float
    acknowledged: Mapping[str, float]


def moments(calls: Iterable[Call], disk: ForgetfulDisk, ledger: Path) -> Iterator[Moment]:
    """Stop before every call that matters and after the last; at each stop `disk.after` tells what a power loss leaves."""
    acknowledged: dict[str, float] = {}
    ledger_descriptor: int | None = None
    at_s = 0.0
    for call in calls:
        at_s = call.at_s
        if call.name not in _CHANGES_NOTHING:
            yield Moment(at_s, dict(acknowledged))
        if call.name == "openat" and call.path == ledger:
            ledger_descriptor = call.result
        if call.name == "writev" and call.descriptor == ledger_descriptor:
            acknowledged |= dict.fromkeys(b"".join(call.texts).decode().split(), at_s)
        disk.apply(call)
    yield Moment(at_s, dict(acknowledged))
