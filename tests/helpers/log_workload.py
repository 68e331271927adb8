"""A process that records events of its own making and writes down what it acknowledged: `python log_workload.py --help`.

The session and everything below it is the real one; only Redis is missing, so that a fault meets the disk and nothing else.
`--way` puts a known mistake in, to prove that a check finds it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import stat
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_intellisense.codec.entries import Batch
    from pytest_intellisense.model.results import LossReport

Call = Callable[..., Any]


def tell(descriptor: int, text: str) -> None:
    """Not by write(2), which the tests make fail: only the recorder's own writes shall meet the fault."""
    os.writev(descriptor, [text.encode()])


class OwnEvents:
    """A BatchSource: hands on what it is fed, and appends the ids of acknowledged entries to a ledger."""

    address = "events of its own making"
    newest_before = ()
    failure: BaseException | None = None

    def __init__(self, ledger: Path, *, early: bool) -> None:
        from testrade_hooks import wire

        self.streams: tuple[str, ...] = (wire.PROCESSED_IMAGES,)
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._early = early
        self._told = threading.Condition()
        self._owed = 0

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        self._sink = sink

    def feed(self, batch: Batch) -> None:
        """Return at once; `settle` returns when it was acknowledged."""
        self._owed += 1
        if self._early:
            self._tell([batch])
        self._sink(batch)

    def acknowledge(self, batches: Sequence[Batch]) -> None:
        if not self._early:
            self._tell(batches)
        with self._told:
            self._owed -= len(batches)
            self._told.notify_all()

    def settle(self, failed: Callable[[], bool]) -> None:
        with self._told:
            self._told.wait_for(lambda: not self._owed or failed(), timeout=20)

    def catch_up(self) -> None: ...

    def resume_facts(self) -> Mapping[str, object]:
        return {}

    def loss(self) -> LossReport:
        from pytest_intellisense.model.results import LossReport

        return LossReport()

    def stop(self) -> None: ...

    def close(self, *, keep_group: bool = False) -> None: ...

    def _tell(self, batches: Iterable[Batch]) -> None:
        tell(self._ledger, "".join(f"{entry.entry_id}\n" for batch in batches for entry in batch.entries))


def batch_of(numbers: Sequence[int], images_every: int) -> Batch:
    """Events, each or each n-th with an image, every image of its own content."""
    from pytest_intellisense.codec.entries import Batch, Entry
    from testrade_hooks import clock, wire

    entries = []
    for number in numbers:
        picture = image(number) if number % images_every == 0 else None
        event = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"number": number, "text": "x" * 400}, image_bytes=picture)
        entries.append(Entry(event.stream, f"{number + 1}-0", wire.encode(event)))
    return Batch(clock.now(), tuple(entries))


def image(number: int) -> bytes:
    """A PNG of 1 x 1 pixel with the number in a text chunk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    text = chunk(b"tEXt", b"Comment\0" + b"picture %d " % number * 20)
    return b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def sound() -> None: ...


def buffered() -> None:
    """Lines lie in a buffer of the process until 64 KiB are together, and a sync does not reach them."""
    write, kept = os.write, dict[int, bytes]()

    def into_buffer(descriptor: int, data: bytes) -> int:
        if not Path(f"/dev/fd/{descriptor}").resolve().name.endswith(".jsonl"):
            return write(descriptor, data)
        kept[descriptor] = kept.get(descriptor, b"") + bytes(data)
        if len(kept[descriptor]) >= 65536:
            write(descriptor, kept.pop(descriptor))
        return len(data)

    os.write = into_buffer
    _without_looking_at_sizes()


def unchecked_short_write() -> None:
    """What a write reports is ignored."""
    write = os.write

    def careless(descriptor: int, data: bytes) -> int:
        write(descriptor, data)
        return len(data)

    os.write = careless
    _without_looking_at_sizes()


def sync_tried_again() -> None:
    """A sync that failed is repeated until it reports success."""
    os.fdatasync, os.fsync = _repeated(os.fdatasync), _repeated(os.fsync)


def _repeated(sync: Call) -> Call:
    def again(descriptor: int) -> None:
        try:
            sync(descriptor)
        except OSError:
            sync(descriptor)

    return again


def no_sync() -> None:
    """Files are written and never synced."""
    os.fdatasync = os.fsync = lambda _descriptor: None


def no_directory_sync() -> None:
    """File contents are synced, the names of new files are not."""
    fsync = os.fsync

    def files_only(descriptor: int) -> None:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fsync(descriptor)

    os.fsync = files_only


def line_first() -> None:
    """The line is on disk before the image that it names."""
    from helpers.recorder import write_line_first

    write_line_first(None)


def _without_looking_at_sizes() -> None:
    from pytest_intellisense.capture import disk

    if hasattr(disk, "check_unharmed"):
        disk.check_unharmed = lambda *_: None


WAYS: dict[str, Callable[[], None]] = {
    "sound": sound,
    "buffered": buffered,
    "unchecked short write": unchecked_short_write,
    "sync tried again": sync_tried_again,
    "no sync": no_sync,
    "no directory sync": no_directory_sync,
    "line first": line_first,
    "early ack": sound,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--way", choices=WAYS, default="sound")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--batches", type=int, help="how many; without it: until killed")
    parser.add_argument("--images-every", type=int, default=1)
    parser.add_argument("--segment-bytes", type=int, help="record in segments of this size")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds after each batch")
    parser.add_argument("--idle", type=float, default=0.0, help="seconds after the last batch")
    parser.add_argument("--durability", choices=("strict", "relaxed"), default="strict")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    WAYS[given.way]()
    from pytest_intellisense.capture.session import CaptureSession

    source = OwnEvents(given.ledger, early=given.way == "early ack")
    if given.segment_bytes is not None:
        in_segments(given, source)
        return
    with CaptureSession(given.root, "session", source, durability=given.durability) as session:
        tell(1, "recording\n")
        for number in itertools.count() if given.batches is None else range(given.batches):
            source.feed(batch_of(range(number * given.batch, (number + 1) * given.batch), given.images_every))
            session.flush()
            time.sleep(given.pause)
        time.sleep(given.idle)


def in_segments(given: argparse.Namespace, source: OwnEvents) -> None:
    """As `intellisense capture` records."""
    from pytest_intellisense.capture.live import LiveCapture
    from pytest_intellisense.capture.segmented_log import SegmentedLog, SegmentLimits

    log = SegmentedLog(given.root / "session", given.durability, SegmentLimits(size_bytes=given.segment_bytes))
    capture = LiveCapture(source, log, session_id="session", durability=given.durability, facts={})
    capture.start()
    tell(1, "recording\n")
    for number in range(given.batches):
        source.feed(batch_of(range(number * given.batch, (number + 1) * given.batch), given.images_every))
        source.settle(capture.ended.is_set)
        capture.write_facts()
    capture.finish("all fed")


if __name__ == "__main__":
    try:
        main()
    except Exception as problem:  # noqa: BLE001 - told to the test that waits
        tell(2, f"{type(problem).__name__}: {problem}")
        sys.exit(1)
