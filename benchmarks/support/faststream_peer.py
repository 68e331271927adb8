"""FastStream doing what a recorder does: read in batches, parse, append to a log, sync it, acknowledge.

`python faststream_peer.py HOST:PORT COUNT FOLDER STREAM...` prints the seconds
from its first batch to the last of COUNT messages.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from faststream.redis import RedisBroker, StreamSub


async def main(address: str, count: int, folder: Path, streams: list[str]) -> float:
    broker = RedisBroker(f"redis://{address}", logger=None)
    log = os.open(folder / "faststream.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    done = asyncio.Event()
    seen, started = 0, 0.0

    async def keep(messages: list[dict[str, Any]]) -> None:
        nonlocal seen, started
        started = started or time.perf_counter()
        events = [json.loads(message["json_payload"]) for message in messages]
        os.write(log, b"".join(json.dumps(event).encode() + b"\n" for event in events))
        os.fdatasync(log)
        seen += len(events)
        if seen >= count:
            done.set()

    for stream in streams:
        broker.subscriber(stream=StreamSub(stream, group="faststream", consumer="peer", batch=True, max_records=100))(keep)
    async with broker:
        await broker.start()
        await done.wait()
        return time.perf_counter() - started


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])))
