"""A recorder that can be killed and taken up again: `python resumable.py URL DIRECTORY SESSION WAY`, with wrong ways.

It keeps one line per entry or gap, synced before it is acknowledged. It prints a line when its capture is confirmed,
and its losses when its input has ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.codec.resume_point import Recorded, ResumePoint
from pytest_intellisense.streams import groups, readers
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer

LINES = "lines.jsonl"
FACTS = "facts.json"


def recorded(directory: Path) -> list[Recorded]:
    """Every whole line that is on disk."""
    path = directory / LINES
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [Recorded(**json.loads(line)) for line in lines]


class Recorder:
    def __init__(self, url: str, directory: Path, session_id: str, way: str) -> None:
        self._directory = directory
        self._early = way == "early ack"
        facts = directory / FACTS
        point = ResumePoint.of(json.loads(facts.read_text()), recorded(directory)) if facts.exists() else None
        if way == "a name of its own":
            groups.CONSUMER = readers.CONSUMER = f"recorder-{os.getpid()}"
        self._file = os.open(directory / LINES, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._cut_torn_tail()
        self.consumer = StreamConsumer(endpoint_of(url), session_id, resume=point, on_attached=self._store_facts)

    def __call__(self, batch: Batch) -> None:
        if self._early:
            self.consumer.acknowledge([batch])
            time.sleep(0.02)  # a slow disk: the mistake shows at nearly every kill
        lines = [Recorded(entry.stream, entry.entry_id, entry.generation) for entry in batch.entries]
        lines += [Recorded(gap.stream, gap.entry_id, gap=True, lost=gap.lost or 0) for gap in batch.gaps]
        for line in lines:
            fields = {name: getattr(line, name) for name in line.__slots__}
            os.write(self._file, json.dumps(fields).encode() + b"\n")
        os.fdatasync(self._file)
        self.consumer.acknowledge([batch])

    def _store_facts(self) -> None:
        path = self._directory / FACTS
        new = path.with_suffix(".new")
        new.write_text(json.dumps(self.consumer.resume_facts()))
        new.rename(path)

    def _cut_torn_tail(self) -> None:
        path = self._directory / LINES
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def main(url: str, directory: str, session_id: str, way: str) -> None:
    recorder = Recorder(url, Path(directory), session_id, way)
    recorder.consumer.start(recorder, lambda: None)
    print("recording", flush=True)
    sys.stdin.read()
    loss = recorder.consumer.loss()
    recorder.consumer.stop()
    print(json.dumps({"lost": loss.lost, "measurable": loss.measurable}), flush=True)
    recorder.consumer.close(keep_group=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
