"""The files that a stimulus names, read from the folders of the scenarios and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_intellisense.codec.images import load_image
from pytest_intellisense.codec.manifest import read_manifest
from pytest_intellisense.codec.plan_paths import inside
from pytest_intellisense.model.stimulus import SequenceFrame


class ScenarioFiles:
    """`root_of` gives the folder that files named in a plan of a folder must stay inside."""

    def __init__(self, root_of: Callable[[Path], Path]) -> None:
        self._root_of = root_of

    def image(self, folder: Path, relative: str) -> bytes:
        """Raises PlanError for a file that is missing, outside, too large or no image."""
        return load_image(folder, self._root_of(folder), relative)

    def frames(self, folder: Path, relative: str) -> list[SequenceFrame]:
        """The frames of a manifest, timed from the first; images are named relative to `folder`. Raises PlanError."""
        manifest = inside(folder, self._root_of(folder), relative)
        captured = read_manifest(manifest)
        beside = Path(relative).parent
        return [
            SequenceFrame(
                image=(beside / frame.image_filename).as_posix(), at_ms=(frame.captured_ns - captured[0].captured_ns) / 1e6
            )
            for frame in captured
        ]
