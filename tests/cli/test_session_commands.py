"""info, verify and recover on sessions as recorders leave them: ended, killed, alive, compressed, in segments."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import helpers.log_workload
import pytest
from helpers.written_session import WrittenSession, fills, screens

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.cli.main import main
from pytest_intellisense.codec.log_lines import lines_of, read_line
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire


def test_info_of_a_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was recorded when, of which sense and type, how much of it is correlated, what is lost."""
    with WrittenSession(tmp_path, "monday") as session:
        session.say("TESTRADE_ORDER_REQUEST", {"symbol": "AAPL"}, correlation_id="c1")
        session.say("TESTRADE_ORDER_FILL", {"symbol": "AAPL"}, correlation_id="c1")
        session.say("TESTRADE_MARKET_TICK", {"symbol": "AAPL", "price": 1.0})
        session.say("TESTRADE_PROCESSED_ROI_IMAGE", {}, image=b"a picture", correlation_id="c2")
    assert main(["info", str(session.directory)]) == 0
    shown = capsys.readouterr().out
    for text in (
        "session     monday",
        "state       complete",
        "2023-11-14 22:13:20.000Z to 2023-11-14 22:13:23.000Z (3.0 s)",
        "events      4 (1.3/s), 75.0 % correlated",
        "FILL 1",
        "images      1 file, 9 B",
        "durability  relaxed",
        "contract G1",
        "losses      none",
        "damage      none",
    ):
        assert text in shown
    assert main(["info", "--json", str(session.directory)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["events"], facts["by_sense"]["PRICE"], facts["complete"]) == (4, {"PRICE_TRADE": 1}, True)


@pytest.mark.parametrize(("lost", "text"), [(12, "12 entries"), (None, "how many more, cannot be measured")])
def test_losses_upstream_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], lost: int | None, text: str) -> None:
    """A gap event is a loss, also where the server could not tell how many."""
    with WrittenSession(tmp_path) as session:
        session.say()
        session.lose(lost)
    for command in ("info", "verify"):
        assert main([command, str(session.directory)]) == 3
        shown = capsys.readouterr().out
        assert text in shown
        assert "2023-11-14 22:13:21.000Z  testrade:order-fills: entries were trimmed before they were read" in shown


def test_a_session_that_is_being_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is read as far as it is; nobody puts it in order, or indexes it, under the recorder's hands."""
    with WrittenSession(tmp_path) as session:
        session.say()
        with (session.directory / "broker.jsonl").open("ab") as log:
            log.write(b'{"seq":1,"crc":"')
        assert main(["verify", str(session.directory)]) == 0
        assert f"is recording now (pid {os.getpid()})" in capsys.readouterr().out
        for command in ("recover", "reindex"):
            assert main([command, str(session.directory)]) == 2
            assert f"is being recorded now, by pid {os.getpid()}" in capsys.readouterr().err
    assert not list(session.directory.glob("*.torn"))


@pytest.mark.parametrize("segments", [(12,), (5, 4, 3)], ids=["one segment", "three segments"])
def test_compressed_sessions_are_read_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], segments: tuple[int, ...]
) -> None:
    """The same events and the same answers before and after; the control: a compressed log that is cut is seen."""
    directory = screens(tmp_path, *segments)
    before = list(read_session(directory))
    assert main(["info", "--json", str(directory)]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["compress", str(directory)]) == 0
    capsys.readouterr()
    assert list(read_session(directory)) == before
    assert [event.payload["number"] for event in before] == list(range(12))
    assert main(["verify", str(directory)]) == 0
    capsys.readouterr()
    assert main(["info", "--json", str(directory)]) == 0
    packed = json.loads(capsys.readouterr().out)
    assert packed["compressed_logs"] == packed["logs"] == len(segments)
    assert {name: packed[name] for name in ("events", "by_sense", "damage", "segments")} == {
        name: plain[name] for name in ("events", "by_sense", "damage", "segments")
    }
    log = next(directory.rglob("image.jsonl.zst"))
    log.write_bytes(log.read_bytes()[:-30])
    assert main(["verify", str(directory)]) in (1, 3)
    assert "compressed form is cut off" in capsys.readouterr().out


def test_the_plain_log_counts_where_both_are(tmp_path: Path) -> None:
    """As a compression leaves it that was killed before it removed the original."""
    directory = screens(tmp_path, 3)
    before = list(read_session(directory))
    (directory / "image.jsonl.zst").write_bytes(b"half of a")
    assert list(read_session(directory)) == before


@pytest.mark.parametrize("harm", ["missing", "empty", "another", "link", "pipe"])
def test_images_that_are_not_as_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: str) -> None:
    """The event is read, the image is named with the line that refers to it, and 3 is said."""
    directory = screens(tmp_path, 3)
    image = directory / next(iter(read_session(directory))).image.path  # type: ignore[union-attr]
    content = image.read_bytes()
    image.unlink()
    match harm:
        case "empty":
            image.touch()
        case "another":
            image.write_bytes(content[:-1] + b"?")
        case "link":
            (tmp_path / "elsewhere").write_bytes(content)
            image.symlink_to(tmp_path / "elsewhere")
        case "pipe":
            os.mkfifo(image)
    assert main(["verify", str(directory)]) == 3
    shown = capsys.readouterr().out
    assert f"{directory / 'image.jsonl'}:1: image images/{image.name}" in shown
    assert "3 events read" in shown
    assert "1 not as recorded" in shown


def test_an_image_path_that_leads_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused by its form and never opened."""
    directory = screens(tmp_path, 1)
    log = directory / "image.jsonl"
    _, text = read_line(log.read_bytes())
    path = next(iter(read_session(directory))).image.path  # type: ignore[union-attr]
    log.write_bytes(lines_of([text.replace(path.encode(), b"../../../etc/passwd")], 0))
    assert main(["verify", str(directory)]) == 3
    assert "image path '../../../etc/passwd' leads elsewhere and was not opened" in capsys.readouterr().out


def kill_a_recorder(root: Path, after: int) -> set[str]:
    """A real recorder, killed while it writes; the ids that it had acknowledged."""
    ledger = root / "ledger"
    os.mkfifo(ledger)
    command = [sys.executable, helpers.log_workload.__file__, str(root), str(ledger), "--batch", "3"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as recorder, ledger.open() as acknowledged:
        ids = {next(acknowledged) for _ in range(after)}
        recorder.send_signal(signal.SIGKILL)
        return {entry_id.strip() for entry_id in (*ids, *acknowledged)}


def test_a_killed_session_is_recovered_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every acknowledged event is there, before and after; a second time there is nothing to do."""
    acknowledged = kill_a_recorder(tmp_path, after=random.randint(1, 60))
    directory = tmp_path / "session"
    with (directory / "image.jsonl").open("ab") as log:
        log.write(b'{"seq":99')
    (directory / ".session.json.tmp").write_bytes(b"{")
    main(["info", str(directory)])
    assert "was killed" in capsys.readouterr().out
    before = list(read_session(directory))
    assert main(["recover", str(directory)]) == 3
    assert "bytes of a torn tail cut off, kept in image.jsonl.torn" in capsys.readouterr().out
    assert (directory / "image.jsonl.torn").read_bytes().endswith(b'{"seq":99')
    assert not (directory / ".session.json.tmp").exists()
    after = list(read_session(directory))
    assert after == before
    assert acknowledged <= {event.entry_id for event in after}
    facts = read_session(directory).facts()
    assert (facts["state"], facts["counts"]) == ("recovered", {"image.jsonl": len(after)})
    main(["info", str(directory)])
    assert "state       recovered" in capsys.readouterr().out
    files = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert main(["recover", str(directory)]) == 3
    assert "nothing to do" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == files


def test_recovery_of_a_copy_leaves_the_original(tmp_path: Path) -> None:
    """Byte for byte; and what is no file is not copied."""
    session = WrittenSession(tmp_path)
    session.say()
    directory = session.killed()
    (directory / "elsewhere").symlink_to("/etc/passwd")
    os.mkfifo(directory / "pipe")
    with (directory / "broker.jsonl").open("ab") as log:
        log.write(bytes(100))
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    assert main(["recover", str(directory), "--output", str(tmp_path / "copy")]) == 3
    assert {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()} == before
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "broker.jsonl",
        "broker.jsonl.torn",
        "images",
        "session.json",
    ]
    assert main(["recover", str(directory), "--output", str(tmp_path / "copy")]) == 2


def test_a_session_without_its_session_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written again from the logs; one that cannot be read is kept."""
    directory = fills(tmp_path, 4)
    (directory / "session.json").unlink()
    assert main(["info", str(directory)]) == 2
    assert "intellisense recover" in capsys.readouterr().err
    assert main(["recover", str(directory)]) == 0
    (directory / "session.json").write_bytes(b"\0" * 50)
    assert main(["recover", str(directory)]) == 0
    assert (directory / "session.json.torn").read_bytes() == b"\0" * 50
    assert main(["verify", str(directory)]) == 0


def test_what_is_not_known_is_kept(tmp_path: Path) -> None:
    """A later version of the same format may say more: in a line it does not disturb, in session.json it stays."""
    session = WrittenSession(tmp_path, operator="Ann")
    session.say()
    directory = session.killed()
    log = directory / "broker.jsonl"
    _, text = read_line(log.read_bytes())
    log.write_bytes(lines_of([text[:-1] + b',"mood":"calm"}'], 0))
    assert main(["recover", str(directory)]) == 0
    assert [event.payload["number"] for event in read_session(directory)] == [0]
    assert b'"mood":"calm"' in log.read_bytes()
    assert read_session(directory).facts()["operator"] == "Ann"


def test_a_session_recorded_from_redis(endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every declared event, from the stream to the answer of each command."""
    with CaptureSession(tmp_path, "real", StreamConsumer(endpoint, "real")) as session, endpoint.open() as client:
        for name in wire.EVENTS:
            said = wire.event(name, {"symbol": "AAPL"}, correlation_id=name)
            client.xadd(said.stream, wire.encode(said))
    directory = str(session.directory)
    assert main(["info", "--json", directory]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == len(wire.EVENTS)
    for command in ("verify", "recover", "reindex"):
        assert main([command, directory]) == 0
    capsys.readouterr()
    assert main(["search", directory, "--correlation-id", "TESTRADE_ORDER_FILL"]) == 0
    assert "FILL" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["info", "verify", "recover", "reindex", "search"])
def test_what_is_no_session(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign directory, a link, a file, nothing: an error and a hint, 2, and nothing is changed."""
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(fills(tmp_path, 1))
    for name in ("foreign", "link", "file", "nothing"):
        assert main([command, str(tmp_path / name)]) == 2
        shown = capsys.readouterr()
        assert shown.err.startswith("error: ")
        assert "hint: " in shown.err
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["notes.txt"]


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`intellisense search | head`: no traceback."""
    directory = fills(tmp_path, 3000)
    command = [sys.executable, "-m", "pytest_intellisense.cli", "search", str(directory), "--limit", "3000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as search:
        assert search.stdout is not None
        assert search.stderr is not None
        search.stdout.readline()
        search.stdout.close()
        assert search.stderr.read() == b""
    assert search.returncode == 0


MEASURED = """
import re, sys
from pytest_intellisense.cli.main import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
sys.exit(code)
"""
"""In KiB, of this process alone: what getrusage says begins with the memory of the process that started it."""


def renumbered(text: bytes, number: int) -> bytes:
    """The first event's text as that of another one."""
    text = text.replace(b'"global_sequence_id":0', b'"global_sequence_id":%d' % number, 1)
    return text.replace(b'"redis_stream_event_id":"1-0"', b'"redis_stream_event_id":"%d-0"' % (number + 1), 1)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_large_log_is_read_in_little_memory(tmp_path: Path) -> None:
    """400,000 lines, 400 MB: at most 64 MB for the whole process that verifies them."""
    with WrittenSession(tmp_path) as session:
        session.say(payload={"text": "x" * 600})
        _, text = read_line((session.directory / "broker.jsonl").read_bytes())
        for first in range(1, 400_000, 1000):
            numbers = range(first, min(first + 1000, 400_000))
            session.writer.write((), {"broker.jsonl": [renumbered(text, number) for number in numbers]})
    assert (session.directory / "broker.jsonl").stat().st_size > 300_000_000
    command = [sys.executable, "-c", MEASURED, "verify", str(session.directory)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown[0].startswith("400,000 events read")
    assert int(shown[-1]) < 64 * 1024
