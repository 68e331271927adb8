"""Images that an event only refers to: sent on the bulk stream, put in a key of the server, or in a file.

A reference is resolved where that is possible. Otherwise it stays in the event, and a mark says why.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.images import LARGEST_IMAGE_BYTES
from pytest_intellisense.codec.pictures import IMAGE_FIELDS, Images, image_in
from pytest_intellisense.model.timeline import ImageRef

FetchKey = Callable[[str], bytes | None]
"""The value of a key of the server; None: there is none. Raises OSError when the server cannot be asked."""

UNRESOLVED = "unresolved reference"

REFERENCE = re.compile(r"\{bulk_ref:([A-Za-z0-9_.-]{1,200})\}")
_KEY = re.compile(r"binary_blob:[^\s\x00-\x1f]{1,500}:part_[0-9]{1,4}")
_MOST_REMEMBERED = 10_000
_MOST_PARTS = 16
_LARGEST_FILE_BYTES = 32 * 1024 * 1024


class BulkData:
    """Where the images are that events refer to.

    `fetch_key` reads a key of the server; `folder` is where the application keeps bulk files. Without them such
    references stay unresolved. What passed on the bulk stream is remembered, the last `remembered` images of it.
    """

    def __init__(
        self, fetch_key: FetchKey | None = None, folder: Path | None = None, remembered: int = _MOST_REMEMBERED
    ) -> None:
        self._fetch_key = fetch_key
        self._folder = folder
        self._remembered = remembered
        self._seen: OrderedDict[str, ImageRef] = OrderedDict()

    def seen(self) -> BulkData:
        """Only what passed on the bulk stream: asks no server and reads no file."""
        only = BulkData()
        only._seen = self._seen
        return only

    def remember(self, payload: Mapping[str, Any], image: ImageRef | None) -> None:
        """An event of the bulk stream: its image has a name by which others refer to it."""
        name = payload.get("reference")
        if isinstance(name, str) and image is not None:
            self._seen[name] = image
            if len(self._seen) > self._remembered:
                self._seen.popitem(last=False)

    def resolve(self, value: str, images: Images) -> ImageRef | str | None:
        """The image that `value` refers to, why it cannot be had, or None if `value` is no reference."""
        named = REFERENCE.fullmatch(value)
        if named is not None:
            return self._seen.get(named[1]) or self._from_file(named[1], images)
        return self._from_key(value, images) if _KEY.fullmatch(value) else None

    def parts_of(self, owner: str, images: Images) -> list[ImageRef | str]:
        """The blobs that were put beside an event under its correlation id; the last member may say why there is none."""
        found: list[ImageRef | str] = []
        while len(found) < _MOST_PARTS:
            part = self._from_key(f"binary_blob:{owner}:part_{len(found)}", images)
            if isinstance(part, str) and found:
                break
            found.append(part)
            if isinstance(part, str):
                break
        return found

    def _from_key(self, key: str, images: Images) -> ImageRef | str:
        if self._fetch_key is None:
            return "the server was not asked for its key"
        try:
            data = self._fetch_key(key)
        except OSError as problem:
            return f"the server did not give its key: {problem}"
        if data is None:
            return "the server has no such key (any more)"
        return images.keep(data) or "an image that is not kept"

    def _from_file(self, name: str, images: Images) -> ImageRef | str:
        if self._folder is None:
            return "it has not been seen on the bulk stream"
        try:
            data = _read(self._folder, f"{name}.json")
        except (OSError, ValueError) as problem:
            return f"neither on the bulk stream nor as a file: {problem.strerror if isinstance(problem, OSError) else problem}"
        return images.keep(data) or "an image that is not kept"


def resolved(payload: Mapping[str, Any], bulk: BulkData, images: Images) -> tuple[Mapping[str, Any], list[ImageRef], list[str]]:
    """The payload with paths in the place of references, the images behind them, and why others could not be had."""
    refs: list[ImageRef] = []
    reasons: list[str] = []

    def look(value: Any) -> Any:
        if isinstance(value, str):
            found = bulk.resolve(value, images)
            if isinstance(found, ImageRef):
                refs.append(found)
                return found.path
            if found is not None:
                reasons.append(found)
            return value
        if isinstance(value, dict):
            changed = {name: new for name, member in value.items() if (new := look(member)) is not member}
            return {**value, **changed} if changed else value
        if isinstance(value, list):
            members = [look(member) for member in value]
            return members if any(new is not old for new, old in zip(members, value, strict=True)) else value
        return value

    return look(payload), refs, reasons


def _read(folder: Path, name: str) -> bytes:
    """The image in a bulk file, which must lie directly in `folder`. Raises OSError and ValueError."""
    descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is no file")
        if facts.st_size > _LARGEST_FILE_BYTES:
            raise ValueError(f"it has {facts.st_size} bytes, at most {LARGEST_IMAGE_BYTES} are kept")
        content = json.loads(file.read())
    said = content if isinstance(content, dict) else {"data": content}
    texts = [said.get(name) for name in ("data", *sorted(IMAGE_FIELDS))]
    data = next((data for text in texts if isinstance(text, str) and (data := image_in(text)) is not None), None)
    if data is None:
        raise ValueError("it holds no image in base64")
    return data
