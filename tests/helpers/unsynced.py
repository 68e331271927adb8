"""Unsynced: what a power loss could take back at this moment, followed through the calls of this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

Inode = tuple[int, int]


class Unsynced:
    """Files and folders that were changed and not synced since; `at_removal`: those whenever something was removed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, folders_are_synced: bool = True) -> None:
        self.at_removal: list[set[str]] = []
        self._open: dict[Inode, str] = {}
        self._folders_are_synced = folders_are_synced
        for name, follow in (("open", self._opened), ("write", self._wrote), ("fsync", self._synced), ("mkdir", self._made)):
            monkeypatch.setattr(os, name, _followed(getattr(os, name), follow))
        for name in ("unlink", "rename"):
            monkeypatch.setattr(os, name, _followed(getattr(os, name), lambda *_, **__: None, before=self._removing))

    def _opened(self, file: int, name: str, flags: int, *_: Any, dir_fd: int | None = None) -> None:
        if flags & os.O_CREAT and dir_fd is not None:
            self._open[_inode(file)] = name
            self._changed(dir_fd)

    def _wrote(self, _size: int, file: int, _data: bytes) -> None:
        self._open[_inode(file)] = f"content of descriptor {file}"

    def _synced(self, _none: None, file: int) -> None:
        if self._folders_are_synced or not os.path.isdir(f"/proc/self/fd/{file}"):  # noqa: PTH112
            self._open.pop(_inode(file), None)

    def _made(self, _none: None, name: str, *_: Any, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            self._open[_inode_of(name, dir_fd)] = name
            self._changed(dir_fd)

    def _removing(self, name: str, *target: str, dir_fd: int | None = None, src_dir_fd: int = -1, dst_dir_fd: int = -1) -> None:
        if not name.startswith("."):
            self.at_removal.append(set(self._open.values()))
        for folder in {dir_fd, src_dir_fd, dst_dir_fd} - {None, -1}:
            self._changed(folder)  # type: ignore[arg-type]

    def _changed(self, folder: int) -> None:
        self._open[_inode(folder)] = f"names in {os.readlink(f'/proc/self/fd/{folder}')}"  # noqa: PTH115


def _followed(
    call: Callable[..., Any], after: Callable[..., None], before: Callable[..., None] | None = None
) -> Callable[..., Any]:
    def followed(*arguments: Any, **options: Any) -> Any:
        if before:
            before(*arguments, **options)
        result = call(*arguments, **options)
        after(result, *arguments, **options)
        return result

    return followed


def _inode(file: int) -> Inode:
    facts = os.fstat(file)
    return facts.st_dev, facts.st_ino


def _inode_of(name: str, folder: int) -> Inode:
    facts = os.stat(name, dir_fd=folder)
    return facts.st_dev, facts.st_ino
