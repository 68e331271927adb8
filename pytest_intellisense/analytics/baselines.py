"""Baselines on disk, a file a saved run: `FOLDER/NAME/TIME_COMMIT_RANDOM.json`. Nothing else here touches files."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_intellisense.analytics.behaviour import together
from pytest_intellisense.analytics.measurements import FORMAT, Baseline, MeasuredRun
from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.settings import LAST_SAVED

LARGEST_RUN_BYTES = 256 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A file of a baseline, not yet read."""

    name: str
    path: Path
    size_bytes: int

    @property
    def run_id(self) -> str:
        return self.path.stem


class NoBaseline(EnvironmentProblem):
    """There is nothing saved under the name."""


def checked_name(name: str) -> str:
    """`name`, if it may name a baseline. Raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is no name of a baseline",
            hint="letters, digits, dot, dash and underscore; put paths of plans before the option, or write --option=NAME",
        )
    return name


class BaselineStore:
    """Everything that is saved below one folder. Files and folders that are links, and what lies outside, are not seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, name: str, run: MeasuredRun) -> Path:
        """Write a run at once or not at all. Raises SettingsError for the name, EnvironmentProblem if it cannot be written."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(run.saved_epoch_s))
        commit = run.origin.commit[:7] or "nocommit"
        path = self.folder / checked_name(name) / f"{stamp}_{commit}_{secrets.token_hex(3)}.json"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(run) + b"\n")
            draft.replace(path)
        except OSError as problem:
            with contextlib.suppress(OSError):  # without the folder there is no draft either
                draft.unlink(missing_ok=True)
            raise EnvironmentProblem(
                f"the baseline cannot be saved: {problem}", hint="see --intellisense-baseline-dir"
            ) from None
        return path

    def names(self) -> list[str]:
        return sorted({saved.name for saved in self.saved()})

    def saved(self, name: str | None = None) -> list[SavedRun]:
        """Saved runs, of one name or all, the oldest first."""
        folders = [self.folder / checked_name(name)] if name else self._folders()
        found = [
            SavedRun(folder.name, path, path.stat().st_size)
            for folder in folders
            if folder.is_dir() and not folder.is_symlink()
            for path in folder.glob("[0-9]*.json")
            if path.is_file() and not path.is_symlink()
        ]
        return sorted(found, key=lambda one: one.path.name)

    def load(self, name: str) -> Baseline:
        """The baseline of a name, or of LAST_SAVED: the newest run, and those before it that are of the same origin.

        Raises NoBaseline, SettingsError for the name, EnvironmentProblem for a file that cannot be read.
        """
        saved = self.saved(None if name == LAST_SAVED else name)
        if not saved:
            where = f"in {self.folder}" if name == LAST_SAVED else f'under "{name}" in {self.folder}'
            known = ", ".join(self.names())
            raise NoBaseline(
                f"nothing is saved {where}", hint=f"saved: {known}" if known else "save one: --intellisense-save NAME"
            )
        return self.generations(saved[-1].name)[-1]

    def generations(self, name: str) -> list[Baseline]:
        """The runs of a name, put together where neighbours are of one origin, the oldest first. Raises as `load`.

        A run of an unknown commit or of a modified tree stands alone: two such need not be the same build.
        """
        made: list[Baseline] = []
        for saved in self.saved(name):
            run = read_run(saved.path)
            known = bool(run.origin.commit) and not run.origin.modified
            if made and known and made[-1].origin == run.origin:
                last = made.pop()
                launches, runs = [*last.launches, *run.launches], last.runs + 1
                behaviour = together([last.behaviour, run.behaviour])
            else:
                launches, runs, behaviour = run.launches, 1, run.behaviour
            made.append(
                Baseline(
                    name=name,
                    saved_epoch_s=run.saved_epoch_s,
                    origin=run.origin,
                    launches=launches,
                    runs=runs,
                    behaviour=behaviour,
                )
            )
        return made

    def remove(self, saved: SavedRun) -> None:
        saved.path.unlink(missing_ok=True)

    def _folders(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []


def read_run(path: Path) -> MeasuredRun:
    """Raises EnvironmentProblem for a file that is no run, is too large, or was written by a newer version."""
    try:
        if path.stat().st_size > LARGEST_RUN_BYTES:
            raise EnvironmentProblem(f"{path} is larger than {LARGEST_RUN_BYTES:,} bytes")
        content = path.read_bytes()
        written = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("format", b"0")
        if int(bytes(written)) > FORMAT:
            raise EnvironmentProblem(
                f"{path} has format {int(bytes(written))}, this version knows {FORMAT}", hint="install a newer version"
            )
        return msgspec.json.decode(content, type=MeasuredRun)
    except (OSError, ValueError) as problem:
        raise EnvironmentProblem(
            f"{path} is no saved run: {problem}", hint="remove the file, or save the baseline again"
        ) from None
