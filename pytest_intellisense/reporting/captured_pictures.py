"""The pictures of a run that is over, from where its captures lie: rows that were saved only name them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_intellisense.reporting import pictures
from pytest_intellisense.reporting.rows import PlanRow


def add_pictures(plans: Sequence[PlanRow], folders: Mapping[str, Path]) -> None:
    """Put their pictures into the rows. `folders` are those of the captures, by `session_dir`; nothing outside is read."""
    for row in plans:
        folder = folders.get(row["session_dir"])
        if folder is not None:
            _add(row, folder.resolve())


def _add(row: PlanRow, folder: Path) -> None:
    for step in row["steps"]:
        for image in step["images"]:
            path = (folder / image["path"]).resolve()
            pixels = (image["width_px"] or 0) * (image["height_px"] or 0)
            if path.is_relative_to(folder) and path.is_file() and pixels <= pictures.PIXEL_LIMIT:
                with contextlib.suppress(OSError):
                    image["data"] = (pictures.small if step["passed"] else pictures.full)(path.read_bytes())
