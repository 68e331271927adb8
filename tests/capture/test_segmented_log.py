"""Where a log goes on in the next segment."""

from __future__ import annotations

from pathlib import Path

from pytest_intellisense.capture.segmented_log import SegmentedLog, SegmentLimits


def test_what_is_settled_together_lies_in_one_segment(tmp_path: Path) -> None:
    """However full it is: whoever asks where a batch went gets one answer. The next batch finds the next segment."""
    log = SegmentedLog(tmp_path / "session", "strict", SegmentLimits(size_bytes=1))
    for _ in range(3):
        log.write([], {"ocr.jsonl": [b"{}"]})
    assert log.segment == 1
    log.settle()
    log.write([], {"ocr.jsonl": [b"{}"]})
    assert log.segment == 2
    log.close()
    assert (tmp_path / "session" / "ocr.jsonl").read_bytes().count(b"\n") == 3
    assert (tmp_path / "session" / "segment-000002" / "ocr.jsonl").read_bytes().count(b"\n") == 1
