"""`intellisense search`: the same answers with a fresh index, an old one and none, from plain and compressed sessions."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.written_session import WrittenSession, fills

from pytest_intellisense.capture.criteria import Criteria
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.search import search
from pytest_intellisense.cli.main import main
from pytest_intellisense.codec.log_lines import lines_of, read_line

CHAIN = (
    ("TESTRADE_CLEANED_OCR_SNAPSHOT", {"snapshots": {"AAPL": {"cost_basis": 150.25}}}, "c1"),
    ("TESTRADE_MARKET_TICK", {"symbol": "AAPL", "price": 150.2}, None),
    ("TESTRADE_ORDER_REQUEST", {"symbol": "AAPL", "side": "BUY"}, "c1"),
    ("TESTRADE_ORDER_REQUEST", {"symbol": "TSLA", "side": "SELL"}, "c2"),
    ("TESTRADE_ORDER_FILL", {"symbol": "AAPL", "text": "\x1b[2J\n"}, "c1"),
    ("TESTRADE_POSITION_UPDATE", {"symbol": "TSLA", "quantity": 5.0}, "c2"),
)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Two chains and a price, in two segments."""
    with WrittenSession(tmp_path / "captures") as session:
        for number, (event_type, payload, correlation_id) in enumerate(CHAIN):
            if number == 3:
                session.writer.rotate()
            session.say(event_type, payload, correlation_id=correlation_id)
    return session.directory


def found(directory: Path, **criteria: object) -> tuple[list[int], bool]:
    """The numbers of the events, and whether the index was asked."""
    finding = search(read_session(directory), Criteria(**criteria), 100)  # type: ignore[arg-type]
    return [event.global_sequence_id for event in finding.events], finding.by_index


QUESTIONS = (
    ({"correlation_id": "c1"}, [0, 2, 4]),
    ({"symbol": "AAPL"}, [0, 1, 2, 4]),
    ({"event_type": "ORDER_REQUEST"}, [2, 3]),
    ({"event_type": "TESTRADE_ORDER_REQUEST", "symbol": "TSLA"}, [3]),
    ({"since_epoch_ns": 1_700_000_001 * 10**9, "until_epoch_ns": 1_700_000_003 * 10**9}, [1, 2]),
    ({"correlation_id": "'; DROP TABLE events; --"}, []),
    ({}, [0, 1, 2, 3, 4, 5]),
)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_index_and_logs_give_the_same(session: Path, compressed: bool) -> None:
    """By correlation id, symbol, type and time; an index that was made before the compression is still right."""
    for criteria, numbers in QUESTIONS:
        assert found(session, **criteria) == (numbers, False)
    assert main(["reindex", str(session)]) == 0
    if compressed:
        assert main(["compress", str(session)]) == 0
    for criteria, numbers in QUESTIONS:
        assert found(session, **criteria) == (numbers, True)


@pytest.mark.parametrize("harm", ["cut", "garbage", "another schema", "link"])
def test_an_index_that_is_broken_is_not_asked(session: Path, tmp_path: Path, harm: str) -> None:
    """The logs are read instead; made anew it is right again."""
    assert main(["reindex", str(session)]) == 0
    index = session / "index.sqlite"
    match harm:
        case "cut":
            index.write_bytes(index.read_bytes()[:5000])
        case "garbage":
            index.write_bytes(b"no database" * 1000)
        case "another schema":
            with sqlite3.connect(index) as database:
                database.execute("UPDATE made SET schema = 99")
            database.close()
        case "link":
            index.rename(tmp_path / "elsewhere")
            index.symlink_to(tmp_path / "elsewhere")
    assert found(session, correlation_id="c1") == ([0, 2, 4], False)
    assert main(["reindex", str(session)]) == 0
    assert found(session, correlation_id="c1") == ([0, 2, 4], True)


def test_an_index_that_is_old_is_not_asked(session: Path) -> None:
    """One more line, and the logs are read; a line that is damaged since is damage, not an answer."""
    assert main(["reindex", str(session)]) == 0
    log = session / "ocr.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b"torn")
    assert found(session, correlation_id="c1") == ([0, 2, 4], False)
    log.write_bytes(whole.replace(b"150.25", b"150.26"))
    finding = search(read_session(session), Criteria(correlation_id="c1"), 100)
    assert ([event.global_sequence_id for event in finding.events], finding.lossless) == ([2, 4], False)


def test_what_is_shown(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Time, type, symbol, correlation id, payload; a chain together; nothing that moves the cursor."""
    assert main(["search", str(session)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2:5] for line in lines] == [
        ["OCR_SNAPSHOT_CLEANED", "AAPL", "c1"],
        ["ORDER_REQUEST", "AAPL", "c1"],
        ["FILL", "AAPL", "c1"],
        ["PRICE_TRADE", "AAPL", "-"],
        ["ORDER_REQUEST", "TSLA", "c2"],
        ["POSITION_UPDATE", "TSLA", "c2"],
    ]
    assert lines[1].startswith("2023-11-14 22:13:22.000Z  ORDER_REQUEST")
    assert lines[1].endswith('{"symbol":"AAPL","side":"BUY"}')
    assert "\x1b" not in lines[2]


def test_json_for_machines(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with the keys by which plans address events."""
    since, until = "2023-11-14T22:13:22", "2023-11-14T23:13:24+01:00"
    assert main(["search", str(session), "--symbol", "aapl", "--since", since, "--until", until, "--json"]) == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["session_id"], record["event_type"], record["event_payload"]["side"]) == ("session", "ORDER_REQUEST", "BUY")


def test_all_sessions_below_a_directory(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line says which session; links are left out, a session of a newer version is a warning and 3."""
    root = session.parent
    fills(root, 2, "another")
    (root / "link").symlink_to(session)
    (root / "notes").mkdir()
    assert main(["search", str(root), "--type", "FILL"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["another", "another", "session"]
    assert main(["search", str(root), "--type", "FILL", "--limit", "2"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert "more than 2" in shown.err
    fills(root, 1, "newer", format=2)
    assert main(["search", str(root), "--type", "POSITION_UPDATE"]) == 3
    shown = capsys.readouterr()
    assert "schema 2" in shown.err
    assert len(shown.out.splitlines()) == 1


@pytest.mark.parametrize("indexed", [False, True])
def test_a_broken_session_json(session: Path, capsys: pytest.CaptureFixture[str], indexed: bool) -> None:
    """The events are found all the same, alone and among others; that it is broken is said, and 3."""
    if indexed:
        assert main(["reindex", str(session)]) == 0
    (session / "session.json").write_bytes(b"{")
    capsys.readouterr()
    for directory in (session, session.parent):
        assert main(["search", str(directory), "--type", "FILL"]) == 3
        shown = capsys.readouterr()
        assert len(shown.out.splitlines()) == 1
        assert "session.json cannot be read" in shown.err


def test_logs_without_a_session_json(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are not passed over without a word."""
    fills(session.parent, 1, "another")
    (session / "session.json").unlink()
    assert main(["search", str(session.parent), "--type", "FILL"]) == 3
    shown = capsys.readouterr()
    assert shown.out.startswith("another ")
    assert f"{session} has logs and no session.json; `intellisense recover` writes one" in shown.err


def test_numbers_that_json_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is JSON: NaN and the infinities are words."""
    with WrittenSession(tmp_path) as written:
        written.say(payload={"price": 1.5})
    log = written.directory / "broker.jsonl"
    _, text = read_line(log.read_bytes())
    log.write_bytes(lines_of([text.replace(b"1.5", b"[NaN,Infinity,-Infinity]")], 0))
    assert main(["search", str(written.directory), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()

    def refused(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(line, parse_constant=refused)["event_payload"]["price"] == ["nan", "inf", "-inf"]


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--until", "2023-13-01"]])
def test_a_time_that_is_none(session: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What can be written instead."""
    assert main(["search", str(session), *words]) == 2
    shown = capsys.readouterr().err
    assert "not a time" in shown
    assert "hint: write 2026-11-23T14:30 (UTC)" in shown


@pytest.mark.parametrize(
    "words", [["--symbol", ""], ["--type", " "], ["--correlation-id", ""], ["--since", ""], ["--until", ""]]
)
def test_an_empty_question(session: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An unset variable of a shell does not ask for everything."""
    assert main(["search", str(session), *words]) == 2
    assert f"{words[0]} is empty" in capsys.readouterr().err


def test_a_window_that_nothing_lies_in(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a mistake, not an answer."""
    assert main(["search", str(session), "--since", "2023-11-15", "--until", "2023-11-14"]) == 2
    assert "nothing lies between --since 2023-11-15 and --until 2023-11-14" in capsys.readouterr().err


def test_texts_of_a_session_cannot_play_with_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also not those of session.json."""
    with WrittenSession(
        tmp_path, host="\x1b]0;mine\x07", redis=["\x1b[2J"], reason=5, versions=3, losses={"notes": 1}
    ) as session:
        session.say(correlation_id="\x1b[31mred")
    for command, code in (("info", 3), ("verify", 3), ("search", 0)):
        assert main([command, str(session.directory)]) == code
    shown = capsys.readouterr().out
    assert "·[31mred" in shown
    assert not {letter for letter in shown if not letter.isprintable()} - {"\n"}


def test_a_directory_whose_name_is_no_text(tmp_path: Path) -> None:
    """The bytes are shown, where the terminal cannot show them."""
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    directory = fills(root, 1)
    command = [sys.executable, "-m", "pytest_intellisense.cli", "reindex", str(directory)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True)
    assert b"\\udcff\\udcfe/session/index.sqlite: 1 events" in done.stdout
