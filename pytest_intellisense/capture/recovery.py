"""Putting a killed session in order: what is torn is cut off and kept, session.json is written from what the logs hold."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.disk import failed_on, sync_directory, write_whole
from pytest_intellisense.capture.facts import FORMAT, part_of, stated_facts, whole_number
from pytest_intellisense.capture.paths import IMAGES, INDEX, LOGS, SESSION_FILE, TORN, UNPARSED, segment_directory
from pytest_intellisense.capture.reader import SessionLog, check_directory
from pytest_intellisense.capture.regular_files import is_own_directory, is_regular, is_there
from pytest_intellisense.capture.segments import all_logs, segment_numbers
from pytest_intellisense.capture.state import FINAL, SessionState, state_of
from pytest_intellisense.capture.survey import Survey, survey_all
from pytest_intellisense.capture.torn_tails import Cut, cut_tail, free_name
from pytest_intellisense.errors import CaptureFailed
from testrade_hooks import clock

_LOG_NAMES = "|".join(re.escape(name) for name in (*LOGS, UNPARSED))
_TEMPORARY = re.compile(
    rf"\.({re.escape(SESSION_FILE)}|{re.escape(INDEX)}|({_LOG_NAMES})(\.zst|{re.escape(TORN)}(\.[0-9]+)?)?|[0-9a-f]{{64}}\.[a-z0-9]{{1,5}})\.tmp"
)


@dataclass(slots=True)
class Recovery:
    """What was done. `after` is the session as it is now; with `nothing_to_do` it was left as it was."""

    after: Survey
    cuts: list[Cut] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    nothing_to_do: bool = False


def recover(directory: Path) -> Recovery:
    """Put the session in order, without deleting anything that was recorded; a second time there is nothing to do.

    Raises CaptureFailed for a session that is being recorded, for a directory that is none, and for errors of the disk.
    """
    check_directory(directory)
    with _claimed(directory):
        before = survey_all(SessionLog(directory))
        if not before.readable and "format" not in before.facts:
            raise CaptureFailed(
                f"{directory} is not a recorded session: it has no {SESSION_FILE} and no readable log",
                hint="nothing was changed",
            )
        try:
            return _put_in_order(directory, before)
        except OSError as error:
            raise failed_on(Path(error.filename) if error.filename else directory, error) from error


def copy_session(directory: Path, output: Path) -> None:
    """Copy what belongs to a session, leaving out links and whatever is no file. Raises CaptureFailed."""
    check_directory(directory)
    if is_there(output):
        raise CaptureFailed(f"{output} exists already", hint="name a directory that is not there yet")
    with _claimed(directory):
        try:
            shutil.copytree(directory, output, ignore=_foreign)
        except (OSError, shutil.Error) as error:
            raise CaptureFailed(f"{directory} cannot be copied to {output}: {error}") from None


def in_use(directory: Path) -> CaptureFailed:
    """Who holds the directory, as far as that is known. Raises NewerFormat."""
    facts, _ = stated_facts(directory)
    if state_of(facts, held=True) is SessionState.RECORDING:
        return CaptureFailed(
            f"{directory} is being recorded now, by pid {facts.get('pid', '?')}",
            hint="stop that capture first; nothing was changed",
        )
    return CaptureFailed(f"{directory} is in use by another command", hint="wait until that has ended; nothing was changed")


def _put_in_order(directory: Path, before: Survey) -> Recovery:
    removed = list(_remove_temporaries(directory))
    plain = [log for log in all_logs(directory) if log.path.name == log.name and is_regular(log.path)]
    cuts = [cut for log in plain if (cut := cut_tail(log))]
    if not cuts and before.state in FINAL:
        return Recovery(before, removed=removed, nothing_to_do=not removed)
    after = survey_all(SessionLog(directory)) if cuts else before
    _keep_unreadable_facts(directory)
    facts = _facts_of(before, after, sum(cut.size_bytes for cut in cuts))
    write_whole(directory / SESSION_FILE, json.dumps(facts, indent=2).encode() + b"\n")
    sync_directory(directory)
    after.facts, after.facts_problem = stated_facts(directory)
    after.state = SessionState.RECOVERED
    return Recovery(after, cuts, removed)


@contextmanager
def _claimed(directory: Path) -> Iterator[None]:
    """Keep recorders and other recoveries out, not readers."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(held, fcntl.LOCK_SH)
        yield
    except BlockingIOError:
        raise in_use(directory) from None
    finally:
        os.close(held)


def _remove_temporaries(directory: Path) -> Iterator[str]:
    """What was written to be renamed, and never was: no line and no acknowledgement stands on it."""
    folders = [segment_directory(directory, number) for number in segment_numbers(directory)]
    for folder in (*folders, directory / IMAGES):
        for path in sorted(folder.iterdir()) if is_own_directory(folder) else ():
            if _TEMPORARY.fullmatch(path.name) and is_regular(path):
                path.unlink()
                yield path.relative_to(directory).as_posix()


def _keep_unreadable_facts(directory: Path) -> None:
    path = directory / SESSION_FILE
    _, problem = stated_facts(directory)
    if problem and is_there(path):
        path.rename(free_name(path.with_name(SESSION_FILE + TORN)))


def _facts_of(before: Survey, after: Survey, torn_bytes: int) -> dict[str, Any]:
    """session.json as it would be had the session ended itself; what it said and we do not know stays."""
    said, earlier = before.facts, part_of(before.facts, "recovery")
    notes = part_of(said, "losses").get("notes")
    last_ns = after.last_epoch_ns or 0
    dropped = part_of(part_of(said, "dropped"), "counts")
    return {
        "format": FORMAT,
        "session_id": after.session.directory.name,
        "started_epoch_ns": after.first_epoch_ns or last_ns,
        "written_epoch_ns": last_ns,
        **said,
        "state": str(SessionState.RECOVERED),
        "counts": {name: lines + whole_number(dropped, name) for name, lines in after.session.lines.items() if lines},
        "losses": {
            "lost": after.lost,
            "measurable": not after.loss_possible,
            "notes": notes if isinstance(notes, list) else [],
        },
        "recovery": {
            "at_epoch_ns": clock.now().epoch_ns,
            "torn_tails": whole_number(earlier, "torn_tails") + before.damage.torn_tails,
            "torn_bytes": whole_number(earlier, "torn_bytes") + torn_bytes,
            "lossy": bool(earlier.get("lossy")) or not before.damage.lossless,
        },
    }


def _foreign(folder: str, names: list[str]) -> list[str]:
    """What is not to be copied."""
    paths = (Path(folder, name) for name in names)
    return [path.name for path in paths if not (is_regular(path) or is_own_directory(path))]
