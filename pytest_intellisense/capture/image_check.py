"""ImageCheck: whether the images that the lines of a session refer to are there, and are what was recorded."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pytest_intellisense.capture.damage import MOST_PLACES, Place
from pytest_intellisense.capture.paths import IMAGES
from pytest_intellisense.capture.reader import Recorded
from pytest_intellisense.capture.regular_files import NotRegular, is_own_directory, is_there, open_regular
from pytest_intellisense.model.timeline import ImageRef

_PATH = re.compile(rf"{IMAGES}/([0-9a-f]{{64}})\.[a-z0-9]{{1,5}}")
_PATHS_IN_TEXT = re.compile(rb'(?<=")' + _PATH.pattern.encode() + rb'(?=")')


class ImageCheck:
    """`problems` counts events whose image is not as recorded; the first thousand are in `places`.

    Without `contents` only whether each is there, with its size: that costs no reading.
    """

    def __init__(self, session: Path, *, contents: bool) -> None:
        self.problems = 0
        self.places: list[Place] = []
        self._session = session
        self._contents = contents
        self._own_folder = is_own_directory(session / IMAGES)
        self._found: dict[str, str] = {}

    def look(self, record: Recorded) -> None:
        """Check each image that the line names, each file once."""
        references = dict.fromkeys((path.decode() for path in _paths(record.line.text)), -1)
        if (image := record.event.image) is not None:
            references[image.path] = image.size_bytes
        for path, size_bytes in references.items():
            problem = self._problem_of(path, size_bytes, record.event.image)
            if problem and is_there(record.log.path):  # a dash-cam deletes images with the lines that name them
                self.problems += 1
                if len(self.places) < MOST_PLACES:
                    self.places.append(Place(record.log.shown, record.line.number, problem))

    def unreferenced(self) -> int:
        """Image files that no line names: written just before a kill, or their line is damaged."""
        try:
            with os.scandir(self._session / IMAGES) as entries:
                return sum(f"{IMAGES}/{entry.name}" not in self._found for entry in entries if not entry.name.startswith("."))
        except OSError:
            return 0

    def _problem_of(self, path: str, size_bytes: int, image: ImageRef | None) -> str:
        named = _PATH.fullmatch(path)
        if named is None:
            return f"image path {path!r} leads elsewhere and was not opened"
        if image is not None and image.path == path and image.sha256 != named[1]:
            return f"image {path} is said to be {image.sha256}"
        problem = self._found.get(path)
        if problem is None:
            problem = self._found[path] = self._checked(path, named[1], size_bytes)
        return problem

    def _checked(self, path: str, sha256: str, size_bytes: int) -> str:
        if not self._own_folder:
            return f"image {path} is missing: {IMAGES} is no directory of the session"
        try:
            with open_regular(self._session / path) as file:
                size = os.fstat(file.fileno()).st_size
                digest = hashlib.file_digest(file, "sha256").hexdigest() if self._contents else sha256
        except FileNotFoundError:
            return f"image {path} is missing"
        except NotRegular:
            return f"image {path} is a link, pipe or device and was not opened"
        except OSError as problem:
            return f"image {path} cannot be read: {problem.strerror}"
        if size_bytes not in (-1, size):
            return f"image {path} has {size} bytes, recorded were {size_bytes}"
        return "" if digest == sha256 else f"image {path} has another content than was recorded"


def _paths(text: bytes) -> list[bytes]:
    return [found[0] for found in _PATHS_IN_TEXT.finditer(text)] if b'"images/' in text else []
