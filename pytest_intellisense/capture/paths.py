"""Where everything of a recorded session lies."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.model.timeline import Sense

LOG_OF_SENSE: dict[Sense, str] = {
    Sense.OCR: "ocr.jsonl",
    Sense.PRICE: "price.jsonl",
    Sense.BROKER: "broker.jsonl",
    Sense.TRADE_LIFECYCLE: "broker.jsonl",
    Sense.VISUAL: "image.jsonl",
    Sense.INJECTION_CONTROL: "injection.jsonl",
    Sense.SYSTEM_CONFIG: "system.jsonl",
    Sense.SYSTEM_STATE: "system.jsonl",
    Sense.SYSTEM_ALERT: "system.jsonl",
    Sense.ACCOUNT: "system.jsonl",
    Sense.CAPTURE: "system.jsonl",
}
LOGS: tuple[str, ...] = tuple(dict.fromkeys(LOG_OF_SENSE.values()))
UNPARSED = "unparsed.jsonl"
SESSION_FILE = "session.json"
IMAGES = "images"
INDEX = "index.sqlite"
COMPRESSED = ".zst"
LOG_FILES: tuple[str, ...] = tuple(f"{name}{end}" for name in (*LOGS, UNPARSED) for end in ("", COMPRESSED))
"""The names under which a log may lie in a segment."""
TORN = ".torn"
"""What was cut off a log lies beside it under this suffix."""

_SESSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


def session_directory(root: Path, session_id: str) -> Path:
    """Raises CaptureFailed for an id that could lead out of `root`."""
    if not _SESSION_ID.fullmatch(session_id):
        raise CaptureFailed(f"not a session id: {session_id!r}", hint="use letters, digits, '_', '-' and '.'")
    return root / session_id


def segment_directory(session: Path, number: int) -> Path:
    """Where the logs of a segment lie: those of segment 1 in the session directory itself."""
    return session if number == 1 else session / f"segment-{number:06d}"
