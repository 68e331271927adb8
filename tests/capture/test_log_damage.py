"""A damaged log gives back everything that is not damaged, and says what is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_intellisense.capture.reader import SessionLog, read_session
from pytest_intellisense.capture.recording import Recording
from pytest_intellisense.capture.records import read_batch
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.errors import CaptureFailed
from testrade_hooks import clock, wire

LINES = 5


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A session of five fills; its broker.jsonl."""
    writer = LogWriter(tmp_path / "session", "strict")
    writer.write_session({"format": 1})
    recording = Recording(writer, lambda _batches: None, lambda: None)
    for number in range(LINES):
        fields = wire.encode(wire.event("TESTRADE_ORDER_FILL", {"number": number, "text": "äöü\u2028"}))
        batch = Batch(clock.now(), (Entry(wire.ORDER_FILLS, f"{number + 1}-0", fields),))
        recording.put(read_batch(batch, number))
    recording.close()
    writer.close()
    return tmp_path / "session" / "broker.jsonl"


def numbers(log: Path) -> tuple[list[int], SessionLog]:
    session = read_session(log.parent)
    return [event.payload["number"] for event in session], session


def test_a_sound_log_is_read_whole(log: Path) -> None:
    """The control: without damage there is none."""
    found, session = numbers(log)
    assert found == list(range(LINES))
    assert session.damage.lossless


def test_separators_written_as_they_are_would_tear_lines(log: Path) -> None:
    """The control: U+2028 is in the text of each event; escaped it ends no line, as it is it ends one for many readers."""
    text = log.read_text()
    assert len(text.splitlines()) == LINES
    assert len(text.replace("\\u2028", "\u2028").splitlines()) == 2 * LINES


def test_cut_anywhere_the_lines_before_remain(log: Path) -> None:
    """Cut at every byte of its last line: the four before it are read, and a torn tail is reported if one is left."""
    whole = log.read_bytes()
    start = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    for end in range(start, len(whole)):
        log.write_bytes(whole[:end])
        found, session = numbers(log)
        assert found == [0, 1, 2, 3]
        assert session.damage.torn_tails == (1 if end > start else 0)


def test_any_flipped_byte_costs_one_line(log: Path) -> None:
    """Each byte of the third line in turn: the other four come back and one damaged line is counted."""
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True) if b"\x85" not in whole else [line + b"\n" for line in whole.split(b"\n")[:-1]]
    start = sum(map(len, lines[:2]))
    for at in range(start, start + len(lines[2]) - 1):
        log.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found, session = numbers(log)
        assert found == [0, 1, 3, 4], whole[at : at + 1]
        assert session.damage.damaged_lines >= 1


def _without_line_3(whole: bytes) -> bytes:
    lines = whole.split(b"\n")
    return b"\n".join([*lines[:2], *lines[3:]])


def _with_line_2_twice(whole: bytes) -> bytes:
    lines = whole.split(b"\n")
    return b"\n".join([*lines[:2], lines[1], *lines[2:]])


@pytest.mark.parametrize(
    ("change", "found", "what"),
    [
        (lambda whole: whole + bytes(4096), [0, 1, 2, 3, 4], lambda damage: damage.torn_tails == 1),
        (_without_line_3, [0, 1, 3, 4], lambda damage: damage.missing_lines == 1),
        (_with_line_2_twice, [0, 1, 2, 3, 4], lambda damage: damage.repeats == 1),
        (lambda whole: b"garbage\n" + whole, [0, 1, 2, 3, 4], lambda damage: damage.damaged_lines == 1),
        (lambda whole: b"", [], lambda damage: damage.lossless),
    ],
    ids=["zeros after a power loss", "a line taken out", "a line twice", "a foreign line", "emptied"],
)
def test_other_damage(log: Path, change: Callable[[bytes], bytes], found: list[int], what: Callable[[object], bool]) -> None:
    """What disks and people do to files."""
    log.write_bytes(change(log.read_bytes()))
    read, session = numbers(log)
    assert read == found
    assert what(session.damage)


def test_a_folder_that_is_no_session(tmp_path: Path) -> None:
    """The message has the folder and what it lacks."""
    with pytest.raises(CaptureFailed, match="not a recorded session"):
        read_session(tmp_path)
