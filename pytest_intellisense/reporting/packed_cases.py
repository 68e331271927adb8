"""The details of many plans in a few kB each: compressed in bundles, which the page unpacks when one of them is opened."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from typing import Any

BUNDLE_CASES = 25
PASSED_PICTURES_LIMIT_BYTES = 64_000


class Pictures:
    """Pictures of a whole page, each once, by a short name made of its content.

    Those of passed plans are taken along up to a limit for the page; a picture without a name is shown as a link.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}
        self._of_passed_bytes = 0

    def add(self, data: str, *, needed: bool) -> str:
        """The name of a picture (base64), "" if it found no room; `needed` ones always find it."""
        name = hashlib.sha256(data.encode()).hexdigest()[:16]
        if name in self.by_name:
            return name
        if not needed:
            if self._of_passed_bytes + len(data) > PASSED_PICTURES_LIMIT_BYTES:
                return ""
            self._of_passed_bytes += len(data)
        self.by_name[name] = data
        return name


class PackedCases:
    """Takes the details of one plan after the other and keeps them compressed."""

    def __init__(self) -> None:
        self.pictures = Pictures()
        self._bundles: list[str] = []
        self._open: list[str] = []
        self._records: list[Any] = []

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: Any, details: str) -> int:
        """The number of the plan in the page; `record` is what its row shows, `details` the HTML below it."""
        self._records.append(record)
        self._open.append(details)
        if len(self._open) == BUNDLE_CASES:
            self._close_bundle()
        return len(self._records) - 1

    def view(self) -> dict[str, Any]:
        """What `packed.html` places into a page."""
        self._close_bundle()
        return {
            "index": packed(self._records),
            "bundles": self._bundles,
            "bundle_cases": BUNDLE_CASES,
            "pictures": self.pictures.by_name,
        }

    def _close_bundle(self) -> None:
        if self._open:
            self._bundles.append(packed(self._open))
            self._open = []


def packed(values: Sequence[Any]) -> str:
    """JSON, compressed, as text that may stand in a page."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(errors="replace"), mtime=0)).decode("ascii")
