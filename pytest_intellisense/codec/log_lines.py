"""One line of a log file: `{"seq":N,"crc":"…","event":{…}}`.

`seq` counts the lines of a file from 0, `crc` is the CRC-32 of the event's text, started at `seq`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from isal.isal_zlib import crc32

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.redaction import raw_fields, scrubbed
from testrade_hooks import clock

_LINE = b'{"seq":%d,"crc":"%08x","event":%b}\n'
_HEAD_READ = re.compile(rb'\{"seq":([0-9]{1,18}),"crc":"([0-9a-f]{8})",')


class DamagedLine(ValueError):
    """The line is not what was written; `str()` says how that shows."""


def unparsed_text(entry: Entry, received: clock.Reading, reason: str) -> bytes:
    """An entry that could not be read, raw: field names and values in base64, without secrets."""
    return json_text(
        {
            "redis_stream": entry.stream,
            "redis_stream_event_id": entry.entry_id,
            "reason": scrubbed(reason),
            "received_ns": received.monotonic_ns,
            "received_epoch_ns": received.epoch_ns,
            **raw_fields(entry.stream, entry.fields),
        }
    )


def lines_of(texts: Sequence[bytes], seq: int) -> bytes:
    """Lines to append, numbered from `seq`, newlines included."""
    numbers = range(seq, seq + len(texts))
    checksums = map(crc32, texts, numbers)  # it takes the low 32 bits of where it starts
    return b"".join([_LINE % parts for parts in zip(numbers, checksums, texts, strict=True)])


def read_line(line: bytes) -> tuple[int, bytes]:
    """The number of the line and the text of its record. Raises DamagedLine."""
    head, separator, rest = line.partition(b'"event":')
    text = rest.removesuffix(b"\n").removesuffix(b"}")
    stated = _HEAD_READ.fullmatch(head)
    if stated is None:
        raise DamagedLine("no seq and crc")
    seq = int(stated[1])
    if not separator or crc32(text, seq & 0xFFFFFFFF) != int(stated[2], 16):
        raise DamagedLine("the checksum does not fit")
    return seq, text


def json_text(record: Any) -> bytes:
    """Compact JSON; NaN and lone surrogates survive."""
    return json.dumps(record, separators=(",", ":")).encode()
