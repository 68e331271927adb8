"""docs/sessions.md is true: its commands, run one after the other, say what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from helpers.written_session import WrittenSession

from pytest_intellisense.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "sessions.md"
SHOWN = re.compile(r"^```console\n\$ (intellisense [^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^\$? ?(intellisense [^#\n]*)", re.MULTILINE)
CHAIN = (
    ("TESTRADE_CLEANED_OCR_SNAPSHOT", {"snapshots": {"AAPL": {"strategy_hint": "Long", "cost_basis": 150.25}}}, "c-17"),
    ("TESTRADE_MARKET_TICK", {"symbol": "AAPL", "price": 150.2, "volume": 100}, None),
    ("TESTRADE_ORDER_REQUEST", {"request_id": "OPEN_LONG_AAPL_83211", "symbol": "AAPL", "side": "BUY"}, "c-17"),
    ("TESTRADE_RISK_REJECTION", {"symbol": "TSLA", "reason": "exceeds max position"}, "c-18"),
    ("TESTRADE_ORDER_FILL", {"order_id": "90021", "symbol": "AAPL", "fill_price": 150.31}, "c-17"),
)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """captures/monday has ended; captures/tuesday was killed, and its disk has lost a bit."""
    facts = {"host": "desk", "pid": 4711, "durability": "strict", "versions": {"pytest-intellisense": "0.1.0"}}
    with WrittenSession(tmp_path / "captures", "monday", **facts) as monday:
        for event_type, payload, correlation_id in CHAIN:
            monday.say(event_type, payload, correlation_id=correlation_id)
        monday.say("TESTRADE_PROCESSED_ROI_IMAGE", {"frame_number": 1}, correlation_id="c-17", image=b"a picture")
    tuesday = WrittenSession(tmp_path / "captures", "tuesday", **facts)
    for number in range(40):
        tuesday.say(payload={"order_id": str(90100 + number), "symbol": "TSLA"})
    log = tuesday.killed() / "broker.jsonl"
    log.write_bytes(log.read_bytes().replace(b"90111", b"90119") + b'{"seq":40,"crc":"')
    monkeypatch.chdir(tmp_path)


def without_sizes(text: str) -> str:
    """Lines are a few bytes longer where the clock has run for long."""
    return re.sub(r"[\d.]+ KB", "… KB", text)


def test_the_page_shows_what_the_commands_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Every output on the page, in the order of the page."""
    shown = SHOWN.findall(PAGE.read_text())
    assert shown
    for command, expected in shown:
        main(shlex.split(command)[1:])
        assert without_sizes(capsys.readouterr().out) == without_sizes(expected), command


def test_every_command_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """None is refused as misspelt."""
    for command in COMMANDS.findall(PAGE.read_text()):
        assert main(shlex.split(command)[1:]) in (0, 3), command
